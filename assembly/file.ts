// Calls on descriptors, whatever they are open on: read(2), write(2), close(2), dup(2), fcntl(2), ioctl(2).

import { CALL_POLL, CALL_READV, CALL_WRITE, CALL_WRITEV } from "./abi/calls";
import { CAP_FOWNER } from "./abi/capability";
import { EAGAIN, EBADF, EBUSY, EINVAL, EISDIR, EMFILE, ENOMEM, ENOTTY, EPERM, ESPIPE } from "./abi/errno";
import {
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_GETPIPE_SZ,
  F_SETFD,
  F_SETFL,
  F_SETPIPE_SZ,
  FD_CLOEXEC,
  O_APPEND,
  O_ASYNC,
  O_CLOEXEC,
  O_DIRECT,
  O_NOATIME,
  O_NONBLOCK,
} from "./abi/fcntl";
import { FIONREAD } from "./abi/ioctl";
import { IOV_MAX, MAX_RW_COUNT } from "./abi/limits";
import { F_ADD_SEALS, F_GET_SEALS } from "./abi/memfd";
import {
  BLOCKED,
  FILE_DIRECTORY,
  FILE_MESSAGE_QUEUE,
  FILE_PIPE,
  FILE_SHARED_MEMORY,
  MORE,
  TASK_BLOCKED,
  TASK_WOKEN,
} from "./abi/model";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./abi/poll";
import { callerOf } from "./calls";
import {
  canInstall,
  fileOf,
  install,
  isCloseOnExec,
  isReserved,
  lowestFree,
  setCloseOnExec,
  uninstall,
} from "./core/descriptor";
import { OpenFile, openFileAt, STAYS_ASYNC } from "./core/file";
import { inodeAt } from "./core/inode";
import { Process, processIndex } from "./core/process";
import { TASK_FLAG_AWAITS, TASK_FLAG_LOOKED, Task, taskAt, wakeTask } from "./core/task";
import { hasWaits, WaitQueue, waitEntry, waitEntryCount, waitForEvents } from "./core/wait";
import { flushObject, pollObject, readObject, readQueueOf, writeObject, writeQueueOf } from "./kinds";
import { MESSAGE_QUEUE_FILE_SIZE, messageQueueAt, readStatusAt } from "./message-queue";
import { isOwner } from "./path";
import { pipeAt, pipeSize } from "./pipe";
import { getPipeSize, setPipeSize } from "./pipe-size";
import { holdFile, releaseFile, stopWaiting, stopWaitingOn } from "./release";
import { addSeals, objectOf, readSharedAt, sealsOf, writeSharedAt } from "./shared-memory";

/** One attempt at read(2) of `length` bytes into the window. */
export function readFile(task: Task, fd: i32, length: u32): i32 {
  const file = fileOfCall(task, fd);
  if (!file || !file.isReadable) return -EBADF;
  // A directory too has nothing to say to a readv(2) of nothing, though it refuses a read(2) of nothing.
  if (task.call == CALL_READV && length == 0) return 0;
  const result = readObject(file, task, min<u32>(length, MAX_RW_COUNT));
  if (result == BLOCKED) holdFile(task, file);
  if (result == -EAGAIN && mayAwait(task, file)) return awaitReadiness(task, file, fd);
  return result;
}

/** One attempt at write(2) of `length` bytes, of which the window holds those from `transferred` on. */
export function writeFile(task: Task, fd: i32, length: u32): i32 {
  const file = fileOfCall(task, fd);
  if (!file || !file.isWritable) return task.transferred ? task.transferred : -EBADF;
  // A write that waited asks poll(2) before it attempts: two steps, since another may write in between. Who then finds the pipe
  // full may still join its newest slot.
  if (task.has(TASK_FLAG_AWAITS) && !task.has(TASK_FLAG_LOOKED)) return awaitReadiness(task, file, fd);
  const rest = min<u32>(length, MAX_RW_COUNT) - task.transferred;
  const result = writeObject(file, task, rest);
  if (result == MORE) return MORE;
  if (result == BLOCKED) {
    holdFile(task, file);
    return BLOCKED;
  }
  if (!task.isAwaited) return result;
  if (result > 0) task.transferred += result;
  // A file that has no room for the rest never will.
  const isShort = result > 0 && <u32>result < rest && file.kind != FILE_SHARED_MEMORY;
  const wouldBlock = result == -EAGAIN || isShort;
  if (wouldBlock && mayAwait(task, file)) return awaitReadiness(task, file, fd);
  return task.transferred ? task.transferred : result;
}

/** One attempt at pread(2) of `length` bytes into the window, from `task.long` on. */
export function readFileAt(task: Task, fd: i32, length: u32): i32 {
  if (task.long < 0) return -EINVAL;
  const file = fileOf(callerOf(task), fd);
  if (!file) return -EBADF;
  if (file.kind == FILE_PIPE) return -ESPIPE;
  if (!file.isReadable) return -EBADF;
  const count = min<u32>(length, MAX_RW_COUNT);
  if (file.kind == FILE_SHARED_MEMORY) return readSharedAt(objectOf(file), task, task.long, count);
  if (file.kind == FILE_MESSAGE_QUEUE)
    return readStatusAt(messageQueueAt(file.object), <u64>task.long, count);
  return -EISDIR;
}

