// What the executors need of libc beyond the calls that they test: limits, credentials, other processes' files, interruptions.
import { chmodSync } from "node:fs";
import { allocate, bind, touch } from "../backends/linux/ffi.js";
import { resultOrErrno } from "../backends/linux/libc.js";
import type { Ids } from "./users.js";

const functions = {
  setrlimit: bind("setrlimit", "int", "int", "long"),
  syscall2: bind("syscall", "long", "long", "long", "long"),
  syscall3: bind("syscall", "long", "long", "long", "long", "long"),
  sigaction: bind("sigaction", "int", "int", "long", "long"),
  dlsym: bind("dlsym", "long", "long", "string"),
  prctl: bind("prctl", "int", "int", "long"),
  close_range: bind("close_range", "int", "int", "int", "int"),
  mkfifo: bind("mkfifo", "int", "string", "int"),
  chdir: bind("chdir", "int", "string"),
  umask: bind("umask", "int", "int"),
  setgroups: bind("setgroups", "int", "long", "long"),
  setresuid: bind("setresuid", "int", "int", "int", "int"),
  setresgid: bind("setresgid", "int", "int", "int", "int"),
};

/** Throws unless a function succeeded. */
function must(name: string, returned: number): void {
  if (returned === -1) throw new Error(`${name} failed: errno ${-resultOrErrno(-1)}`);
}

// The same on all architectures: numbers from 403 on are shared.
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const SYS_TGKILL = process.arch === "x64" ? 234 : 131;

const RLIMIT_NOFILE = 7;

const PR_SET_CHILD_SUBREAPER = 36;

/** Makes this process the parent of its descendants' orphans, as init is in a PID namespace. */
export function adoptOrphans(): void {
  must("prctl", functions.prctl(PR_SET_CHILD_SUBREAPER, 1));
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
  must("setrlimit", functions.setrlimit(RLIMIT_NOFILE, address));
}

/**
 * Gets a descriptor for another process's open file: pidfd_getfd(2).
 * @param place a number of ours that the pidfd gets meanwhile, so that the new descriptor has the lowest free one
 * @returns the descriptor, or -errno
 */
export function takeFrom(pid: number, fd: number, place: number): number {
  functions.close_range(place, place, 0);
  const pidfd = functions.syscall2(SYS_PIDFD_OPEN, pid, 0);
  if (pidfd !== place) throw new Error(`pidfd_open gave ${resultOrErrno(pidfd)}, not ${place}`);
  return resultOrErrno(functions.syscall3(SYS_PIDFD_GETFD, pidfd, fd, 0));
}

/** Makes a FIFO that every user may read and write. */
export function makeChannel(path: string): void {
  must("mkfifo", functions.mkfifo(path, 0));
  chmodSync(path, 0o666);
}

/** What files a process makes do not get, at the start of a case. */
const UMASK = 0o022;

/** Begins in a directory as if started there. */
export function enter(folder: string): void {
  must("chdir", functions.chdir(folder));
  functions.umask(UMASK);
}

/** Gives all threads of this process other IDs: user 0 may do that. */
export function setIds({ uid, ruid = uid, gid, groups }: Ids): void {
  must("setgroups", setGroups(groups));
  must("setresgid", functions.setresgid(gid, gid, gid));
  must("setresuid", functions.setresuid(ruid, uid, uid));
}

/** Gives all threads of this process these IDs back, as far as they may have them. */
export function resetIds({ uid, ruid = uid, gid, groups }: Ids): void {
  // A saved user 0 has its powers back once it is the effective one.
  functions.setresuid(-1, uid, -1);
  setGroups(groups);
  functions.setresgid(gid, gid, gid);
  functions.setresuid(ruid, uid, uid);
}

function setGroups(groups: readonly number[]): number {
  const list = allocate(4 * groups.length + 4);
  for (const [place, group] of groups.entries()) list.view.setUint32(4 * place, group, true);
  return functions.setgroups(groups.length, list.address);
}

/** Closes all descriptors from a number on. */
export const closeFrom = (first: number): number => functions.close_range(first, -1, 0);

/** A real-time signal that neither libc nor node uses. */
export const INTERRUPTION = 41;

/**
 * Makes a signal interrupt calls without any other effect: its handler is a C function that does nothing worth
 * mentioning, and SA_RESTART is not set.
 */
export function allowInterruptions(): void {
  // struct sigaction of glibc and musl: handler, mask (128 bytes), flags, restorer.
  const { address, view } = allocate(152);
  view.setBigUint64(0, BigInt(functions.dlsym(0, "getppid")), true);
  must("sigaction", functions.sigaction(INTERRUPTION, address, 0));
}

/** Interrupts the call that a thread is blocked in. */
export function interrupt(pid: number, thread: number): void {
  functions.syscall3(SYS_TGKILL, pid, thread, INTERRUPTION);
}
