// Futexes: futex(2). A word is compared and the caller queued in one step, so that no wake-up is lost; who is woken has left the line
// already, whatever else ends its wait at that moment, and looks itself at what has become of the word.
//
// A wake-up of nobody wakes one: the kernel counts after it has woken. FUTEX_REQUEUE moves waiters to the end of another line; those that
// are moved to the line that they are in keep their places.
//
// Models kernel/futex of Linux 6.18: do_futex, futex_init_timeout (syscalls.c), get_futex_key (core.c), futex_wait, futex_wake,
// futex_wake_op, futex_atomic_op_inuser (waitwake.c), futex_requeue, requeue_futex (requeue.c); futex(2).
import { CALL_FUTEX } from "./abi/calls";
import { EAGAIN, EFAULT, EINTR, EINVAL, ENOMEM, ENOSYS, ETIMEDOUT } from "./abi/errno";
import {
  FUTEX_CLOCK_REALTIME,
  FUTEX_CMD_MASK,
  FUTEX_PRIVATE_FLAG,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
  FUTEX_WAKE,
  FUTEX_WAKE_BITSET,
} from "./abi/futex";
import { PROT_READ, PROT_WRITE } from "./abi/mman";
import { BLOCKED, TASK_BLOCKED, TASK_WOKEN } from "./abi/model";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "./abi/time";
import { callerOf } from "./calls";
import { clockOffset, setTimer } from "./core/clock";
import { findFutex, joinFutex, leaveFutex, privateKey, sharedKey, takeFutex } from "./core/futex";
import { machine } from "./core/machine";
import { Process, processIndex } from "./core/process";
import { bytesOf, sharedObjectAt } from "./core/shared-object";
import {
  TASK_FLAG_AT_MEMORY,
  TASK_FLAG_HANDED,
  TASK_FLAG_IN_LANE,
  TASK_FLAG_PARKED,
  TASK_FLAG_TIMED_OUT,
  Task,
  wakeTask,
} from "./core/task";
import { firstInQueue, firstWaitOf, hasWaits, nextInQueue, waitingTask } from "./core/wait";
import { partOf, placeOf } from "./mapping";

export const ANY_BITS: u32 = u32.MAX_VALUE;

/** What can be read on x86-64 and arm64: what can be written, too. */
const READABLE = PROT_READ | PROT_WRITE;

/** What no timer is set to: KTIME_SEC_MAX. */
const NEVER: u64 = 9_223_372_036_000_000_000;

/** Whether a call waits at futexes. */
export function isFutexCall(task: Task): bool {
  return task.call == CALL_FUTEX;
}

/** The key of a word (core/futex.ts), or -errno: get_futex_key. */
export function keyOf(process: Process, address: i64, isPrivate: bool): i64 {
  if (address & 3) return -EINVAL;
  const part = partOf(process, address);
  if (!part || !part.protection) return -EFAULT;
  if (isPrivate) return privateKey(processIndex(process), address);
  // A copy that is never written to is no memory to wait for.
  const bytes = placeOf(process, address, 4, part.isShared ? READABLE : PROT_WRITE);
  if (!bytes) return -EFAULT;
  return sharedKey(part.object, <u32>(bytes - bytesOf(sharedObjectAt(part.object))));
}

/**
 * The first attempt at futex(2): a result >= 0, -errno or BLOCKED.
 * @param time nanoseconds of those that wait, if `hasTime`; of others it is `val2`
 */
export function callFutex(
  task: Task,
  address: i64,
  operation: i32,
  value: u32,
  hasTime: bool,
  time: i64,
  otherAddress: i64,
  value3: u32,
): i32 {
  const command = operation & FUTEX_CMD_MASK;
  const isWait = command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
  if (isWait && hasTime && time < 0) return -EINVAL;
  if (operation & FUTEX_CLOCK_REALTIME && command != FUTEX_WAIT_BITSET) return -ENOSYS;
  const isPrivate = (operation & FUTEX_PRIVATE_FLAG) != 0;
  switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
      const bitset = command == FUTEX_WAIT ? ANY_BITS : value3;
      if (!bitset) return -EINVAL;
      if (hasTime && command == FUTEX_WAIT) setDeadline(task, machine.monotonic + time, CLOCK_MONOTONIC);
      else if (hasTime)
        setDeadline(task, time, operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC);
      task.long = address;
      task.c = bitset;
      return waitAtWord(task);
    }
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET: {
      const bitset = command == FUTEX_WAKE ? ANY_BITS : value3;
      if (!bitset) return -EINVAL;
      const key = keyOf(callerOf(task), address, isPrivate);
      return key < 0 ? <i32>key : wakeFutex(key, value, bitset);
    }
    default:
      return -ENOSYS;
  }
}

