// Mappings: mmap(2), munmap(2), mprotect(2), msync(2), and guarded access to what is mapped.
//
// Each mapping is there twice. One is the kernel's, exactly as it was asked for: calls go to it, and its address is the handle that
// the program has. No JavaScript touches it. The other is what arrays show: the same pages, readable and writable, put over the
// memory of a WebAssembly.Memory of its own. So
// - arrays cannot hit a protection: what the program must not write is mapped there privately;
// - arrays can be revoked: `grow(0)` detaches the buffer of such a memory in every version of node, and all of its arrays are
//   empty then. Its range belongs to V8, which unmaps it when the memory is collected, not while anything can touch it.
//
// A part that is unmapped stays reserved, without access, until all of the mapping is: else another mapping of the process could
// come to lie there, and a second munmap of the part would hit that.
import { EBUSY, EFAULT, EINVAL, ENOMEM } from "../../assembly/abi/errno.js";
import { MAX_RW_COUNT } from "../../assembly/abi/limits.js";
import { F_GET_SEALS, F_SEAL_SHRINK } from "../../assembly/abi/memfd.js";
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from "../../assembly/abi/mman.js";
import { honestView } from "../../src/byte-length.js";
import type { Call, MappingRequest, MemoryRange, PlacedBytes } from "../../src/call.js";
import { SyscallError } from "../../src/errors.js";
import { type ForeignPointers, Mapping } from "../../src/mapping.js";
import { owns } from "./descriptors.js";
import { addressOf } from "./ffi.js";
import { wakePlainly } from "./futex-call.js";
import * as libc from "./libc.js";
import { enterPart, isPinned, type MappedPart, partOfAnyThread, removePart } from "./mapped-parts.js";

const BOTH = PROT_READ | PROT_WRITE;
/** In place of a protection: the page is unmapped. */
const GONE = 0xff;
const WASM_PAGE = 65536;
/** What a WebAssembly.Memory can have. */
const MOST_BYTES = WASM_PAGE * WASM_PAGE;
// linux/mman.h; asm-generic/mman-common.h, since Linux 5.14.
const MREMAP_MAYMOVE = 1;
const MREMAP_FIXED = 2;
const MADV_POPULATE_READ = 22;

/** A mapping of this thread. */
interface Kept {
  readonly address: number;
  readonly length: number;
  /** Of each page: PROT_*, or GONE. */
  readonly pages: Uint8Array;
  /** What arrays show, and where it lies. */
  readonly memory: WebAssembly.Memory;
  readonly shown: number;
  /** What is written to it reaches others, if its protection lets it. */
  readonly isShared: boolean;
  readonly isOfFile: boolean;
  /** All of its object's pages are there, and stay: nobody can cut them off. */
  readonly isSettled: boolean;
  /** Its words; undefined until somebody wants them, and once a part is gone. */
  words: Int32Array<ArrayBuffer> | undefined;
  /** What other threads know of it: slots of its parts. */
  slots: readonly number[];
  /** An array over all of it; undefined until somebody wants it, and once a part is gone. */
  array: Uint8Array<ArrayBuffer> | undefined;
}

// What sem_open(3) has mapped, by address: libc's, which no other call here changes, and how arrays show it.
const semaphores = new Map<number, Kept & { readonly life: number }>();

// Kept until they are unmapped: what a program forgets to unmap stays mapped, as in C.
const mappings = new Map<number, Kept>();

const pagesOf = (length: number): number => Math.ceil(length / libc.pageSize);

export function mmap(call: Call): number {
  const { a: prot, b: flags, c: fd, payload } = call;
  const { length, offset } = payload as MappingRequest;
  const isAnonymous = (flags & MAP_ANONYMOUS) !== 0;
  const shown = isAnonymous || !owns(fd) ? -1 : fd;
  const address = libc.mmap(0, length, prot, flags, shown, offset);
  if (address === -1) return -libc.errno();
  const isShared = (flags & MAP_SHARED_VALIDATE) !== MAP_PRIVATE;
  const kept = show(address, length, prot, isShared, shown, offset);
  if (kept === undefined) {
    libc.munmap(address, length);
    return -ENOMEM;
  }
  mappings.set(address, kept);
  tellThreads(kept);
  call.value = mappingOf(kept);
  return 0;
}

