// Who waits for which descriptor. All waits of a thread share one private epoll descriptor, and that one is
// watched by the event loop (loop.ts): nothing that node does is ever done to a descriptor of the program.
//
//   program's descriptors ─┐
//   timers, pidfds ────────┼─ epoll ── event loop ── harvest ── waiters attempt again
//   doorbell (eventfd) ────┘
//
// - A descriptor is armed once for all its waiters (EPOLLONESHOT, the events of all of them), and stays known
//   to epoll until it is closed: a wait costs one epoll_ctl, and none while it is still armed from the last
//   time.
// - While exactly one descriptor is armed, an event can only be about it: its waiters attempt at once, and
//   epoll_wait is only called if that led nowhere.
// - Of the readers of one descriptor, those behind one that found nothing are not tried.
// - A number that is closed is taken out of epoll before, here and in the other threads: epoll would go on
//   reporting its open file while another process has it, with no way left to name it. Other threads learn of
//   it by their doorbell.
import { isMainThread } from "node:worker_threads";
import { EBADF, EEXIST, ENOENT, EPERM } from "../../assembly/abi/errno.js";
import { O_CLOEXEC, O_NONBLOCK } from "../../assembly/abi/fcntl.js";
import { POLLERR, POLLHUP, POLLIN } from "../../assembly/abi/poll.js";
import type { Watch } from "../../src/waiting.js";
import { generationOf, moveUp } from "./descriptors.js";
import { laneCount } from "./lanes.js";
import * as libc from "./libc.js";
import { type LoopWatch, watchLoop } from "./loop.js";
import { watchers } from "./shared.js";
import { enterThread, leaveThread, otherThreads } from "./threads.js";

/** What is told that a descriptor is ready, or a time over. */
export interface Wakeable {
  /** @returns whether it is done waiting */
  wake(timedOut: boolean): boolean;
  fail(errno: number): void;
}

// sys/epoll.h
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLONESHOT = 1 << 30;

// struct epoll_event { uint32_t events; uint64_t data; }, which is packed on x86 only.
const EVENT_SIZE = process.arch === "x64" ? 12 : 16;
const EVENT_DATA = process.arch === "x64" ? 4 : 8;
const CONTROL_OFFSET = 64;
const EVENTS_OFFSET = 36864;
const EVENTS_COUNT = 1024;

class Watched {
  readonly registrations: Registration[] = [];
  readonly generation: number;
  /** Whether epoll has it. */
  known = false;
  /** What epoll reports next, EPOLLONESHOT among it; 0: nothing. */
  armed = 0;

  constructor(
    readonly fd: number,
    readonly isProgram: boolean,
  ) {
    this.generation = isProgram ? generationOf(fd) : 0;
  }
}

/** One waiter on one descriptor. */
class Registration implements Watch {
  constructor(
    readonly watched: Watched,
    readonly events: number,
    readonly isExclusive: boolean,
    readonly waiter: Wakeable,
  ) {
    watched.registrations.push(this);
  }

  cancel(): void {
    const { registrations } = this.watched;
    const at = registrations.indexOf(this);
    if (at !== -1) registrations.splice(at, 1);
  }
}

const watched = new Map<number, Watched>();
/** Those of them that epoll reports next. */
const armed = new Set<Watched>();
let holders = 0;
let epoll = -1;
let doorbell = -1;
let loop: LoopWatch | undefined;

/**
 * Keeps the process alive, and events coming, until `release`.
 * @returns 0 or -errno
 */
export function hold(): number {
  if (epoll === -1) {
    const result = create();
    if (result < 0) return result;
  }
  if (holders++ === 0) loop?.resume();
  return 0;
}

/** How many calls of this thread wait. */
export const waitingCount = (): number => holders + laneCount();

export function release(): void {
  if (--holders === 0) loop?.pause();
}

