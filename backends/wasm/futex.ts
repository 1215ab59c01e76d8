// Calls on futexes on the model: futex(2), futex_waitv(2), set_robust_list(2). The words of futex_waitv go through the window as the model
// keeps them: a mark, flags, value, a word that is not used, address.
import { EAGAIN, ETIMEDOUT } from "../../assembly/abi/errno.js";
import { FUTEX_WAITV_MAX, ROBUST_LIST_HEAD_SIZE } from "../../assembly/abi/futex.js";
import type { Call, FutexRequest, FutexVector, MemoryRange, MemoryWord } from "../../src/call.js";
import type { MemoryWaitResult } from "../../src/futex.js";
import { highOf, lowOf } from "./long.js";
import { partOfMapping } from "./mapping.js";
import type { Attempt, Memory } from "./memory.js";

export const futex: Attempt = ({ kernel }, task, { a, b, payload }, isNew) => {
  if (!isNew) return kernel.resume(task);
  const { address, timeout, value2, otherAddress, value3, isRobust } = payload as FutexRequest;
  const [place, other] = [BigInt(address), BigInt(otherAddress)];
  const time = timeout ?? BigInt(value2);
  return kernel.futex(
    task,
    lowOf(place),
    highOf(place),
    a,
    b,
    timeout === undefined ? 0 : 1,
    lowOf(time),
    highOf(time),
    lowOf(other),
    highOf(other),
    value3,
    isRobust ? 1 : 0,
  );
};

const WAITER_WORDS = 6;

/** Puts words into the window: no more than a call may have, who has more is refused by their count. @returns how many there are */
function fillWaiters({ words, times, window }: Memory, { waiters }: FutexVector): number {
  const count = Math.min(waiters.length, FUTEX_WAITV_MAX);
  let at = window >> 2;
  for (const { val, uaddr, flags } of waiters.slice(0, count)) {
    words[at] = 1;
    words[at + 1] = flags;
    words[at + 2] = val;
    words[at + 3] = 0;
    times[(at + 4) >> 1] = BigInt(uaddr);
    at += WAITER_WORDS;
  }
  return waiters.length;
}

// The model has the words from the first attempt on.
export const futex_waitv: Attempt = (memory, task, { a, b, payload }, isNew) => {
  if (!isNew) return memory.kernel.resume(task);
  const count = fillWaiters(memory, payload as FutexVector);
  const { timeout = 0n } = payload as FutexVector;
  const hasTime = (payload as FutexVector).timeout === undefined ? 0 : 1;
  return memory.kernel.futex_waitv(task, count, a, hasTime, lowOf(timeout), highOf(timeout), b);
};

export const set_robust_list: Attempt = ({ kernel }, task, { payload }) => {
  const { address, length } = payload as MemoryRange;
  const [head, size] = [BigInt(address), BigInt(length)];
  return kernel.set_robust_list(task, lowOf(head), highOf(head), lowOf(size), highOf(size));
};

export const get_robust_list: Attempt = (memory, task, call) => {
  const { kernel, times, words, out } = memory;
  const result = kernel.get_robust_list(task);
  if (result < 0) return result;
  const head = Number(times[out >> 1]);
  call.value =
    head === 0 ? null : partOfMapping(memory, words[out + 2] as number, head, ROBUST_LIST_HEAD_SIZE);
  return 0;
};

/** An access to a word: what it had before is the value. */
const accessWord: Attempt = ({ kernel, words, out }, task, call) => {
  const { syscall, a, b, payload } = call;
  const address = BigInt((payload as MemoryWord).address);
  const result = kernel.memory_word(task, syscall.number, lowOf(address), highOf(address), a, b);
  if (result === 0) call.value = words[out];
  return result;
};

export const memory_load = accessWord;
export const memory_store = accessWord;
export const memory_add = accessWord;
export const memory_compare_exchange = accessWord;

export const memory_wait: Attempt = ({ kernel }, task, call, isNew) => {
  const result = isNew ? beginWait(kernel, task, call) : kernel.resume(task);
  const ending = endings.get(result);
  if (ending === undefined) return result;
  call.value = ending;
  return 0;
};

const endings: ReadonlyMap<number, MemoryWaitResult> = new Map([
  [0, "ok"],
  [-EAGAIN, "not-equal"],
  [-ETIMEDOUT, "timed-out"],
]);

function beginWait(kernel: Memory["kernel"], task: number, { b, payload }: Call): number {
  const { address, timeout } = payload as MemoryWord;
  const place = BigInt(address);
  const time = timeout ?? 0n;
  const hasTime = timeout === undefined ? 0 : 1;
  return kernel.memory_wait(task, lowOf(place), highOf(place), b, hasTime, lowOf(time), highOf(time));
}

export const memory_notify: Attempt = ({ kernel }, task, { a, payload }) => {
  const address = BigInt((payload as MemoryWord).address);
  return kernel.memory_notify(task, lowOf(address), highOf(address), a);
};
