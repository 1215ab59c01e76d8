// The program's own descriptors: those it opened, inherited or adopted. Any other is EBADF before a system
// call is made, because node's own are in the same table, and closing one of those aborts the process.
//
// A pipe is read and written through a private descriptor: /proc/self/fd/N opened again with O_NONBLOCK. That
// is an open file of its own on the same pipe, so an attempt never blocks the event loop, and the O_NONBLOCK
// flag of the program's open file, which other processes share, stays as it is. The private one counts as a
// reader or writer of the pipe like any other, so it is closed before the program's: else the other side
// would never see the end of the file.
import { EACCES, EBADF, EMFILE, ENOENT } from "../../assembly/abi/errno.js";
import {
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_SETFL,
  O_ACCMODE,
  O_CLOEXEC,
  O_DIRECT,
  O_NONBLOCK,
  O_WRONLY,
} from "../../assembly/abi/fcntl.js";
import { forgetKind, kindOf } from "./file-kinds.js";
import * as libc from "./libc.js";
import { capacity, generations, highest, privates, raiseHighest } from "./shared.js";

/** No private descriptor was looked for yet. Else: what is below, or a private descriptor + 1. */
const UNKNOWN = 0;
/** Reads and writes never block: a file, a directory. */
const NEVER_BLOCKS = -1;
/** Cannot be opened again: poll first, and write no more than a pipe with room surely takes. */
const POLL_FIRST = -2;

/** How bytes are moved without blocking: through a private descriptor >= 0, or one of the two below. */
export const PLAIN = -1;
export const POLLED = -2;

/** Whether a number is a descriptor of the program. */
export const owns = (fd: number): boolean =>
  fd >= 0 && fd < capacity && ((generations[fd] as number) & 1) === 1;

/** Changes with every opening and closing of the number. */
export const generationOf = (fd: number): number => Atomics.load(generations, fd);

/**
 * Enters a descriptor that a call has just made.
 * @returns it, or -1 if its number is too high to be entered: it is closed again
 */
export function own(fd: number): number {
  if (fd >= capacity) {
    libc.close(fd);
    return -1;
  }
  // The kernel gave the number, so it was free: one of ours was closed behind our back (fs.closeSync), and
  // its private descriptor is left.
  if (owns(fd)) disown(fd);
  Atomics.add(generations, fd, 1);
  raiseHighest(fd);
  return fd;
}

/**
 * What a call comes to that made a descriptor.
 * @param result the descriptor, or -errno
 */
export const entered = (result: number): number => (result >= 0 && own(result) === -1 ? -EMFILE : result);

/**
 * Takes a descriptor out, and closes the private one: the step before its number is closed or reused.
 * @returns false if it is not the program's, or another thread was first
 */
export function disown(fd: number): boolean {
  const generation = owns(fd) ? generationOf(fd) : 0;
  if ((generation & 1) === 0) return false;
  if (Atomics.compareExchange(generations, fd, generation, generation + 1) !== generation) return false;
  dropPrivate(fd);
  return true;
}

/** Makes an open descriptor the program's. @returns 0 or -EBADF */
export function adopt(fd: number): number {
  if (fd < 0 || fd >= capacity || libc.fcntl(fd, F_GETFD, 0) === -1) return -EBADF;
  forgetKind(fd);
  if (owns(fd)) dropPrivate(fd);
  else own(fd);
  return 0;
}

/** All descriptors of the program, ascending. */
export function listOwned(): number[] {
  const found: number[] = [];
  const end = highest();
  for (let fd = 0; fd < end; fd++) if (owns(fd)) found.push(fd);
  return found;
}

/**
 * Closes all private descriptors: they carry a copy of O_DIRECT, which was changed. They are made anew when
 * needed.
 */
export function dropPrivates(): void {
  for (const fd of listOwned()) dropPrivate(fd);
}

function dropPrivate(fd: number): void {
  const known = Atomics.exchange(privates, fd, UNKNOWN);
  if (known > 0) libc.close(known - 1);
}

