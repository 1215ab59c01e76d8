// What each kind of open file does: a function for each member of the kernel's struct file_operations that differs.
import { EBADF, EINVAL, EISDIR } from "./abi/errno";
import { FILE_MESSAGE_QUEUE, FILE_PIPE, FILE_SHARED_MEMORY } from "./abi/model";
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./abi/poll";
import { OpenFile } from "./core/file";
import { freeIfUnused, inodeAt } from "./core/inode";
import { Process } from "./core/process";
import { Task } from "./core/task";
import { WaitQueue } from "./core/wait";
import {
  flushMessageQueue,
  messageQueueAt,
  pollMessageQueue,
  readStatus,
  releaseMessageQueue,
} from "./message-queue";
import { pipeAt, pollPipe, readPipe, releasePipe, writePipe } from "./pipe";
import { readSharedFile, releaseSharedFile, writeSharedFile } from "./shared-memory";

/** One attempt at read(2) of a file that is open for reading. */
export function readObject(file: OpenFile, task: Task, length: u32): i32 {
  if (file.kind == FILE_MESSAGE_QUEUE) return readStatus(messageQueueAt(file.object), file, length);
  if (file.kind == FILE_SHARED_MEMORY) return readSharedFile(file, task, length);
  return file.kind == FILE_PIPE ? readPipe(pipeAt(file.object), file, task, length) : -EISDIR;
}

/** One attempt at write(2) of a file that is open for writing, which no directory is. */
export function writeObject(file: OpenFile, task: Task, length: u32): i32 {
  if (file.kind == FILE_MESSAGE_QUEUE) return -EINVAL;
  if (file.kind == FILE_SHARED_MEMORY) return writeSharedFile(file, task, length);
  return file.kind == FILE_PIPE ? writePipe(pipeAt(file.object), file, task, length) : -EBADF;
}

/** The events that hold now. What has no poll of its own is always ready: DEFAULT_POLLMASK. */
export function pollObject(file: OpenFile): u32 {
  if (file.kind == FILE_PIPE) return pollPipe(pipeAt(file.object), file);
  if (file.kind == FILE_MESSAGE_QUEUE) return pollMessageQueue(messageQueueAt(file.object));
  return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

/** Where polls and awaited calls wait for something to read; null if the file has no such queue. */
export function readQueueOf(file: OpenFile): WaitQueue | null {
  // Polls of a message queue all wait in one, for whatever they wait.
  if (file.kind == FILE_MESSAGE_QUEUE) return messageQueueAt(file.object).polls;
  return file.kind == FILE_PIPE && file.isReadable ? pipeAt(file.object).readWait : null;
}

/** Where they wait for room; null if the file has no such queue. */
export function writeQueueOf(file: OpenFile): WaitQueue | null {
  return file.kind == FILE_PIPE && file.isWritable ? pipeAt(file.object).writeWait : null;
}

/** What each close of a descriptor does, the last or not: filp_flush. */
export function flushObject(process: Process, file: OpenFile): void {
  if (file.kind == FILE_MESSAGE_QUEUE) flushMessageQueue(process, messageQueueAt(file.object));
}

/** The last use of an open file is gone. */
export function releaseObject(file: OpenFile): void {
  if (file.kind == FILE_PIPE) {
    releasePipe(file);
    return;
  }
  if (file.kind == FILE_MESSAGE_QUEUE) {
    releaseMessageQueue(messageQueueAt(file.object));
    return;
  }
  if (file.kind == FILE_SHARED_MEMORY) {
    releaseSharedFile(file);
    return;
  }
  const directory = inodeAt(file.object);
  directory.opens--;
  freeIfUnused(directory);
}
