// Descriptor tables: a process has chunks of 64 descriptors each, made when first used. A descriptor is the open file it
// refers to and its own flag, FD_CLOEXEC.
import { EMFILE, ENOMEM } from "../abi/errno";
import { MAX_DESCRIPTORS } from "../abi/model";
import { OpenFile, openFileAt, openFileIndex } from "./file";
import { CHUNK_SIZE, CHUNKS } from "./memory";
import { CHUNK_POOL, pool } from "./pool";
import { Process } from "./process";

const CHUNK_LENGTH: u32 = 64;
const CLOEXEC_BIT: u32 = 0x80000000;
/** In place of an open file: a call that waits will put one there (get_unused_fd_flags). */
const RESERVED: u32 = 0x7fffffff;

@unmanaged
class Chunk {
  /** Descriptors in use. */
  count: u32;
}

function chunkOf(process: Process, fd: u32): u32 {
  return load<u16>(changetype<usize>(process) + offsetof<Process>("chunk0") + (fd / CHUNK_LENGTH) * 2);
}

function setChunk(process: Process, fd: u32, chunkPlus1: u32): void {
  store<u16>(
    changetype<usize>(process) + offsetof<Process>("chunk0") + (fd / CHUNK_LENGTH) * 2,
    <u16>chunkPlus1,
  );
}

function entryAddress(chunkPlus1: u32, fd: u32): usize {
  return CHUNKS + (chunkPlus1 - 1) * CHUNK_SIZE + 4 + (fd % CHUNK_LENGTH) * 4;
}

function entry(process: Process, fd: u32): u32 {
  if (fd >= <u32>MAX_DESCRIPTORS) return 0;
  const chunk = chunkOf(process, fd);
  return chunk ? load<u32>(entryAddress(chunk, fd)) : 0;
}

/** The open file of a descriptor; null if it is not open, or the runtime's. */
export function fileOf(process: Process, fd: i32): OpenFile | null {
  const found = entry(process, <u32>fd);
  return found && found != RESERVED ? openFileAt((found & ~CLOEXEC_BIT) - 1) : null;
}

export function isCloseOnExec(process: Process, fd: u32): bool {
  return (entry(process, fd) & CLOEXEC_BIT) != 0;
}

export function setCloseOnExec(process: Process, fd: u32, value: bool): void {
  const file = fileOf(process, fd);
  assert(file != null, "a descriptor that is open");
  store<u32>(entryAddress(chunkOf(process, fd), fd), (openFileIndex(file!) + 1) | (value ? CLOEXEC_BIT : 0));
}

/** The lowest free descriptor from `from` on, or -EMFILE: alloc_fd. */
export function lowestFree(process: Process, from: u32): i32 {
  let fd = from < process.firstDescriptor ? process.firstDescriptor : from;
  while (fd < process.rlimitNofile && entry(process, fd)) fd++;
  return fd < process.rlimitNofile ? <i32>fd : -EMFILE;
}

/** Whether a free descriptor can be put in use: its chunk is there, or one is left. */
export function canInstall(process: Process, fd: u32): bool {
  return chunkOf(process, fd) != 0 || !pool(CHUNK_POOL).isFull();
}

/** Lets a free descriptor refer to an open file, whose use the caller has counted. Returns it, or -ENOMEM. */
export function install(process: Process, fd: u32, file: OpenFile, closeOnExec: bool): i32 {
  return put(process, fd, (openFileIndex(file) + 1) | (closeOnExec ? CLOEXEC_BIT : 0)) ? <i32>fd : -ENOMEM;
}

/** Returns false if the table cannot grow. */
function put(process: Process, fd: u32, value: u32): bool {
  if (offsetof<Chunk>() + CHUNK_LENGTH * 4 != CHUNK_SIZE) ERROR("CHUNK_SIZE is not the size of a chunk");
  let chunk = chunkOf(process, fd);
  if (!chunk) {
    const index = pool(CHUNK_POOL).take();
    if (index == pool(CHUNK_POOL).capacity) return false;
    chunk = index + 1;
    setChunk(process, fd, chunk);
  }
  assert(!load<u32>(entryAddress(chunk, fd)), "a descriptor that is free");
  store<u32>(entryAddress(chunk, fd), value);
  changetype<Chunk>(CHUNKS + (chunk - 1) * CHUNK_SIZE).count++;
  return true;
}

/** Sets a free descriptor aside, for which `canInstall` has held. */
export function reserve(process: Process, fd: u32): void {
  put(process, fd, RESERVED);
}

export function isReserved(process: Process, fd: u32): bool {
  return entry(process, fd) == RESERVED;
}

/** Frees a descriptor that was set aside. */
export function unreserve(process: Process, fd: u32): void {
  assert(isReserved(process, fd), "a descriptor that is set aside");
  clear(process, fd);
}

/** Frees an open descriptor and returns the file that it referred to, whose use the caller gives up. */
export function uninstall(process: Process, fd: u32): OpenFile {
  const file = fileOf(process, fd)!;
  clear(process, fd);
  return file;
}

function clear(process: Process, fd: u32): void {
  const chunk = chunkOf(process, fd);
  store<u32>(entryAddress(chunk, fd), 0);
  const record = changetype<Chunk>(CHUNKS + (chunk - 1) * CHUNK_SIZE);
  if (record.count == 1) {
    pool(CHUNK_POOL).free(chunk - 1);
    setChunk(process, fd, 0);
  } else {
    record.count--;
  }
}

/** The lowest open descriptor from `from` on; -1 if there is none. */
export function nextOpen(process: Process, from: u32): i32 {
  let fd = from;
  while (fd < <u32>MAX_DESCRIPTORS) {
    if (!chunkOf(process, fd)) fd = (fd / CHUNK_LENGTH + 1) * CHUNK_LENGTH;
    else if (fileOf(process, fd)) return fd;
    else fd++;
  }
  return -1;
}
