// The words that a futex_waitv(2) waits at: side by side in the window while the call is attempted for the first time, and in the pool from
// when it waits. The item is laid out the same in both.
import { FUTEX_WAITER_SIZE, FUTEX_WAITERS, WINDOW } from "./memory";
import { FUTEX_WAITER_POOL, pool } from "./pool";
import { Task } from "./task";

@unmanaged
export class FutexWaiter {
  /** Always 1: 0 only in a free record. */
  used: u32;
  /** FUTEX2_*. */
  flags: u32;
  value: u32;
  unused: u32;
  address: i64;
}

/** The `place`-th word of a call. Its `b` is the first that the pool keeps, plus 1. */
export function waiterOf(task: Task, place: u32): FutexWaiter {
  const first = task.b ? FUTEX_WAITERS + (task.b - 1) * FUTEX_WAITER_SIZE : WINDOW;
  return changetype<FutexWaiter>(first + place * FUTEX_WAITER_SIZE);
}

/** Keeps the words of a call that is to wait, which are `task.c`; false if the model has no room. */
export function keepWaiters(task: Task): bool {
  if (offsetof<FutexWaiter>() != FUTEX_WAITER_SIZE) {
    ERROR("FUTEX_WAITER_SIZE is not the size of FutexWaiter");
  }
  if (task.b) return true;
  const waiters = pool(FUTEX_WAITER_POOL);
  const first = waiters.findRun(task.c);
  if (first == waiters.capacity) return false;
  memory.copy(waiters.address(first), WINDOW, task.c * FUTEX_WAITER_SIZE);
  waiters.takeRun(first, task.c);
  task.b = first + 1;
  return true;
}

/** Gives up the words that a call has kept, if it has. */
export function dropWaiters(task: Task): void {
  if (task.b) pool(FUTEX_WAITER_POOL).freeRun(task.b - 1, task.c);
  task.b = 0;
}
