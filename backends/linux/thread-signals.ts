// Signals to one thread of this process, which interrupt the system call that it waits in.
import { constants } from "node:os";
import { NSIG } from "../../assembly/abi/signal.js";
import * as libc from "./libc.js";

// asm/unistd.h
const isArm = process.arch === "arm64";
const SYS_gettid = isArm ? 178 : 186;
const SYS_tgkill = isArm ? 131 : 234;
const SYS_timer_create = isArm ? 107 : 222;
const SYS_timer_settime = isArm ? 110 : 223;
const SYS_timer_delete = isArm ? 111 : 226;

const RTLD_DEFAULT = 0;
const SIG_DFL = 0n;

// struct sigaction { handler; sigset_t mask[128 bytes]; int flags; restorer; } of glibc and musl alike.
const ACTION_SIZE = 152;

/**
 * The signals to choose from, the last first: real-time ones mean nothing to node. Those at both ends are left to others:
 * the lowest are libc's own, the highest are chosen by many.
 */
const LAST = NSIG - 3;
const FIRST = NSIG - 24;

let chosen = 0;

/**
 * The signal that interrupts calls. Its handler does nothing: it is libc's abs, int abs(int), for JavaScript cannot run in
 * a handler. Without SA_RESTART, the call ends with EINTR: signal(7).
 *
 * A signal that somebody has a handler for, or ignores, is left alone. The handler stays as long as the process: a late
 * signal would end it otherwise.
 * @throws Error if all are taken
 */
export function interruptingSignal(): number {
  for (let signal = LAST; chosen === 0 && signal >= FIRST; signal--) if (claim(signal)) chosen = signal;
  if (chosen === 0) throw new Error(`linux-ipc: the program handles all signals from ${FIRST} to ${LAST}`);
  return chosen;
}

function claim(signal: number): boolean {
  const handler = BigInt(libc.dlsym(RTLD_DEFAULT, "abs"));
  const { address, bytes, view } = libc.scratch;
  if (libc.sigaction(signal, 0, address) === -1) return false;
  const found = view.getBigUint64(0, true);
  // Another thread of this process has chosen it.
  if (found === handler) return true;
  if (found !== SIG_DFL) return false;
  bytes.fill(0, 0, ACTION_SIZE);
  view.setBigUint64(0, handler, true);
  return libc.sigaction(signal, address, 0) === 0;
}

const SIG_SETMASK = 2;
const SIGNAL_SET_SIZE = 128;

/**
 * Signals that no thread may block: those that tell it of its own mistakes (V8 handles SIGSEGV), the profiler's, and the three
 * that libc changes users and ends threads by.
 */
const NEEDED: readonly number[] = [
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGSEGV",
  "SIGSYS",
  "SIGPROF",
]
  .map((name) => constants.signals[name as NodeJS.Signals])
  .concat(32, 33, 34);

/**
 * Lets one signal through to this thread, and none of those that others may take: a call like msgrcv(2) ends with EINTR after
 * any handler, SA_RESTART or not (signal(7)), and who makes it again is the last in line.
 */
export function admitOnly(signal: number): void {
  const { address, bytes } = libc.scratch;
  bytes.fill(0xff, 0, SIGNAL_SET_SIZE);
  for (const admitted of [signal, ...NEEDED]) {
    bytes[(admitted - 1) >> 3] = (bytes[(admitted - 1) >> 3] as number) & ~(1 << ((admitted - 1) & 7));
  }
  libc.pthread_sigmask(SIG_SETMASK, address, 0);
}

/** The kernel's number of this thread. */
export const ownThread = (): number => libc.syscall4(SYS_gettid, 0, 0, 0, 0);

/** Sends a signal to a thread of this process. @returns whether the thread is there */
export const signalThread = (thread: number, signal: number): boolean =>
  libc.syscall4(SYS_tgkill, process.pid, thread, signal, 0) === 0;

const CLOCK_MONOTONIC = 1;
const SIGEV_THREAD_ID = 4;

/**
 * Sends a signal to this thread again and again, by the kernel: timer_create(2).
 * @returns ends it; undefined if there is no timer left
 */
export function signalOften(signal: number, intervalNs: bigint): (() => void) | undefined {
  const { address, bytes, view } = libc.scratch;
  bytes.fill(0, 0, 128);
  // struct sigevent { sigev_value; int signo; int notify; int thread_id; }, and where the timer's number comes.
  view.setInt32(8, signal, true);
  view.setInt32(12, SIGEV_THREAD_ID, true);
  view.setInt32(16, ownThread(), true);
  if (libc.syscall4(SYS_timer_create, CLOCK_MONOTONIC, address, address + 64, 0) === -1) return undefined;
  const timer = view.getInt32(64, true);
  // struct itimerspec { it_interval; it_value; }
  for (const at of [0, 16]) {
    view.setBigInt64(at, 0n, true);
    view.setBigInt64(at + 8, intervalNs, true);
  }
  libc.syscall4(SYS_timer_settime, timer, 0, address, 0);
  return () => libc.syscall4(SYS_timer_delete, timer, 0, 0, 0);
}
