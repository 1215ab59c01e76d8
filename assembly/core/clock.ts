// Clocks and timers. Time stands still while tasks run; it moves when the host lets the next timer fire.

import { TASK_BLOCKED } from "../abi/model";
import { CLOCK_BOOTTIME, CLOCK_REALTIME, CLOCK_REALTIME_COARSE } from "../abi/time";
import { machine } from "./machine";
import { pool, TASK_POOL } from "./pool";
import { TASK_FLAG_TIMED_OUT, Task, taskAt, wakeTask } from "./task";

/** What a clock is ahead of CLOCK_MONOTONIC, in nanoseconds. */
export function clockOffset(clockid: i32): u64 {
  if (clockid == CLOCK_REALTIME || clockid == CLOCK_REALTIME_COARSE) return machine.realtimeOffset;
  if (clockid == CLOCK_BOOTTIME) return machine.boottimeOffset;
  return 0;
}

/** Seconds of CLOCK_REALTIME: ktime_get_real_seconds. */
export function realSeconds(): u64 {
  return (machine.monotonic + machine.realtimeOffset) / 1_000_000_000;
}

/** Ends a task's wait `ns` nanoseconds from now. */
export function setTimer(task: Task, ns: u64): void {
  const deadline = machine.monotonic + ns;
  task.deadline = deadline < machine.monotonic ? u64.MAX_VALUE : deadline;
}

/** The earliest deadline of a parked task; 0 if no time will wake any. */
function nextDeadline(): u64 {
  const end = pool(TASK_POOL).high;
  let earliest: u64 = 0;
  for (let index: u32 = 0; index < end; index++) {
    const task = taskAt(index);
    if (task.state != TASK_BLOCKED || !task.deadline) continue;
    if (!earliest || task.deadline < earliest) earliest = task.deadline;
  }
  return earliest;
}

export function hasTimer(): bool {
  return nextDeadline() != 0;
}

/** Lets time pass to the earliest deadline and wakes all whose wait ends then. */
export function fireTimer(): void {
  const now = nextDeadline();
  assert(now != 0, "a timer to fire");
  if (now > machine.monotonic) machine.monotonic = now;
  const end = pool(TASK_POOL).high;
  for (let index: u32 = 0; index < end; index++) {
    const task = taskAt(index);
    if (task.state != TASK_BLOCKED || task.deadline != now) continue;
    task.set(TASK_FLAG_TIMED_OUT);
    wakeTask(task);
  }
}
