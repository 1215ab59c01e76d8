// Futexes: futex(2), futex_waitv(2). A word is compared and the caller queued in one step, so that no wake-up is lost; who is woken has left the line
// already, whatever else ends its wait at that moment, and looks itself at what has become of the word.
//
// A wake-up of nobody wakes one: the kernel counts after it has woken. FUTEX_REQUEUE moves waiters to the end of another line; those that
// are moved to the line that they are in keep their places.
//
// Models kernel/futex of Linux 6.18: do_futex, futex_init_timeout (syscalls.c), get_futex_key (core.c), futex_wait, futex_wake,
// futex_wake_op, futex_atomic_op_inuser, futex_wait_multiple (waitwake.c), futex_requeue, requeue_futex (requeue.c); futex(2).
import { CALL_FUTEX, CALL_FUTEX_WAITV, CALL_MEMORY_WAIT } from "./abi/calls";
import { EAGAIN, EFAULT, EINTR, EINVAL, ENOMEM, ENOSYS, ETIMEDOUT } from "./abi/errno";
import {
  FUTEX_CLOCK_REALTIME,
  FUTEX_CMD_MASK,
  FUTEX_CMP_REQUEUE,
  FUTEX_OP_ADD,
  FUTEX_OP_ANDN,
  FUTEX_OP_CMP_EQ,
  FUTEX_OP_CMP_GE,
  FUTEX_OP_CMP_GT,
  FUTEX_OP_CMP_LE,
  FUTEX_OP_CMP_LT,
  FUTEX_OP_CMP_NE,
  FUTEX_OP_OPARG_SHIFT,
  FUTEX_OP_OR,
  FUTEX_OP_SET,
  FUTEX_OP_XOR,
  FUTEX_PRIVATE_FLAG,
  FUTEX_REQUEUE,
  FUTEX_TID_MASK,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
  FUTEX_WAITV_MAX,
  FUTEX_WAKE,
  FUTEX_WAKE_BITSET,
  FUTEX_WAKE_OP,
  FUTEX2_PRIVATE,
  FUTEX2_SIZE_U32,
} from "./abi/futex";
import { PROT_READ, PROT_WRITE } from "./abi/mman";
import { BLOCKED, TASK_BLOCKED, TASK_WOKEN } from "./abi/model";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "./abi/time";
import { callerOf } from "./calls";
import { clockOffset, setTimer } from "./core/clock";
import {
  dropIfEmpty,
  Futex,
  findFutex,
  joinFutex,
  leaveFutex,
  privateKey,
  sharedKey,
  takeFutex,
} from "./core/futex";
import { FutexWaiter, keepWaiters, waiterOf } from "./core/futex-waiter";
import { machine } from "./core/machine";
import { FUTEX_POOL, pool } from "./core/pool";
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
import { firstInQueue, firstWaitOf, hasWaits, moveToQueue, nextInQueue, waitingTask } from "./core/wait";
import { partOf, placeOf } from "./mapping";

export const ANY_BITS: u32 = u32.MAX_VALUE;

/** What can be read on x86-64 and arm64: what can be written, too. */
export const READABLE = PROT_READ | PROT_WRITE;

/** What no timer is set to: KTIME_SEC_MAX. */
const NEVER: u64 = 9_223_372_036_000_000_000;

/** Whether a call waits at futexes. */
export function isFutexCall(task: Task): bool {
  return task.call == CALL_FUTEX || task.call == CALL_FUTEX_WAITV || task.call == CALL_MEMORY_WAIT;
}

/** The key of a word (core/futex.ts), which the call writes to if `isWritten`; or -errno: get_futex_key. */
export function keyOf(process: Process, address: i64, isPrivate: bool, isWritten: bool = false): i64 {
  if (address & 3) return -EINVAL;
  const part = partOf(process, address);
  if (!part || !part.protection) return -EFAULT;
  if (isPrivate) return privateKey(processIndex(process), address);
  // A copy that is never written to is no memory to wait for.
  const bytes = placeOf(process, address, 4, part.isShared && !isWritten ? READABLE : PROT_WRITE);
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
    case FUTEX_REQUEUE:
      return requeue(task, address, isPrivate, value, otherAddress, <i32>time);
    case FUTEX_CMP_REQUEUE:
      return compareAndRequeue(task, address, isPrivate, value, otherAddress, <i32>time, value3);
    case FUTEX_WAKE_OP:
      return wakeAndChange(task, address, isPrivate, value, otherAddress, <i32>time, value3);
    default:
      return -ENOSYS;
  }
}

