// Calls that wait at words of memory: futexes, and semaphores that are made of them. Memory in which one waits is not unmapped: a C
// program that did would have a thread wait at what is there no more.
import { pool, TASK_POOL } from "./pool";
import { TASK_FLAG_AT_MEMORY, taskAt } from "./task";

/** Whether a call of a process waits in a range of its memory, or is about to, in a thread of its own. `end` is the address behind it. */
export function isWaitedIn(process: u32, start: i64, end: i64): bool {
  const count = pool(TASK_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const task = taskAt(index);
    if (!task.state || task.process != process || !task.has(TASK_FLAG_AT_MEMORY)) continue;
    if (start <= task.long && task.long < end) return true;
  }
  return false;
}