/** Maps for arrays what was mapped; undefined without room for it. */
function show(
  address: number,
  length: number,
  prot: number,
  isShared: boolean,
  fd: number,
  offset: number,
): Kept | undefined {
  const memory = memoryOf(length);
  if (memory === undefined) return undefined;
  const shown = addressOf(new Uint8Array(memory.buffer, 0, 1));
  const isOfFile = fd !== -1;
  // Memory without a file is nobody else's: what the arrays' own memory has, zero, will do.
  if (isOfFile) {
    const isWritten = isShared && (prot & PROT_WRITE) !== 0;
    const how = isWritten ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE;
    if (libc.mmap(shown, length, BOTH, how | MAP_FIXED, fd, offset) === -1) return undefined;
  }
  const pages = new Uint8Array(pagesOf(length)).fill(prot);
  const isSettled = !isOfFile || (cannotShrink(fd) && isThere(shown + (pages.length - 1) * libc.pageSize));
  const none = { words: undefined, slots: [], array: undefined };
  return { address, length, pages, memory, shown, isShared, isOfFile, isSettled, ...none };
}

function memoryOf(length: number): WebAssembly.Memory | undefined {
  const pages = Math.ceil(length / WASM_PAGE);
  if (pages * WASM_PAGE > MOST_BYTES) return undefined;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    // No address space left, or V8's own limit.
    return undefined;
  }
}

/** The array over a mapping, if all of it can be touched. */
function bytesOf(kept: Kept): Uint8Array<ArrayBuffer> {
  const { pages, memory, length } = kept;
  if (pages.includes(GONE) || pages.includes(PROT_NONE) || endsEarly(kept)) {
    throw new SyscallError(EFAULT, "mmap");
  }
  kept.array ??= new Uint8Array(memory.buffer as ArrayBuffer, 0, length);
  return kept.array;
}

/** Whether the object ends before the mapping's last page, so that touching this would be SIGBUS. */
const endsEarly = ({ isSettled, shown, pages }: Kept): boolean =>
  !isSettled && !isThere(shown + (pages.length - 1) * libc.pageSize);

/** Whether an object has the page at a place. Kernels that do not know the question say EINVAL. */
const isThere = (page: number): boolean =>
  libc.resultOrErrno(libc.madvise(page, libc.pageSize, MADV_POPULATE_READ)) !== -EFAULT;

/** Whether a file is sealed against being cut off. What takes no seals says EINVAL. */
function cannotShrink(fd: number): boolean {
  const seals = libc.fcntlPlain(fd, F_GET_SEALS);
  return seals !== -1 && (seals & F_SEAL_SHRINK) !== 0;
}

/** The mapping that a range lies in, and its pages; undefined if no mapping has them all. */
function find(address: number, length: number): { kept: Kept; first: number; end: number } | undefined {
  for (const kept of mappings.values()) {
    const first = (address - kept.address) / libc.pageSize;
    const end = first + pagesOf(length);
    if (first >= 0 && end <= kept.pages.length) return { kept, first, end };
  }
  return undefined;
}

const isAligned = (address: number): boolean => address % libc.pageSize === 0;

/**
 * A semaphore that libc has mapped.
 * @param life the number of its life (mapped-parts.ts)
 * @returns undefined without room to map it for arrays
 */
export function semaphoreMapping(address: number, length: number, life: number): Mapping | undefined {
  const before = semaphores.get(address);
  if (before?.life === life) return mappingOf(before);
  // Another thread has closed what was there.
  hideSemaphore(address);
  const memory = memoryOf(libc.pageSize);
  if (memory === undefined) return undefined;
  const shown = addressOf(new Uint8Array(memory.buffer, 0, 1));
  const pages = new Uint8Array([BOTH]);
  const kept = {
    address,
    length,
    pages,
    memory,
    shown,
    isShared: true,
    isOfFile: true,
    isSettled: false,
    words: undefined,
    slots: [],
    array: undefined,
    life,
  };
  if (duplicate(address, libc.pageSize, shown) < 0) return undefined;
  semaphores.set(address, kept);
  return mappingOf(kept);
}

