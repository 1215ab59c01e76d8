// The border of the model: exports only. Integers in, integers out; a call's first argument is its task. A call returns a
// result >= 0, -errno, BLOCKED, MORE or GONE (abi/model.ts).
import * as number from "./abi/calls";
import { EINTR } from "./abi/errno";
import { TASK_EXITING, TASK_FREE, TASK_RESERVED } from "./abi/model";
import { CLOCK_REALTIME } from "./abi/time";
import * as calls from "./calls";
import { callerOf, enter, leave, reenter } from "./calls";
import * as clock from "./clock";
import * as clocks from "./core/clock";
import * as credentials from "./core/credentials";
import { nextOpen } from "./core/descriptor";
import { hashBytes } from "./core/hash";
import { machine, resetMachine, setMachineParameter } from "./core/machine";
import { NEXT_TASK, OUT, STAGE, TASK_SIZE, TASKS, WINDOW } from "./core/memory";
import {
  FUTEX_POOL,
  MAPPED_PART_POOL,
  MESSAGE_QUEUE_POOL,
  PIPE_POOL,
  PROCESS_POOL,
  pool,
  SEMAPHORE_SET_POOL,
  SHARED_OBJECT_POOL,
  SYSV_QUEUE_POOL,
  TASK_POOL,
} from "./core/pool";
import { findProcess, processAt, processIndex } from "./core/process";
import { zeroSharedBytes } from "./core/shared-object";
import * as snapshots from "./core/snapshot";
import { TASK_FLAG_ROBUST, Task, taskAt, taskIndex, wakeTask } from "./core/task";
import * as files from "./file";
import * as futexes from "./futex";
import * as mappings from "./mapping";
import * as words from "./memory-word";
import * as messageQueues from "./message-queue";
import * as mqOpen from "./mq-open";
import * as mqTransfer from "./mq-transfer";
import { openPath } from "./open";
import { createPipe } from "./pipe";
import { pollDescriptors } from "./poll";
import * as posixSemaphores from "./posix-semaphore";
import * as processes from "./process";
import { complete } from "./release";
import * as robustLists from "./robust-list";
import * as semaphoreOpen from "./semaphore-open";
import * as sharedMemory from "./shared-memory";
import * as shmOpen from "./shm-open";
import * as signals from "./signal";
import * as splices from "./splice";
import * as queues from "./sysv-queue";
import * as semaphores from "./sysv-semaphore";
import * as tree from "./tree";
import { vmspliceBuffers } from "./vmsplice";

export {
  inspectDescriptor,
  inspectFutex,
  inspectFutexWaiter,
  inspectMappedPart,
  inspectMessageQueue,
  inspectPath,
  inspectPipe,
  inspectPosixSemaphore,
  inspectProcess,
  inspectSemaphore,
  inspectSemaphoreSet,
  inspectSemaphoreWait,
  inspectSemaphoreWaiter,
  inspectSharedObject,
  inspectSysvQueue,
  inspectTask,
  semaphoreAdjustment,
} from "./inspect";

export function pipe2(index: u32, flags: i32): i32 {
  const task = enter(index, number.CALL_PIPE2, flags, 0, 0);
  return leave(task, createPipe(callerOf(task), flags, OUT));
}

export function read(index: u32, fd: i32, length: u32): i32 {
  return attempt(enter(index, number.CALL_READ, fd, length, 0));
}

export function write(index: u32, fd: i32, length: u32): i32 {
  return attempt(enter(index, number.CALL_WRITE, fd, length, 0));
}

/** `count` buffers of `length` bytes together. */
export function readv(index: u32, fd: i32, length: u32, count: u32): i32 {
  const task = enter(index, number.CALL_READV, fd, length, 0);
  const mistake = files.vectorMistake(task, fd, count);
  return mistake ? leave(task, mistake) : attempt(task);
}

export function writev(index: u32, fd: i32, length: u32, count: u32): i32 {
  const task = enter(index, number.CALL_WRITEV, fd, length, 0);
  const mistake = files.vectorMistake(task, fd, count);
  return mistake ? leave(task, mistake) : attempt(task);
}

export function tee(index: u32, fdIn: i32, fdOut: i32, size: u32, flags: i32): i32 {
  const task = enter(index, number.CALL_TEE, fdIn, fdOut, flags);
  task.d = size;
  return attempt(task);
}

/** Of the offsets the model wants to know only whether they are given. */
export function splice(
  index: u32,
  fdIn: i32,
  hasOffIn: i32,
  fdOut: i32,
  hasOffOut: i32,
  size: u32,
  flags: i32,
): i32 {
  const task = enter(index, number.CALL_SPLICE, fdIn, fdOut, flags);
  task.d = size;
  const mistake = splices.offsetMistake(task, hasOffIn != 0, hasOffOut != 0);
  return mistake ? leave(task, mistake) : attempt(task);
}