/** Ends a task's wait at a time of a clock in nanoseconds; at once, in a step of its own, if that is past. */
export function setDeadline(task: Task, time: u64, clockid: i32): void {
  if (time >= NEVER) return;
  const now = machine.monotonic + clockOffset(clockid);
  setTimer(task, time > now ? time - now : 0);
}

/** One attempt at waiting: `task.long` is the address, `task.b` the value that the word must have, `task.c` the bitset. */
export function waitAtWord(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return leaveWoken(task);
  if (task.interrupted) return -EINTR;
  const process = callerOf(task);
  const key = keyOf(process, task.long, (task.a & FUTEX_PRIVATE_FLAG) != 0);
  if (key < 0) return <i32>key;
  const word = placeOf(process, task.long, 4, READABLE);
  if (!word) return -EFAULT;
  if (load<i32>(word) != task.b) return -EAGAIN;
  return parkAt(task, key, task.c);
}

/**
 * Lets a task wait in the line of a key, at the address `task.long`: BLOCKED, or -errno. An awaited call first goes to a thread of its own,
 * where it makes the plain call: its next attempt is that, and is to look at the word again.
 */
export function parkAt(task: Task, key: i64, bitset: u32): i32 {
  if (task.isAwaited && !task.has(TASK_FLAG_IN_LANE)) {
    if (task.deadline && task.deadline <= machine.monotonic) return -ETIMEDOUT;
    task.set(TASK_FLAG_IN_LANE | TASK_FLAG_AT_MEMORY);
    task.state = TASK_WOKEN;
    return BLOCKED;
  }
  const futex = hasWaits(1) ? takeFutex(key) : null;
  if (!futex) return -ENOMEM;
  joinFutex(futex, task, bitset, 0);
  task.set(TASK_FLAG_PARKED | TASK_FLAG_AT_MEMORY);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

/** Goes on after `parkAt`: 0 if it was woken, -ETIMEDOUT or -EINTR. A wake-up counts before all else: futex_unqueue. */
export function leaveWoken(task: Task): i32 {
  task.clear(TASK_FLAG_PARKED);
  if (task.has(TASK_FLAG_HANDED)) return 0;
  leaveFutex(task, firstWaitOf(task)!);
  return task.has(TASK_FLAG_TIMED_OUT) ? -ETIMEDOUT : -EINTR;
}

/** What a call comes to that a signal ends: one that was woken was woken. */
export function interruptFutexCall(task: Task): i32 {
  task.interrupted = EINTR;
  return task.has(TASK_FLAG_PARKED) ? leaveWoken(task) : -EINTR;
}

/** Wakes those in line at a key whose bitset has one of some bits: `count` of them, and at least one. Returns how many. */
export function wakeFutex(key: i64, count: i32, bitset: u32): i32 {
  const futex = findFutex(key);
  if (!futex) return 0;
  let woken = 0;
  let wait = firstInQueue(futex.line);
  while (wait) {
    const next = nextInQueue(wait);
    if (wait.events & bitset) {
      const task = waitingTask(wait);
      leaveFutex(task, wait);
      task.set(TASK_FLAG_HANDED);
      wakeTask(task);
      if (++woken >= count) break;
    }
    wait = next;
  }
  return woken;
}

/** A wake-up by the address of a word that all processes may wait at, of a process whose code runs: how many were woken, or -errno. */
export function wakeShared(process: Process, address: i64, count: i32): i32 {
  const key = keyOf(process, address, false);
  return key < 0 ? <i32>key : wakeFutex(key, count, ANY_BITS);
}