/** memory_wait: FUTEX_WAIT at a word that all processes may wait at. */
export function waitInMemory(task: Task, address: i64, hasTime: bool, time: i64): i32 {
  if (hasTime && time < 0) return -EINVAL;
  if (hasTime) setDeadline(task, machine.monotonic + time, CLOCK_MONOTONIC);
  task.long = address;
  task.c = ANY_BITS;
  return waitAtWord(task);
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
  const ahead = goToLane(task);
  if (ahead) return ahead;
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

/** Whether a task is to wait in a thread of its own first: -ETIMEDOUT if it is too late for that, BLOCKED if it is, 0 if it is there. */
function goToLane(task: Task): i32 {
  if (!task.isAwaited || task.has(TASK_FLAG_IN_LANE)) return 0;
  if (task.deadline && task.deadline <= machine.monotonic) return -ETIMEDOUT;
  task.set(TASK_FLAG_IN_LANE | TASK_FLAG_AT_MEMORY);
  task.state = TASK_WOKEN;
  return BLOCKED;
}

/** What a call comes to that a signal ends: one that was woken was woken. */
export function interruptFutexCall(task: Task): i32 {
  task.interrupted = EINTR;
  if (!task.has(TASK_FLAG_PARKED)) return -EINTR;
  return task.call == CALL_FUTEX_WAITV ? leaveWords(task) : leaveWoken(task);
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
      // Of several words the last: futex_unqueue_multiple.
      task.d = max(task.d, wait.fd + 1);
      leaveFutex(task, wait);
      task.set(TASK_FLAG_HANDED);
      wakeTask(task);
      if (++woken >= count) break;
    }
    wait = next;
  }
  return woken;
}

// FUTEX_REQUEUE, FUTEX_WAKE_OP

/** futex_requeue: wakes some of a line, and moves others to another. Returns how many of both. */
function requeue(task: Task, address: i64, isPrivate: bool, wakes: i32, otherAddress: i64, moves: i32): i32 {
  if (wakes < 0 || moves < 0) return -EINVAL;
  const key = keyOf(callerOf(task), address, isPrivate);
  if (key < 0) return <i32>key;
  const otherKey = keyOf(callerOf(task), otherAddress, isPrivate);
  return otherKey < 0 ? <i32>otherKey : moveWaiters(key, wakes, otherKey, moves);
}

function compareAndRequeue(
  task: Task,
  address: i64,
  isPrivate: bool,
  wakes: i32,
  otherAddress: i64,
  moves: i32,
  expected: u32,
): i32 {
  if (wakes < 0 || moves < 0) return -EINVAL;
  const process = callerOf(task);
  const key = keyOf(process, address, isPrivate);
  if (key < 0) return <i32>key;
  const otherKey = keyOf(process, otherAddress, isPrivate);
  if (otherKey < 0) return <i32>otherKey;
  const word = placeOf(process, address, 4, READABLE);
  if (!word) return -EFAULT;
  return load<u32>(word) == expected ? moveWaiters(key, wakes, otherKey, moves) : -EAGAIN;
}

function moveWaiters(key: i64, wakes: i32, otherKey: i64, moves: i32): i32 {
  if (moves && pool(FUTEX_POOL).isFull() && !findFutex(otherKey)) return -ENOMEM;
  const woken = wakes ? wakeFutex(key, wakes, ANY_BITS) : 0;
  const from = findFutex(key);
  if (!from || !moves) return woken;
  if (key == otherKey) return woken + min(moves, lengthOf(from));
  const to = takeFutex(otherKey)!;
  let moved = 0;
  let wait = firstInQueue(from.line);
  while (wait && moved < moves) {
    const next = nextInQueue(wait);
    moveToQueue(wait, to.line);
    moved++;
    wait = next;
  }
  dropIfEmpty(<u32>changetype<usize>(from.line));
  return woken + moved;
}

function lengthOf(futex: Futex): i32 {
  let length = 0;
  let wait = firstInQueue(futex.line);
  while (wait) {
    length++;
    wait = nextInQueue(wait);
  }
  return length;
}

/** futex_wake_op: changes the second word, wakes at the first, and at the second too if that was as was asked. */
function wakeAndChange(
  task: Task,
  address: i64,
  isPrivate: bool,
  wakes: i32,
  otherAddress: i64,
  otherWakes: i32,
  change: u32,
): i32 {
  const process = callerOf(task);
  const key = keyOf(process, address, isPrivate);
  if (key < 0) return <i32>key;
  const otherKey = keyOf(process, otherAddress, isPrivate, true);
  if (otherKey < 0) return <i32>otherKey;
  // An operation that there is not touches nothing: it counts before a word that is not there.
  if (operationIn(change) > FUTEX_OP_XOR) return -ENOSYS;
  const word = placeOf(process, otherAddress, 4, PROT_WRITE);
  if (!word) return -EFAULT;
  const before = load<i32>(word);
  store<i32>(word, changedWord(before, change));
  const isAsked = compareWord(before, change);
  if (isAsked < 0) return isAsked;
  const woken = wakeFutex(key, wakes, ANY_BITS);
  return isAsked ? woken + wakeFutex(otherKey, otherWakes, ANY_BITS) : woken;
}

/** The 12 bits of an operation from a place on, which have a sign. */
function argumentAt(change: u32, shift: u32): i32 {
  return <i32>(change << (20 - shift)) >> 20;
}

function operationIn(change: u32): i32 {
  return (change >> 28) & 7;
}