/** `count` buffers of `length` bytes together; the host has put the length of each into OUT, in further attempts too. */
export function vmsplice(index: u32, fd: i32, flags: i32, count: u32, length: u32): i32 {
  const task = enter(index, number.CALL_VMSPLICE, fd, flags, count);
  task.d = length;
  return attempt(task);
}

export function close(index: u32, fd: i32): i32 {
  const task = enter(index, number.CALL_CLOSE, fd, 0, 0);
  return leave(task, files.closeDescriptor(callerOf(task), fd));
}

export function dup(index: u32, oldfd: i32): i32 {
  const task = enter(index, number.CALL_DUP, oldfd, 0, 0);
  return leave(task, files.duplicate(callerOf(task), oldfd, 0, false));
}

export function dup2(index: u32, oldfd: i32, newfd: i32): i32 {
  const task = enter(index, number.CALL_DUP2, oldfd, newfd, 0);
  return leave(task, files.duplicateOnto(callerOf(task), oldfd, newfd));
}

export function dup3(index: u32, oldfd: i32, newfd: i32, flags: i32): i32 {
  const task = enter(index, number.CALL_DUP3, oldfd, newfd, flags);
  return leave(task, files.duplicateWithFlags(callerOf(task), oldfd, newfd, flags));
}

export function fcntl(index: u32, fd: i32, command: i32, argument: i32): i32 {
  const task = enter(index, number.CALL_FCNTL, fd, command, argument);
  return leave(task, files.control(callerOf(task), fd, command, argument));
}

export function ioctl(index: u32, fd: i32, request: i32): i32 {
  const task = enter(index, number.CALL_IOCTL, fd, request, 0);
  return leave(task, files.requestOf(callerOf(task), fd, request));
}

export function poll(index: u32, count: u32, timeout: i32): i32 {
  return attempt(enter(index, number.CALL_POLL, -1, count, timeout));
}

export function clock_gettime(index: u32, clockid: i32): i32 {
  return leave(enter(index, number.CALL_CLOCK_GETTIME, clockid, 0, 0), clock.readClock(clockid));
}

export function clock_nanosleep(index: u32, clockid: i32, flags: i32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_CLOCK_NANOSLEEP, clockid, flags, 0);
  return leave(task, clock.sleepOn(task, clockid, flags, ((<i64>high) << 32) | <i64>low));
}

export function getpid(index: u32): i32 {
  const task = enter(index, number.CALL_GETPID, -1, 0, 0);
  return leave(task, callerOf(task).pid);
}

export function getppid(index: u32): i32 {
  const task = enter(index, number.CALL_GETPPID, -1, 0, 0);
  return leave(task, processAt(callerOf(task).parent).pid);
}

/** A process has one thread that programs know of: the first, which has its number. */
export function gettid(index: u32): i32 {
  const task = enter(index, number.CALL_GETTID, -1, 0, 0);
  return leave(task, callerOf(task).pid);
}

export function spawn(index: u32, count: u32): i32 {
  const task = enter(index, number.CALL_SPAWN, -1, count, 0);
  return leave(task, processes.spawnProcess(callerOf(task), count));
}

export function waitpid(index: u32, pid: i32, options: i32): i32 {
  return attempt(enter(index, number.CALL_WAITPID, pid, options, 0));
}

export function exit(index: u32, status: i32): i32 {
  const task = enter(index, number.CALL_EXIT, status, 0, 0);
  processes.endProcess(callerOf(task), (status & 0xff) << 8, task);
  return leave(task, 0);
}

export function kill(index: u32, pid: i32, signal: i32): i32 {
  const task = enter(index, number.CALL_KILL, pid, signal, 0);
  return leave(task, processes.killProcess(task, pid, signal));
}

export function open(index: u32, length: u32, flags: i32, mode: i32): i32 {
  const task = enter(index, number.CALL_OPEN, flags, mode, 0);
  task.d = length;
  return leave(task, openPath(task));
}

export function mkfifo(index: u32, length: u32, mode: i32): i32 {
  const task = enter(index, number.CALL_MKFIFO, mode, 0, 0);
  return leave(task, tree.makeFifo(callerOf(task), length, mode));
}

export function mkdir(index: u32, length: u32, mode: i32): i32 {
  const task = enter(index, number.CALL_MKDIR, mode, 0, 0);
  return leave(task, tree.makeDirectory(callerOf(task), length, mode));
}

export function rmdir(index: u32, length: u32): i32 {
  const task = enter(index, number.CALL_RMDIR, -1, 0, 0);
  return leave(task, tree.removeDirectory(callerOf(task), length));
}

