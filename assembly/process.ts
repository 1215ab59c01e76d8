// The life of processes: spawn, exit(3), kill(2), waitpid(2). A death is not atomic: calls in the kernel end first, then
// memory is unmapped, semaphores are set back and descriptors closed in several steps that others may run between, then the parent
// learns of it (kernel/exit.c).
import { CALL_OPEN } from "./abi/calls";
import { CAP_KILL } from "./abi/capability";
import { EAGAIN, EBADF, ECHILD, EINTR, EINVAL, EMFILE, ENOMEM, EPERM, ESRCH } from "./abi/errno";
import {
  BLOCKED,
  MAX_DESCRIPTORS,
  PROCESS_ALIVE,
  PROCESS_EXITING,
  PROCESS_ZOMBIE,
  TASK_BLOCKED,
  TASK_EXITING,
  TASK_FREE,
  TASK_NEW,
  TASK_RESERVED,
} from "./abi/model";
import { NSIG, SIGKILL } from "./abi/signal";
import { WNOHANG } from "./abi/wait";
import { callerOf } from "./calls";
import { dropCredentials, inheritCredentials, setCredentials } from "./core/credentials";
import { fileOf, install, isCloseOnExec, lowestFree, nextOpen, uninstall } from "./core/descriptor";
import { OpenFile } from "./core/file";
import { createTree, TMP } from "./core/inode";
import { machine } from "./core/machine";
import { OUT, WINDOW } from "./core/memory";
import { isSemaphoreWait } from "./core/memory-wait";
import { CHUNK_POOL, PROCESS_POOL, pool, TASK_POOL } from "./core/pool";
import {
  findProcess,
  INIT,
  Process,
  processAt,
  processCount,
  processIndex,
  takeProcess,
} from "./core/process";
import {
  TASK_FLAG_AT_MEMORY,
  TASK_FLAG_PARKED,
  TASK_FLAG_ROBUST,
  Task,
  takeTask,
  taskAt,
  taskIndex,
  wakeTask,
} from "./core/task";
import { hasWaits, waitForEvents, wakeAll } from "./core/wait";
import { interruptFutexCall, isFutexCall, passOn } from "./futex";
import { flushObject } from "./kinds";
import { unmapAll } from "./mapping";
import { interruptTransfer, isTransfer } from "./mq-transfer";
import { interruptOpen } from "./open";
import { interruptSemaphoreWait } from "./posix-semaphore";
import { beginExitIfIdle, closeLeft, complete, releaseFile, stopWaiting } from "./release";
import { releaseNextRobust } from "./robust-list";
import { interruptQueueCall, isInLine, isQueueCall } from "./sysv-queue";
import {
  interruptSemaphoreCall,
  isInSemaphoreLine,
  isSemaphoreCall,
  leaveDying,
  undoNext,
} from "./sysv-semaphore";

/** What a login shell sets. */
const USUAL_UMASK: u32 = 0o022;

/** Creates a process; null if the machine is full. */
export function createProcess(parent: u32): Process | null {
  if (pool(PROCESS_POOL).isFull() || pool(TASK_POOL).isFull()) return null;
  const process = takeProcess(parent)!;
  setCredentials(process, machine.uid, machine.gid);
  process.umask = USUAL_UMASK;
  process.cwd = TMP;
  process.exitTask = taskIndex(takeTask(TASK_RESERVED, processIndex(process), 0)!) + 1;
  return process;
}

/** Creates init: root's, never ends, and reaps whom it adopts. */
export function createInit(): void {
  const init = takeProcess(INIT)!;
  assert(processIndex(init) == INIT, "init is the first process");
  setCredentials(init, 0, 0);
  createTree();
}

/**
 * posix_spawn(3): a child that inherits every descriptor without FD_CLOEXEC, and `count` more that the window names.
 * Their numbers there are given back in OUT, the child's index in its first word.
 */
