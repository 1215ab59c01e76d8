// clock_gettime and clock_nanosleep. What cannot be slept on, and times that are no times, are for the kernel
// to judge: those calls return at once.

import { BLOCKED } from "../../assembly/abi/model.js";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, TIMER_ABSTIME } from "../../assembly/abi/time.js";
import type { Call } from "../../src/call.js";
import * as libc from "./libc.js";

const NANOSECONDS = 1_000_000_000n;
const MAX_TIME = (1n << 63n) - 1n;

// libuv reads CLOCK_MONOTONIC as it is for this, without FFI. Fake timers replace process.hrtime, but not
// what it was when this module was loaded.
const readMonotonic = process.hrtime.bigint;

/** Reads a clock. @returns nanoseconds, or undefined if the kernel refuses: errno says why */
export function readClock(clockid: number): bigint | undefined {
  if (clockid === CLOCK_MONOTONIC) return readMonotonic();
  const { address, view } = libc.scratch;
  if (libc.clock_gettime(clockid, address) === -1) return undefined;
  return view.getBigInt64(0, true) * NANOSECONDS + view.getBigInt64(8, true);
}

export function clock_gettime(call: Call): number {
  const time = readClock(call.a);
  if (time === undefined) return -libc.errno();
  call.value = time;
  return 0;
}

/**
 * Writes a struct timespec. The remainder of a negative time is negative, which the kernel refuses as it
 * should.
 */
export function setTimespec(view: DataView, at: number, time: bigint): void {
  view.setBigInt64(at, time / NANOSECONDS, true);
  view.setBigInt64(at + 8, time % NANOSECONDS, true);
}

const sleepable = new Set([CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME]);

/** One attempt at clock_nanosleep(2): it is over when its timer fires. */
export function clock_nanosleep(call: Call, timedOut: boolean): number {
  if (timedOut) return 0;
  const request = call.payload as bigint;
  if (request < 0n || !sleepable.has(call.a)) return askKernel(call, request < 0n ? request : 0n);
  return request === 0n ? 0 : BLOCKED;
}

/** The plain clock_nanosleep(2), on this thread. */
export const nanosleepBlocking = (call: Call): number => askKernel(call, call.payload as bigint);

function askKernel(call: Call, request: bigint): number {
  const { address, view } = libc.scratch;
  setTimespec(view, 0, request);
  return -libc.clock_nanosleep(call.a, call.b, address, 0);
}

/** What a timer is set to: a clock, and a time on it. */
export interface Deadline {
  readonly clockid: number;
  readonly timeNs: bigint;
}

/** When a clock_nanosleep that began now is over. */
export function sleepDeadline(call: Call): Deadline {
  const request = call.payload as bigint;
  if ((call.b & TIMER_ABSTIME) !== 0) return { clockid: call.a, timeNs: request };
  // An interval on CLOCK_REALTIME is not changed by setting that clock: clock_nanosleep(2).
  return deadlineIn(call.a === CLOCK_BOOTTIME ? CLOCK_BOOTTIME : CLOCK_MONOTONIC, request);
}

/** When a poll that began now has waited long enough. */
export const pollDeadline = (timeoutMs: number): Deadline =>
  deadlineIn(CLOCK_MONOTONIC, BigInt(timeoutMs) * 1_000_000n);

function deadlineIn(clockid: number, intervalNs: bigint): Deadline {
  // These clocks are always there.
  const timeNs = (readClock(clockid) as bigint) + intervalNs;
  return { clockid, timeNs: timeNs > MAX_TIME ? MAX_TIME : timeNs };
}
