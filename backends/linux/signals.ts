// Signals that a process is told of things by: sigwait(3). Node's own handlers take them (process.on), for JavaScript cannot run in
// a handler, and a thread cannot wait for a signal that another thread of its process takes: node has threads of its own, and a
// signal to the process goes to any that does not block it. So what the kernel has delivered is kept here, one of a kind,
// until a program takes it: pending, as it would be in the kernel if all threads blocked it.
//
// - Two of a kind that were sent before anybody waits are one. But libuv's handler has put both on their way to the event loop, so
//   a call takes nothing until all has arrived that was sent before it. Until then no AbortSignal ends it either: what was
//   pending at the call completes it, and a call that completes beats its AbortSignal.
// - Signals reach JavaScript on the main thread only. What it catches, the whole process catches; so a Worker may name in
//   mq_notify what the main thread has named before.
// - Once caught, caught until the process ends: a signal that comes late must not end it. Node stops catching a little before the end,
//   so at its `exit` all notifications are withdrawn.
// - The listeners do not keep the process alive. A call that waits does, as any other: hold() in readiness.ts.
import { constants } from "node:os";
// Not the global ones, which tests replace by fake timers.
import { clearImmediate, setImmediate } from "node:timers";
import { isMainThread } from "node:worker_threads";
import { ENOSYS } from "../../assembly/abi/errno.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import type { Call } from "../../src/call.js";
import { catchableSignals, signalBit } from "../../src/signals.js";
import type { Watch } from "../../src/waiting.js";
import { owns } from "./descriptors.js";
import * as queues from "./queue-functions.js";
import type { Wakeable } from "./readiness.js";
import { addCaughtSignals, caughtSignals, highest } from "./shared.js";

/** Signals that have come, and that nobody has taken yet. */
const pending = new Set<number>();
const waiters = new Set<Wakeable>();

const onSignal: NodeJS.SignalsListener = (name) => {
  pending.add(constants.signals[name]);
  for (const waiter of [...waiters]) waiter.wake(false);
};

/** Makes sure that the process catches signals of the list of all that can be. @returns 0 or -errno */
export function catchSignals(signals: readonly number[]): number {
  const set = signals.reduce((bits, signal) => bits | signalBit(signal), 0);
  if (!isMainThread) return (caughtSignals() & set) === set ? 0 : -ENOSYS;
  if (caughtSignals() === 0 && set !== 0) process.once("exit", withdrawAll);
  for (const signal of signals) {
    const result = listen(signal);
    if (result < 0) return result;
  }
  return 0;
}

/** Listens to a signal, again if somebody has removed all listeners. @returns 0 or -errno */
function listen(signal: number): number {
  const name = catchableSignals.get(signal) as NodeJS.Signals;
  if (process.listeners(name).includes(onSignal)) return 0;
  try {
    process.on(name, onSignal);
  } catch (error) {
    // Node could not start to catch it: uv_signal_start.
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    return errno;
  }
  addCaughtSignals(signalBit(signal));
  return 0;
}

/** Withdraws all notifications that this process may have asked for: to withdraw another's, or none, does nothing. */
function withdrawAll(): void {
  for (let fd = 0; fd < highest(); fd++) if (owns(fd)) queues.mq_notify(fd, 0);
}

/** One attempt at sigwait(3): the first takes nothing. */
export function sigwait(call: Call): number {
  const set = call.payload as readonly number[];
  // Whatever has been caught, it is the main thread's to take.
  const caught = isMainThread ? catchSignals(set) : -ENOSYS;
  if (caught < 0) return caught;
  if (!call.isWaiting) return BLOCKED;
  const signal = Math.min(...set.filter((wanted) => pending.has(wanted)));
  return pending.delete(signal) ? signal : BLOCKED;
}

/** A thread that blocks sees no signal that node takes. */
export const sigwaitBlocking = (): number => -ENOSYS;

/** Rounds of the event loop after which all has come that was sent before: in the second it looks at what was there at the first. */
const ARRIVAL_ROUNDS = 2;

/** Does something after some rounds of the event loop. @returns prevents it */
function afterRounds(rounds: number, action: () => void): () => void {
  let left = rounds;
  const next = (): void => {
    if (--left === 0) action();
    else immediate = setImmediate(next);
  };
  let immediate = setImmediate(next);
  return () => clearImmediate(immediate);
}

/**
 * Wakes a sigwait once what was sent before it has come, and whenever a signal has. Call it between `hold` and `release`.
 */
export function watchSignals(waiter: Wakeable): Watch {
  const forget = afterRounds(ARRIVAL_ROUNDS, () => {
    waiters.add(waiter);
    waiter.wake(false);
  });
  return {
    cancel: () => {
      forget();
      waiters.delete(waiter);
    },
  };
}

/**
 * The AbortSignal of a sigwait, kept back until the call has looked at what was pending.
 * @returns the signal for it, and what to do when it is over
 */
export function abortAfterLook(signal: AbortSignal): {
  readonly lateSignal: AbortSignal;
  readonly dispose: () => void;
} {
  const ender = new AbortController();
  const end = (): void => ender.abort(signal.reason);
  const forget = afterRounds(ARRIVAL_ROUNDS + 1, () => {
    if (signal.aborted) end();
    else addEventListener.call(signal, "abort", end);
  });
  return {
    lateSignal: ender.signal,
    dispose: () => {
      forget();
      removeEventListener.call(signal, "abort", end);
    },
  };
}

// The methods of the class, not those that a caller's object may carry.
const { addEventListener, removeEventListener } = EventTarget.prototype;
