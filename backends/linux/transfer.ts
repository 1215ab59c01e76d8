// One read(2) or write(2) of bytes, by the fastest way there is. Node's is faster than FFI; but a failed call
// of it makes an Error, which costs 6 to 15 us with its stack and 3 to 4 us without: so it is made without.
import { readSync, readvSync, writeSync } from "node:fs";
import { EAGAIN, EBADF, EOPNOTSUPP } from "../../assembly/abi/errno.js";
import { MAX_RW_COUNT, PIPE_BUF } from "../../assembly/abi/limits.js";
import { POLLIN, POLLOUT } from "../../assembly/abi/poll.js";
import { byteLengthOf, honestView } from "../../src/byte-length.js";
import { isNonblocking, isWriteOnly } from "./descriptors.js";
import { isAtEnd } from "./end-of-file.js";
import { addressOf } from "./ffi.js";
import * as libc from "./libc.js";
import { isReady } from "./poll.js";
import { joined, vectorOf } from "./vector.js";

/** One read(2). @returns bytes read, or -errno */
export function readNow(fd: number, bytes: Uint8Array, length: number): number {
  return withoutStack(() => {
    try {
      return readSync(fd, bytes, 0, length, null);
    } catch (error) {
      return errnoOf(error) ?? retry(() => readSync(fd, honestView(bytes), 0, length, null));
    }
  });
}

function withoutStack(transfer: () => number): number {
  const limit = Error.stackTraceLimit;
  setStackTraceLimit(0);
  try {
    return transfer();
  } finally {
    setStackTraceLimit(limit);
  }
}

function setStackTraceLimit(limit: number): void {
  try {
    // Reflect.set, which does not throw, costs as much as a quarter of a read(2).
    Error.stackTraceLimit = limit;
  } catch {
    // A program has frozen Error: its stacks are made, and take their time.
  }
}

/**
 * One write(2). Node's goes on with another after a partial count (libuv, uv__fs_write_all): a reader may
 * have made room by then, or, after a blocking one, another thread may have given the number to another file.
 * Up to PIPE_BUF bytes there is no partial count.
 * @returns bytes written, or -errno
 */
export const writeNow = (fd: number, bytes: Uint8Array, offset: number, length: number): number =>
  length > PIPE_BUF ? writeOnce(fd, bytes, offset, length) : writeOn(fd, bytes, offset, length);

/**
 * Node's write, by a private descriptor: it ends where there is no more room, and gives the count of all until then. For a
 * call that would wait and go on anyway: to find out where its bytes lie, as one write(2) must, costs more than a second one.
 * @returns bytes written, or -errno
 */
export function writeOn(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  return withoutStack(() => {
    try {
      return writeSync(fd, bytes, offset, length, null);
    } catch (error) {
      return errnoOf(error) ?? retry(() => writeSync(fd, honestView(bytes), offset, length, null));
    }
  });
}

/** One write(2), which a signal may interrupt: node's is made again then (libuv, uv__fs_work). */
export function writeOnce(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  const view = honestView(bytes);
  if (length > PIPE_BUF) return libc.resultOrErrno(libc.write(fd, addressOf(view) + offset, length));
  // To find out where bytes lie costs more than to copy a few.
  libc.scratch.bytes.set(view.subarray(offset, offset + length), COPY_OFFSET);
  return libc.resultOrErrno(libc.write(fd, libc.scratch.address + COPY_OFFSET, length));
}

/** Where in the scratch memory PIPE_BUF bytes have room. */
const COPY_OFFSET = 57344;

/** One pread(2). @returns bytes read, or -errno */
export function readNowAt(fd: number, bytes: Uint8Array, offset: number): number {
  // Node answers an empty read itself, and refuses places that are none.
  const length = Math.min(byteLengthOf(bytes), MAX_RW_COUNT);
  if (length === 0 || offset < 0)
    return libc.resultOrErrno(libc.pread(fd, libc.scratch.address, length === 0 ? 0 : 1, offset));
  return withoutStack(() => {
    try {
      return readSync(fd, bytes, 0, length, offset);
    } catch (error) {
      return errnoOf(error) ?? retry(() => readSync(fd, honestView(bytes), 0, length, offset));
    }
  });
}

/** One pwrite(2). @returns bytes written, or -errno */
export function writeNowAt(fd: number, bytes: Uint8Array, offset: number): number {
  const length = Math.min(byteLengthOf(bytes), MAX_RW_COUNT);
  if (length === 0 || offset < 0)
    return libc.resultOrErrno(libc.pwrite(fd, libc.scratch.address, length === 0 ? 0 : 1, offset));
  return withoutStack(() => {
    try {
      return writeSync(fd, bytes, 0, length, offset);
    } catch (error) {
      return errnoOf(error) ?? retry(() => writeSync(fd, honestView(bytes), 0, length, offset));
    }
  });
}