/** Leaves nothing for arrays of a semaphore to touch. */
export function hideSemaphore(address: number): void {
  const kept = semaphores.get(address);
  if (kept === undefined) return;
  revoke(kept, 0, kept.pages.length);
  kept.pages.fill(GONE);
  semaphores.delete(address);
}

/** Maps the pages of a shared mapping a second time: from no bytes, see mremap(2). @returns 0 or -errno */
function duplicate(address: number, size: number, to: number): number {
  const how = MREMAP_MAYMOVE | MREMAP_FIXED;
  return libc.mremap(address, 0, size, how, to) === -1 ? -libc.errno() : 0;
}

const mappingOf = (kept: Kept): Mapping =>
  new Mapping(kept.address, kept.length, {
    bytes: () => bytesOf(kept),
    wake: (byteOffset, count) => wakeAt(kept.address + byteOffset, count),
    placeOf: (byteOffset, size) => writablePlaceOf(kept.address + byteOffset, size),
  });

export function munmap(call: Call): number {
  const { address, length } = call.payload as MemoryRange;
  if (!isAligned(address) || length === 0) return -EINVAL;
  const found = find(address, length);
  if (found === undefined) return -EINVAL;
  const { kept, first, end } = found;
  if (isPinned(kept.address, kept.pages.length * libc.pageSize)) return -EBUSY;
  revoke(kept, first, end);
  const reserved = libc.mmap(
    address,
    (end - first) * libc.pageSize,
    PROT_NONE,
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
    -1,
    0,
  );
  if (reserved === -1) return -libc.errno();
  kept.pages.fill(GONE, first, end);
  tellThreads(kept);
  if (!kept.pages.every((page) => page === GONE)) return 0;
  mappings.delete(kept.address);
  if (lastKept === kept) lastKept = undefined;
  return libc.resultOrErrno(libc.munmap(kept.address, kept.pages.length * libc.pageSize));
}

/** Leaves nothing of some pages for arrays to touch: first the pages are plain memory again, then all arrays are empty. */
function revoke(kept: Kept, first: number, end: number): void {
  const { memory, shown, isOfFile } = kept;
  if (isOfFile) {
    const plain = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    libc.mmap(shown + first * libc.pageSize, (end - first) * libc.pageSize, BOTH, plain, -1, 0);
  }
  memory.grow(0);
  kept.array = undefined;
  kept.words = undefined;
}

export function mprotect(call: Call): number {
  const { address, length } = call.payload as MemoryRange;
  const prot = call.a;
  if (!isAligned(address)) return -EINVAL;
  if (length === 0) return 0;
  if ((prot & ~BOTH) !== 0) return -EINVAL;
  const found = find(address, length);
  if (found === undefined) return -ENOMEM;
  const { kept, first, end } = found;
  // libc, going on there, would end the process.
  const isTaken = (prot & BOTH) !== BOTH;
  if (isTaken && isPinned(address, (end - first) * libc.pageSize, true)) return -EBUSY;
  const gone = kept.pages.subarray(first, end).indexOf(GONE);
  const last = gone === -1 ? end : first + gone;
  if (last > first) {
    const size = (last - first) * libc.pageSize;
    if (libc.mprotect(address, size, prot) === -1) return -libc.errno();
    kept.pages.fill(prot, first, last);
    tellThreads(kept);
    if ((prot & PROT_WRITE) !== 0) return shareOn(kept, first, last, gone);
  }
  return gone === -1 ? 0 : -ENOMEM;
}

/** Lets arrays write to the object too, where the program may now: their pages become those of the kernel's mapping. */
function shareOn(kept: Kept, first: number, end: number, gone: number): number {
  const { address, shown, isShared, isOfFile } = kept;
  if (isShared && isOfFile) {
    const [from, size] = [first * libc.pageSize, (end - first) * libc.pageSize];
    const failed = duplicate(address + from, size, shown + from);
    if (failed < 0) return failed;
  }
  return gone === -1 ? 0 : -ENOMEM;
}

export function msync(call: Call): number {
  const { address, length } = call.payload as MemoryRange;
  const flags = call.a;
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0 || !isAligned(address)) return -EINVAL;
  if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0) return -EINVAL;
  if (length === 0) return 0;
  const found = find(address, length);
  if (found === undefined) return -ENOMEM;
  const { kept, first, end } = found;
  if (kept.pages.subarray(first, end).includes(GONE)) return -ENOMEM;
  return libc.resultOrErrno(libc.msync(address, (end - first) * libc.pageSize, flags));
}

