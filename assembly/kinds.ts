// What each kind of open file does: a function for each member of the kernel's struct file_operations that differs.
import { EBADF, EISDIR } from "./abi/errno";
import { FILE_PIPE } from "./abi/model";
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./abi/poll";
import { OpenFile } from "./core/file";
import { freeIfUnused, inodeAt } from "./core/inode";
import { Task } from "./core/task";
import { WaitQueue } from "./core/wait";
import { pipeAt, pollPipe, readPipe, releasePipe, writePipe } from "./pipe";

/** One attempt at read(2) of a file that is open for reading. */
export function readObject(file: OpenFile, task: Task, length: u32): i32 {
  return file.kind == FILE_PIPE ? readPipe(pipeAt(file.object), file, task, length) : -EISDIR;
}

/** One attempt at write(2) of a file that is open for writing, which no directory is. */
export function writeObject(file: OpenFile, task: Task, length: u32): i32 {
  return file.kind == FILE_PIPE ? writePipe(pipeAt(file.object), file, task, length) : -EBADF;
}

/** The events that hold now. What has no poll of its own is always ready: DEFAULT_POLLMASK. */
export function pollObject(file: OpenFile): u32 {
  if (file.kind == FILE_PIPE) return pollPipe(pipeAt(file.object), file);
  return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

/** Where polls and awaited calls wait for something to read; null if the file has no such queue. */
export function readQueueOf(file: OpenFile): WaitQueue | null {
  return file.kind == FILE_PIPE && file.isReadable ? pipeAt(file.object).readWait : null;
}

/** Where they wait for room; null if the file has no such queue. */
export function writeQueueOf(file: OpenFile): WaitQueue | null {
  return file.kind == FILE_PIPE && file.isWritable ? pipeAt(file.object).writeWait : null;
}

/** The last use of an open file is gone. */
export function releaseObject(file: OpenFile): void {
  if (file.kind == FILE_PIPE) {
    releasePipe(file);
    return;
  }
  const directory = inodeAt(file.object);
  directory.opens--;
  freeIfUnused(directory);
}