export function unlink(index: u32, length: u32): i32 {
  const task = enter(index, number.CALL_UNLINK, -1, 0, 0);
  return leave(task, tree.unlinkName(callerOf(task), length));
}

export function chmod(index: u32, length: u32, mode: i32): i32 {
  const task = enter(index, number.CALL_CHMOD, mode, 0, 0);
  return leave(task, tree.changeMode(callerOf(task), length, mode));
}

export function umask(index: u32, mask: i32): i32 {
  const task = enter(index, number.CALL_UMASK, mask, 0, 0);
  return leave(task, tree.changeMask(callerOf(task), mask));
}

export function stat(index: u32, length: u32): i32 {
  const task = enter(index, number.CALL_STAT, -1, 0, 0);
  return leave(task, tree.statPath(callerOf(task), length));
}

export function fstat(index: u32, fd: i32): i32 {
  const task = enter(index, number.CALL_FSTAT, fd, 0, 0);
  return leave(task, tree.statDescriptor(callerOf(task), fd));
}

export function getuid(index: u32): i32 {
  const task = enter(index, number.CALL_GETUID, -1, 0, 0);
  return leave(task, callerOf(task).ruid);
}

export function geteuid(index: u32): i32 {
  const task = enter(index, number.CALL_GETEUID, -1, 0, 0);
  return leave(task, callerOf(task).euid);
}

export function getgid(index: u32): i32 {
  const task = enter(index, number.CALL_GETGID, -1, 0, 0);
  return leave(task, callerOf(task).rgid);
}

export function getegid(index: u32): i32 {
  const task = enter(index, number.CALL_GETEGID, -1, 0, 0);
  return leave(task, callerOf(task).egid);
}

/** How many groups, which are in OUT. */
export function getgroups(index: u32): i32 {
  const task = enter(index, number.CALL_GETGROUPS, -1, 0, 0);
  return leave(task, credentials.copyGroups(callerOf(task), OUT));
}

export function setresuid(index: u32, ruid: i32, euid: i32, suid: i32): i32 {
  const task = enter(index, number.CALL_SETRESUID, ruid, euid, suid);
  return leave(task, credentials.changeUsers(callerOf(task), ruid, euid, suid));
}

export function setresgid(index: u32, rgid: i32, egid: i32, sgid: i32): i32 {
  const task = enter(index, number.CALL_SETRESGID, rgid, egid, sgid);
  return leave(task, credentials.changeUserGroups(callerOf(task), rgid, egid, sgid));
}

/** Of `count` groups the window holds as many as the model keeps. */
export function setgroups(index: u32, count: u32): i32 {
  const task = enter(index, number.CALL_SETGROUPS, -1, count, 0);
  return leave(task, credentials.changeGroups(callerOf(task), WINDOW, count));
}

export function msgget(index: u32, key: i32, flags: i32): i32 {
  const task = enter(index, number.CALL_MSGGET, key, flags, 0);
  return leave(task, queues.getQueue(callerOf(task), key, flags));
}

/** The window holds the message, at the first attempt; its type is a C long. */
export function msgsnd(index: u32, msqid: i32, low: u32, high: i32, length: i32, flags: i32): i32 {
  const task = enter(index, number.CALL_MSGSND, msqid, flags, length);
  task.long = ((<i64>high) << 32) | <i64>low;
  return attempt(task);
}

export function msgrcv(index: u32, msqid: i32, length: i32, low: u32, high: i32, flags: i32): i32 {
  const task = enter(index, number.CALL_MSGRCV, msqid, flags, length);
  task.long = ((<i64>high) << 32) | <i64>low;
  return attempt(task);
}

/** The last four are what IPC_SET sets: of the bytes the low 32 bits. */
export function msgctl(
  index: u32,
  msqid: i32,
  command: i32,
  uid: u32,
  gid: u32,
  mode: u32,
  maxBytes: i32,
): i32 {
  const task = enter(index, number.CALL_MSGCTL, msqid, command, 0);
  return leave(task, queues.controlQueue(callerOf(task), msqid, command, uid, gid, mode, maxBytes));
}

export function semget(index: u32, key: i32, count: i32, flags: i32): i32 {
  const task = enter(index, number.CALL_SEMGET, key, count, flags);
  return leave(task, semaphores.getSet(callerOf(task), key, count, flags));
}

/** The window holds the operations, at the first attempt (core/semaphore-operation.ts). */
export function semop(index: u32, semid: i32, count: i32): i32 {
  const task = enter(index, number.CALL_SEMOP, semid, 0, count);
  task.long = semaphores.NO_TIMEOUT;
  return attempt(task);
}

/** Waits so many nanoseconds at most. */
export function semtimedop(index: u32, semid: i32, count: i32, hasTimeout: i32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_SEMTIMEDOP, semid, 0, count);
  task.long = hasTimeout ? ((<i64>high) << 32) | <i64>low : semaphores.NO_TIMEOUT;
  return attempt(task);
}

