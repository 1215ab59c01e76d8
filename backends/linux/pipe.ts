// pipe2, read, write and ioctl(FIONREAD): pipe(7). Bytes go by node:fs, which is faster than FFI by far; but a failed call of it
// costs 15 us (it makes an Error), so where the last read found nothing, or there was none yet, poll(2) is asked first.
import { readSync, writeSync } from "node:fs";
import { EAGAIN, EBADF, EMFILE, ENOTTY, EOPNOTSUPP } from "../../assembly/abi/errno.js";
import { FIONREAD } from "../../assembly/abi/ioctl.js";
import { MAX_RW_COUNT, PIPE_BUF } from "../../assembly/abi/limits.js";
import { POLLIN, POLLOUT } from "../../assembly/abi/poll.js";
import { byteLengthOf, honestView } from "../../src/byte-length.js";
import type { Call } from "../../src/call.js";
import { BLOCKED } from "../../src/waiting.js";
import {
  attemptDescriptor,
  generationOf,
  isFresh,
  isNonblocking,
  isWriteOnly,
  own,
  owns,
  POLLED,
} from "./descriptors.js";
import { addressOf } from "./ffi.js";
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

/**
 * Descriptors where the last read had to wait, with their generation: the next one probably has to as well. There is no such thing for
 * writes: a short one may fit into the newest page of a pipe that poll(2) calls full.
 */
const idle = new Map<number, number>();

/** Whether a read that has just been called is sure to wait. One that was woken is not asked. */
function readWouldWait({ a: fd, isWaiting }: Call): boolean {
  if (isWaiting) return false;
  const isIdle = idle.size > 0 && idle.get(fd) === generationOf(fd);
  if (!isIdle && !isFresh(fd)) return false;
  if (!isReady(fd, POLLIN)) return true;
  idle.delete(fd);
  return false;
}

/**
 * Whether a call may wait: that is decided when it is made. O_NONBLOCK, set while it waits, may or may not be seen: a waiter is not
 * sure to be woken when there is nothing for it.
 */
const mayWait = (call: Call): boolean => call.isWaiting || !isNonblocking(call.a);

function waitToRead(call: Call): number {
  // Nothing was attempted perhaps.
  if (isWriteOnly(call.a)) return -EBADF;
  if (!mayWait(call)) return -EAGAIN;
  idle.set(call.a, generationOf(call.a));
  return BLOCKED;
}

/** One attempt at read(2). */
export function read(call: Call): number {
  const fd = call.a;
  if (!owns(fd)) return -EBADF;
  const length = lengthOf(call);
  // Node answers an empty read itself.
  if (length === 0) return libc.resultOrErrno(libc.read(fd, libc.scratch.address, 0));
  if (readWouldWait(call)) return waitToRead(call);
  const via = attemptDescriptor(fd);
  const bytes = call.payload as Uint8Array;
  const result = via === POLLED ? readPolled(fd, bytes, length) : readNow(via >= 0 ? via : fd, bytes, length);
  return result === -EAGAIN ? waitToRead(call) : result;
}

/** One attempt at write(2), or at the rest of one. */
export function write(call: Call): number {
  const fd = call.a;
  if (!owns(fd)) return -EBADF;
  const length = lengthOf(call);
  if (length === 0) return libc.resultOrErrno(libc.write(fd, libc.scratch.address, 0));
  // A call that waits goes on when there is room, as poll(2) has it. Without room a short one might fit into the newest page still, but
  // whether it is woken to try is not sure.
  if (call.isWaiting && !isReady(fd, POLLOUT)) return BLOCKED;
  const via = attemptDescriptor(fd);
  const bytes = call.payload as Uint8Array;
  const offset = call.transferred;
  const result =
    via === POLLED
      ? writePolled(fd, bytes, offset, length - offset)
      : writeNow(via >= 0 ? via : fd, bytes, offset, length - offset);
  if (result < 0) return result === -EAGAIN && mayWait(call) ? BLOCKED : result;
  call.transferred += result;
  return call.transferred < length && mayWait(call) ? BLOCKED : call.transferred;
}

// A descriptor that cannot be opened again (descriptors.ts). Anonymous pipes know RWF_NOWAIT since Linux 6.4, see preadv2(2). Others are
// asked by poll(2) first: a read may then still wait, if another process takes the bytes in between, and a write is no longer than what
// poll(2) promises room for.
const RWF_NOWAIT = 8;
const IOVEC_OFFSET = 256;

function readPolled(fd: number, bytes: Uint8Array, length: number): number {
  const result = transferNow(libc.preadv2, fd, bytes, 0, length);
  if (result !== -EOPNOTSUPP) return result;
  return isReady(fd, POLLIN) ? readNow(fd, bytes, length) : -EAGAIN;
}

function writePolled(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  const result = transferNow(libc.pwritev2, fd, bytes, offset, length);
  if (result !== -EOPNOTSUPP) return result;
  return isReady(fd, POLLOUT) ? writeNow(fd, bytes, offset, Math.min(length, PIPE_BUF)) : -EAGAIN;
}

function transferNow(
  transfer: typeof libc.preadv2,
  fd: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  if (!libc.hasVectors) return -EOPNOTSUPP;
  const { address, view } = libc.scratch;
  // struct iovec { void* iov_base; size_t iov_len; }
  view.setBigUint64(IOVEC_OFFSET, BigInt(addressOf(honestView(bytes)) + offset), true);
  view.setBigUint64(IOVEC_OFFSET + 8, BigInt(length), true);
  return libc.resultOrErrno(transfer(fd, address + IOVEC_OFFSET, 1, -1, RWF_NOWAIT));
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
    return errnoOf(error) ?? retry(() => readSync(fd, honestView(bytes), 0, length, null));
  }
}

/**
 * One write(2). Node's goes on with another after a partial count (libuv, uv__fs_write_all): a reader may have made room by then,
 * or, after a blocking one, another thread may have given the number to another file. Up to PIPE_BUF bytes there is no partial count.
 */
function writeNow(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  if (length > PIPE_BUF) {
    const honest = honestView(bytes);
    return libc.resultOrErrno(libc.write(fd, addressOf(honest) + offset, length));
  }
  try {
    return writeSync(fd, bytes, offset, length, null);
  } catch (error) {
    return errnoOf(error) ?? retry(() => writeSync(fd, honestView(bytes), offset, length, null));
  }
}

function errnoOf(error: unknown): number | undefined {
  const { errno } = error as { errno?: unknown };
  return typeof errno === "number" && errno < 0 ? errno : undefined;
}

/** Node has refused the buffer before any call was made: its own properties lie about its length. */
function retry(transfer: () => number): number {
  try {
    return transfer();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno;
  }
}

export function ioctl(call: Call): number {
  if (!owns(call.a)) return -EBADF;
  if (call.b !== FIONREAD) return -ENOTTY;
  const { address, view } = libc.scratch;
  if (libc.ioctl(call.a, FIONREAD, address) === -1) return -libc.errno();
  return view.getInt32(0, true);
}
