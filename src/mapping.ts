// What mmap(2) and shmat(2) give: a range of this process's memory, and arrays over it.
import { exactLong, int, size } from "./arguments.js";

/** A kind of typed array. */
export interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
}

/** What a mapping asks of its kernel. */
export interface MappedMemory {
  /**
   * The bytes of the whole mapping, where they lie.
   * @throws SyscallError EFAULT if they may not be touched now
   */
  bytes(): Uint8Array<ArrayBuffer>;

  /**
   * Wakes some who wait at a word that all processes may wait at: FUTEX_WAKE of futex(2).
   * @returns how many
   * @throws SyscallError EINVAL, EFAULT
   */
  wake(byteOffset: number, count: number): number;

  /**
   * Where the kernel finds some of the bytes, which the process may read and write.
   * @throws SyscallError EFAULT
   */
  placeOf(byteOffset: number, length: number): number;

  /** Pointers beside it, anywhere in the process: of a robust list's head. */
  readonly foreign?: ForeignPointers;
}

/** Pointers that somebody else has stored, anywhere in the process's memory. */
export interface ForeignPointers {
  /** @returns undefined if nothing is there */
  read(address: bigint): bigint | undefined;
  /** Does nothing if nothing is there. */
  write(address: bigint, value: bigint): void;
}

/**
 * A mapping of memory: mmap(2), shmat(2). Its arrays are the memory itself, without a copy: what another process that maps the same object
 * writes is there, and `Atomics` work on them across processes.
 *
 * What arrays cannot guard, because a load or a store asks nobody:
 * - An object that is cut off while arrays of it are in use: touching what is gone ends the process by SIGBUS, as in C. `bytes` looks
 *   when it is asked for; a file of memfd_create with F_SEAL_SHRINK stays as it is. The same where /dev/shm has no memory left for a
 *   page that is written for the first time. `memory_read` and `memory_write` are safe: they fail with EFAULT.
 * - Protection. Arrays can be written to whatever `prot` says. What is written without PROT_WRITE reaches nobody else on a real
 *   kernel (the page becomes a private copy, and shows no more what others write), and the object on the model. Arrays that were
 *   taken before an `mprotect` go on as they were.
 * - On a real kernel the arrays of a mapping are detached, and empty, once any part of it is unmapped. On the model they still show
 *   the object.
 *
 * What shmat has attached has arrays only while all of it can be read and written, on both kernels: `bytes` is EFAULT with SHM_RDONLY, or
 * after an `mprotect` that took a right from a page, which on a real kernel empties arrays that were taken before. A segment keeps its size.
 *
 * An array does not begin where its buffer does: never use `bytes.buffer` without `byteOffset`.
 */
export class Mapping {
  /** Where it begins, for munmap, mprotect, msync, memory_read and memory_write: a handle, of this process alone. */
  readonly address: number;
  /** Bytes, as mmap was asked for. */
  readonly length: number;
  readonly #memory: MappedMemory;

  constructor(address: number, length: number, memory: MappedMemory) {
    this.address = address;
    this.length = length;
    this.#memory = memory;
  }

  /**
   * The memory itself, all of the mapping.
   * @throws SyscallError EFAULT: part of it was unmapped, has PROT_NONE, or lies beyond the end of the object; of what shmat has attached
   *   a part cannot be written
   */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes();
  }

  /**
   * The memory as numbers of some kind, for instance for `Atomics`: `mapping.array(Int32Array, 0, 1)`.
   * @param byteOffset from the start of the mapping on: a multiple of the size of a number; 0 if left out
   * @param length numbers; all that the rest has room for if left out
   * @throws RangeError beyond the mapping · as bytes
   */
  array<T>(type: ArrayType<T>, byteOffset = 0, length?: number): T {
    const { buffer, byteOffset: start, byteLength } = this.bytes;
    const count = length ?? Math.floor((byteLength - byteOffset) / type.BYTES_PER_ELEMENT);
    const end = byteOffset + count * type.BYTES_PER_ELEMENT;
    if (!(byteOffset >= 0) || !(count >= 0) || end > byteLength) {
      throw new RangeError(`Mapping.array: ${byteOffset} to ${end} of ${byteLength} bytes`);
    }
    return new type(buffer, start + byteOffset, count);
  }

  /**
   * Wakes who waits at a word of the mapping, in whichever process: FUTEX_WAKE of futex(2), at once and without waiting. For locks that
   * are made of `Atomics` and make a call only if somebody waits. In a simulation it is part of the step that the code runs in.
   * @param byteOffset of the word, from the start of the mapping on: a multiple of 4
   * @param count how many, at least one: that many are woken if they wait, in the order in which they came
   * @returns how many were woken
   * @throws SyscallError EINVAL: an odd place; EFAULT: unmapped, not readable, or beyond the end of the object · RangeError beyond the
   *   mapping · TypeError
   */
  wake(byteOffset: number, count: number): number {
    const end = exactLong("Mapping.wake", "byteOffset", byteOffset) + 4;
    if (byteOffset < 0 || end > this.length) {
      throw new RangeError(`Mapping.wake: ${byteOffset} to ${end} of ${this.length} bytes`);
    }
    return this.#memory.wake(byteOffset, int("Mapping.wake", "count", count));
  }

  /**
   * Where the kernel finds some of the bytes when it goes through a robust list: what an entry of such a list points to. For a mapping of
   * this thread's process that may be read and written. Of shared memory it is `address + byteOffset`.
   * @param byteOffset from the start of the mapping on
   * @param length bytes
   * @throws SyscallError EFAULT: unmapped, or not to be read and written · RangeError beyond the mapping
   */
  placeOf(byteOffset: number, length: number): number {
    const end = size("Mapping.placeOf", "byteOffset", byteOffset) + size("Mapping.placeOf", "length", length);
    if (end > this.length) {
      throw new RangeError(`Mapping.placeOf: ${byteOffset} to ${end} of ${this.length} bytes`);
    }
    return this.#memory.placeOf(byteOffset, length);
  }

  /** @internal Of the head of a robust list. */
  get foreign(): ForeignPointers | undefined {
    return this.#memory.foreign;
  }
}