export function spawnProcess(parent: Process, count: u32): i32 {
  if (count > <u32>MAX_DESCRIPTORS) return -EBADF;
  for (let place: u32 = 0; place < count; place++) {
    if (!fileOf(parent, load<i32>(WINDOW + place * 4))) return -EBADF;
  }
  const chunks = pool(CHUNK_POOL);
  if (chunks.capacity - chunks.high < <u32>MAX_DESCRIPTORS / 64) return -ENOMEM;
  const child = createProcess(processIndex(parent));
  if (!child) return -EAGAIN;
  if (!inheritCredentials(parent, child)) {
    abandon(child);
    return -ENOMEM;
  }
  inherit(parent, child);
  for (let place: u32 = 0; place < count; place++) {
    const fd = lowestFree(child, 0);
    if (fd < 0) {
      abandon(child);
      return -EMFILE;
    }
    const file = fileOf(parent, load<i32>(WINDOW + place * 4))!;
    file.count++;
    install(child, fd, file, false);
    store<i32>(OUT + 4 + place * 4, fd);
  }
  store<u32>(OUT, processIndex(child));
  return child.pid;
}

function inherit(parent: Process, child: Process): void {
  for (let fd = nextOpen(parent, 0); fd >= 0; fd = nextOpen(parent, fd + 1)) {
    if (isCloseOnExec(parent, fd)) continue;
    const file = fileOf(parent, fd)!;
    file.count++;
    install(child, fd, file, false);
  }
}

/** A child that never came to run. */
function abandon(child: Process): void {
  dropCredentials(child);
  for (let fd = nextOpen(child, 0); fd >= 0; fd = nextOpen(child, fd + 1)) releaseFile(uninstall(child, fd));
  pool(TASK_POOL).free(child.exitTask - 1);
  pool(PROCESS_POOL).free(processIndex(child));
}

/** Gives a process a descriptor for another's open file, close-on-exec: pidfd_getfd(2). */
export function shareDescriptor(from: Process, fd: i32, to: Process): i32 {
  const file = fileOf(from, fd);
  if (!file) return -EBADF;
  const shared = lowestFree(to, 0);
  if (shared < 0) return -EMFILE;
  file.count++;
  const result = install(to, shared, file, true);
  if (result < 0) file.count--;
  return result;
}

/**
 * Ends a process with a status as waitpid(2) reports it. Its calls in the kernel end before anything is closed; `caller`,
 * the task that asks for it, ends by itself.
 */
export function endProcess(process: Process, status: u32, caller: Task): void {
  process.state = PROCESS_EXITING;
  process.exitStatus = status;
  process.pendingSignals = 0;
  const index = processIndex(process);
  const end = pool(TASK_POOL).high;
  for (let at: u32 = 0; at < end; at++) {
    const task = taskAt(at);
    if (task.state == TASK_FREE || task.state == TASK_RESERVED) continue;
    if (task.process != index || task === caller) continue;
    // A thread in the kernel is interrupted, and looks once more at what it waited for; a call that its program only
    // awaits, or has not begun, is no more. A thread that an awaited call waits in takes a step to leave the kernel.
    const isInKernel = isInLine(task) || isInSemaphoreLine(task) || isAtMemory(task);
    if ((task.isAwaited && !isInKernel) || task.state == TASK_NEW) {
      complete(task, 0);
      continue;
    }
    task.interrupted = EINTR;
    if (task.isAwaited) {
      task.state = TASK_EXITING;
      continue;
    }
    wakeTask(task);
  }
  beginExitIfIdle(process);
}

/** Whether a thread waits at memory: until it has left the line, a wake-up may be spent on it. */
function isAtMemory(task: Task): bool {
  return task.has(TASK_FLAG_AT_MEMORY) && task.has(TASK_FLAG_PARKED);
}

/** A thread that dies leaves the word that it waits at: one that waits for a robust lock has that pending. */
function leaveRobustly(task: Task): void {
  const process = processAt(task.process);
  const address = task.long;
  const isRobust = task.has(TASK_FLAG_ROBUST);
  complete(task, 0);
  if (isRobust) passOn(process, address);
}

/**
 * One step of a death: releases one robust lock; with none left no memory is mapped any more, and it undoes what it did to the semaphores of one set; with none left closes
 * descriptors up to the first that was the last use of its open file; with none left of these becomes a zombie. Returns 0 when the
 * process has ended.
 */