/** One attempt at pwrite(2) of `length` bytes, of which the window holds those from `task.done` on, to `task.long`. */
export function writeFileAt(task: Task, fd: i32, length: u32): i32 {
  if (task.long < 0) return -EINVAL;
  const file = fileOf(callerOf(task), fd);
  if (!file) return -EBADF;
  if (file.kind == FILE_PIPE) return -ESPIPE;
  if (!file.isWritable) return -EBADF;
  // Message queues cannot be written, and no directory is open for it.
  if (file.kind != FILE_SHARED_MEMORY) return -EINVAL;
  return writeSharedAt(file, task, task.long, min<u32>(length, MAX_RW_COUNT));
}

/** Whether a new readv(2) or writev(2) has too many buffers: -EINVAL. A wrong descriptor comes out first: vfs_readv. */
export function vectorMistake(task: Task, fd: i32, count: u32): i32 {
  if (count <= <u32>IOV_MAX) return 0;
  const file = fileOf(callerOf(task), fd);
  if (!file) return -EBADF;
  const isRightWay = task.call == CALL_READV ? file.isReadable : file.isWritable;
  return isRightWay ? -EINVAL : -EBADF;
}

/** The open file that a call works on: a parked one holds its own, a new one looks its descriptor up. */
export function fileOfCall(task: Task, fd: i32): OpenFile | null {
  if (task.file) return openFileAt(task.file - 1);
  return fileOf(callerOf(task), fd);
}

/** Whether a call is awaited that may wait: O_NONBLOCK counts when it is made, not while it waits (src/waiting.ts). */
export function mayAwait(task: Task, file: OpenFile): bool {
  return task.isAwaited && (task.has(TASK_FLAG_AWAITS) || !file.isNonblocking);
}

/**
 * Parks an awaited call until its file may be ready: then it attempts anew. One whose file is ready at once has its place
 * in the queue too, so that it learns of a close of its descriptor before it goes on.
 */
function awaitReadiness(task: Task, file: OpenFile, fd: i32): i32 {
  const queue = isWrite(task) ? writeQueueOf(file) : readQueueOf(file);
  return awaitEvents(task, file, queue!, fd, eventsFor(task));
}

/** Parks an awaited call until a file has one of some events. */
export function awaitEvents(task: Task, file: OpenFile, queue: WaitQueue, fd: i32, events: u32): i32 {
  if (!hasWaits(1)) return -ENOMEM;
  task.done = 0;
  task.flags = TASK_FLAG_AWAITS;
  task.windowStart = 0;
  waitForEvents(queue, task, events, fd, 0);
  task.state = TASK_BLOCKED;
  if (pollObject(file) & events) {
    task.state = TASK_WOKEN;
    task.set(TASK_FLAG_LOOKED);
  }
  return BLOCKED;
}

/** What an awaited read or write waits for. */
function eventsFor(task: Task): u32 {
  return (isWrite(task) ? POLLOUT | POLLWRNORM : POLLIN | POLLRDNORM) | POLLERR | POLLHUP;
}

function isWrite(task: Task): bool {
  return task.call == CALL_WRITE || task.call == CALL_WRITEV;
}

/** close(2). */
export function closeDescriptor(process: Process, fd: i32): i32 {
  if (!fileOf(process, fd)) return -EBADF;
  closeOpen(process, fd);
  return 0;
}

/** Closes a descriptor that is open. Awaited calls that wait on it end; those of other threads keep the file. */
export function closeOpen(process: Process, fd: u32): void {
  const file = uninstall(process, fd);
  endAwaitedCalls(process, fd);
  flushObject(process, file);
  releaseFile(file);
}

function endAwaitedCalls(process: Process, fd: i32): void {
  const index = processIndex(process);
  let at: u32 = 0;
  while (at < waitEntryCount()) {
    const wait = waitEntry(at);
    const task = wait ? taskAt(wait.taskPlus1 - 1) : null;
    if (!wait || !task || !task.isAwaited || task.process != index || wait.fd != fd) {
      at++;
      continue;
    }
    stopWaitingOn(task, fd);
    if (task.call != CALL_POLL) task.interrupted = EBADF;
    else if (task.a < 0) task.a = fd;
    wakeTask(task);
  }
}

/** dup(2): the lowest free descriptor. */
export function duplicate(process: Process, oldfd: i32, from: u32, closeOnExec: bool): i32 {
  const file = fileOf(process, oldfd);
  if (!file) return -EBADF;
  const fd = lowestFree(process, from);
  if (fd < 0) return -EMFILE;
  if (!canInstall(process, fd)) return -ENOMEM;
  file.count++;
  return install(process, fd, file, closeOnExec);
}

