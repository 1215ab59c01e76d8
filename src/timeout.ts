// Waits that end after a time. The time is the kernel's own, a clock_nanosleep(2) beside the operation: so it passes on
// the model as it does on the real kernel, and in each order that there is. An operation without a timeout costs nothing,
// and one that completes at once has no timer set for it on the real kernel.
import { CLOCK_MONOTONIC } from "../assembly/abi/time.js";
import { abortSignal } from "./arguments.js";
import { argumentError, isAbortError, timeoutError } from "./errors.js";
import type { Linux, WaitOptions } from "./linux.js";

/** Options of an operation that can wait. */
export interface TimedWaitOptions extends WaitOptions {
  /**
   * Milliseconds after which the operation rejects with a `TimeoutError`, unless it had completed. 0: it does not wait;
   * left out, or Infinity: it waits for ever.
   */
  readonly timeout?: number;
}

const NANOSECONDS_PER_MILLISECOND = 1e6;
/** A receive of a queue's object takes five. */
const SETTLING_TURNS = 8;
/** What clock_nanosleep(2) can be asked for: 292 years. Longer is for ever. */
const LONGEST_NS = 2 ** 63;

/**
 * Runs an operation, and ends it when its time is over. An operation that completed beats timeout and abort.
 * @param name the call, for the error
 * @param operation is given a signal that ends it
 */
export async function withTimeout<Value>(
  linux: Linux,
  name: string,
  options: TimedWaitOptions | undefined,
  operation: (options: WaitOptions | undefined) => Promise<Value>,
): Promise<Value> {
  const timeout = options?.timeout;
  if (timeout === undefined) return await operation(options);
  const signal = checkWait(name, options);
  const timeoutNs = Math.ceil(timeout * NANOSECONDS_PER_MILLISECOND);
  if (timeoutNs >= LONGEST_NS || signal?.aborted) return await operation(signal && { signal });
  return await race(linux, name, timeout, BigInt(timeoutNs), signal, operation);
}

/**
 * Checks the options of a wait that may never come, before anything is touched.
 * @returns the caller's signal
 * @throws TypeError naming the option
 */
export function checkWait(name: string, options: TimedWaitOptions | undefined): AbortSignal | undefined {
  const signal = abortSignal(name, options);
  const timeout = options?.timeout;
  if (timeout === undefined || (typeof timeout === "number" && timeout >= 0)) return signal;
  throw argumentError(name, "options.timeout", "a number of milliseconds, at least 0", timeout);
}

async function race<Value>(
  linux: Linux,
  name: string,
  timeoutMs: number,
  timeoutNs: bigint,
  signal: AbortSignal | undefined,
  operation: (options: WaitOptions) => Promise<Value>,
): Promise<Value> {
  const ender = new AbortController();
  let sleepEnder: AbortController | undefined;
  let isSettled = false;
  /** Why the operation was ended; undefined if its caller's signal did. */
  let expiry: Error | "time is over" | undefined;
  const end = (reason: Error | "time is over"): void => {
    if (ender.signal.aborted || isSettled) return;
    expiry = reason;
    // With a reason: to make one, which has a stack, takes longer than all else here.
    ender.abort(reason);
  };
  const onAbort = (): void => ender.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  const settle = (): void => {
    isSettled = true;
  };
  try {
    const outcome = operation({ signal: ender.signal });
    outcome.then(settle, settle);
    // What a real kernel answered at once is known after some microtasks: one for each function between it and here.
    for (let turn = 0; turn < SETTLING_TURNS && !isSettled; turn++) await undefined;
    if (!isSettled) {
      sleepEnder = new AbortController();
      linux
        .clock_nanosleep(CLOCK_MONOTONIC, 0, timeoutNs, { signal: sleepEnder.signal })
        // Without a timer the wait might never end: that the timer could not be had is then what it fails with.
        .then(() => end("time is over"), end);
    }
    return await outcome;
  } catch (error) {
    if (expiry === undefined || !isAbortError(error)) throw error;
    throw expiry === "time is over" ? timeoutError(name, timeoutMs) : expiry;
  } finally {
    isSettled = true;
    sleepEnder?.abort("the operation is over");
    signal?.removeEventListener("abort", onAbort);
  }
}
