// The plain futex(2) and futex_waitv(2), at places where the memory really is (mapping.ts).
import { FUTEX_WAKE } from "../../assembly/abi/futex.js";
import { setTimespec } from "./clock.js";
import { allocate } from "./ffi.js";
import * as libc from "./libc.js";
import { setPending } from "./robust-head.js";

/**
 * The call as it is. What has 32 bits in C has no sign here, so that /proc shows it as it is.
 * @param timeout the address of a struct timespec, or val2
 * @returns a result >= 0, or -errno
 */
export const callFutex = (
  place: number,
  operation: number,
  value: number,
  timeout = 0,
  otherPlace = 0,
  value3 = 0,
): number =>
  libc.resultOrErrno(
    libc.syscall6(libc.SYS_futex, place, operation, value >>> 0, timeout, otherPlace, value3 >>> 0),
  );

/** A wait: of FUTEX_WAIT or FUTEX_WAIT_BITSET. */
export interface FutexWait {
  readonly place: number;
  readonly operation: number;
  readonly value: number;
  readonly bitset: number;
  /** Nanoseconds, as the operation takes them; undefined waits for ever. */
  readonly timeout: bigint | undefined;
  readonly isRobust: boolean;
}

/**
 * Waits, on this thread. What a robust wait is for stays pending after it: until the next, the thread may die before whoever asked for
 * it has the lock.
 * @returns 0, or -errno
 */
export function waitPlainly({ place, operation, value, bitset, timeout, isRobust }: FutexWait): number {
  setPending(isRobust ? place : 0);
  const { address, view } = libc.scratch;
  if (timeout !== undefined) setTimespec(view, 0, timeout);
  return callFutex(place, operation, value, timeout === undefined ? 0 : address, 0, bitset);
}

/** A wait at several words. */
export interface FutexVectorWait {
  /** Of each: what it must have, where it is, FUTEX2_*. */
  readonly words: readonly { readonly val: number; readonly place: number; readonly flags: number }[];
  readonly flags: number;
  /** Nanoseconds of the clock; undefined waits for ever. */
  readonly timeout: bigint | undefined;
  readonly clockid: number;
}

// struct futex_waitv { u64 val, uaddr; u32 flags, reserved; }
const WAITER_SIZE = 24;
const WAITERS = 16;

/** Waits at several words, on this thread. @returns the place of one that was woken, or -errno */
export function waitForWordsPlainly({ words, flags, timeout, clockid }: FutexVectorWait): number {
  const size = WAITERS + words.length * WAITER_SIZE;
  const { address, view } = size <= libc.scratch.bytes.length ? libc.scratch : allocate(size);
  let at = WAITERS;
  for (const { val, place, flags: kind } of words) {
    view.setBigUint64(at, BigInt(val >>> 0), true);
    view.setBigInt64(at + 8, BigInt(place), true);
    view.setInt32(at + 16, kind, true);
    view.setInt32(at + 20, 0, true);
    at += WAITER_SIZE;
  }
  if (timeout !== undefined) setTimespec(view, 0, timeout);
  const time = timeout === undefined ? 0 : address;
  const list = address + WAITERS;
  return libc.resultOrErrno(libc.syscall5(libc.SYS_futex_waitv, list, words.length, flags, time, clockid));
}

/** Wakes at a word that all processes may wait at. @returns how many were woken, or -errno */
export const wakePlainly = (place: number, count: number): number => callFutex(place, FUTEX_WAKE, count);
