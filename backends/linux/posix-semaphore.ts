// POSIX semaphores: libc's own, so that C programs share them. A semaphore is words of memory that libc changes, and it asks nobody whether
// they are there: so each address is looked up first, and each semaphore read, by the kernel, before libc touches it.
//
// What sem_open(3) gives is libc's mapping, which calls use, and a second one of the same page for arrays, as all mappings have
// (mapping.ts). It is counted for all threads (mapped-parts.ts): whichever closes it last.
import {
  EAGAIN,
  EBUSY,
  EFAULT,
  EINVAL,
  ENAMETOOLONG,
  ENOENT,
  ENOMEM,
  ENOSYS,
  ETIMEDOUT,
} from "../../assembly/abi/errno.js";
import { O_CREAT, O_EXCL } from "../../assembly/abi/fcntl.js";
import { NAME_MAX } from "../../assembly/abi/limits.js";
import { PROT_READ, PROT_WRITE } from "../../assembly/abi/mman.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import {
  SEM_ALIGNMENT,
  SEM_OF_ALL,
  SEM_OF_PROCESS,
  SEM_SHARING_PLACE,
  SEM_SIZE,
} from "../../assembly/abi/semaphore.js";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "../../assembly/abi/time.js";
import type { Call, SemaphoreOpening, SemaphorePlace } from "../../src/call.js";
import { readClock } from "./clock.js";
import * as libc from "./libc.js";
import { enterSemaphore, isPinned, isSemaphoreOpen, leaveSemaphore, pin, unpin } from "./mapped-parts.js";
import { hideSemaphore, placeOf, semaphoreMapping } from "./mapping.js";
import { type SemaphoreWait, waitPlainly } from "./semaphore-wait.js";

// Names

/** The name without the slashes that libc leaves out; undefined for what is none. */
function bareName(name: string): string | undefined {
  const bare = name.replace(/^\/+/, "");
  return bare === "" || bare.includes("/") ? undefined : bare;
}

/** Whether it is longer than libc has room for: what it says of that differs. */
const isTooLong = (bare: string): boolean => Buffer.byteLength(bare) > NAME_MAX;

export function sem_open(call: Call): number {
  const { name, value } = call.payload as SemaphoreOpening;
  const bare = bareName(name);
  if (bare === undefined) return -EINVAL;
  if (isTooLong(bare)) return -ENAMETOOLONG;
  const address = libc.sem_open(name, call.a & (O_CREAT | O_EXCL), call.b, value);
  if (address === 0) return -libc.errno();
  const life = enterSemaphore(address, libc.pageSize);
  const mapping = life === undefined ? undefined : semaphoreMapping(address, SEM_SIZE, life);
  if (mapping === undefined) {
    if (life !== undefined) leaveSemaphore(address);
    libc.sem_close(address);
    return -ENOMEM;
  }
  call.value = mapping;
  return 0;
}

export function sem_close({ payload }: Call): number {
  const { address } = payload as SemaphorePlace;
  const life = leaveSemaphore(address);
  if (life === undefined) return -EINVAL;
  const isLast = !isSemaphoreOpen(address);
  // Whoever begins to wait from here on finds no semaphore there.
  if (isLast && isPinned(address, libc.pageSize)) {
    enterSemaphore(address, libc.pageSize, life);
    return -EBUSY;
  }
  if (isLast) hideSemaphore(address);
  return libc.resultOrErrno(libc.sem_close(address));
}

export function sem_unlink({ payload }: Call): number {
  const name = payload as string;
  const bare = bareName(name);
  if (bare === undefined) return -ENOENT;
  return isTooLong(bare) ? -ENAMETOOLONG : libc.resultOrErrno(libc.sem_unlink(name));
}

// Semaphores

/**
 * Where some bytes for a semaphore really are, which are read into the scratch memory: as all that may be missing is seen by that.
 * @returns the place, or -errno
 */
