// pipe2, read, write, readv, writev and ioctl(FIONREAD): pipe(7).
import { EAGAIN, EBADF, EMFILE, ENOTTY } from "../../assembly/abi/errno.js";
import { FIONREAD } from "../../assembly/abi/ioctl.js";
import { IOV_MAX, MAX_RW_COUNT, PIPE_BUF } from "../../assembly/abi/limits.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { POLLIN, POLLOUT } from "../../assembly/abi/poll.js";
import { byteLengthOf } from "../../src/byte-length.js";
import type { Call } from "../../src/call.js";
import { attemptDescriptor, isFresh, isNonblocking, own, owns, PLAIN, POLLED } from "./descriptors.js";
import { kindOf } from "./file-kinds.js";
import * as libc from "./libc.js";
import { isReady } from "./poll.js";
import {
  readNow,
  readPolled,
  readvNow,
  readvOnce,
  readvPolled,
  unattempted,
  writeNow,
  writeOn,
  writeOnce,
  writePolled,
  writevNow,
  writevOnce,
  writevPolled,
} from "./transfer.js";
import { totalLength } from "./vector.js";

export function pipe2(call: Call): number {
  const { address, view } = libc.scratch;
  if (libc.pipe2(address, libc.machineFlags(call.a)) === -1) return -libc.errno();
  const ends = [view.getInt32(0, true), view.getInt32(4, true)] as const;
  const kept = ends.map(own);
  if (kept.includes(-1)) {
    for (const fd of kept) if (fd !== -1) libc.close(fd);
    return -EMFILE;
  }
  call.value = ends;
  return 0;
}

/**
 * Whether a call may wait: that is decided when it is made. O_NONBLOCK, set while it waits, may or may not be
 * seen: a waiter is not sure to be woken when there is nothing for it.
 */
const mayWait = (call: Call): boolean => call.isWaiting || !isNonblocking(call.a);

/** One attempt at read(2). */
export function read(call: Call): number {
  const fd = call.a;
  if (!owns(fd)) return -EBADF;
  const length = lengthOf(call);
  // Node answers an empty read itself.
  if (length === 0) return libc.resultOrErrno(libc.read(fd, libc.scratch.address, 0));
  const result = readWithoutWaiting(call, length);
  return result === -EAGAIN && mayWait(call) ? BLOCKED : result;
}

/**
 * No private descriptor is made before there is something to read by it: many readers may wait. But a FIFO that never had
 * a writer is no more ready than an empty one, and a read of it gives the end of the file: fifo(7). And a message queue is a
 * file that can be read whether poll(2) calls it readable or not.
 */
const isKnownEmpty = (fd: number): boolean =>
  isFresh(fd) && !isReady(fd, POLLIN) && kindOf(fd) !== "fifo" && kindOf(fd) !== "file";

function readWithoutWaiting({ a: fd, payload }: Call, length: number): number {
  if (isKnownEmpty(fd)) return unattempted(fd);
  const via = attemptDescriptor(fd);
  const bytes = payload as Uint8Array;
  return via === POLLED ? readPolled(fd, bytes, length) : readNow(via >= 0 ? via : fd, bytes, length);
}

/** One attempt at write(2), or at the rest of one. */
export function write(call: Call): number {
  const fd = call.a;
  if (!owns(fd)) return -EBADF;
  const length = lengthOf(call);
  if (length === 0) return libc.resultOrErrno(libc.write(fd, libc.scratch.address, 0));
  const offset = call.transferred;
  const rest = length - offset;
  if (call.isWaiting && !mayGoOn(fd, rest)) return BLOCKED;
  const via = attemptDescriptor(fd);
  const isPatient = rest > PIPE_BUF && via >= 0 && mayWait(call);
  const result = writeWithoutWaiting(fd, via, call.payload as Uint8Array, offset, rest, isPatient);
  // A file that has no room for the rest never will.
  if (via === PLAIN) return result;
  return written(call, result, length, isPatient);
}

/**
 * Whether a write that waits is to be attempted again: when there is room, as poll(2) has it. Without room a short one might
 * fit into the newest page still, but whether it is woken to try is not sure. Whole pages never do (fs/pipe.c), and to ask
 * costs more than to try.
 */
const mayGoOn = (fd: number, length: number): boolean => length % libc.pageSize === 0 || isReady(fd, POLLOUT);