/** Whether the open file has O_NONBLOCK now: any process that shares it may have set it. */
export const isNonblocking = (fd: number): boolean =>
  (libc.machineFlags(libc.fcntlPlain(fd, F_GETFL)) & O_NONBLOCK) !== 0;

/** Whether it is not known yet how to attempt on a descriptor: finding out opens it again. */
export const isFresh = (fd: number): boolean => privates[fd] === UNKNOWN;

/** Whether nothing can be read from the open file. */
export const isWriteOnly = (fd: number): boolean => (libc.fcntlPlain(fd, F_GETFL) & O_ACCMODE) === O_WRONLY;

/** How to attempt on a descriptor of the program: a private descriptor, PLAIN or POLLED. */
export function attemptDescriptor(fd: number): number {
  const known = privates[fd] as number;
  if (known > 0) return known - 1;
  if (known === NEVER_BLOCKS) return PLAIN;
  return known === POLL_FIRST ? POLLED : findAttempt(fd);
}

/**
 * Makes the private descriptors that are not made yet: the process is about to give up rights, and may not open its own
 * pipes and FIFOs again then.
 */
export function preparePrivates(): void {
  for (const fd of listOwned()) if (isFresh(fd)) findAttempt(fd);
}

function findAttempt(fd: number): number {
  const generation = generationOf(fd);
  const found = tryAttempts(fd);
  if (generationOf(fd) === generation) return found;
  // Another thread closed it meanwhile: what was found belongs to nothing.
  dropPrivate(fd);
  return POLLED;
}

function tryAttempts(fd: number): number {
  const kind = kindOf(fd);
  if (kind === "file") return remember(fd, NEVER_BLOCKS);
  if (kind === "other") return remember(fd, POLL_FIRST);
  // Closed behind our back: the attempt will say so.
  if (kind === "none") return POLLED;
  const opened = openAgain(fd);
  if (opened >= 0) return remember(fd, moveUp(opened) + 1);
  // The pipe of another user, or no /proc. Other reasons may pass: too many files are open, or ENXIO, which
  // is the write end of a FIFO that has no reader, see fifo(7).
  return opened === -EACCES || opened === -ENOENT ? remember(fd, POLL_FIRST) : POLLED;
}

function remember(fd: number, found: number): number {
  const other = Atomics.compareExchange(privates, fd, UNKNOWN, found);
  if (other === UNKNOWN) return found > 0 ? found - 1 : found;
  // Another thread was first.
  if (found > 0) libc.close(found - 1);
  return other > 0 ? other - 1 : other;
}

function openAgain(fd: number): number {
  const flags = libc.machineFlags(libc.fcntlPlain(fd, F_GETFL));
  const mode = (flags & O_ACCMODE) | O_NONBLOCK | O_CLOEXEC;
  const opened = libc.resultOrErrno(libc.open(`/proc/self/fd/${fd}`, mode, 0));
  // open(2) refuses O_DIRECT for a pipe, fcntl(2) does not: pipe(7), packet mode.
  if (opened >= 0 && (flags & O_DIRECT) !== 0) {
    libc.fcntl(opened, F_SETFL, libc.machineFlags(O_NONBLOCK | O_DIRECT));
  }
  return opened;
}

/**
 * Where the descriptors of this backend itself begin: the program gets the lowest free numbers, as from a
 * bare kernel.
 */
const OWN_BASE = Math.min(4096, capacity >> 1);

/**
 * Opens a file that means nothing, to claim or reserve numbers with. A copy of a program's own would not do: closed again, it
 * would withdraw the notification of a queue (mq_notify(3)).
 * @returns its descriptor, or -errno
 */
export const openBlank = (): number => libc.resultOrErrno(libc.eventfd(0, O_CLOEXEC));

/** Moves a descriptor of this backend itself out of the way of the program's numbers. */
export function moveUp(fd: number): number {
  const moved = libc.fcntl(fd, F_DUPFD_CLOEXEC, OWN_BASE);
  if (moved === -1) return fd;
  libc.close(fd);
  return moved;
}
