// futex(2), futex_waitv(2), set_robust_list(2), and waits at words of memory. The kernel is asked for all of it, and orders its own checks: an address that is not the program's becomes one that no process
// can have (mapping.ts).
//
// What waits has no descriptor, so it waits in a lane, in the plain call. The attempt before looks only whether it would: FUTEX_CMP_REQUEUE
// of nobody compares the word, and neither waits nor touches who does.
import { EAGAIN, EFAULT, EINVAL, ENOMEM, ENOSYS, ETIMEDOUT } from "../../assembly/abi/errno.js";
import {
  FUTEX_BITSET_MATCH_ANY,
  FUTEX_CLOCK_REALTIME,
  FUTEX_CMD_MASK,
  FUTEX_CMP_REQUEUE,
  FUTEX_PRIVATE_FLAG,
  FUTEX_REQUEUE,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
  FUTEX_WAKE_OP,
  FUTEX2_PRIVATE,
  ROBUST_LIST_HEAD_SIZE,
} from "../../assembly/abi/futex.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "../../assembly/abi/time.js";
import {
  Call,
  type FutexRequest,
  type FutexVector,
  type MemoryRange,
  type MemoryWord,
} from "../../src/call.js";
import { SyscallError } from "../../src/errors.js";
import { isFutexWait, type MemoryWaitResult } from "../../src/futex.js";
import { Mapping } from "../../src/mapping.js";
import { readClock } from "./clock.js";
import { viewOf } from "./ffi.js";
import {
  callFutex,
  type FutexVectorWait,
  type FutexWait,
  waitForWordsPlainly,
  waitPlainly,
  wakePlainly,
} from "./futex-call.js";
import * as libc from "./libc.js";
import { pin, unpin } from "./mapped-parts.js";
import { foreign, partOfMapping, placeOf, READABLE, wordPlace } from "./mapping.js";
import { currentHead, libcsHead } from "./robust-head.js";

const isPrivate = (operation: number): boolean => (operation & FUTEX_PRIVATE_FLAG) !== 0;

/** Whether the timeout is an interval, and not a time. */
const isRelative = (operation: number): boolean => (operation & FUTEX_CMD_MASK) === FUTEX_WAIT;

/** One attempt at futex(2). */
export function futex({ a: operation, b: value, payload }: Call): number {
  const { address, value2, otherAddress, value3, timeout } = payload as FutexRequest;
  const place = wordPlace(address, isPrivate(operation));
  if (!isFutexWait(operation)) {
    const isChanged = (operation & FUTEX_CMD_MASK) === FUTEX_WAKE_OP;
    const other = wordPlace(otherAddress, isPrivate(operation), isChanged);
    return callFutex(place, operation, value, value2, other, value3);
  }
  if (timeout !== undefined && timeout < 0n) return -EINVAL;
  if (isRelative(operation) && (operation & FUTEX_CLOCK_REALTIME) !== 0) return -ENOSYS;
  if (!isRelative(operation) && value3 === 0) return -EINVAL;
  const look = FUTEX_CMP_REQUEUE | (operation & FUTEX_PRIVATE_FLAG);
  const looked = callFutex(place, look, 0, 0, place, value);
  if (looked < 0) return looked;
  return isOver(operation, timeout) ? -ETIMEDOUT : BLOCKED;
}

function isOver(operation: number, timeout: bigint | undefined): boolean {
  if (timeout === undefined) return false;
  if (isRelative(operation)) return timeout === 0n;
  const clock = (operation & FUTEX_CLOCK_REALTIME) === 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
  return timeout <= (readClock(clock) as bigint);
}

/** The plain futex(2), on this thread. */
export function futexBlocking(call: Call): number {
  const { a: operation, b: value, payload } = call;
  if (!isFutexWait(operation)) return futex(call);
  const { address, timeout, value3 } = payload as FutexRequest;
  const slot = pin(address);
  if (slot === -1) return -ENOMEM;
  const place = wordPlace(address, isPrivate(operation));
  const result = waitPlainly({ place, operation, value, bitset: value3, timeout, isRobust: false });
  unpin(slot);
  return result;
}

// futex_waitv

const vectorOf = ({ a: flags, b: clockid, payload }: Call): FutexVectorWait => {
  const { waiters, timeout } = payload as FutexVector;
  const words = waiters.map(({ val, uaddr, flags: kind }) => ({
    val,
    place: wordPlace(uaddr, (kind & FUTEX2_PRIVATE) !== 0),
    flags: kind,
  }));
  return { words, flags, timeout, clockid };
};

/** One attempt at futex_waitv(2): the plain call with a time that is past, which neither waits nor leaves anything. */
export function futex_waitv(call: Call): number {
  const wait = vectorOf(call);
  const { timeout, clockid } = wait;
  const isKnown = clockid === CLOCK_MONOTONIC || clockid === CLOCK_REALTIME;
  if (timeout !== undefined && (timeout < 0n || !isKnown)) return waitForWordsPlainly(wait);
  const looked = waitForWordsPlainly({ ...wait, timeout: 0n, clockid: CLOCK_MONOTONIC });
  if (looked !== -ETIMEDOUT) return looked;
  return timeout !== undefined && timeout <= (readClock(clockid) as bigint) ? looked : BLOCKED;
}

