// open(2), and of a FIFO in particular: fifo(7). Who opens one end waits for the other; both count as soon as they wait, so
// that two who wait find each other. The descriptor is taken before the path is looked at, and nobody else gets it meanwhile.
//
// Models do_sys_openat2, build_open_flags, may_open, do_dentry_open (fs/open.c, fs/namei.c) and fifo_open,
// wait_for_partner, wake_up_partner (fs/pipe.c) of Linux 6.18.
import { CAP_SYS_ADMIN } from "./abi/capability";
import {
  EACCES,
  EINTR,
  EINVAL,
  EISDIR,
  EMFILE,
  ENAMETOOLONG,
  ENFILE,
  ENOENT,
  ENOMEM,
  ENOTDIR,
  ENXIO,
  EPERM,
} from "./abi/errno";
import {
  O_ACCMODE,
  O_APPEND,
  O_ASYNC,
  O_CLOEXEC,
  O_DIRECT,
  O_DIRECTORY,
  O_DSYNC,
  O_LARGEFILE,
  O_NOATIME,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_SYNC,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
} from "./abi/fcntl";
import { PATH_MAX } from "./abi/limits";
import { BLOCKED, FILE_DIRECTORY, FILE_PIPE, TASK_BLOCKED, TASK_WOKEN } from "./abi/model";
import { callerOf } from "./calls";
import { canInstall, install, lowestFree, reserve, unreserve } from "./core/descriptor";
import { canOpenFiles, OpenFile, openFileAt, openFileIndex, STAYS_ASYNC, takeOpenFile } from "./core/file";
import { Inode, inodeAt, inodeIndex } from "./core/inode";
import { Process } from "./core/process";
import { TASK_FLAG_IN_LANE, TASK_FLAG_PARKED, Task } from "./core/task";
import { hasWaits, waitForEvents, wakeAll } from "./core/wait";
import { isOwner, MAY_READ, MAY_WRITE, mayAccess, walk, walkToEnd } from "./path";
import { leavePipe, newPipe, Pipe, pipeAt } from "./pipe";

/** What F_GETFL tells of the flags that a file was opened with. */
const KEPT_FLAGS =
  O_ACCMODE |
  O_APPEND |
  O_NONBLOCK |
  O_SYNC |
  O_ASYNC |
  O_DIRECT |
  O_LARGEFILE |
  O_DIRECTORY |
  O_NOFOLLOW |
  O_NOATIME;
/** The bit that makes O_SYNC more than O_DSYNC, and O_TMPFILE more than O_DIRECTORY. */
const SYNC_BIT = O_SYNC & ~O_DSYNC;
const TMPFILE_BIT = O_TMPFILE & ~O_DIRECTORY;

/** An opener of a FIFO is woken by those who open or leave it, not by bytes: no poll event is this. */
const PARTNER_EVENT: u32 = 0x80000000;

/**
 * One attempt at open(2): a descriptor, -errno or BLOCKED. `task.a` are the flags, `task.d` the bytes of the path, which is in
 * the window each time; `task.c` is the descriptor that is set aside while the call waits, plus 1.
 */
export function openPath(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return waitForPartner(task);
  const isNonblocking = (task.a & O_NONBLOCK) != 0;
  return task.isAwaited && !task.has(TASK_FLAG_IN_LANE) ? tryToOpen(task) : openNow(task, isNonblocking);
}

/**
 * An awaited open that may wait is a plain one on a thread of its own, and this begins a step later: what the program calls
 * meanwhile may come first. A writer that finds a reader needs no thread. As `open` in backends/linux/paths.ts.
 */
function tryToOpen(task: Task): i32 {
  const isNonblocking = (task.a & O_NONBLOCK) != 0;
  if (!mayWait(task)) return openNow(task, isNonblocking);
  if ((task.a & O_ACCMODE) == O_WRONLY) {
    const result = openNow(task, true);
    if (result != -ENXIO) return result;
  }
  task.set(TASK_FLAG_IN_LANE);
  task.state = TASK_WOKEN;
  return BLOCKED;
}

/** Whether a path is a FIFO that is opened one way. */
function mayWait(task: Task): bool {
  if (task.a & (O_NONBLOCK | O_DIRECTORY)) return false;
  const mode = task.a & O_ACCMODE;
  if (mode != O_RDONLY && mode != O_WRONLY) return false;
  return walkToEnd(callerOf(task), task.d) == 0 && !inodeAt(walk.inode).isDirectory;
}

/** The plain call. With `isNonblocking` nobody is waited for, whatever the flags say. */
function openNow(task: Task, isNonblocking: bool): i32 {
  const flags = task.a;
  const length: u32 = task.d;
  if (flags & TMPFILE_BIT) return -EINVAL;
  // getname comes before the descriptor, the walk after it.
  if (length >= <u32>PATH_MAX) return -ENAMETOOLONG;
  if (length == 0) return -ENOENT;
  const process = callerOf(task);
  const fd = lowestFree(process, 0);
  if (fd < 0) return -EMFILE;
  if (!canInstall(process, fd)) return -ENOMEM;
  if (!canOpenFiles(1, process.can(CAP_SYS_ADMIN))) return -ENFILE;
  const failed = walkToEnd(process, length);
  if (failed) return failed;
  const inode = inodeAt(walk.inode);
  const forbidden = mayOpen(process, inode, flags);
  if (forbidden) return forbidden;
  task.c = fd + 1;
  reserve(process, fd);
  const result = inode.isDirectory ? openDirectory(task, inode) : openFifo(task, inode, isNonblocking);
  return result == BLOCKED ? BLOCKED : finishOpen(task, result);
}

