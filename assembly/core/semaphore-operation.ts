// What a semop(2) is to do: operations side by side, in the window while the call is attempted for the first time, and in the
// pool from when it waits. The item is laid out the same in both.
import { SEMAPHORE_OPERATION_SIZE, SEMAPHORE_OPERATIONS, WINDOW } from "./memory";
import { pool, SEMAPHORE_OPERATION_POOL } from "./pool";
import { Task } from "./task";

@unmanaged
export class SemaphoreOperation {
  /** Always 1: 0 only in a free record. */
  used: u16;
  num: u16;
  op: i16;
  flags: i16;
}

/** The `place`-th operation of those at an address. */
export function operationAt(operations: usize, place: u32): SemaphoreOperation {
  return changetype<SemaphoreOperation>(operations + place * SEMAPHORE_OPERATION_SIZE);
}

/** Where the operations of a call are. Its `b` is the first that the pool keeps, plus 1. */
export function operationsOf(task: Task): usize {
  return task.b ? SEMAPHORE_OPERATIONS + (task.b - 1) * SEMAPHORE_OPERATION_SIZE : WINDOW;
}

/** Keeps the operations of a call that is to wait; false if the model has no room. */
export function keepOperations(task: Task): bool {
  if (offsetof<SemaphoreOperation>() != SEMAPHORE_OPERATION_SIZE) {
    ERROR("SEMAPHORE_OPERATION_SIZE is not the size of SemaphoreOperation");
  }
  if (task.b) return true;
  const operations = pool(SEMAPHORE_OPERATION_POOL);
  const first = operations.findRun(task.c);
  if (first == operations.capacity) return false;
  memory.copy(operations.address(first), WINDOW, task.c * SEMAPHORE_OPERATION_SIZE);
  operations.takeRun(first, task.c);
  task.b = first + 1;
  return true;
}

/** Gives up the operations that a call has kept, if it has. */
export function dropOperations(task: Task): void {
  if (task.b) pool(SEMAPHORE_OPERATION_POOL).freeRun(task.b - 1, task.c);
  task.b = 0;
}