/** dup2(2): oldfd itself if both are the same. */
export function duplicateOnto(process: Process, oldfd: i32, newfd: i32): i32 {
  if (oldfd == newfd) return fileOf(process, oldfd) ? newfd : -EBADF;
  return replace(process, oldfd, newfd, false);
}

/** dup3(2): flags are looked at first, then that the two differ (do_dup3). */
export function duplicateWithFlags(process: Process, oldfd: i32, newfd: i32, flags: i32): i32 {
  if (flags & ~O_CLOEXEC) return -EINVAL;
  if (oldfd == newfd) return -EINVAL;
  return replace(process, oldfd, newfd, (flags & O_CLOEXEC) != 0);
}

function replace(process: Process, oldfd: i32, newfd: i32, closeOnExec: bool): i32 {
  if (<u32>newfd >= process.rlimitNofile || <u32>newfd < process.firstDescriptor) return -EBADF;
  const file = fileOf(process, oldfd);
  if (!file) return -EBADF;
  if (isReserved(process, newfd)) return -EBUSY;
  if (!canInstall(process, newfd)) return -ENOMEM;
  file.count++;
  if (fileOf(process, newfd)) closeOpen(process, newfd);
  return install(process, newfd, file, closeOnExec);
}

/** What F_SETFL may change: SETFL_MASK, and FASYNC. */
const SETFL_MASK = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

/** fcntl(2). */
export function control(process: Process, fd: i32, command: i32, argument: i32): i32 {
  const file = fileOf(process, fd);
  if (!file) return -EBADF;
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (<u32>argument >= process.rlimitNofile) return -EINVAL;
      return duplicate(process, fd, argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
      return isCloseOnExec(process, fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
      setCloseOnExec(process, fd, (argument & FD_CLOEXEC) != 0);
      return 0;
    case F_GETFL:
      return file.flags & ~STAYS_ASYNC;
    case F_SETFL:
      return setFlags(process, file, argument);
    case F_GETPIPE_SZ:
      return getPipeSize(file);
    case F_SETPIPE_SZ:
      return setPipeSize(process, file, argument);
    case F_ADD_SEALS:
      return addSeals(file, argument);
    case F_GET_SEALS:
      return sealsOf(file);
    default:
      return -EINVAL;
  }
}

/** setfl: what a kind of file cannot do is refused, or left as it is. */
function setFlags(process: Process, file: OpenFile, flags: i32): i32 {
  if (flags & O_NOATIME & ~file.flags && !ownsFile(process, file)) return -EPERM;
  if (flags & O_DIRECT && !canBeDirect(file)) return -EINVAL;
  // Directories, message queues and shared memory have nothing to tell a signal for.
  const keepsAsync = file.kind != FILE_PIPE || (file.flags & STAYS_ASYNC) != 0;
  const mask = keepsAsync ? SETFL_MASK & ~O_ASYNC : SETFL_MASK;
  file.flags = (flags & mask) | (file.flags & ~mask);
  return 0;
}

/** Pipes, and what was opened by a name in a file system in memory: FMODE_CAN_ODIRECT. */
function canBeDirect(file: OpenFile): bool {
  if (file.kind == FILE_SHARED_MEMORY) return !objectOf(file).isMemoryFile;
  return file.kind == FILE_PIPE;
}

function ownsFile(process: Process, file: OpenFile): bool {
  if (file.kind == FILE_DIRECTORY) return isOwner(process, inodeAt(file.object));
  if (file.kind == FILE_MESSAGE_QUEUE) return isOwner(process, messageQueueAt(file.object).file);
  if (file.kind == FILE_SHARED_MEMORY) return isOwner(process, inodeAt(objectOf(file).inode - 1));
  const pipe = pipeAt(file.object);
  if (pipe.inode) return isOwner(process, inodeAt(pipe.inode - 1));
  return pipe.uid == process.euid || process.can(CAP_FOWNER);
}

/** ioctl(2). */
export function requestOf(process: Process, fd: i32, request: i32): i32 {
  const file = fileOf(process, fd);
  if (!file) return -EBADF;
  if (request != FIONREAD) return -ENOTTY;
  // What is left of a regular file, which a message queue's is (file_ioctl).
  if (file.kind == FILE_SHARED_MEMORY) return max<i32>(<i32>objectOf(file).size - <i32>file.offset, 0);
  if (file.kind == FILE_MESSAGE_QUEUE) return MESSAGE_QUEUE_FILE_SIZE - file.offset;
  if (file.kind != FILE_PIPE) return -ENOTTY;
  return pipeSize(pipeAt(file.object));
}

/** A woken awaited call attempts anew, unless its descriptor was closed. */
export function retryAwaited(task: Task): i32 {
  stopWaiting(task);
  if (task.interrupted) return task.transferred ? task.transferred : -(<i32>task.interrupted);
  return 0;
}