/** may_open: what the flags ask of the inode. */
export function mayOpen(process: Process, inode: Inode, flags: i32): i32 {
  if (flags & O_DIRECTORY && !inode.isDirectory) return -ENOTDIR;
  const mode = flags & O_ACCMODE;
  let mask: u32 = 0;
  if (mode != O_WRONLY) mask |= MAY_READ;
  // O_TRUNC asks for it, though a FIFO is never truncated.
  if (mode != O_RDONLY || flags & O_TRUNC) mask |= MAY_WRITE;
  if (inode.isDirectory && mask & MAY_WRITE) return -EISDIR;
  if (!mayAccess(process, inode, mask)) return -EACCES;
  return flags & O_NOATIME && !isOwner(process, inode) ? -EPERM : 0;
}

/** The flags that F_GETFL tells of a file that was opened by path. */
export function keptFlags(flags: i32): i32 {
  const stays = flags & O_ASYNC ? STAYS_ASYNC : 0;
  return (flags & KEPT_FLAGS) | O_LARGEFILE | (flags & SYNC_BIT ? O_DSYNC : 0) | stays;
}

function openDirectory(task: Task, inode: Inode): i32 {
  if (task.a & O_DIRECT) return -EINVAL;
  const file = takeOpenFile(FILE_DIRECTORY, keptFlags(task.a), inodeIndex(inode))!;
  inode.opens++;
  task.file = openFileIndex(file) + 1;
  return 0;
}

/** fifo_open. */
function openFifo(task: Task, inode: Inode, isNonblocking: bool): i32 {
  const mode = task.a & O_ACCMODE;
  if (mode == O_ACCMODE) return -EINVAL;
  if (!hasWaits(1)) return -ENOMEM;
  const index = pipeOf(callerOf(task), inode);
  if (index < 0) return -ENOMEM;
  const pipe = pipeAt(index);
  if (mode == O_WRONLY && isNonblocking && !pipe.readers) {
    leavePipe(pipe);
    return -ENXIO;
  }
  const file = takeOpenFile(FILE_PIPE, keptFlags(task.a), index)!;
  task.file = openFileIndex(file) + 1;
  const hasWoken = enter(pipe, file);
  const hasPartner = mode == O_RDWR || (mode == O_RDONLY ? pipe.writers : pipe.readers) != 0;
  // There was no writer yet, so there is nobody who has hung up.
  if (!hasPartner && isNonblocking) file.writersSeen = pipe.writeOpens;
  if (hasPartner || isNonblocking) return hasWoken && !task.isAwaited ? finishLater(task, file, pipe) : 0;
  task.b = mode == O_RDONLY ? pipe.writeOpens : pipe.readOpens;
  waitForEvents(pipe.readWait, task, PARTNER_EVENT, -1, 0);
  return park(task);
}

/** The pipe of those who have a FIFO open: the first makes it, the last takes it and its bytes away. -1 without room. */
function pipeOf(process: Process, inode: Inode): i32 {
  if (inode.pipe) {
    pipeAt(inode.pipe - 1).files++;
    return inode.pipe - 1;
  }
  const index = newPipe(process, 1);
  if (index < 0) return -1;
  inode.pipe = index + 1;
  pipeAt(index).inode = inodeIndex(inode) + 1;
  return index;
}

/** Counts an open file, and wakes who waits for a first reader or writer: wake_up_partner. Returns whether anybody did. */
function enter(pipe: Pipe, file: OpenFile): bool {
  let isFirst = false;
  if (file.isReadable) {
    pipe.readOpens++;
    if (pipe.readers++ == 0) isFirst = true;
  }
  if (file.isWritable) {
    pipe.writeOpens++;
    if (pipe.writers++ == 0) isFirst = true;
  }
  if (!isFirst || !pipe.readFirst) return false;
  wakeAll(pipe.readWait);
  return true;
}

/**
 * The descriptor refers to the file a step later: a poll that was woken may find its number still closed, though an open
 * gives it anew. (An awaited poll has learnt of that when it was closed.)
 */
function finishLater(task: Task, file: OpenFile, pipe: Pipe): i32 {
  task.b = opensOfOthers(file, pipe) - 1;
  task.set(TASK_FLAG_PARKED);
  task.state = TASK_WOKEN;
  return BLOCKED;
}

/** How often the other end was opened. */
function opensOfOthers(file: OpenFile, pipe: Pipe): u32 {
  return file.isReadable ? pipe.writeOpens : pipe.readOpens;
}

/** A partner who came has woken the opener, though he may have left again by now: wait_for_partner. */
function waitForPartner(task: Task): i32 {
  const file = openFileAt(task.file - 1);
  if (opensOfOthers(file, pipeAt(file.object)) != <u32>task.b) return finishOpen(task, 0);
  return task.interrupted ? -(<i32>task.interrupted) : park(task);
}

/** What an open(2) comes to that a signal ends: who has had a partner opens all the same. */
export function interruptOpen(task: Task): i32 {
  task.interrupted = EINTR;
  return task.has(TASK_FLAG_PARKED) ? waitForPartner(task) : -EINTR;
}

function park(task: Task): i32 {
  task.set(TASK_FLAG_PARKED);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

/** Lets the descriptor refer to the file, or gives it back. */
function finishOpen(task: Task, result: i32): i32 {
  const process = callerOf(task);
  const fd: u32 = task.c - 1;
  unreserve(process, fd);
  task.c = 0;
  if (result < 0) return result;
  const file = openFileAt(task.file - 1);
  // do_dentry_open looks for this last of all: the partner has been waited for, and the file is closed again.
  if (file.kind == FILE_PIPE && (task.a & O_DIRECT) != 0) return -EINVAL;
  file.count++;
  return install(process, fd, file, (task.a & O_CLOEXEC) != 0);
}