/** SETALL takes the `count` values in the window, SETVAL takes `value`, IPC_SET the last three. */
export function semctl(
  index: u32,
  semid: i32,
  num: i32,
  command: i32,
  value: i32,
  count: u32,
  uid: u32,
  gid: u32,
  mode: u32,
): i32 {
  const task = enter(index, number.CALL_SEMCTL, semid, num, command);
  const process = callerOf(task);
  return leave(task, semaphores.controlSet(process, semid, num, command, value, count, uid, gid, mode));
}

/** 0, and the key in OUT. */
export function ftok(index: u32, length: u32, project: i32): i32 {
  const task = enter(index, number.CALL_FTOK, project, 0, 0);
  return leave(task, tree.keyOfPath(callerOf(task), length, project));
}

/** The window holds the name. -1 for attributes that were not given. */
export function mq_open(
  index: u32,
  length: u32,
  flags: i32,
  mode: i32,
  hasAttributes: i32,
  maxMessages: i32,
  maxBytes: i32,
): i32 {
  const task = enter(index, number.CALL_MQ_OPEN, flags, mode, 0);
  const hasBoth = hasAttributes != 0;
  return leave(
    task,
    mqOpen.openMessageQueue(callerOf(task), length, flags, mode, hasBoth, maxMessages, maxBytes),
  );
}

export function mq_close(index: u32, fd: i32): i32 {
  const task = enter(index, number.CALL_MQ_CLOSE, fd, 0, 0);
  return leave(task, files.closeDescriptor(callerOf(task), fd));
}

export function mq_unlink(index: u32, length: u32): i32 {
  const task = enter(index, number.CALL_MQ_UNLINK, -1, 0, 0);
  return leave(task, mqOpen.unlinkMessageQueue(callerOf(task), length));
}

export function mq_send(index: u32, fd: i32, length: u32, priority: i32): i32 {
  return attempt(enter(index, number.CALL_MQ_SEND, fd, length, priority));
}

/** Until a time in nanoseconds of CLOCK_REALTIME. */
export function mq_timedsend(index: u32, fd: i32, length: u32, priority: i32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_MQ_TIMEDSEND, fd, length, priority);
  const mistake = mqTransfer.setDeadline(task, ((<i64>high) << 32) | <i64>low);
  return mistake ? leave(task, mistake) : attempt(task);
}

export function mq_receive(index: u32, fd: i32, length: u32): i32 {
  return attempt(enter(index, number.CALL_MQ_RECEIVE, fd, length, 0));
}

export function mq_timedreceive(index: u32, fd: i32, length: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_MQ_TIMEDRECEIVE, fd, length, 0);
  const mistake = mqTransfer.setDeadline(task, ((<i64>high) << 32) | <i64>low);
  return mistake ? leave(task, mistake) : attempt(task);
}

export function mq_getattr(index: u32, fd: i32): i32 {
  const task = enter(index, number.CALL_MQ_GETATTR, fd, 0, 0);
  return leave(task, messageQueues.getAttributes(callerOf(task), fd));
}

export function mq_setattr(index: u32, fd: i32, flags: i32): i32 {
  const task = enter(index, number.CALL_MQ_SETATTR, fd, flags, 0);
  return leave(task, messageQueues.setAttributes(callerOf(task), fd, flags));
}

/** Asks for a notification, or withdraws one. */
export function mq_notify(index: u32, fd: i32, isRequest: i32, how: i32, signal: i32): i32 {
  const task = enter(index, number.CALL_MQ_NOTIFY, fd, how, signal);
  return leave(task, messageQueues.requestNotification(callerOf(task), fd, isRequest != 0, how, signal));
}

/** `set` has a bit for each signal, bit 0 for signal 1. */
export function sigwait(index: u32, set: u32): i32 {
  return attempt(enter(index, number.CALL_SIGWAIT, set, 0, 0));
}

/** The window holds the name, without the slashes that it begins with. */
export function shm_open(index: u32, length: u32, flags: i32, mode: i32): i32 {
  const task = enter(index, number.CALL_SHM_OPEN, flags, mode, 0);
  return leave(task, shmOpen.openSharedMemory(callerOf(task), length, flags, mode));
}

export function shm_unlink(index: u32, length: u32): i32 {
  const task = enter(index, number.CALL_SHM_UNLINK, -1, 0, 0);
  return leave(task, shmOpen.unlinkSharedMemory(callerOf(task), length));
}

/** The name matters by its length alone. */
export function memfd_create(index: u32, length: u32, flags: i32): i32 {
  const task = enter(index, number.CALL_MEMFD_CREATE, flags, 0, 0);
  return leave(task, shmOpen.createMemoryFile(callerOf(task), length, flags));
}