/** What a word becomes: futex_atomic_op_inuser, arch_futex_atomic_op_inuser. */
function changedWord(before: i32, change: u32): i32 {
  const argument = argumentAt(change, 12);
  const isBit = (change & ((<u32>FUTEX_OP_OPARG_SHIFT) << 28)) != 0;
  const operand = isBit ? 1 << (argument & 31) : argument;
  switch (operationIn(change)) {
    case FUTEX_OP_SET:
      return operand;
    case FUTEX_OP_ADD:
      return before + operand;
    case FUTEX_OP_OR:
      return before | operand;
    case FUTEX_OP_ANDN:
      return before & ~operand;
    default:
      return before ^ operand;
  }
}

/** Whether the word was as was asked: 1 or 0; -ENOSYS for what is no comparison, which is seen when the word has been changed. */
function compareWord(before: i32, change: u32): i32 {
  const argument = argumentAt(change, 0);
  switch ((change >> 24) & 15) {
    case FUTEX_OP_CMP_EQ:
      return before == argument ? 1 : 0;
    case FUTEX_OP_CMP_NE:
      return before != argument ? 1 : 0;
    case FUTEX_OP_CMP_LT:
      return before < argument ? 1 : 0;
    case FUTEX_OP_CMP_LE:
      return before <= argument ? 1 : 0;
    case FUTEX_OP_CMP_GT:
      return before > argument ? 1 : 0;
    case FUTEX_OP_CMP_GE:
      return before >= argument ? 1 : 0;
    default:
      return -ENOSYS;
  }
}

// futex_waitv(2)

/**
 * The first attempt at futex_waitv(2) of `task.c` words, which the window holds (core/futex-waiter.ts): the place of one that was woken,
 * -errno or BLOCKED.
 */
export function waitForWords(task: Task, flags: u32, hasTime: bool, time: i64, clockid: i32): i32 {
  if (flags || task.c < 1 || task.c > FUTEX_WAITV_MAX) return -EINVAL;
  if (hasTime) {
    if (clockid != CLOCK_REALTIME && clockid != CLOCK_MONOTONIC) return -EINVAL;
    if (time < 0) return -EINVAL;
    setDeadline(task, time, clockid);
  }
  for (let place: u32 = 0; place < <u32>task.c; place++) {
    if ((waiterOf(task, place).flags & ~FUTEX2_PRIVATE) != FUTEX2_SIZE_U32) return -EINVAL;
  }
  return waitAtWords(task);
}

/** One attempt at waiting at several words. All keys are looked for before any word is compared: futex_wait_multiple_setup. */
export function waitAtWords(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return leaveWords(task);
  if (task.interrupted) return -EINTR;
  const process = callerOf(task);
  const count = <u32>task.c;
  for (let place: u32 = 0; place < count; place++) {
    const key = keyOfWaiter(process, waiterOf(task, place));
    if (key < 0) return <i32>key;
  }
  for (let place: u32 = 0; place < count; place++) {
    const waiter = waiterOf(task, place);
    const word = placeOf(process, waiter.address, 4, READABLE);
    if (!word) return -EFAULT;
    if (load<u32>(word) != waiter.value) return -EAGAIN;
  }
  if (!keepWaiters(task)) return -ENOMEM;
  const ahead = goToLane(task);
  if (ahead) return ahead;
  if (!hasWaits(count)) return -ENOMEM;
  for (let place: u32 = 0; place < count; place++) {
    const futex = takeFutex(keyOfWaiter(process, waiterOf(task, place)));
    if (!futex) return -ENOMEM;
    joinFutex(futex, task, ANY_BITS, place);
  }
  task.set(TASK_FLAG_PARKED | TASK_FLAG_AT_MEMORY);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

function keyOfWaiter(process: Process, waiter: FutexWaiter): i64 {
  return keyOf(process, waiter.address, (waiter.flags & FUTEX2_PRIVATE) != 0);
}

/** Goes on after a wait at several words: the place of the last that was woken, -ETIMEDOUT or -EINTR. */
function leaveWords(task: Task): i32 {
  for (let wait = firstWaitOf(task); wait; wait = firstWaitOf(task)) leaveFutex(task, wait);
  if (task.has(TASK_FLAG_HANDED)) return task.d - 1;
  return task.has(TASK_FLAG_TIMED_OUT) ? -ETIMEDOUT : -EINTR;
}

/** A wake-up by the address of a word that all processes may wait at, of a process whose code runs: how many were woken, or -errno. */
export function wakeShared(process: Process, address: i64, count: i32): i32 {
  const key = keyOf(process, address, false);
  return key < 0 ? <i32>key : wakeFutex(key, count, ANY_BITS);
}

/**
 * The death of a thread to which the lock of a word was pending: if nobody has it, a wake-up may have been spent on the thread, and another
 * is woken: handle_futex_death.
 */
export function passOn(process: Process, address: i64): void {
  const key = keyOf(process, address, false);
  const word = placeOf(process, address, 4, PROT_WRITE);
  if (key < 0 || !word) return;
  if (!(load<u32>(word) & FUTEX_TID_MASK)) wakeFutex(key, 1, ANY_BITS);
}
