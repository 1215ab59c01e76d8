// pipe2, read, write and ioctl(FIONREAD): pipe(7). Bytes go by node:fs, which is faster than FFI by far; but a failed call of it
// costs 15 us (it makes an Error), so where the last attempt found nothing, poll(2) is asked first.
import { readSync, writeSync } from "node:fs";
import { EAGAIN, EBADF, EMFILE, ENOTTY } from "../../assembly/abi/errno.js";
import { FIONREAD } from "../../assembly/abi/ioctl.js";
import { MAX_RW_COUNT, PIPE_BUF } from "../../assembly/abi/limits.js";
import { POLLIN, POLLOUT } from "../../assembly/abi/poll.js";
import { byteLengthOf } from "../../src/byte-length.js";
import type { Call } from "../../src/call.js";
import { BLOCKED } from "../../src/waiting.js";
import { attemptDescriptor, isNonblocking, own, owns, POLLED } from "./descriptors.js";
import * as libc from "./libc.js";
import { isReady } from "./poll.js";

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

/** Descriptors whose last attempt would have waited: another one probably would as well. */
const idle = new Set<number>();

/** The descriptor was seen ready: the next attempt probably succeeds. */
export function markReady(fd: number): void {
  if (idle.size > 0) idle.delete(fd);
}

const wouldWait = (fd: number, events: number): boolean => idle.size > 0 && idle.has(fd) && !isReady(fd, events);

function waitOn(fd: number): number {
  if (isNonblocking(fd)) return -EAGAIN;
  idle.add(fd);
  return BLOCKED;
}

/** One attempt at read(2). */
export function read(call: Call): number {
  const fd = call.a;
  if (!owns(fd)) return -EBADF;
  const length = lengthOf(call);
  // Node answers an empty read itself.
  if (length === 0) return libc.resultOrErrno(libc.read(fd, libc.scratch.address, 0));
  if (wouldWait(fd, POLLIN)) return waitOn(fd);
  const via = attemptDescriptor(fd);
  if (via === POLLED && !isReady(fd, POLLIN)) return waitOn(fd);
  const result = readNow(via >= 0 ? via : fd, call.payload as Uint8Array, length);
  return result === -EAGAIN ? waitOn(fd) : result;
}

/** One attempt at write(2), or at the rest of one. */
export function write(call: Call): number {
  const fd = call.a;
  if (!owns(fd)) return -EBADF;
  const length = lengthOf(call);
  if (length === 0) return libc.resultOrErrno(libc.write(fd, libc.scratch.address, 0));
  if (wouldWait(fd, POLLOUT)) return waitOn(fd);
  const via = attemptDescriptor(fd);
  if (via === POLLED && !isReady(fd, POLLOUT)) return waitOn(fd);
  // poll(2) promises room for PIPE_BUF bytes, and no more.
  const rest = length - call.transferred;
  const size = via === POLLED && rest > PIPE_BUF ? PIPE_BUF : rest;
  const result = writeNow(via >= 0 ? via : fd, call.payload as Uint8Array, call.transferred, size);
  if (result < 0) return result === -EAGAIN ? waitOn(fd) : result;
  call.transferred += result;
  return call.transferred === length || isNonblocking(fd) ? call.transferred : BLOCKED;
}

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
  return writeNow(call.a, call.payload as Uint8Array, 0, length);
}

/** Linux moves no more in one call: read(2). */
const lengthOf = (call: Call): number => Math.min(byteLengthOf(call.payload), MAX_RW_COUNT);

function readNow(fd: number, bytes: Uint8Array, length: number): number {
  try {
    return readSync(fd, bytes, 0, length, null);
  } catch (error) {
    return errnoOf(error);
  }
}

function writeNow(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  try {
    return writeSync(fd, bytes, offset, length, null);
  } catch (error) {
    return errnoOf(error);
  }
}

function errnoOf(error: unknown): number {
  const { errno } = error as { errno?: unknown };
  if (typeof errno === "number" && errno < 0) return errno;
  throw error;
}

export function ioctl(call: Call): number {
  if (!owns(call.a)) return -EBADF;
  if (call.b !== FIONREAD) return -ENOTTY;
  const { address, view } = libc.scratch;
  if (libc.ioctl(call.a, FIONREAD, address) === -1) return -libc.errno();
  return view.getInt32(0, true);
}