/** The new size is a C long. */
export function ftruncate(index: u32, fd: i32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_FTRUNCATE, fd, 0, 0);
  return leave(task, sharedMemory.truncateFile(callerOf(task), fd, ((<i64>high) << 32) | <i64>low));
}

/** The place in the file is a C long. */
export function pread(index: u32, fd: i32, length: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_PREAD, fd, length, 0);
  task.long = ((<i64>high) << 32) | <i64>low;
  return attempt(task);
}

export function pwrite(index: u32, fd: i32, length: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_PWRITE, fd, length, 0);
  task.long = ((<i64>high) << 32) | <i64>low;
  return attempt(task);
}

/** 0, with the address in OUT. Length and offset are C longs. */
export function mmap(
  index: u32,
  lengthLow: u32,
  lengthHigh: i32,
  protection: i32,
  flags: i32,
  fd: i32,
  offsetLow: u32,
  offsetHigh: i32,
): i32 {
  const task = enter(index, number.CALL_MMAP, fd, protection, flags);
  const length = longOf(lengthLow, lengthHigh);
  const offset = longOf(offsetLow, offsetHigh);
  return leave(task, mappings.mapMemory(callerOf(task), length, protection, flags, fd, offset));
}

export function munmap(index: u32, low: u32, high: i32, lengthLow: u32, lengthHigh: i32): i32 {
  const task = enter(index, number.CALL_MUNMAP, -1, 0, 0);
  return leave(task, mappings.unmapMemory(callerOf(task), longOf(low, high), longOf(lengthLow, lengthHigh)));
}

export function mprotect(
  index: u32,
  low: u32,
  high: i32,
  lengthLow: u32,
  lengthHigh: i32,
  protection: i32,
): i32 {
  const task = enter(index, number.CALL_MPROTECT, -1, protection, 0);
  const length = longOf(lengthLow, lengthHigh);
  return leave(task, mappings.protectMemory(callerOf(task), longOf(low, high), length, protection));
}

export function msync(index: u32, low: u32, high: i32, lengthLow: u32, lengthHigh: i32, flags: i32): i32 {
  const task = enter(index, number.CALL_MSYNC, -1, flags, 0);
  const length = longOf(lengthLow, lengthHigh);
  return leave(task, mappings.syncMemory(callerOf(task), longOf(low, high), length, flags));
}

export function memory_read(index: u32, low: u32, high: i32, length: u32): i32 {
  const task = enter(index, number.CALL_MEMORY_READ, -1, length, 0);
  task.long = longOf(low, high);
  return attempt(task);
}

export function memory_write(index: u32, low: u32, high: i32, length: u32): i32 {
  const task = enter(index, number.CALL_MEMORY_WRITE, -1, length, 0);
  task.long = longOf(low, high);
  return attempt(task);
}

/** The time is nanoseconds where the operation waits, if it has one, and else val2. */
export function futex(
  index: u32,
  low: u32,
  high: i32,
  operation: i32,
  value: i32,
  hasTime: i32,
  timeLow: u32,
  timeHigh: i32,
  otherLow: u32,
  otherHigh: i32,
  value3: i32,
  isRobust: i32,
): i32 {
  const task = enter(index, number.CALL_FUTEX, operation, value, 0);
  if (isRobust) task.set(TASK_FLAG_ROBUST);
  const address = longOf(low, high);
  const time = longOf(timeLow, timeHigh);
  const other = longOf(otherLow, otherHigh);
  return leave(task, futexes.callFutex(task, address, operation, value, hasTime != 0, time, other, value3));
}

function longOf(low: u32, high: i32): i64 {
  return ((<i64>high) << 32) | <i64>low;
}

/** The window holds the words, at the first attempt (core/futex-waiter.ts). */
export function futex_waitv(
  index: u32,
  count: u32,
  flags: u32,
  hasTime: i32,
  low: u32,
  high: i32,
  clockid: i32,
): i32 {
  const task = enter(index, number.CALL_FUTEX_WAITV, -1, 0, count);
  return leave(task, futexes.waitForWords(task, flags, hasTime != 0, longOf(low, high), clockid));
}

export function set_robust_list(index: u32, low: u32, high: i32, lengthLow: u32, lengthHigh: i32): i32 {
  const task = enter(index, number.CALL_SET_ROBUST_LIST, -1, 0, 0);
  const length = longOf(lengthLow, lengthHigh);
  return leave(task, robustLists.setRobustList(callerOf(task), longOf(low, high), length));
}

/** 0, with the address of the head in OUT; 0 if there is none. */
export function get_robust_list(index: u32): i32 {
  const task = enter(index, number.CALL_GET_ROBUST_LIST, -1, 0, 0);
  return leave(task, robustLists.getRobustList(callerOf(task)));
}

