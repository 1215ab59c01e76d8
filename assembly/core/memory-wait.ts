// Calls that wait at words of memory: futexes, and semaphores that are made of them. Memory in which one waits is not unmapped: a C
// program that did would have a thread wait at what is there no more.
import { CALL_FUTEX_WAITV, CALL_SEM_CLOCKWAIT, CALL_SEM_TIMEDWAIT, CALL_SEM_WAIT } from "../abi/calls";
import { waiterOf } from "./futex-waiter";
import { pool, TASK_POOL } from "./pool";
import { TASK_FLAG_AT_MEMORY, Task, taskAt } from "./task";

/** Whether a call of a process waits in a range of its memory, or is about to, in a thread of its own. `end` is the address behind it. */
export function isWaitedIn(process: u32, start: i64, end: i64): bool {
  return isAnyWaitedIn(process, start, end, false);
}

/** The same of calls that wait for a semaphore, which they change when they go on. */
export function isSemaphoreWaitedIn(process: u32, start: i64, end: i64): bool {
  return isAnyWaitedIn(process, start, end, true);
}

/** Whether a task's call waits for a POSIX semaphore, or may. */
export function isSemaphoreWait(task: Task): bool {
  return task.call == CALL_SEM_WAIT || task.call == CALL_SEM_TIMEDWAIT || task.call == CALL_SEM_CLOCKWAIT;
}

function isAnyWaitedIn(process: u32, start: i64, end: i64, bySemaphores: bool): bool {
  const count = pool(TASK_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const task = taskAt(index);
    if (!task.state || task.process != process || !task.has(TASK_FLAG_AT_MEMORY)) continue;
    if (bySemaphores && !isSemaphoreWait(task)) continue;
    if (waitsIn(task, start, end)) return true;
  }
  return false;
}

function waitsIn(task: Task, start: i64, end: i64): bool {
  if (task.call != CALL_FUTEX_WAITV) return start <= task.long && task.long < end;
  for (let place: u32 = 0; place < <u32>task.c; place++) {
    const address = waiterOf(task, place).address;
    if (start <= address && address < end) return true;
  }
  return false;
}
