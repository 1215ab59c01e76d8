// What the executors need of libc beyond the calls that they test: limits, other processes' files, interruptions.
import { allocate, bind, touch } from "../backends/linux/ffi.js";
import { memfd_create, resultOrErrno } from "../backends/linux/libc.js";

const functions = {
  setrlimit: bind("setrlimit", "int", "int", "long"),
  syscall2: bind("syscall", "long", "long", "long", "long"),
  syscall3: bind("syscall", "long", "long", "long", "long", "long"),
  sigaction: bind("sigaction", "int", "int", "long", "long"),
  dlsym: bind("dlsym", "long", "long", "string"),
  prctl: bind("prctl", "int", "int", "long"),
  close_range: bind("close_range", "int", "int", "int", "int"),
};

// The same on all architectures: numbers from 403 on are shared.
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const SYS_TGKILL = process.arch === "x64" ? 234 : 131;

const RLIMIT_NOFILE = 7;

const PR_SET_CHILD_SUBREAPER = 36;

/** Makes this process the parent of its descendants' orphans, as init is in a PID namespace. */
export function adoptOrphans(): void {
  if (functions.prctl(PR_SET_CHILD_SUBREAPER, 1) !== 0) throw new Error("prctl failed");
}

/** Looks the functions up: on the main thread, before any Worker starts. */
export function prepareLibc(): void {
  const missing = touch();
  if (missing.size > 0) throw new Error(`this libc has no ${[...missing].join(", ")}`);
}

/** Sets RLIMIT_NOFILE of this process, soft and hard. */
export function limitDescriptors(limit: number): void {
  const { address, view } = allocate(16);
  view.setBigUint64(0, BigInt(limit), true);
  view.setBigUint64(8, BigInt(limit), true);
  if (functions.setrlimit(RLIMIT_NOFILE, address) !== 0) throw new Error("setrlimit failed");
}

/** pidfd_open(2); -1 on failure. */
export const pidfdOpen = (pid: number): number => functions.syscall2(SYS_PIDFD_OPEN, pid, 0);

/** pidfd_getfd(2): a descriptor for another process's open file, or -errno. */
export const pidfdGetfd = (pidfd: number, fd: number): number =>
  resultOrErrno(functions.syscall3(SYS_PIDFD_GETFD, pidfd, fd, 0));

/** A file in memory; the descriptor is inherited by children. */
export const memfdCreate = (name: string): number => memfd_create(name, 0);

/** Closes all descriptors from a number on. */
export const closeFrom = (first: number): number => functions.close_range(first, -1, 0);

/** A real-time signal that neither libc nor node uses. */
const INTERRUPTION = 41;

/**
 * Makes a signal interrupt calls without any other effect: its handler is a C function that does nothing worth
 * mentioning, and SA_RESTART is not set.
 */
export function allowInterruptions(): void {
  // struct sigaction of glibc and musl: handler, mask (128 bytes), flags, restorer.
  const { address, view } = allocate(152);
  view.setBigUint64(0, BigInt(functions.dlsym(0, "getppid")), true);
  if (functions.sigaction(INTERRUPTION, address, 0) !== 0) throw new Error("sigaction failed");
}

/** Interrupts the call that a thread is blocked in. */
export function interrupt(pid: number, thread: number): void {
  functions.syscall3(SYS_TGKILL, pid, thread, INTERRUPTION);
}