/** An access to a word: CALL_MEMORY_LOAD, _STORE, _ADD or _COMPARE_EXCHANGE. 0, with what it had before in OUT. */
export function memory_word(index: u32, call: u32, low: u32, high: i32, value: i32, expected: i32): i32 {
  const task = enter(index, call, value, expected, 0);
  return leave(task, words.accessWord(task, longOf(low, high)));
}

export function memory_wait(
  index: u32,
  low: u32,
  high: i32,
  expected: i32,
  hasTime: i32,
  timeLow: u32,
  timeHigh: i32,
): i32 {
  const task = enter(index, number.CALL_MEMORY_WAIT, 0, expected, 0);
  return leave(task, futexes.waitInMemory(task, longOf(low, high), hasTime != 0, longOf(timeLow, timeHigh)));
}

export function memory_notify(index: u32, low: u32, high: i32, count: i32): i32 {
  const task = enter(index, number.CALL_MEMORY_NOTIFY, -1, count, 0);
  return leave(task, words.notifyAtWord(task, longOf(low, high), count));
}

/** A wake-up at a shared word by a process whose code runs, between two steps: how many were woken, or -errno. */
export function wakeShared(process: u32, low: u32, high: i32, count: i32): i32 {
  return futexes.wakeShared(processAt(process), longOf(low, high), count);
}

/** Where bytes that a process may read and write lie; 0 if it may not. */
export function writablePlace(process: u32, low: u32, high: i32, length: u32): usize {
  return mappings.writablePlace(processAt(process), longOf(low, high), length);
}

/** Where some bytes of a process's memory lie; 0 if they cannot all be read. */
export function mappedPart(process: u32, low: u32, high: i32, length: u32): usize {
  return mappings.placeOf(processAt(process), longOf(low, high), length, futexes.READABLE);
}

/** Where the bytes of a whole mapping lie; 0 if they cannot be touched. */
export function mappedBytes(process: u32, low: u32, high: u32): usize {
  return mappings.bytesOfMapping(processAt(process), ((<u64>high) << 32) | low);
}

/** The window holds "sem." and the name, without the slashes that it begins with. 0, with the address in OUT. */
export function sem_open(index: u32, length: u32, slashes: u32, flags: i32, mode: i32, value: u32): i32 {
  const task = enter(index, number.CALL_SEM_OPEN, flags, mode, value);
  return leave(task, semaphoreOpen.openSemaphore(callerOf(task), length, slashes, flags, mode, value));
}

export function sem_close(index: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_SEM_CLOSE, -1, 0, 0);
  return leave(task, semaphoreOpen.closeSemaphore(callerOf(task), longOf(low, high)));
}

export function sem_unlink(index: u32, length: u32): i32 {
  const task = enter(index, number.CALL_SEM_UNLINK, -1, 0, 0);
  return leave(task, semaphoreOpen.unlinkSemaphore(callerOf(task), length));
}

export function sem_init(index: u32, low: u32, high: i32, isShared: i32, value: u32): i32 {
  const task = enter(index, number.CALL_SEM_INIT, isShared, value, 0);
  const address = longOf(low, high);
  return leave(task, posixSemaphores.initSemaphore(callerOf(task), address, isShared != 0, value));
}

export function sem_destroy(index: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_SEM_DESTROY, -1, 0, 0);
  return leave(task, posixSemaphores.destroySemaphore(callerOf(task), longOf(low, high)));
}

export function sem_wait(index: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_SEM_WAIT, -1, 0, 0);
  task.long = longOf(low, high);
  return attempt(task);
}

export function sem_trywait(index: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_SEM_TRYWAIT, -1, 0, 0);
  return leave(task, posixSemaphores.tryWaitForSemaphore(callerOf(task), longOf(low, high)));
}

/** Until a time in nanoseconds of CLOCK_REALTIME. */
export function sem_timedwait(index: u32, low: u32, high: i32, timeLow: u32, timeHigh: i32): i32 {
  const task = enter(index, number.CALL_SEM_TIMEDWAIT, -1, 0, 0);
  return timedWait(task, CLOCK_REALTIME, longOf(low, high), longOf(timeLow, timeHigh));
}

export function sem_clockwait(
  index: u32,
  low: u32,
  high: i32,
  clockid: i32,
  timeLow: u32,
  timeHigh: i32,
): i32 {
  const task = enter(index, number.CALL_SEM_CLOCKWAIT, clockid, 0, 0);
  return timedWait(task, clockid, longOf(low, high), longOf(timeLow, timeHigh));
}

