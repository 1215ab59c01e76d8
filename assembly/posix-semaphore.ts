// POSIX semaphores, as glibc makes them of a futex. A semaphore is 32 bytes of memory: one word is its value, the next counts who waits,
// and both change together; then a word that says whether only one process uses it. Nobody hands anything over: whoever gives wakes the
// first in line, who looks again, and finds nothing if another has come before.
//
// So those who wait are counted by themselves: a process that is killed while it waits stays counted, and whoever gives afterwards wakes in
// vain. What is no semaphore, by that last word, is refused, where glibc would end the process.
//
// Models nptl of glibc 2.36: sem_waitcommon.c, sem_post.c, sem_init.c, sem_getvalue.c, over kernel/futex. Names are in semaphore-open.ts.
import { EAGAIN, EFAULT, EINTR, EINVAL, EOVERFLOW } from "./abi/errno";
import { PROT_READ, PROT_WRITE } from "./abi/mman";
import { BLOCKED, PROCESS_ALIVE } from "./abi/model";
import {
  SEM_ALIGNMENT,
  SEM_OF_ALL,
  SEM_OF_PROCESS,
  SEM_SHARING_PLACE,
  SEM_SIZE,
  SEM_VALUE_MAX,
} from "./abi/semaphore";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "./abi/time";
import { OUT } from "./core/memory";
import { Process, processAt } from "./core/process";
import {
  TASK_FLAG_HANDED,
  TASK_FLAG_IN_LANE,
  TASK_FLAG_PARKED,
  TASK_FLAG_TIMED_OUT,
  Task,
} from "./core/task";
import { firstInQueue, firstWaitOf, nextInQueue, WaitQueue } from "./core/wait";
import { ANY_BITS, keyOf, leaveWoken, parkAt, setDeadline, wakeFutex } from "./futex";
import { placeOf } from "./mapping";

/** 1 in the word that counts who waits. */
const WAITER: u64 = 1 << 32;
const VALUE_MASK: u64 = 0xffffffff;

/** Where the semaphore at an address lies in linear memory, for an access that needs the protection `way`; or -errno. */
function find(process: Process, address: i64, way: i32): i32 {
  if (address & (SEM_ALIGNMENT - 1)) return -EINVAL;
  const place = placeWith(process, address, way);
  if (!place) return -EFAULT;
  return isSemaphore(place) ? <i32>place : -EINVAL;
}

function isSemaphore(place: usize): bool {
  const sharing = load<i32>(place + SEM_SHARING_PLACE);
  return sharing == SEM_OF_PROCESS || sharing == SEM_OF_ALL;
}

/** Where the bytes for a semaphore lie that can be read, and have the protection `way`; 0 unless all do. */
function placeWith(process: Process, address: i64, way: i32): usize {
  return placeOf(process, address, SEM_SIZE, PROT_READ) ? placeOf(process, address, SEM_SIZE, way) : 0;
}

/** sem_init(3): 0 or -errno. Its last 20 bytes stay what they are. */
export function initSemaphore(process: Process, address: i64, isShared: bool, value: u32): i32 {
  if (value > <u32>SEM_VALUE_MAX || address & (SEM_ALIGNMENT - 1)) return -EINVAL;
  const place = placeWith(process, address, PROT_WRITE);
  if (!place) return -EFAULT;
  setSemaphore(place, isShared, value);
  return 0;
}

/** Makes a semaphore of some bytes. */
export function setSemaphore(place: usize, isShared: bool, value: u32): void {
  store<u64>(place, value);
  store<i32>(place + SEM_SHARING_PLACE, isShared ? SEM_OF_ALL : SEM_OF_PROCESS);
}

/** sem_destroy(3): 0 or -errno. */
export function destroySemaphore(process: Process, address: i64): i32 {
  return min(find(process, address, PROT_WRITE), 0);
}

/** sem_getvalue(3): 0, with the value in OUT, or -errno. */
export function valueOfSemaphore(process: Process, address: i64): i32 {
  const place = find(process, address, PROT_READ);
  if (place < 0) return place;
  store<u32>(OUT, load<u32>(place));
  return 0;
}