export function exitStep(task: Task): i32 {
  assert(task.state == TASK_EXITING, "an exit step of a process that does not exit");
  // What a call of a thread has left to close.
  if (task.file || task.otherFile) return closeLeft(task);
  if (isQueueCall(task)) {
    complete(task, 0);
    return 1;
  }
  if (isAtMemory(task)) {
    leaveRobustly(task);
    return 1;
  }
  if (isSemaphoreCall(task)) {
    leaveDying(task);
    complete(task, 0);
    return 1;
  }
  const process = processAt(task.process);
  // do_exit: exit_mm, with the robust list first, exit_sem, then exit_files. Whoever sees what is undone sees the memory unmapped (seen so
  // 2,000 times).
  if (releaseNextRobust(process, task)) return 1;
  unmapAll(process);
  if (undoNext(process)) return 1;
  for (let fd = nextOpen(process, 0); fd >= 0; fd = nextOpen(process, fd)) {
    const file: OpenFile = uninstall(process, fd);
    const isLast = file.count == 1;
    flushObject(process, file);
    releaseFile(file);
    if (isLast) return 1;
  }
  pool(TASK_POOL).free(taskIndex(task));
  process.exitTask = 0;
  dropCredentials(process);
  process.state = PROCESS_ZOMBIE;
  orphanChildren(process);
  const parent = processAt(process.parent);
  if (process.parent == INIT) pool(PROCESS_POOL).free(processIndex(process));
  else wakeAll(parent.childWait);
  return 0;
}

function orphanChildren(parent: Process): void {
  const index = processIndex(parent);
  for (let at: u32 = 1; at < processCount(); at++) {
    const child = processAt(at);
    if (!child.state || child.parent != index) continue;
    child.parent = INIT;
    if (child.state == PROCESS_ZOMBIE) pool(PROCESS_POOL).free(at);
  }
}

/** One attempt at waitpid(2): the pid of a reaped child, whose status goes to OUT; 0, -errno or BLOCKED: do_wait. */
export function waitForChild(task: Task, pid: i32, options: i32): i32 {
  if (options & ~WNOHANG) return -EINVAL;
  const process = callerOf(task);
  const index = processIndex(process);
  let oldest: Process | null = null;
  let hasChild = false;
  for (let at: u32 = 1; at < processCount(); at++) {
    const child = processAt(at);
    if (!child.state || child.parent != index || (pid > 0 && child.pid != <u32>pid)) continue;
    hasChild = true;
    if (child.state == PROCESS_ZOMBIE && (!oldest || child.pid < oldest.pid)) oldest = child;
  }
  if (!hasChild) return -ECHILD;
  if (oldest) return reap(oldest);
  if (options & WNOHANG) return 0;
  if (task.interrupted) return -EINTR;
  if (!task.has(TASK_FLAG_PARKED)) {
    if (!hasWaits(1)) return -ENOMEM;
    waitForEvents(process.childWait, task, 0, -1, 0);
    task.set(TASK_FLAG_PARKED);
  }
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

function reap(child: Process): i32 {
  const pid = child.pid;
  store<u32>(OUT, child.exitStatus);
  pool(PROCESS_POOL).free(processIndex(child));
  return pid;
}

/** kill(2): the process is looked up first, then the signal, then the permission (check_kill_permission). */
export function killProcess(task: Task, pid: i32, signal: i32): i32 {
  const sender = callerOf(task);
  const target = findProcess(pid);
  if (!target) return -ESRCH;
  if (<u32>signal > <u32>NSIG) return -EINVAL;
  if (!maySignal(sender, target)) return -EPERM;
  // init cannot be killed from inside its own namespace (SIGNAL_UNKILLABLE).
  if (signal == SIGKILL && target.state == PROCESS_ALIVE && processIndex(target) != INIT) {
    endProcess(target, SIGKILL, task);
  }
  return 0;
}

/** kill_ok_by_cred. */
function maySignal(sender: Process, target: Process): bool {
  if (sender.euid == target.suid || sender.euid == target.ruid) return true;
  return sender.ruid == target.suid || sender.ruid == target.ruid || sender.can(CAP_KILL);
}

/** Ends a call early, as a signal would. */
export function interruptedResult(task: Task): i32 {
  if (task.call == CALL_OPEN) return interruptOpen(task);
  if (isTransfer(task)) return interruptTransfer(task);
  if (isQueueCall(task)) return interruptQueueCall(task);
  if (isSemaphoreCall(task)) return interruptSemaphoreCall(task);
  if (isFutexCall(task)) return interruptFutexCall(task);
  if (isSemaphoreWait(task)) return interruptSemaphoreWait(task);
  stopWaiting(task);
  const moved = task.transferred + task.done;
  return moved ? <i32>moved : -EINTR;
}
