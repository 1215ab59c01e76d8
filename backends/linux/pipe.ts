// pipe2, read, write and ioctl(FIONREAD): pipe(7).
import { EAGAIN, EBADF, EMFILE, ENOTTY } from "../../assembly/abi/errno.js";
import { FIONREAD } from "../../assembly/abi/ioctl.js";
import { MAX_RW_COUNT } from "../../assembly/abi/limits.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { POLLIN, POLLOUT } from "../../assembly/abi/poll.js";
import { byteLengthOf } from "../../src/byte-length.js";
import type { Call } from "../../src/call.js";
import { attemptDescriptor, isFresh, isNonblocking, own, owns, POLLED } from "./descriptors.js";
import * as libc from "./libc.js";
import { isReady } from "./poll.js";
import { noteRead, noteWrite, readNow, readPolled, unattempted, writeNow, writePolled } from "./transfer.js";

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
  if (!call.isWaiting) noteRead(result);
  return result === -EAGAIN && mayWait(call) ? BLOCKED : result;
}

function readWithoutWaiting({ a: fd, payload }: Call, length: number): number {
  // No private descriptor is made before there is something to read by it: many readers may wait.
  if (isFresh(fd) && !isReady(fd, POLLIN)) return unattempted(fd);
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
  // A call that waits goes on when there is room, as poll(2) has it. Without room a short one might fit into
  // the newest page still, but whether it is woken to try is not sure.
  if (call.isWaiting && !isReady(fd, POLLOUT)) return BLOCKED;
  const via = attemptDescriptor(fd);
  const bytes = call.payload as Uint8Array;
  const offset = call.transferred;
  const result =
    via === POLLED
      ? writePolled(fd, bytes, offset, length - offset)
      : writeNow(via >= 0 ? via : fd, bytes, offset, length - offset);
  if (!call.isWaiting) noteWrite(result);
  if (result < 0) return result === -EAGAIN && mayWait(call) ? BLOCKED : result;
  call.transferred += result;
  return call.transferred < length && mayWait(call) ? BLOCKED : call.transferred;
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

export function ioctl(call: Call): number {
  if (!owns(call.a)) return -EBADF;
  if (call.b !== FIONREAD) return -ENOTTY;
  const { address, view } = libc.scratch;
  if (libc.ioctl(call.a, FIONREAD, address) === -1) return -libc.errno();
  return view.getInt32(0, true);
}
