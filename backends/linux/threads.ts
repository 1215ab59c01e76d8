// The threads of this process that can wait, each by its epoll descriptor and its doorbell (an eventfd): one
// that closes a descriptor, or starts a child, tells the others.
//
// A Worker that is terminated cannot close its descriptors, which belong to the process: the next thread that
// enters finds that its thread is gone, and closes them.
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import * as libc from "./libc.js";
import { THREAD_WORDS, threads } from "./shared.js";

// The words of a slot: descriptors + 1, so that 0 is none.
const EPOLL = 0;
const DOORBELL = 1;
const THREAD = 2;

/** A thread that waits. */
export interface WaitingThread {
  readonly epoll: number;
  readonly doorbell: number;
}

let ownSlot = -1;

/** Enters this thread, if there is room: without, it does not learn what other threads do. */
export function enterThread({ epoll, doorbell }: WaitingThread): void {
  removeDead();
  for (let slot = 0; slot < threads.length && ownSlot === -1; slot += THREAD_WORDS) {
    if (Atomics.compareExchange(threads, slot + EPOLL, 0, epoll + 1) === 0) ownSlot = slot;
  }
  if (ownSlot === -1) return;
  Atomics.store(threads, ownSlot + DOORBELL, doorbell + 1);
  Atomics.store(threads, ownSlot + THREAD, ownThread());
}

/** Takes this thread out. */
export function leaveThread(): void {
  if (ownSlot !== -1) takeOut(ownSlot);
  ownSlot = -1;
}

function takeOut(slot: number): WaitingThread {
  Atomics.store(threads, slot + THREAD, 0);
  const doorbell = Atomics.exchange(threads, slot + DOORBELL, 0) - 1;
  // Last: from then on another thread may enter here.
  return { doorbell, epoll: Atomics.exchange(threads, slot + EPOLL, 0) - 1 };
}

/** The other threads. */
export function otherThreads(): WaitingThread[] {
  const found: WaitingThread[] = [];
  for (let slot = 0; slot < threads.length; slot += THREAD_WORDS) {
    const epoll = Atomics.load(threads, slot + EPOLL) - 1;
    const doorbell = Atomics.load(threads, slot + DOORBELL) - 1;
    if (slot !== ownSlot && epoll !== -1 && doorbell !== -1) found.push({ epoll, doorbell });
  }
  return found;
}

/** The kernel's number of this thread; 0 if there is no /proc. */
function ownThread(): number {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return 0;
  }
}

function removeDead(): void {
  for (let slot = 0; slot < threads.length; slot += THREAD_WORDS) {
    const thread = Atomics.load(threads, slot + THREAD);
    if (thread === 0 || existsSync(`/proc/self/task/${thread}`)) continue;
    // Only one thread may do it.
    if (Atomics.compareExchange(threads, slot + THREAD, thread, 0) === thread) closeAllOf(takeOut(slot));
  }
}

/** Closes a dead thread's epoll descriptor and doorbell, and what of this backend itself it had in epoll. */
function closeAllOf({ epoll, doorbell }: WaitingThread): void {
  const watched = readFileSync(`/proc/self/fdinfo/${epoll}`, "utf8").matchAll(/^tfd:\s*(\d+)/gm);
  for (const [, number] of watched) if (isTimerOrChild(Number(number))) libc.close(Number(number));
  libc.close(epoll);
  libc.close(doorbell);
}

function isTimerOrChild(fd: number): boolean {
  try {
    return /^(anon_inode:\[(timerfd|pidfd)\]|pidfd:)/.test(readlinkSync(`/proc/self/fd/${fd}`));
  } catch {
    return false;
  }
}