function create(): number {
  const made = libc.resultOrErrno(libc.epoll_create1(O_CLOEXEC));
  if (made < 0) return made;
  const bell = libc.resultOrErrno(libc.eventfd(0, O_CLOEXEC | O_NONBLOCK));
  if (bell < 0) {
    libc.close(made);
    return bell;
  }
  epoll = moveUp(made);
  doorbell = moveUp(bell);
  control(EPOLL_CTL_ADD, doorbell, POLLIN);
  enterThread({ epoll, doorbell });
  loop = watchLoop(epoll, harvest);
  // At the end of a Worker: its descriptors belong to the process, which goes on.
  process.once("exit", dispose);
  return 0;
}

function dispose(): void {
  loop?.dispose();
  if (isMainThread) return;
  leaveThread();
  ring(doorbell);
  for (const { fd, isProgram } of watched.values()) if (!isProgram) libc.close(fd);
  libc.close(epoll);
  libc.close(doorbell);
}

/** How a descriptor is watched. */
export interface WatchOptions {
  /** Only one of several waiters can have what comes: those behind one that found nothing are not tried. */
  readonly isExclusive?: boolean;
  /** A descriptor of this backend itself. */
  readonly isOwn?: boolean;
}

/**
 * Wakes `waiter` whenever the descriptor is ready for one of the events, or has failed. Call it between
 * `hold` and `release`.
 * @returns the registration, or -errno
 */
export function watchDescriptor(
  fd: number,
  events: number,
  waiter: Wakeable,
  { isExclusive = false, isOwn = false }: WatchOptions = {},
): Watch | number {
  let entry = watched.get(fd);
  if (entry?.isProgram && entry.generation !== generationOf(fd)) {
    retire(entry);
    entry = undefined;
  }
  if (entry === undefined) {
    entry = new Watched(fd, !isOwn);
    watched.set(fd, entry);
  }
  const registration = new Registration(entry, events, isExclusive, waiter);
  const result = arm(entry);
  if (result === 0) return registration;
  registration.cancel();
  return result;
}

function arm(entry: Watched): number {
  let wanted = EPOLLONESHOT;
  for (const { events } of entry.registrations) wanted |= events;
  if ((entry.armed & wanted) === wanted) return 0;
  const events = entry.armed | wanted;
  let result = control(entry.known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, entry.fd, events);
  // The number was closed and opened again behind our back.
  if (result === -EEXIST) result = control(EPOLL_CTL_MOD, entry.fd, events);
  else if (result === -ENOENT) result = control(EPOLL_CTL_ADD, entry.fd, events);
  // Files cannot be watched: they are always ready, so no call waits for one but a poll for nothing.
  if (result < 0) return result === -EPERM ? 0 : result;
  if (!entry.known && entry.isProgram) Atomics.add(watchers, entry.fd, 1);
  entry.known = true;
  armed.add(entry);
  entry.armed = events;
  if (!entry.isProgram || entry.generation === generationOf(entry.fd)) return 0;
  // Another thread closed it meanwhile.
  control(EPOLL_CTL_DEL, entry.fd, 0);
  return -EBADF;
}

function control(operation: number, fd: number, events: number, of = epoll): number {
  const { address, view } = libc.scratch;
  view.setUint32(CONTROL_OFFSET, events, true);
  view.setInt32(CONTROL_OFFSET + EVENT_DATA, fd, true);
  view.setInt32(CONTROL_OFFSET + EVENT_DATA + 4, 0, true);
  return libc.resultOrErrno(libc.epoll_ctl(of, operation, fd, address + CONTROL_OFFSET));
}

/** Events are there: waiters attempt again. Called by the event loop, possibly without cause. */
function harvest(): void {
  if (armed.size === 1 && wakeOnly()) return;
  for (;;) {
    const { address, view } = libc.scratch;
    const count = libc.epoll_wait(epoll, address + EVENTS_OFFSET, EVENTS_COUNT, 0);
    // The scratch memory is reused by what waiters do.
    const events: { entry: Watched; events: number }[] = [];
    for (let index = 0, at = EVENTS_OFFSET; index < count; index++, at += EVENT_SIZE) {
      const fd = view.getInt32(at + EVENT_DATA, true);
      const entry = watched.get(fd);
      if (fd === doorbell) answerDoorbell();
      if (entry === undefined) continue;
      disarm(entry);
      events.push({ entry, events: view.getUint32(at, true) });
    }
    for (const { entry, events: reported } of events) wake(entry, reported);
    if (count < EVENTS_COUNT) return;
  }
}