/** The negative error number of a system call that node has made; undefined for any other error. */
export function errnoOf(error: unknown): number | undefined {
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

// A descriptor that cannot be opened again (descriptors.ts). Anonymous pipes know RWF_NOWAIT since Linux 6.4,
// see preadv2(2). Others are asked by poll(2) first: a read may then still wait, if another process takes the
// bytes in between, and a write is no longer than what poll(2) promises room for.
const RWF_NOWAIT = 8;

/** One read(2) that does not wait. @returns bytes read, or -errno, -EAGAIN if there is nothing */
export function readPolled(fd: number, bytes: Uint8Array, length: number): number {
  const result = transferNow(libc.preadv2, fd, [bytes], 0, length);
  if (result !== -EOPNOTSUPP) return result;
  return mayRead(fd) ? readNow(fd, bytes, length) : unattempted(fd);
}

/** Whether a read(2) of a descriptor that can be tried in no other way does not wait. */
const mayRead = (fd: number): boolean => isReady(fd, POLLIN) || isNonblocking(fd) || isAtEnd(fd);

/** What a read comes to that poll(2) says would find nothing: EBADF goes before EAGAIN. */
export const unattempted = (fd: number): number => (isWriteOnly(fd) ? -EBADF : -EAGAIN);

/** One write(2) that does not wait. @returns bytes written, or -errno, -EAGAIN if there is no room */
export function writePolled(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  const result = transferNow(libc.pwritev2, fd, [bytes], offset, length);
  if (result !== -EOPNOTSUPP) return result;
  return isReady(fd, POLLOUT) ? writeNow(fd, bytes, offset, Math.min(length, PIPE_BUF)) : -EAGAIN;
}

/** One readv(2). @returns bytes read, or -errno */
export function readvOnce(fd: number, buffers: readonly Uint8Array[]): number {
  const { address, count } = vectorOf(buffers);
  return libc.resultOrErrno(libc.readv(fd, address, count));
}

/** One writev(2) of what follows `offset` bytes. @returns bytes written, or -errno */
export function writevOnce(
  fd: number,
  buffers: readonly Uint8Array[],
  offset: number,
  length: number,
): number {
  const { address, count } = vectorOf(buffers, offset, length);
  return libc.resultOrErrno(libc.writev(fd, address, count));
}

/** One readv(2) by node, to whom the address of a buffer costs less. @returns bytes read, or -errno */
export function readvNow(fd: number, buffers: readonly Uint8Array[]): number {
  const views = buffers.map(honestView);
  return withoutStack(() => retry(() => readvSync(fd, views)));
}

/** Up to here it costs less to bring bytes together than to find out where each buffer lies. */
const MAX_JOINED = 1 << 20;

/** One writev(2) to a pipe or FIFO, which is one write(2) of the bytes together. @returns bytes written, or -errno */
export function writevNow(
  fd: number,
  buffers: readonly Uint8Array[],
  offset: number,
  length: number,
): number {
  if (length > MAX_JOINED && buffers.length > 1) return writevOnce(fd, buffers, offset, length);
  const [first] = buffers;
  const bytes = buffers.length === 1 && first !== undefined ? first : joined(buffers);
  return writeNow(fd, bytes, offset, length);
}

/** One readv(2) that does not wait. @returns bytes read, or -errno, -EAGAIN if there is nothing */
export function readvPolled(fd: number, buffers: readonly Uint8Array[]): number {
  const result = transferNow(libc.preadv2, fd, buffers, 0, Number.POSITIVE_INFINITY);
  if (result !== -EOPNOTSUPP) return result;
  return mayRead(fd) ? readvOnce(fd, buffers) : unattempted(fd);
}

/** One writev(2) that does not wait. @returns bytes written, or -errno, -EAGAIN if there is no room */
export function writevPolled(
  fd: number,
  buffers: readonly Uint8Array[],
  offset: number,
  length: number,
): number {
  const result = transferNow(libc.pwritev2, fd, buffers, offset, length);
  if (result !== -EOPNOTSUPP) return result;
  return isReady(fd, POLLOUT) ? writevOnce(fd, buffers, offset, Math.min(length, PIPE_BUF)) : -EAGAIN;
}

function transferNow(
  transfer: typeof libc.preadv2,
  fd: number,
  buffers: readonly Uint8Array[],
  offset: number,
  length: number,
): number {
  if (!libc.hasVectors) return -EOPNOTSUPP;
  const { address, count } = vectorOf(buffers, offset, length);
  return libc.resultOrErrno(transfer(fd, address, count, -1, RWF_NOWAIT));
}
