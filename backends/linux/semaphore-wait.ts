// sem_wait(3) and its kin as C takes them, at a place where there is a semaphore: whoever asks has made sure of that.
import { CLOCK_REALTIME } from "../../assembly/abi/time.js";
import * as libc from "./libc.js";

/** A wait for a semaphore. */
export interface SemaphoreWait {
  /** Where it really is (mapping.ts). */
  readonly place: number;
  readonly clockid: number;
  /** Until when: nanoseconds of the clock; undefined for ever. */
  readonly deadline: bigint | undefined;
  /** What keeps the memory mapped: a slot of mapped-parts.ts. */
  readonly pin: number;
}

const NANOSECONDS = 1_000_000_000n;

/** Waits, on this thread. @returns 0 or -errno */
export function waitPlainly({ place, clockid, deadline }: SemaphoreWait): number {
  if (deadline === undefined) return libc.resultOrErrno(libc.sem_wait(place));
  const { address, view } = libc.scratch;
  // The part of a second counts forward before 1970, too.
  const part = ((deadline % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  view.setBigInt64(0, (deadline - part) / NANOSECONDS, true);
  view.setBigInt64(8, part, true);
  const result =
    clockid === CLOCK_REALTIME
      ? libc.sem_timedwait(place, address)
      : libc.sem_clockwait(place, clockid, address);
  return libc.resultOrErrno(result);
}
