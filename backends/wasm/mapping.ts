// Mappings on the model. The arrays of a mapping are views of the model's own memory, where the object's bytes lie.
import { EFAULT } from "../../assembly/abi/errno.js";
import { MAX_RW_COUNT } from "../../assembly/abi/limits.js";
import type { Call, MappingRequest, MemoryRange, PlacedBytes } from "../../src/call.js";
import { SyscallError } from "../../src/errors.js";
import { Mapping } from "../../src/mapping.js";
import { highOf, lowOf } from "./long.js";
import type { Attempt, Memory } from "./memory.js";
import { gather, lengthOf, receive, send } from "./vectors.js";

export const mmap: Attempt = (memory, task, call) => {
  const { length, offset } = call.payload as MappingRequest;
  const { kernel } = memory;
  const [size, place] = [BigInt(length), BigInt(offset)];
  const result = kernel.mmap(
    task,
    lowOf(size),
    highOf(size),
    call.a,
    call.b,
    call.c,
    lowOf(place),
    highOf(place),
  );
  if (result >= 0) call.value = mappingIn(memory, "mmap", length);
  return result;
};

/** The mapping that the model tells of in OUT, which a call has made. */
export function mappingIn(memory: Memory, call: string, length: number): Mapping {
  const { words, times, out } = memory;
  const address = Number(times[out >> 1]);
  const process = words[out + 2] as number;
  return new Mapping(address, length, {
    bytes: () => bytesAt(memory, process, call, address, length),
    wake: (byteOffset, count) => wakeAt(memory, process, address + byteOffset, count),
    placeOf: (byteOffset, size) => placeOf(memory, process, address + byteOffset, size),
  });
}

function bytesAt(
  { kernel, bytes }: Memory,
  process: number,
  call: string,
  address: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const place = BigInt(address);
  const start = kernel.mappedBytes(process, lowOf(place), highOf(place));
  if (start === 0) throw new SyscallError(EFAULT, call);
  return new Uint8Array(bytes.buffer as ArrayBuffer, start, length);
}

/** Some of a process's memory, which is no mapping of its own. */
export function partOfMapping(memory: Memory, process: number, address: number, length: number): Mapping {
  return new Mapping(address, length, {
    bytes: () => partAt(memory, process, address, length),
    wake: (byteOffset, count) => wakeAt(memory, process, address + byteOffset, count),
    placeOf: (byteOffset, size) => placeOf(memory, process, address + byteOffset, size),
    foreign: {
      read: (place) => pointerAt(memory, process, place)?.[0],
      write(place, value) {
        pointerAt(memory, process, place)?.fill(value);
      },
    },
  });
}

/** A pointer in a process's memory; undefined if it may not be read and written. */
function pointerAt({ kernel, bytes }: Memory, process: number, place: bigint): BigInt64Array | undefined {
  const start = kernel.writablePlace(process, lowOf(place), highOf(place), BigInt64Array.BYTES_PER_ELEMENT);
  return start === 0 ? undefined : new BigInt64Array(bytes.buffer, start, 1);
}

function partAt(
  { kernel, bytes }: Memory,
  process: number,
  address: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const place = BigInt(address);
  const start = kernel.mappedPart(process, lowOf(place), highOf(place), length);
  if (start === 0) throw new SyscallError(EFAULT, "mmap");
  return new Uint8Array(bytes.buffer as ArrayBuffer, start, length);
}

function wakeAt({ kernel }: Memory, process: number, address: number, count: number): number {
  const place = BigInt(address);
  const result = kernel.wakeShared(process, lowOf(place), highOf(place), count);
  if (result < 0) throw new SyscallError(-result, "futex");
  return result;
}

function placeOf({ kernel }: Memory, process: number, address: number, length: number): number {
  const place = BigInt(address);
  const found = kernel.writablePlace(process, lowOf(place), highOf(place), length);
  if (found === 0) throw new SyscallError(EFAULT, "mmap");
  return address;
}

type Words = readonly [number, number, number, number];

function rangeOf(call: Call): Words {
  const { address, length } = call.payload as MemoryRange;
  const [start, size] = [BigInt(address), BigInt(length)];
  return [lowOf(start), highOf(start), lowOf(size), highOf(size)];
}

export const munmap: Attempt = ({ kernel }, task, call) => kernel.munmap(task, ...rangeOf(call));

export const mprotect: Attempt = ({ kernel }, task, call) => kernel.mprotect(task, ...rangeOf(call), call.a);

export const msync: Attempt = ({ kernel }, task, call) => kernel.msync(task, ...rangeOf(call), call.a);

export const memory_read: Attempt = (memory, task, call) => {
  const { bytes, offset } = call.payload as PlacedBytes;
  const address = BigInt(offset);
  const length = Math.min(bytes.length, MAX_RW_COUNT);
  const result = memory.kernel.memory_read(task, lowOf(address), highOf(address), length);
  return receive(memory, task, [bytes], result);
};

export const memory_write: Attempt = (memory, task, call) => {
  const { bytes, offset } = call.payload as PlacedBytes;
  const address = BigInt(offset);
  gather(memory, [bytes], 0);
  const result = memory.kernel.memory_write(task, lowOf(address), highOf(address), lengthOf([bytes]));
  return send(memory, task, [bytes], result);
};
