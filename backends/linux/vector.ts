// Buffers as C takes them: an array of struct iovec { void* iov_base; size_t iov_len; }, see readv(2).
import { IOV_MAX } from "../../assembly/abi/limits.js";
import { byteLengthOf, honestView } from "../../src/byte-length.js";
import { addressOf, allocate, type Memory } from "./ffi.js";
import * as libc from "./libc.js";

export const ENTRY_SIZE = 16;

/** Where in the scratch memory entries stand, and how many there is room for. */
const SCRATCH_OFFSET = 256;
const SCRATCH_COUNT = 240;

/** An array of struct iovec, good until the next one is made. */
export interface Vector {
  readonly address: number;
  /** As many as there are buffers, also where Linux takes no more than IOV_MAX: it says so then. */
  readonly count: number;
  /** What the address lies in. */
  readonly memory: Memory;
}

/** Bytes of all buffers together. */
export function totalLength(buffers: readonly Uint8Array[]): number {
  let total = 0;
  for (const buffer of buffers) total += byteLengthOf(buffer);
  return total;
}

/** The bytes of buffers, one after the other. */
export function joined(buffers: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(totalLength(buffers));
  let at = 0;
  for (const buffer of buffers) {
    all.set(honestView(buffer), at);
    at += byteLengthOf(buffer);
  }
  return all;
}

/**
 * Lays out what is left of buffers after `offset` bytes, and no more than `length` bytes of it: a buffer that has nothing
 * of that becomes an empty entry.
 */
export function vectorOf(
  buffers: readonly Uint8Array[],
  offset = 0,
  length: number = Number.POSITIVE_INFINITY,
): Vector {
  const count = buffers.length;
  const filled = Math.min(count, IOV_MAX);
  const isShort = filled <= SCRATCH_COUNT;
  const memory = isShort ? libc.scratch : allocate(ENTRY_SIZE * filled);
  const start = isShort ? SCRATCH_OFFSET : 0;
  let skipped = offset;
  let left = length;
  for (let index = 0, at = start; index < filled; index++, at += ENTRY_SIZE) {
    const buffer = honestView(buffers[index] as Uint8Array);
    const skip = Math.min(skipped, buffer.length);
    const size = Math.min(buffer.length - skip, left);
    skipped -= skip;
    left -= size;
    setEntry(memory.view, at, size === 0 ? 0 : addressOf(buffer) + skip, size);
  }
  return { address: memory.address + start, count, memory };
}

/** Writes one struct iovec. */
export function setEntry(view: DataView, at: number, address: number, size: number): void {
  view.setBigUint64(at, BigInt(address), true);
  view.setBigUint64(at + 8, BigInt(size), true);
}
