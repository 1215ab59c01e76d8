// Pages to give away: vmsplice(2) puts the very pages of a process into a pipe, and a reader sees what is in them when it
// reads. So bytes are copied into pages that are let go of afterwards: madvise(2) takes them from the process, the pipe
// keeps them, and the next touch of the same addresses makes new ones.
import { IOV_MAX } from "../../assembly/abi/limits.js";
import { honestView } from "../../src/byte-length.js";
import { allocate, type Memory } from "./ffi.js";
import * as libc from "./libc.js";
import { ENTRY_SIZE, setEntry } from "./vector.js";

const PAGE_SIZE = libc.pageSize;

// sys/mman.h
const MADV_DONTNEED = 4;
const MADV_NOHUGEPAGE = 15;

/** Whole pages of this thread. */
interface Region {
  readonly memory: Memory;
  /** Where in the memory the first page begins. */
  readonly start: number;
  readonly size: number;
}

let region: Region | undefined;
/** Those whose pages could not be let go of (mlockall(2)): a pipe may have them still. */
const retired: Region[] = [];

const MIN_SIZE = 1 << 18;

function regionOf(size: number): Region {
  if (region !== undefined && region.size >= size) return region;
  const rounded = Math.max(MIN_SIZE, 2 ** Math.ceil(Math.log2(size)));
  const memory = allocate(rounded + PAGE_SIZE);
  const start = (PAGE_SIZE - (memory.address % PAGE_SIZE)) % PAGE_SIZE;
  // A huge page would be held by the pipe for the sake of one small one.
  libc.madvise(memory.address + start, rounded, MADV_NOHUGEPAGE);
  region = { memory, start, size: rounded };
  return region;
}

/**
 * Copies buffers into pages, each buffer to a new one, and has them given away.
 * @param room how many bytes of pages are taken at most: what is beyond is not copied
 * @param take is given the address of an array of struct iovec, with an entry for each of the first IOV_MAX buffers
 */
export function giveAway(
  buffers: readonly Uint8Array[],
  room: number,
  take: (address: number) => number,
): number {
  const pages = layOut(buffers, Math.max(room, PAGE_SIZE));
  const size = pages.reduce((sum, { taken }) => sum + taken, 0);
  const used = regionOf(size);
  const { memory, start } = used;
  const vector = allocate(ENTRY_SIZE * (pages.length + 1));
  let at = start;
  for (const [index, { bytes, taken }] of pages.entries()) {
    memory.bytes.set(bytes, at);
    setEntry(vector.view, ENTRY_SIZE * index, memory.address + at, bytes.length);
    at += taken;
  }
  const result = take(vector.address);
  if (size > 0 && libc.madvise(memory.address + start, size, MADV_DONTNEED) === -1) {
    retired.push(used);
    region = undefined;
  }
  return result;
}

/** What is copied of a buffer, and the bytes of whole pages that it takes. */
interface Pages {
  readonly bytes: Uint8Array;
  readonly taken: number;
}

function layOut(buffers: readonly Uint8Array[], room: number): Pages[] {
  let left = room;
  return buffers.slice(0, IOV_MAX).map((buffer) => {
    const bytes = honestView(buffer).subarray(0, left);
    const taken = Math.ceil(bytes.length / PAGE_SIZE) * PAGE_SIZE;
    left -= taken;
    return { bytes, taken };
  });
}