function readPlace(address: number, way: number): number {
  if (address % SEM_ALIGNMENT !== 0) return -EINVAL;
  const place = placeOf(address, SEM_SIZE, PROT_READ);
  if (place < 0 || placeOf(address, SEM_SIZE, way) < 0) return -EFAULT;
  const { address: scratch, view } = libc.scratch;
  const [local, remote] = [SEM_SIZE, SEM_SIZE + 16];
  view.setBigInt64(local, BigInt(scratch), true);
  view.setBigInt64(local + 8, BigInt(SEM_SIZE), true);
  view.setBigInt64(remote, BigInt(place), true);
  view.setBigInt64(remote + 8, BigInt(SEM_SIZE), true);
  const count = libc.process_vm_readv(process.pid, scratch + local, 1, scratch + remote, 1, 0);
  return count === SEM_SIZE ? place : -EFAULT;
}

/** Where the semaphore at an address really is, or -errno. glibc ends the process when it finds what is none. */
function findPlace(address: number, way: number): number {
  const place = readPlace(address, way);
  if (place < 0 || !libc.isGlibc) return place;
  const sharing = libc.scratch.view.getInt32(SEM_SHARING_PLACE, true);
  return sharing === SEM_OF_PROCESS || sharing === SEM_OF_ALL ? place : -EINVAL;
}

/** Lets libc work on a semaphore that stays where it is meanwhile, whatever other threads do. */
function onSemaphore(
  { payload }: Call,
  find: (address: number, way: number) => number,
  way: number,
  use: (place: number) => number,
): number {
  const { address } = payload as SemaphorePlace;
  const slot = pin(address, true);
  if (slot === -1) return -ENOMEM;
  const place = find(address, way);
  const result = place < 0 ? place : libc.resultOrErrno(use(place));
  unpin(slot);
  return result;
}

export function sem_init(call: Call): number {
  // libc says so too, but only of what is there.
  if (call.b < 0) return -EINVAL;
  return onSemaphore(call, readPlace, PROT_WRITE, (place) => libc.sem_init(place, call.a, call.b));
}

export const sem_destroy = (call: Call): number => onSemaphore(call, findPlace, PROT_WRITE, libc.sem_destroy);

export const sem_trywait = (call: Call): number => onSemaphore(call, findPlace, PROT_WRITE, libc.sem_trywait);

export const sem_post = (call: Call): number => onSemaphore(call, findPlace, PROT_WRITE, libc.sem_post);

export function sem_getvalue(call: Call): number {
  const { address, view } = libc.scratch;
  const result = onSemaphore(call, findPlace, PROT_READ, (place) => libc.sem_getvalue(place, address));
  if (result === 0) call.value = view.getInt32(0, true);
  return result;
}

// Waiting

/** What is wrong with the time that a call waits until: -errno, or 0. */
function mistakeIn({ a: clockid, deadline }: Call): number {
  if (deadline === undefined || clockid === CLOCK_REALTIME) return 0;
  if (clockid !== CLOCK_MONOTONIC) return -EINVAL;
  return libc.hasSemaphoreClocks ? 0 : -ENOSYS;
}

/** One attempt at sem_wait(3), sem_timedwait(3) or sem_clockwait(3). */
export function sem_wait(call: Call): number {
  const result = mistakeIn(call) || sem_trywait(call);
  if (result !== -EAGAIN) return result;
  const { a: clockid, deadline } = call;
  const isOver = deadline !== undefined && deadline <= (readClock(clockid) as bigint);
  return isOver ? -ETIMEDOUT : BLOCKED;
}

/** The plain call, on this thread. */
export function sem_waitBlocking(call: Call): number {
  const mistake = mistakeIn(call);
  if (mistake < 0) return mistake;
  const wait = semaphoreWaitOf(call);
  if (typeof wait === "number") return wait;
  const result = waitPlainly(wait);
  unpin(wait.pin);
  return result;
}

/** What a lane is to wait for, with a pin to be given back; -errno if there is no semaphore any more. */
export function semaphoreWaitOf({ a: clockid, deadline, payload }: Call): SemaphoreWait | number {
  const { address } = payload as SemaphorePlace;
  const slot = pin(address, true);
  if (slot === -1) return -ENOMEM;
  const place = findPlace(address, PROT_WRITE);
  if (place >= 0) return { place, clockid, deadline, pin: slot };
  unpin(slot);
  return place;
}