/** The plain futex_waitv(2), on this thread. */
export function futex_waitvBlocking(call: Call): number {
  const pins = pinAll((call.payload as FutexVector).waiters.map(({ uaddr }) => uaddr));
  if (pins === undefined) return -ENOMEM;
  const result = waitForWordsPlainly(vectorOf(call));
  pins.forEach(unpin);
  return result;
}

/** Notes all addresses that a call waits at. @returns the slots, or undefined if there are too few */
export function pinAll(addresses: readonly number[]): readonly number[] | undefined {
  const slots = addresses.map((address) => pin(address));
  if (!slots.includes(-1)) return slots;
  for (const slot of slots) if (slot !== -1) unpin(slot);
  return undefined;
}

/** What a lane is to wait for. */
export const futexVectorOf = vectorOf;

// Words of memory

/** FUTEX_WAIT at a word that all processes may wait at. */
const asFutex = ({ syscall, b, payload }: Call): Call => {
  const { address, timeout } = payload as MemoryWord;
  const none = { value2: 0, otherAddress: 0, value3: 0, isRobust: false };
  return new Call(syscall, FUTEX_WAIT, b, 0, { address, timeout, ...none });
};

const endings: ReadonlyMap<number, MemoryWaitResult> = new Map([
  [0, "ok"],
  [-EAGAIN, "not-equal"],
  [-ETIMEDOUT, "timed-out"],
]);

/** Tells how a wait at a word ended. @param result of futex(2) */
export function endWait(call: Call, result: number): number {
  const ending = endings.get(result);
  if (ending === undefined) return result;
  call.value = ending;
  return 0;
}

export const memory_wait = (call: Call): number => endWait(call, futex(asFutex(call)));

export const memory_waitBlocking = (call: Call): number => endWait(call, futexBlocking(asFutex(call)));

/** What a lane is to wait for. */
export const memoryWaitOf = (call: Call): FutexWait => futexWaitOf(asFutex(call));

export function memory_notify({ a: count, payload }: Call): number {
  const place = wordPlace((payload as MemoryWord).address, false);
  // The kernel would wake one, and has to say whether there is such a word.
  return count === 0 ? callFutex(place, FUTEX_REQUEUE, 0, 0, place) : wakePlainly(place, count);
}

// Robust lists

let libcHead: Mapping | undefined;

/** The list that libc has set for this thread: its memory is libc's, and stays. */
const listOfLibc = (): Mapping => (libcHead ??= viewOfHead(libcsHead()));

function viewOfHead(head: number): Mapping {
  const bytes = viewOf(head, ROBUST_LIST_HEAD_SIZE);
  const wake = (byteOffset: number, count: number): number => {
    const result = wakePlainly(head + byteOffset, count);
    if (result < 0) throw new SyscallError(-result, "futex");
    return result;
  };
  const placeIn = (byteOffset: number): number => head + byteOffset;
  return new Mapping(head, ROBUST_LIST_HEAD_SIZE, { bytes: () => bytes, wake, placeOf: placeIn, foreign });
}

export function set_robust_list({ payload }: Call): number {
  const { address, length } = payload as MemoryRange;
  const isLibcs = address === listOfLibc().address;
  if (length === ROBUST_LIST_HEAD_SIZE && address !== 0 && !isLibcs) {
    // Links are addresses: where the memory is not where the program has it, the kernel would follow them elsewhere.
    if (placeOf(address, length, READABLE) !== address) return -EFAULT;
  }
  return libc.resultOrErrno(libc.syscall(libc.SYS_set_robust_list, address, length));
}

export function get_robust_list(call: Call): number {
  const ofLibc = listOfLibc();
  const head = currentHead();
  if (head === ofLibc.address) call.value = ofLibc;
  else call.value = head === 0 ? null : partOfMapping(head, ROBUST_LIST_HEAD_SIZE);
  return 0;
}

const NEVER = (1n << 63n) - 1n;

/** What a lane is to wait for: until a time, for it may have to begin again. */
export function futexWaitOf({ a: operation, b: value, payload }: Call): FutexWait {
  const { address, timeout, value3, isRobust } = payload as FutexRequest;
  const kept = operation & (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
  const wait = {
    place: wordPlace(address, isPrivate(operation)),
    operation: FUTEX_WAIT_BITSET | kept,
    value,
    isRobust,
  };
  if (!isRelative(operation)) return { ...wait, bitset: value3, timeout };
  const time = timeout === undefined ? undefined : (readClock(CLOCK_MONOTONIC) as bigint) + timeout;
  return {
    ...wait,
    bitset: FUTEX_BITSET_MATCH_ANY,
    timeout: time !== undefined && time > NEVER ? NEVER : time,
  };
}