function timedWait(task: Task, clockid: i32, address: i64, time: i64): i32 {
  task.long = address;
  const mistake = posixSemaphores.setSemaphoreDeadline(task, clockid, time);
  return mistake ? leave(task, mistake) : attempt(task);
}

export function sem_post(index: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_SEM_POST, -1, 0, 0);
  return leave(task, posixSemaphores.postSemaphore(callerOf(task), longOf(low, high)));
}

/** 0, and the value in OUT. */
export function sem_getvalue(index: u32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_SEM_GETVALUE, -1, 0, 0);
  return leave(task, posixSemaphores.valueOfSemaphore(callerOf(task), longOf(low, high)));
}

/** Goes on with a task that was woken. */
export function resume(index: u32): i32 {
  return attempt(reenter(index));
}

/** Goes on after MORE, the window moved on: the same step. */
export function proceed(index: u32): i32 {
  const task = taskAt(index);
  task.windowStart = task.done;
  return attempt(task);
}

/** One attempt at a call that can be parked. */
function attempt(task: Task): i32 {
  return leave(task, attemptOf(task));
}

function attemptOf(task: Task): i32 {
  switch (task.call) {
    case number.CALL_READ:
    case number.CALL_READV:
    case number.CALL_WRITE:
    case number.CALL_WRITEV:
    case number.CALL_TEE:
    case number.CALL_SPLICE:
    case number.CALL_VMSPLICE:
    case number.CALL_MQ_SEND:
    case number.CALL_MQ_TIMEDSEND:
    case number.CALL_MQ_RECEIVE:
    case number.CALL_MQ_TIMEDRECEIVE: {
      const ended = task.isAwaited ? files.retryAwaited(task) : 0;
      return ended ? ended : transfer(task);
    }
    case number.CALL_PREAD:
      return files.readFileAt(task, task.a, task.b);
    case number.CALL_PWRITE:
      return files.writeFileAt(task, task.a, task.b);
    case number.CALL_MEMORY_READ:
      return mappings.readMapped(task, task.b);
    case number.CALL_MEMORY_WRITE:
      return mappings.writeMapped(task, task.b);
    case number.CALL_OPEN:
      return openPath(task);
    case number.CALL_MSGSND:
      return queues.sendToQueue(task);
    case number.CALL_MSGRCV:
      return queues.receiveFromQueue(task);
    case number.CALL_SEMOP:
    case number.CALL_SEMTIMEDOP:
      return semaphores.operateOnSet(task);
    case number.CALL_FUTEX:
    case number.CALL_MEMORY_WAIT:
      return futexes.waitAtWord(task);
    case number.CALL_SEM_WAIT:
    case number.CALL_SEM_TIMEDWAIT:
    case number.CALL_SEM_CLOCKWAIT:
      return posixSemaphores.waitForSemaphore(task);
    case number.CALL_FUTEX_WAITV:
      return futexes.waitAtWords(task);
    case number.CALL_POLL:
      return pollDescriptors(task, task.b, task.c);
    case number.CALL_CLOCK_NANOSLEEP:
      return clock.sleepOn(task, task.a, task.b, 0);
    case number.CALL_WAITPID:
      return processes.waitForChild(task, task.a, task.b);
    case number.CALL_SIGWAIT:
      return signals.waitForSignal(task, task.a);
    default:
      assert(false, "a call that is never parked");
      return 0;
  }
}

function transfer(task: Task): i32 {
  switch (task.call) {
    case number.CALL_READ:
    case number.CALL_READV:
      return files.readFile(task, task.a, task.b);
    case number.CALL_WRITE:
    case number.CALL_WRITEV:
      return files.writeFile(task, task.a, task.b);
    case number.CALL_TEE:
      return splices.teePipe(task);
    case number.CALL_SPLICE:
      return splices.splicePipe(task);
    case number.CALL_MQ_SEND:
    case number.CALL_MQ_TIMEDSEND:
      return mqTransfer.sendMessage(task);
    case number.CALL_MQ_RECEIVE:
    case number.CALL_MQ_TIMEDRECEIVE:
      return mqTransfer.receiveMessage(task);
    default:
      return vmspliceBuffers(task);
  }
}

/** Bytes of a read or write that have been moved so far, in all its attempts. */
export function transferred(index: u32): i32 {
  const task = taskAt(index);
  return task.transferred + task.done;
}

/** Ends a call early, as a signal would: -EINTR, or the bytes that it moved. */
export function cancel(index: u32): i32 {
  const task = taskAt(index);
  assert(isCall(task), "cancel of a task that is no call in flight");
  return complete(task, processes.interruptedResult(task));
}

/**
 * Lets a signal with a handler reach a task that waits: when it goes on, what has arrived for it counts, and else it ends
 * with EINTR, or with what it has moved.
 */
