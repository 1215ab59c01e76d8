// The signals that a program can be told of things by: those that JavaScript can catch without harm. A process catches one of them
// from the first `mq_notify` or `sigwait` that names it until it ends; caught, and not waited for, it stays pending.
//
// Left out are those that nobody can catch (SIGKILL, SIGSTOP), those of a thread's own mistakes (SIGSEGV and its like), those
// with which terminals stop and continue jobs, those that the runtime needs (SIGCHLD, SIGPIPE, SIGPROF), and those that node has no names
// for: the real-time ones.
import {
  SIGALRM,
  SIGHUP,
  SIGINT,
  SIGIO,
  SIGPWR,
  SIGQUIT,
  SIGTERM,
  SIGURG,
  SIGUSR1,
  SIGUSR2,
  SIGWINCH,
} from "../assembly/abi/signal.js";

const numbers = {
  SIGHUP,
  SIGINT,
  SIGQUIT,
  SIGUSR1,
  SIGUSR2,
  SIGALRM,
  SIGTERM,
  SIGURG,
  SIGWINCH,
  SIGIO,
  SIGPWR,
};

/** Their names by number, the lowest first. */
export const catchableSignals: ReadonlyMap<number, string> = new Map(
  Object.entries(numbers).map(([name, number]) => [number, name]),
);

/** The bit of a signal in a set: bit 0 is signal 1. @param signal 1 to 31 */
export const signalBit = (signal: number): number => 1 << (signal - 1);

/** The signals of a set of bits, the lowest first. */
export const signalsIn = (set: number): number[] =>
  [...catchableSignals.keys()].filter((signal) => (set & signalBit(signal)) !== 0);

/** What people call a signal. */
export const signalText = (signal: number): string => catchableSignals.get(signal) ?? `${signal}`;