/** sem_post(3): 0 or -errno. A value beyond the highest, which nobody gives by this, carries over into the count of who waits. */
export function postSemaphore(process: Process, address: i64): i32 {
  const place = find(process, address, PROT_WRITE);
  if (place < 0) return place;
  const before = load<u64>(place);
  if ((before & VALUE_MASK) == <u64>SEM_VALUE_MAX) return -EOVERFLOW;
  store<u64>(place, before + 1);
  if (before >= WAITER) {
    const key = keyOf(process, address, isOfProcess(place));
    if (key > 0) wakeFutex(key, 1, ANY_BITS);
  }
  return 0;
}

function isOfProcess(place: usize): bool {
  return load<i32>(place + SEM_SHARING_PLACE) == SEM_OF_PROCESS;
}

/** sem_trywait(3): 0 or -errno. */
export function tryWaitForSemaphore(process: Process, address: i64): i32 {
  const place = find(process, address, PROT_WRITE);
  if (place < 0) return place;
  return take(place, 0) ? 0 : -EAGAIN;
}

/** Takes 1, and what is to be counted of the caller no more, if there is 1. */
function take(place: usize, counted: u64): bool {
  const data = load<u64>(place);
  if (!(data & VALUE_MASK)) return false;
  store<u64>(place, data - 1 - counted);
  return true;
}

/** Sets the time at which a wait ends: 0, or -EINVAL for a clock that none can be waited for by. One before 1970 is past. */
export function setSemaphoreDeadline(task: Task, clockid: i32, time: i64): i32 {
  if (clockid != CLOCK_REALTIME && clockid != CLOCK_MONOTONIC) return -EINVAL;
  setDeadline(task, time < 0 ? 0 : <u64>time, clockid);
  return 0;
}

/** One attempt at sem_wait(3): 0, -errno or BLOCKED. `task.long` is the address. */
export function waitForSemaphore(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return goOnWaiting(task);
  if (task.interrupted) return -EINTR;
  const place = find(processAt(task.process), task.long, PROT_WRITE);
  if (place < 0) return place;
  if (take(place, 0)) return 0;
  // The attempt of an awaited call is a sem_trywait.
  const isCounted = !task.isAwaited || task.has(TASK_FLAG_IN_LANE);
  return isCounted ? waitInLine(task, place, WAITER) : parkHere(task, place);
}

/** Waits, counted from now on if `added` is WAITER. */
function waitInLine(task: Task, place: usize, added: u64): i32 {
  store<u64>(place, load<u64>(place) + added);
  const result = parkHere(task, place);
  return result == BLOCKED ? BLOCKED : giveUp(place, result);
}

function parkHere(task: Task, place: usize): i32 {
  const key = keyOf(processAt(task.process), task.long, isOfProcess(place));
  return key < 0 ? <i32>key : parkAt(task, key, ANY_BITS);
}

function giveUp(place: usize, result: i32): i32 {
  store<u64>(place, load<u64>(place) - WAITER);
  return result;
}

/** What became of a wait: who was woken looks again. A thread that is killed comes back to no code of the program's. */
function goOnWaiting(task: Task): i32 {
  const woken = leaveWoken(task);
  const process = processAt(task.process);
  if (process.state != PROCESS_ALIVE) return -EINTR;
  const place = placeWith(process, task.long, PROT_WRITE);
  if (!place) return -EFAULT;
  if (woken < 0) return giveUp(place, woken);
  if (take(place, WAITER)) return 0;
  // The handler of a signal has run by now; who gives up an awaited call sends signals until the thread has left it.
  if (task.interrupted && task.isAwaited) return giveUp(place, -EINTR);
  // glibc would ask the kernel for what the words say now, and end the process.
  if (!isSemaphore(place)) return -EINVAL;
  task.interrupted = 0;
  task.clear(TASK_FLAG_HANDED | TASK_FLAG_TIMED_OUT);
  return waitInLine(task, place, 0);
}

/** What a call comes to that a signal ends: one that was woken, and finds 1, has it. */
export function interruptSemaphoreWait(task: Task): i32 {
  task.interrupted = EINTR;
  if (!task.has(TASK_FLAG_PARKED)) return -EINTR;
  const result = goOnWaiting(task);
  return result == BLOCKED ? interruptSemaphoreWait(task) : result;
}

/** How many stand before a task in the line of the semaphore that it waits for; -1 if it was woken, and stands in none. */
export function placeInLine(task: Task): i32 {
  const own = firstWaitOf(task);
  if (!own) return -1;
  let place = 0;
  for (let wait = firstInQueue(changetype<WaitQueue>(<usize>own.queue))!; wait !== own; place++) {
    wait = nextInQueue(wait)!;
  }
  return place;
}