export function interrupt(index: u32): void {
  const task = taskAt(index);
  assert(isCall(task), "interruption of a task that is no call in flight");
  task.interrupted = EINTR;
  wakeTask(task);
}

/** Makes a process another user's, with the capabilities that the user has. */
export function setCredentials(index: u32, uid: u32, gid: u32): void {
  credentials.setCredentials(processAt(index), uid, gid);
}

/** Leaves a process of its capabilities those of two masks, of bits 0 to 31 and from 32 on. */
export function limitCapabilities(index: u32, low: u32, high: u32): void {
  const mask = ((<u64>high) << 32) | low;
  const process = processAt(index);
  process.permitted &= mask;
  process.effective &= mask;
}

/** Gives a process `count` supplementary groups, which the window holds. Returns 0 or -errno. */
export function assignGroups(index: u32, count: u32): i32 {
  return credentials.assignGroups(processAt(index), WINDOW, count);
}

/** One step of a process that ends. Returns 0 when it has ended. */
export function exitStep(index: u32): i32 {
  return processes.exitStep(taskAt(index));
}

/** Creates a process, a child of the one with index `parent`. Returns its index, or -1. */
export function createProcess(parent: u32): i32 {
  const process = processes.createProcess(parent);
  return process ? processIndex(process) : -1;
}

export function createInit(): void {
  processes.createInit();
}

/** Creates a task of a live process. Returns it, or -1. */
export function createTask(process: u32, form: u32): i32 {
  const task = calls.createTask(process, form);
  return task ? taskIndex(task) : -1;
}

export function shareDescriptor(from: u32, fd: i32, to: u32): i32 {
  return processes.shareDescriptor(processAt(from), fd, processAt(to));
}

/** The index of the process with a pid, or -1. */
export function processByPid(pid: u32): i32 {
  const process = findProcess(pid);
  return process ? processIndex(process) : -1;
}

export function reset(): void {
  zeroSharedBytes();
  resetMachine();
}

/** Sets a parameter of an empty machine. Returns 0 if the value is out of range. */
export function setParameter(parameter: i32, value: u32): i32 {
  return setMachineParameter(parameter, value) ? 1 : 0;
}

export function hasTimer(): i32 {
  return clocks.hasTimer() ? 1 : 0;
}

export function fireTimer(): void {
  clocks.fireTimer();
}

/** CLOCK_MONOTONIC in nanoseconds, in OUT. */
export function readMonotonic(): void {
  store<u64>(OUT, machine.monotonic);
}

/** Copies the state to the stage. Returns its length in bytes. */
export function save(): u32 {
  return snapshots.save();
}

/** Takes the state over from the stage. */
export function load(): void {
  snapshots.restore();
}

/** The hash of the state, in OUT. The stage is overwritten. */
export function hash(): void {
  store<u64>(OUT, hashBytes(STAGE, snapshots.save()));
}

export function windowAddress(): usize {
  return WINDOW;
}

export function outAddress(): usize {
  return OUT;
}

export function nextTaskAddress(): usize {
  return NEXT_TASK;
}

export function stageAddress(): usize {
  return STAGE;
}

export function tasksAddress(): usize {
  return TASKS;
}

export function taskSize(): usize {
  return TASK_SIZE;
}

/** Where it stands which task is the highest in use, plus 1, and in the next word, which free one is the lowest. */
export function taskPoolAddress(): usize {
  return changetype<usize>(pool(TASK_POOL));
}

/** One more than the highest process, pipe or message queue in use. */
export function processHigh(): u32 {
  return pool(PROCESS_POOL).high;
}

export function pipeHigh(): u32 {
  return pool(PIPE_POOL).high;
}

export function messageQueueHigh(): u32 {
  return pool(MESSAGE_QUEUE_POOL).high;
}

/** Where a message passes that the window has no room for: the stage. */
export function messageAddress(): usize {
  return STAGE;
}

export function sharedObjectHigh(): u32 {
  return pool(SHARED_OBJECT_POOL).high;
}

export function mappedPartHigh(): u32 {
  return pool(MAPPED_PART_POOL).high;
}

export function futexHigh(): u32 {
  return pool(FUTEX_POOL).high;
}

export function sysvQueueHigh(): u32 {
  return pool(SYSV_QUEUE_POOL).high;
}

export function semaphoreSetHigh(): u32 {
  return pool(SEMAPHORE_SET_POOL).high;
}

/** One more than the highest open descriptor of a process. */
export function descriptorHigh(index: u32): u32 {
  const process = processAt(index);
  let high: u32 = 0;
  for (let fd = nextOpen(process, 0); fd >= 0; fd = nextOpen(process, fd + 1)) high = fd + 1;
  return high;
}

function isCall(task: Task): bool {
  return task.state != TASK_FREE && task.state != TASK_RESERVED && task.state != TASK_EXITING;
}