export const memory_read = (call: Call): number => access(call, PROT_READ, libc.process_vm_readv);

export const memory_write = (call: Call): number => access(call, PROT_WRITE, libc.process_vm_writev);

/** Copies between a buffer and a mapping. The kernel does, so that what is not there is an error and no signal. */
function access({ payload }: Call, way: number, transfer: typeof libc.process_vm_readv): number {
  const { bytes, offset } = payload as PlacedBytes;
  const buffer = honestView(bytes);
  const length = Math.min(buffer.length, MAX_RW_COUNT);
  if (length === 0) return 0;
  const [place, count] = reachable(offset, length, way);
  if (count === 0) return -EFAULT;
  const { address, view } = libc.scratch;
  view.setBigInt64(0, BigInt(addressOf(buffer)), true);
  view.setBigInt64(8, BigInt(count), true);
  view.setBigInt64(16, BigInt(place), true);
  view.setBigInt64(24, BigInt(count), true);
  return libc.resultOrErrno(transfer(process.pid, address, 1, address + 16, 1, 0));
}

/** Where the bytes at an address really are, and how many of the mapping: until a page that is unmapped or protected. */
function reachable(address: number, length: number, way: number): readonly [place: number, count: number] {
  const first = partAt(address);
  if (first === undefined) return [0, 0];
  let count = 0;
  for (let part: MappedPart | undefined = first; count < length; part = partAt(address + count)) {
    if (part === undefined || part.mapping !== first.mapping || (part.protection & way) === 0) break;
    count = Math.min(length, part.address + part.length - address);
  }
  return [first.place + (address - first.address), count];
}

// Words

/** Where the kernel finds a mapping. What a program writes to memory of its own is in its arrays, not in what the kernel was asked to map. */
const placeIn = ({ address, shown, isShared, isOfFile }: Kept): number =>
  isShared && isOfFile ? address : shown;

/** The mapping of this thread that has an address. */
function keptAt(address: number): Kept | undefined {
  for (const kept of mappings.values()) {
    if (address >= kept.address && address < kept.address + kept.pages.length * libc.pageSize) return kept;
  }
  return undefined;
}

/** The parts of a mapping: runs of pages with the same protection. */
function* partsOf(kept: Kept): Generator<MappedPart> {
  const { address, pages, isShared } = kept;
  for (let first = 0, end = 0; first < pages.length; first = end) {
    const protection = pages[first] as number;
    for (end = first + 1; end < pages.length && pages[end] === protection; ) end++;
    if (protection === GONE) continue;
    const from = first * libc.pageSize;
    const length = (end - first) * libc.pageSize;
    yield {
      address: address + from,
      length,
      mapping: address,
      place: placeIn(kept) + from,
      protection,
      isShared,
    };
  }
}

/** Lets the threads of the process know what has become of a mapping. What has not changed is never unknown meanwhile. */
function tellThreads(kept: Kept): void {
  const before = kept.slots;
  kept.slots = Array.from(partsOf(kept), enterPart);
  for (const slot of before) removePart(slot);
}

/** The part of this process, whichever thread has mapped it, that has an address; undefined if none has. */
function partAt(address: number): MappedPart | undefined {
  const kept = keptAt(address);
  if (kept === undefined) return partOfAnyThread(address);
  const from = Math.floor((address - kept.address) / libc.pageSize);
  const protection = kept.pages[from] as number;
  if (protection === GONE) return undefined;
  const start = from * libc.pageSize;
  return {
    address: kept.address + start,
    length: libc.pageSize,
    mapping: kept.address,
    place: placeIn(kept) + start,
    protection,
    isShared: kept.isShared,
  };
}

/** What needs no more than to be read on x64 and arm64: what can be written can be read, too. */
export const READABLE = PROT_READ | PROT_WRITE;

/**
 * Where some bytes of this process really are, for the kernel and for libc: whether the object has them is for these to see.
 * @param way one of these protections will do: READABLE, or PROT_WRITE
 * @returns the place, or -EFAULT if they are not all mapped so
 */
export function placeOf(address: number, length: number, way: number): number {
  const [place, count] = reachable(address, length, way);
  return count < length ? -EFAULT : place;
}