function disarm(entry: Watched): void {
  armed.delete(entry);
  entry.armed = 0;
}

/** Wakes those who wait for the one descriptor that is armed. @returns whether one of them is done */
function wakeOnly(): boolean {
  const [entry] = armed;
  return entry?.isProgram === true && entry.registrations.length > 0 && wake(entry, entry.armed);
}

/** Wakes waiters of a descriptor in the order in which they came. @returns whether one of them is done */
function wake(entry: Watched, reported: number): boolean {
  const { registrations, fd } = entry;
  const events = (reported & (POLLERR | POLLHUP)) !== 0 ? -1 : reported;
  let isProgress = false;
  let exhausted = 0;
  for (const registration of [...registrations]) {
    if (registration.events !== 0 && (registration.events & events) === 0) continue;
    if (registration.isExclusive && (registration.events & exhausted) !== 0) continue;
    if (registration.waiter.wake(false)) isProgress = true;
    else if (registration.isExclusive) exhausted |= registration.events;
  }
  if (registrations.length > 0 && watched.get(fd) === entry) {
    const result = arm(entry);
    if (result < 0) for (const { waiter } of [...registrations]) waiter.fail(-result);
  }
  return isProgress;
}

/** Takes a descriptor of this backend itself out, and closes it. */
export function closeOwn(fd: number): void {
  const entry = watched.get(fd);
  if (entry !== undefined) {
    if (entry.known) control(EPOLL_CTL_DEL, fd, 0);
    watched.delete(fd);
    disarm(entry);
  }
  libc.close(fd);
}

/**
 * Takes a descriptor out that is about to be closed: the step after `disown` and before close(2).
 * @returns ends its waits: to be called after close(2), before its number is the program's again. Waiters
 *   attempt once more then, and find that it is not
 */
export function forget(fd: number): () => void {
  const entry = watched.get(fd);
  if (entry !== undefined) {
    if (entry.known) control(EPOLL_CTL_DEL, fd, 0);
    detach(entry);
  }
  if (Atomics.load(watchers, fd) > 0) forgetElsewhere(fd);
  return () => entry && endWaits(entry);
}

function detach(entry: Watched): void {
  watched.delete(entry.fd);
  disarm(entry);
  if (entry.known && entry.isProgram) Atomics.sub(watchers, entry.fd, 1);
}

function endWaits({ registrations }: Watched): void {
  for (const { waiter } of [...registrations]) if (!waiter.wake(false)) waiter.fail(EBADF);
}

function retire(entry: Watched): void {
  detach(entry);
  endWaits(entry);
}

function forgetElsewhere(fd: number): void {
  for (const other of otherThreads()) {
    control(EPOLL_CTL_DEL, fd, 0, other.epoll);
    ring(other.doorbell);
  }
}

function ring(bell: number): void {
  const { address, view } = libc.scratch;
  view.setBigInt64(0, 1n, true);
  libc.write(bell, address, 8);
}

/**
 * Another thread closed a descriptor that is watched here: it has taken it out of epoll, and opened the
 * number again perhaps.
 */
function answerDoorbell(): void {
  libc.read(doorbell, libc.scratch.address, 8);
  for (const entry of [...watched.values()]) {
    if (entry.isProgram && entry.generation !== generationOf(entry.fd)) retire(entry);
  }
  for (const listener of doorbellListeners) listener();
}

/** Called when another thread may have closed a descriptor or started a child. */
export const doorbellListeners: (() => void)[] = [];

/** Tells the other threads that wait. */
export function ringElsewhere(): void {
  for (const { doorbell } of otherThreads()) ring(doorbell);
}
