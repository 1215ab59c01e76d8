// Open files ("open file descriptions"): what descriptors refer to, shared by dup(2) and by processes. They are counted from
// descriptor tables, from blocked calls and from polls; pipe.ts and file calls say what happens at the last release.
import { O_CREAT, O_NONBLOCK } from "../abi/fcntl";
import { MAX_OPEN_FILES } from "../abi/model";
import { machine } from "./machine";
import { OPEN_FILE_SIZE, OPEN_FILES } from "./memory";
import { OPEN_FILE_POOL, pool } from "./pool";

@unmanaged
export class OpenFile {
  /** Uses: 0 only in a free record. */
  count: u32;
  /** What it is open on: FILE_*. */
  kind: u32;
  /** Access mode and status flags, as F_GETFL gives them; and STAYS_ASYNC. */
  flags: u32;
  /** Index of the object in its pool. */
  object: u32;
  /** How often a FIFO had been opened for writing when this file was opened without waiting for a writer; else 0. */
  writersSeen: u32;
  /** Where a read of what has places begins, in bytes. */
  offset: u32;

  // O_RDONLY, O_WRONLY and O_RDWR are one less than the bits FMODE_READ and FMODE_WRITE; O_ACCMODE is neither: OPEN_FMODE.
  get isReadable(): bool {
    return ((this.flags + 1) & 1) != 0;
  }

  get isWritable(): bool {
    return ((this.flags + 1) & 2) != 0;
  }

  get isNonblocking(): bool {
    return (this.flags & O_NONBLOCK) != 0;
  }
}

/**
 * It was opened with O_ASYNC, which then nothing takes away: no F_SETFL has asked for signals (fasync_remove_entry). The bit
 * is one that no open file keeps, for queues keep even those that mean nothing.
 */
export const STAYS_ASYNC: u32 = O_CREAT;

/** Whether so many more can be opened: alloc_empty_file. */
export function canOpenFiles(count: u32, isPrivileged: bool): bool {
  if (machine.fileCount + count > machine.fileMax && !isPrivileged) return false;
  return machine.fileCount + count <= <u32>MAX_OPEN_FILES;
}

export function openFileAt(index: u32): OpenFile {
  return changetype<OpenFile>(OPEN_FILES + index * OPEN_FILE_SIZE);
}

export function openFileIndex(file: OpenFile): u32 {
  return <u32>((changetype<usize>(file) - OPEN_FILES) / OPEN_FILE_SIZE);
}

/** Opens a file with one use; null if the system has no more. */
export function takeOpenFile(kind: u32, flags: u32, object: u32): OpenFile | null {
  if (offsetof<OpenFile>() != OPEN_FILE_SIZE) ERROR("OPEN_FILE_SIZE is not the size of OpenFile");
  const index = pool(OPEN_FILE_POOL).take();
  if (index == pool(OPEN_FILE_POOL).capacity) return null;
  const file = openFileAt(index);
  file.count = 1;
  file.kind = kind;
  file.flags = flags;
  file.object = object;
  machine.fileCount++;
  return file;
}

/** Gives back an open file without uses. */
export function freeOpenFile(file: OpenFile): void {
  machine.fileCount--;
  pool(OPEN_FILE_POOL).free(openFileIndex(file));
}