/** @throws SyscallError EFAULT */
function writablePlaceOf(address: number, length: number): number {
  const isReadable = placeOf(address, length, PROT_READ) >= 0;
  const place = isReadable ? placeOf(address, length, PROT_WRITE) : -EFAULT;
  if (place < 0) throw new SyscallError(EFAULT, "mmap");
  return place;
}

/** No process has it: the last page. */
const NOWHERE = -4096;

/**
 * Where the kernel is to look for a word that is waited at: at an address that is wrong in the same way, if it is none of the program's.
 * @param isPrivate whether by this process alone
 * @param isWritten whether the kernel is to change it, too
 */
export function wordPlace(address: number, isPrivate: boolean, isWritten = false): number {
  const odd = ((address % 4) + 4) % 4;
  const part = odd === 0 ? partAt(address) : undefined;
  if (part === undefined) return NOWHERE + odd;
  // A copy that is never written to is no memory to wait for: get_futex_key. That of the arrays always can be.
  const way = !isWritten && (isPrivate || part.isShared) ? READABLE : PROT_WRITE;
  return (part.protection & way) === 0 ? NOWHERE : part.place + (address - part.address);
}

/** The mapping that had the last word: most programs have few. */
let lastKept: Kept | undefined;

/**
 * The words of the mapping of this thread that an address is in, and where it begins.
 * @param way one of these protections will do
 * @returns undefined if the page is not mapped so, or the object does not have it
 */
export function wordsAt(address: number, way: number): { address: number; words: Int32Array } | undefined {
  let kept = lastKept;
  if (kept === undefined || address < kept.address || address >= kept.address + kept.length) {
    kept = keptAt(address);
    lastKept = kept;
    if (kept === undefined) return undefined;
  }
  const page = Math.floor((address - kept.address) / libc.pageSize);
  const protection = kept.pages[page] as number;
  if (protection === GONE || (protection & way) === 0) return undefined;
  if (!kept.isSettled && !isThere(kept.shown + page * libc.pageSize)) return undefined;
  if (kept.words === undefined) {
    kept.words = new Int32Array(kept.memory.buffer as ArrayBuffer);
  }
  return { address: kept.address, words: kept.words };
}

/** Some of this thread's memory, which is no mapping of its own. */
export function partOfMapping(address: number, length: number): Mapping {
  const bytes = (): Uint8Array<ArrayBuffer> => {
    const first = wordsAt(address, READABLE);
    const last = wordsAt(address + length - 1, READABLE);
    if (first === undefined || last?.words !== first.words) throw new SyscallError(EFAULT, "mmap");
    return new Uint8Array(first.words.buffer as ArrayBuffer, address - first.address, length);
  };
  return new Mapping(address, length, {
    bytes,
    wake: (byteOffset, count) => wakeAt(address + byteOffset, count),
    placeOf: (byteOffset, size) => writablePlaceOf(address + byteOffset, size),
    foreign,
  });
}

/** Pointers anywhere in this process. The kernel copies them: what is not there is passed over, and no SIGSEGV. */
export const foreign: ForeignPointers = {
  read: (address) =>
    movePointer(address, libc.process_vm_readv) ? libc.scratch.view.getBigInt64(POINTER, true) : undefined,
  write(address, value) {
    libc.scratch.view.setBigInt64(POINTER, value, true);
    movePointer(address, libc.process_vm_writev);
  },
};

/** Where the pointer is in the scratch memory, behind two struct iovec. */
const POINTER = 32;
const POINTER_BYTES = 8;

function movePointer(remote: bigint, transfer: typeof libc.process_vm_readv): boolean {
  const { address, view } = libc.scratch;
  view.setBigInt64(0, BigInt(address + POINTER), true);
  view.setBigInt64(8, BigInt(POINTER_BYTES), true);
  view.setBigInt64(16, remote, true);
  view.setBigInt64(24, BigInt(POINTER_BYTES), true);
  return transfer(process.pid, address, 1, address + 16, 1, 0) === POINTER_BYTES;
}

function wakeAt(address: number, count: number): number {
  const result = wakePlainly(wordPlace(address, false), count);
  if (result < 0) throw new SyscallError(-result, "futex");
  return result;
}
