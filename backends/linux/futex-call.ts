// The plain futex(2), at places where the memory really is (mapping.ts).
import { FUTEX_WAKE } from "../../assembly/abi/futex.js";
import { setTimespec } from "./clock.js";
import * as libc from "./libc.js";

/**
 * The call as it is.
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
  libc.resultOrErrno(libc.syscall6(libc.SYS_futex, place, operation, value, timeout, otherPlace, value3));

/** A wait: of FUTEX_WAIT or FUTEX_WAIT_BITSET. */
export interface FutexWait {
  readonly place: number;
  readonly operation: number;
  readonly value: number;
  readonly bitset: number;
  /** Nanoseconds, as the operation takes them; undefined waits for ever. */
  readonly timeout: bigint | undefined;
}

/** Waits, on this thread. @returns 0, or -errno */
export function waitPlainly({ place, operation, value, bitset, timeout }: FutexWait): number {
  const { address, view } = libc.scratch;
  if (timeout !== undefined) setTimespec(view, 0, timeout);
  return callFutex(place, operation, value, timeout === undefined ? 0 : address, 0, bitset);
}

/** Wakes at a word that all processes may wait at. @returns how many were woken, or -errno */
export const wakePlainly = (place: number, count: number): number => callFutex(place, FUTEX_WAKE, count);
