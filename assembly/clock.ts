// clock_gettime(2) and clock_nanosleep(2).
import { EINTR, EINVAL, EOPNOTSUPP } from "./abi/errno";
import { BLOCKED, TASK_BLOCKED } from "./abi/model";
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_REALTIME,
  CLOCK_REALTIME_COARSE,
  TIMER_ABSTIME,
} from "./abi/time";
import { clockOffset, setTimer } from "./core/clock";
import { machine } from "./core/machine";
import { OUT } from "./core/memory";
import { TASK_FLAG_TIMED_OUT, Task } from "./core/task";

function canBeRead(clockid: i32): bool {
  return canBeSleptOn(clockid) || isWithoutTimers(clockid);
}

function canBeSleptOn(clockid: i32): bool {
  return clockid == CLOCK_REALTIME || clockid == CLOCK_MONOTONIC || clockid == CLOCK_BOOTTIME;
}

/** Clocks that posix_clocks knows without nsleep. */
function isWithoutTimers(clockid: i32): bool {
  return (
    clockid == CLOCK_MONOTONIC_RAW || clockid == CLOCK_REALTIME_COARSE || clockid == CLOCK_MONOTONIC_COARSE
  );
}

/** clock_gettime(2): nanoseconds, in OUT. */
export function readClock(clockid: i32): i32 {
  if (!canBeRead(clockid)) return -EINVAL;
  store<u64>(OUT, machine.monotonic + clockOffset(clockid));
  return 0;
}

/** One attempt at clock_nanosleep(2): 0, -errno or BLOCKED. `request` is in nanoseconds. */
export function sleepOn(task: Task, clockid: i32, flags: i32, request: i64): i32 {
  if (task.has(TASK_FLAG_TIMED_OUT)) return 0;
  if (task.interrupted) return -EINTR;
  if (isWithoutTimers(clockid)) return -EOPNOTSUPP;
  if (!canBeSleptOn(clockid) || request < 0) return -EINVAL;
  const interval = flags & TIMER_ABSTIME ? untilTime(clockid, request) : <u64>request;
  if (!interval) return 0;
  setTimer(task, interval);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

/** Nanoseconds until a time on a clock; 0 if it is past. */
export function untilTime(clockid: i32, time: u64): u64 {
  const now = machine.monotonic + clockOffset(clockid);
  return time > now ? time - now : 0;
}
