// What is given up at the end of a call: its place in queues, the files that it held.
import {
  CALL_FUTEX_WAITV,
  CALL_MQ_RECEIVE,
  CALL_MQ_SEND,
  CALL_MQ_TIMEDRECEIVE,
  CALL_MQ_TIMEDSEND,
  CALL_MSGRCV,
  CALL_MSGSND,
  CALL_OPEN,
  CALL_SEMOP,
  CALL_SEMTIMEDOP,
} from "./abi/calls";
import { GONE, PROCESS_ALIVE, TASK_EXITING } from "./abi/model";
import { unreserve } from "./core/descriptor";
import { freeOpenFile, OpenFile, openFileAt, openFileIndex } from "./core/file";
import { dropIfEmpty } from "./core/futex";
import { dropWaiters } from "./core/futex-waiter";
import { freeMessage } from "./core/message";
import { pool, TASK_POOL } from "./core/pool";
import { Process, processAt } from "./core/process";
import { dropOperations } from "./core/semaphore-operation";
import { Task, taskAt, taskIndex } from "./core/task";
import { firstWaitOf, nextWaitOfTask, stopWait, Wait } from "./core/wait";
import { releaseObject } from "./kinds";
import { abandonPipe } from "./pipe";

/** Gives up one use of an open file; the last closes it. */
export function releaseFile(file: OpenFile): void {
  if (file.count > 1) {
    file.count--;
    return;
  }
  releaseObject(file);
  freeOpenFile(file);
}

/** Lets a parked call hold its open file: another thread may close the descriptor meanwhile. */
export function holdFile(task: Task, file: OpenFile): void {
  if (task.file) return;
  file.count++;
  task.file = openFileIndex(file) + 1;
}

/** Lets a parked call on two descriptors hold the second one's file too. */
export function holdOtherFile(task: Task, file: OpenFile): void {
  if (task.otherFile) return;
  file.count++;
  task.otherFile = openFileIndex(file) + 1;
}

/** Takes a task out of every queue that it waits in, and lets go of the files that it polls. */
export function stopWaiting(task: Task): void {
  let wait = firstWaitOf(task);
  while (wait) {
    stopWaitAndRelease(task, wait);
    wait = firstWaitOf(task);
  }
}

/** Takes a task out of the queues that it waits in for one descriptor. Returns whether there were any. */
export function stopWaitingOn(task: Task, fd: i32): bool {
  let found = false;
  let wait = firstWaitOf(task);
  while (wait) {
    const next = nextWaitOfTask(wait);
    if (wait.fd == fd) {
      stopWaitAndRelease(task, wait);
      found = true;
    }
    wait = next;
  }
  return found;
}

function stopWaitAndRelease(task: Task, wait: Wait): void {
  const filePlus1 = wait.file;
  const queue = wait.queue;
  stopWait(task, wait);
  dropIfEmpty(queue);
  if (filePlus1) releaseFile(openFileAt(filePlus1 - 1));
}

/**
 * Ends a call: its task is free again. Returns the result, or GONE if the process is not alive to see it.
 *
 * The kernel gives up the file that a call held after the call has woken whom it wakes, on its way back to the program
 * (fput, task_work_run). Where that closes the file it is a step of its own: a writer that a last read has woken may fill
 * the slot before it learns that no reader is left.
 */
export function complete(task: Task, result: i32): i32 {
  stopWaiting(task);
  const process = processAt(task.process);
  if (task.call == CALL_OPEN && task.c) abandonOpen(task, process);
  if (task.d > 0 && holdsMessage(task)) freeMessage(task.d);
  if (task.call == CALL_SEMOP || task.call == CALL_SEMTIMEDOP) dropOperations(task);
  if (task.call == CALL_FUTEX_WAITV) dropWaiters(task);
  const isSeen = process.state == PROCESS_ALIVE;
  task.file = keepIfLast(task.file);
  task.otherFile = keepIfLast(task.otherFile);
  if (task.file || task.otherFile) leaveFilesToClose(task);
  else finish(task);
  return isSeen ? result : GONE;
}

/** An open(2) that ends while it waits leaves nothing behind: the descriptor that it set aside, its place in the FIFO. */
function abandonOpen(task: Task, process: Process): void {
  unreserve(process, task.c - 1);
  const file = openFileAt(task.file - 1);
  abandonPipe(file);
  freeOpenFile(file);
  task.file = 0;
}

/** Whether a call is one whose `d` is a message that it holds, plus 1: one that waits to send it, or was handed it. */
function holdsMessage(task: Task): bool {
  switch (task.call) {
    case CALL_MQ_SEND:
    case CALL_MQ_TIMEDSEND:
    case CALL_MQ_RECEIVE:
    case CALL_MQ_TIMEDRECEIVE:
    case CALL_MSGSND:
    case CALL_MSGRCV:
      return true;
    default:
      return false;
  }
}

/** Gives up a held file, unless that closes it: then it is left. */
function keepIfLast(filePlus1: u32): u32 {
  if (!filePlus1 || openFileAt(filePlus1 - 1).count == 1) return filePlus1;
  releaseFile(openFileAt(filePlus1 - 1));
  return 0;
}

/** Of the task remain the files that it is to close. */
function leaveFilesToClose(task: Task): void {
  const process = task.process;
  const file = task.file;
  const otherFile = task.otherFile;
  memory.fill(changetype<usize>(task), 0, offsetof<Task>());
  task.state = TASK_EXITING;
  task.process = process;
  task.file = file;
  task.otherFile = otherFile;
}

/**
 * One step of a task that has files left to close: the input's first, as task_work_run takes the last put first. Returns 1
 * if another is left.
 */
export function closeLeft(task: Task): i32 {
  const isMore = task.file != 0 && task.otherFile != 0;
  if (!isMore) {
    finish(task);
    return 0;
  }
  releaseFile(openFileAt(task.file - 1));
  task.file = task.otherFile;
  task.otherFile = 0;
  return 1;
}

/** A call is over and done with. */
export function finish(task: Task): void {
  const file = task.file ? task.file : task.otherFile;
  const process = processAt(task.process);
  pool(TASK_POOL).free(taskIndex(task));
  if (file) releaseFile(openFileAt(file - 1));
  process.taskCount--;
  if (process.state != PROCESS_ALIVE) beginExitIfIdle(process);
}

/** A dead process closes its descriptors once none of its calls is left in the kernel. */
export function beginExitIfIdle(process: Process): void {
  if (process.taskCount == 0) taskAt(process.exitTask - 1).state = TASK_EXITING;
}
