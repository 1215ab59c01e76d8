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
import { EFAULT, EINVAL, ENOMEM } from "../../assembly/abi/errno.js";
import { MAX_RW_COUNT } from "../../assembly/abi/limits.js";
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
import { Mapping } from "../../src/mapping.js";
import { owns } from "./descriptors.js";
import { addressOf } from "./ffi.js";
import * as libc from "./libc.js";

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
  /** An array over all of it; undefined until somebody wants it, and once a part is gone. */
  array: Uint8Array<ArrayBuffer> | undefined;
}

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
  call.value = new Mapping(address, length, { bytes: () => bytesOf(kept) });
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
  return { address, length, pages, memory, shown, isShared, isOfFile, array: undefined };
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
function endsEarly({ isOfFile, shown, pages }: Kept): boolean {
  if (!isOfFile) return false;
  const last = shown + (pages.length - 1) * libc.pageSize;
  // Kernels that do not know it say EINVAL.
  return libc.resultOrErrno(libc.madvise(last, libc.pageSize, MADV_POPULATE_READ)) === -EFAULT;
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

export function munmap(call: Call): number {
  const { address, length } = call.payload as MemoryRange;
  if (!isAligned(address) || length === 0) return -EINVAL;
  const found = find(address, length);
  if (found === undefined) return -EINVAL;
  const { kept, first, end } = found;
  revoke(kept);
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
  if (!kept.pages.every((page) => page === GONE)) return 0;
  mappings.delete(kept.address);
  return libc.resultOrErrno(libc.munmap(kept.address, kept.pages.length * libc.pageSize));
}

/** Leaves nothing for arrays to touch: first the pages are plain memory again, then the arrays are empty. */
function revoke(kept: Kept): void {
  const { memory, shown, pages, isOfFile } = kept;
  if (isOfFile) {
    const plain = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    libc.mmap(shown, pages.length * libc.pageSize, BOTH, plain, -1, 0);
  }
  memory.grow(0);
  kept.array = undefined;
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
  const gone = kept.pages.subarray(first, end).indexOf(GONE);
  const last = gone === -1 ? end : first + gone;
  if (last > first) {
    const size = (last - first) * libc.pageSize;
    if (libc.mprotect(address, size, prot) === -1) return -libc.errno();
    kept.pages.fill(prot, first, last);
    if ((prot & PROT_WRITE) !== 0) return shareOn(kept, first, last, gone);
  }
  return gone === -1 ? 0 : -ENOMEM;
}

/** Lets arrays write to the object too, where the program may now: their pages become those of the kernel's mapping. */
function shareOn(kept: Kept, first: number, end: number, gone: number): number {
  const { address, shown, isShared, isOfFile } = kept;
  if (isShared && isOfFile) {
    const [from, size] = [first * libc.pageSize, (end - first) * libc.pageSize];
    const how = MREMAP_MAYMOVE | MREMAP_FIXED;
    // From no bytes: a second mapping of the same pages, see mremap(2).
    if (libc.mremap(address + from, 0, size, how, shown + from) === -1) return -libc.errno();
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
  const kept = [...mappings.values()].find(
    ({ address, pages }) => offset >= address && offset < address + pages.length * libc.pageSize,
  );
  if (kept === undefined) return -EFAULT;
  const from = offset - kept.address;
  const count = Math.min(length, reachable(kept, from, way));
  if (count === 0) return -EFAULT;
  // What a program writes to memory of its own is in its arrays, not in what the kernel was asked to map.
  const isSame = kept.isShared && kept.isOfFile;
  const { address, view } = libc.scratch;
  view.setBigInt64(0, BigInt(addressOf(buffer)), true);
  view.setBigInt64(8, BigInt(count), true);
  view.setBigInt64(16, BigInt((isSame ? kept.address : kept.shown) + from), true);
  view.setBigInt64(24, BigInt(count), true);
  return libc.resultOrErrno(transfer(process.pid, address, 1, address + 16, 1, 0));
}

/** Bytes from a place of a mapping on, until a page that is unmapped or protected. */
function reachable({ pages }: Kept, from: number, way: number): number {
  const first = Math.floor(from / libc.pageSize);
  let page = first;
  while (page < pages.length && pages[page] !== GONE && ((pages[page] as number) & way) !== 0) page++;
  return Math.max(0, page * libc.pageSize - from);
}