/** @param isPatient the call waits for room if there is not enough */
function writeWithoutWaiting(
  fd: number,
  via: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  isPatient: boolean,
): number {
  if (via === POLLED) return writePolled(fd, bytes, offset, length);
  return isPatient
    ? writeOn(via, bytes, offset, length)
    : writeNow(via >= 0 ? via : fd, bytes, offset, length);
}

/**
 * What a write comes to, of `length` bytes in all, whose attempt has given `result`.
 * @param isPatient it is known already that it waits
 */
function written(call: Call, result: number, length: number, isPatient = false): number {
  if (result < 0) return result === -EAGAIN && (isPatient || mayWait(call)) ? BLOCKED : result;
  call.transferred += result;
  return call.transferred < length && (isPatient || mayWait(call)) ? BLOCKED : call.transferred;
}

/** One attempt at readv(2). */
export function readv(call: Call): number {
  const fd = call.a;
  const buffers = call.payload as readonly Uint8Array[];
  if (!owns(fd)) return -EBADF;
  if (isEmptyOrTooLong(buffers)) return readvOnce(fd, buffers);
  const result = readvWithoutWaiting(fd, buffers);
  return result === -EAGAIN && mayWait(call) ? BLOCKED : result;
}

function readvWithoutWaiting(fd: number, buffers: readonly Uint8Array[]): number {
  if (isKnownEmpty(fd)) return unattempted(fd);
  const via = attemptDescriptor(fd);
  return via === POLLED ? readvPolled(fd, buffers) : readvNow(via >= 0 ? via : fd, buffers);
}

/** One attempt at writev(2), or at the rest of one. */
export function writev(call: Call): number {
  const fd = call.a;
  const buffers = call.payload as readonly Uint8Array[];
  if (!owns(fd)) return -EBADF;
  if (isEmptyOrTooLong(buffers)) return writevOnce(fd, buffers, 0, 0);
  // As a waiting write does.
  if (call.isWaiting && !isReady(fd, POLLOUT)) return BLOCKED;
  const via = attemptDescriptor(fd);
  const length = Math.min(totalLength(buffers), MAX_RW_COUNT);
  const result = transferVector(fd, via, buffers, call.transferred, length - call.transferred);
  if (via === PLAIN) return result;
  return written(call, result, length);
}

function transferVector(
  fd: number,
  via: number,
  buffers: readonly Uint8Array[],
  offset: number,
  length: number,
): number {
  if (via === POLLED) return writevPolled(fd, buffers, offset, length);
  return via === PLAIN ? writevOnce(fd, buffers, offset, length) : writevNow(via, buffers, offset, length);
}

/** Whether a call with these buffers moves nothing, and so does not wait. */
const isEmptyOrTooLong = (buffers: readonly Uint8Array[]): boolean =>
  buffers.length > IOV_MAX || totalLength(buffers) === 0;

/** The plain read(2), on this thread. */
export function readBlocking(call: Call): number {
  if (!owns(call.a)) return -EBADF;
  const length = lengthOf(call);
  if (length === 0) return libc.resultOrErrno(libc.read(call.a, libc.scratch.address, 0));
  return readNow(call.a, call.payload as Uint8Array, length);
}

/** The plain write(2), on this thread. */
export function writeBlocking(call: Call): number {
  if (!owns(call.a)) return -EBADF;
  const length = lengthOf(call);
  if (length === 0) return libc.resultOrErrno(libc.write(call.a, libc.scratch.address, 0));
  return writeOnce(call.a, call.payload as Uint8Array, 0, length);
}

/** The plain readv(2), on this thread. */
export const readvBlocking = (call: Call): number =>
  owns(call.a) ? readvOnce(call.a, call.payload as readonly Uint8Array[]) : -EBADF;

/** The plain writev(2), on this thread. */
export const writevBlocking = (call: Call): number =>
  owns(call.a)
    ? writevOnce(call.a, call.payload as readonly Uint8Array[], 0, Number.POSITIVE_INFINITY)
    : -EBADF;

/** Linux moves no more in one call: read(2). */
const lengthOf = (call: Call): number => Math.min(byteLengthOf(call.payload), MAX_RW_COUNT);

export function ioctl(call: Call): number {
  if (!owns(call.a)) return -EBADF;
  if (call.b !== FIONREAD) return -ENOTTY;
  const { address, view } = libc.scratch;
  if (libc.ioctl(call.a, FIONREAD, address) === -1) return -libc.errno();
  // Of a file that was cut off before the place where it stands, a negative number.
  return Math.max(view.getInt32(0, true), 0);
}
