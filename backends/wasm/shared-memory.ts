// POSIX shared memory on the model. A name goes through the window, in UTF-8; so do bytes that are read or written, in
// several rounds of one step if there are many.
import { MAX_RW_COUNT, PATH_MAX } from "../../assembly/abi/limits.js";
import type { Call, PlacedBytes } from "../../src/call.js";
import { highOf, lowOf } from "./long.js";
import { type Attempt, fillWindow, type Memory } from "./memory.js";
import { gather, lengthOf, receive, send } from "./vectors.js";

const encoder = new TextEncoder();

/** Puts a name into the window. @returns its bytes; of one that is too long, as many as make it so */
export function fillName(memory: Memory, name: string): number {
  const bytes = encoder.encode(name);
  const length = Math.min(bytes.length, PATH_MAX);
  fillWindow(memory, bytes.subarray(0, length), 0);
  return length;
}

/** The name of an object as libc gives it to the kernel: any number of slashes may stand in front. */
const bareName = ({ payload }: Call): string => (payload as string).replace(/^\/+/, "");

export const shm_open: Attempt = (memory, task, call) =>
  memory.kernel.shm_open(task, fillName(memory, bareName(call)), call.a, call.b);

export const shm_unlink: Attempt = (memory, task, call) =>
  memory.kernel.shm_unlink(task, fillName(memory, bareName(call)));

export const memfd_create: Attempt = (memory, task, call) =>
  memory.kernel.memfd_create(task, fillName(memory, call.payload as string), call.a);

export const ftruncate: Attempt = ({ kernel }, task, call) => {
  const length = call.payload as bigint;
  return kernel.ftruncate(task, call.a, lowOf(length), highOf(length));
};

export const pread: Attempt = (memory, task, call) => {
  const { bytes, offset } = call.payload as PlacedBytes;
  const place = BigInt(offset);
  const length = Math.min(bytes.length, MAX_RW_COUNT);
  const result = memory.kernel.pread(task, call.a, length, lowOf(place), highOf(place));
  return receive(memory, task, [bytes], result);
};

export const pwrite: Attempt = (memory, task, call) => {
  const { bytes, offset } = call.payload as PlacedBytes;
  const place = BigInt(offset);
  gather(memory, [bytes], 0);
  const result = memory.kernel.pwrite(task, call.a, lengthOf([bytes]), lowOf(place), highOf(place));
  return send(memory, task, [bytes], result);
};
