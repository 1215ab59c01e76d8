// getpid, getppid, waitpid, exit and kill; spawn is in spawn.ts. Only children that this program spawned are
// ever waited for: node reaps its own (child_process), and must find them.
import { isMainThread } from "node:worker_threads";
import { ECHILD, ESRCH } from "../../assembly/abi/errno.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { POLLIN } from "../../assembly/abi/poll.js";
import { WNOHANG } from "../../assembly/abi/wait.js";
import type { Call } from "../../src/call.js";
import type { Watch } from "../../src/waiting.js";
import { moveUp } from "./descriptors.js";
import * as libc from "./libc.js";
import { closeOwn, doorbellListeners, type Wakeable, watchDescriptor } from "./readiness.js";
import { listChildren, removeChild } from "./shared.js";
import { ownThread } from "./thread-signals.js";

export const getpid = (): number => process.pid;

export const getppid = (): number => process.ppid;

export const gettid = (): number => (isMainThread ? process.pid : ownThread());

export const kill = (call: Call): number => libc.resultOrErrno(libc.kill(call.a, call.b));

/** exit(3). In a Worker process.exit() would end that thread only. */
export function exit(call: Call): never {
  const status = call.a & 0xff;
  if (isMainThread) process.exit(status);
  libc.exit(status);
  throw new Error("_exit returned");
}

/** One attempt at waitpid(2). */
export function waitpid(call: Call): number {
  let isAlive = false;
  for (const child of candidates(call.a)) {
    const result = reap(call, child, WNOHANG);
    if (result > 0) return result;
    if (result === 0) isAlive = true;
  }
  if (!isAlive) return -ECHILD;
  if ((call.b & WNOHANG) === 0) return BLOCKED;
  call.value = { pid: 0, status: 0 };
  return 0;
}

const candidates = (pid: number): number[] => listChildren().filter((child) => pid === -1 || child === pid);

/** @returns the child's pid if it was reaped, 0 if it has not ended, or -errno */
function reap(call: Call, child: number, options: number): number {
  const reaped = libc.resultOrErrno(libc.waitpid(child, libc.scratch.address, options));
  if (reaped > 0) call.value = { pid: reaped, status: libc.scratch.view.getInt32(0, true) };
  // ECHILD: another thread was faster.
  if (reaped > 0 || reaped === -ECHILD) removeChild(child);
  return reaped;
}

const pidfdOpen = (pid: number): number => libc.resultOrErrno(libc.syscall(libc.SYS_pidfd_open, pid, 0));

/** The plain waitpid(2), on this thread. */
export function waitpidBlocking(call: Call): number {
  for (;;) {
    const result = waitpid(call);
    if (result !== BLOCKED) return result;
    if (call.a !== -1) return reap(call, call.a, 0);
    const waited = waitForAnyChild();
    if (waited < 0 && waited !== -ECHILD) return waited;
  }
}

// waitid(2): WNOWAIT leaves the child to be reaped. siginfo_t has the pid at offset 16.
const P_ALL = 0;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const SIGINFO_PID = 16;

/**
 * Returns when a child may have ended, also one that another thread starts meanwhile. waitpid(-1) would reap node's own; one
 * of those that has ended, and that node has not reaped yet, would end this wait again and again: then only the children of
 * the program are waited for that there are now.
 */
function waitForAnyChild(): number {
  const { address, view } = libc.scratch;
  const result = libc.resultOrErrno(libc.waitid(P_ALL, 0, address, WEXITED | WNOWAIT));
  if (result < 0) return result;
  const children = listChildren();
  return children.includes(view.getInt32(SIGINFO_PID, true)) ? 0 : pollChildren(children);
}

/** Returns when one of the children has ended. */
function pollChildren(pids: readonly number[]): number {
  const { address, view } = libc.scratch;
  const opened: number[] = [];
  try {
    for (const pid of pids) {
      const found = pidfdOpen(pid);
      // ESRCH: another thread has reaped it.
      if (found === -ESRCH) continue;
      if (found < 0) return found;
      const fd = moveUp(found);
      view.setInt32(8 * opened.length, fd, true);
      view.setUint16(8 * opened.length + 4, POLLIN, true);
      opened.push(fd);
    }
    return opened.length === 0 ? 0 : libc.resultOrErrno(libc.poll(address, opened.length, -1));
  } finally {
    for (const fd of opened) libc.close(fd);
  }
}

/** Wakes a waitpid when a child has ended: a pidfd is readable then, see pidfd_open(2). */
class ChildWatch implements Watch {
  readonly #pidfds = new Map<number, number>();

  constructor(
    readonly pid: number,
    readonly waiter: Wakeable,
  ) {}

  /** Watches the children that are not watched yet. @returns 0 or -errno */
  refresh(): number {
    for (const pid of candidates(this.pid)) {
      if (this.#pidfds.has(pid)) continue;
      const opened = pidfdOpen(pid);
      if (opened === -ESRCH) continue;
      if (opened < 0) return opened;
      const fd = moveUp(opened);
      this.#pidfds.set(pid, fd);
      const result = watchDescriptor(fd, POLLIN, this.waiter, { isOwn: true });
      if (typeof result === "number") return result;
    }
    return 0;
  }

  cancel(): void {
    waitingForAny.delete(this);
    for (const fd of this.#pidfds.values()) closeOwn(fd);
    this.#pidfds.clear();
  }
}

const waitingForAny = new Set<ChildWatch>();

/** Call it between `hold` and `release`. @returns the watch, or -errno */
export function watchChildren(pid: number, waiter: Wakeable): Watch | number {
  const watch = new ChildWatch(pid, waiter);
  const result = watch.refresh();
  if (result < 0) {
    watch.cancel();
    return result;
  }
  if (pid === -1) waitingForAny.add(watch);
  return watch;
}

/** A child was added: those who wait for any wait for it too. */
export function refreshChildWatches(): void {
  for (const watch of [...waitingForAny]) {
    const result = watch.refresh();
    if (result < 0) watch.waiter.fail(-result);
  }
}

doorbellListeners.push(refreshChildWatches);
