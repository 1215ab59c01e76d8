// tee, splice and vmsplice. SPLICE_F_NONBLOCK makes an attempt on pipes that never waits, whatever O_NONBLOCK is on the
// program's open files. What is no pipe (splice only) is asked by poll(2) first: it may wait in spite of the flag.
import { EAGAIN } from "../../assembly/abi/errno.js";
import { F_GETFL, F_GETPIPE_SZ, O_ACCMODE, O_RDONLY } from "../../assembly/abi/fcntl.js";
import { PIPE_BUF, PIPE_MAX_SIZE_DEFAULT } from "../../assembly/abi/limits.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { POLLIN, POLLOUT } from "../../assembly/abi/poll.js";
import { SPLICE_F_NONBLOCK } from "../../assembly/abi/splice.js";
import type { Call, SpliceRequest } from "../../src/call.js";
import type { Watch } from "../../src/waiting.js";
import { isNonblocking, owns } from "./descriptors.js";
import { kindOf } from "./file-kinds.js";
import { giveAway } from "./gift.js";
import * as libc from "./libc.js";
import { isReady } from "./poll.js";
import { type Wakeable, watchDescriptor } from "./readiness.js";
import { vectorOf } from "./vector.js";

/** A descriptor as the kernel is to see it: none for one that is not the program's. The kernel orders its checks. */
const shown = (fd: number): number => (owns(fd) ? fd : -1);

/** One attempt at tee(2). */
export const tee = (call: Call): number => attempted(call, teeNow(call, call.c | SPLICE_F_NONBLOCK));

/** The plain tee(2), on this thread. */
export const teeBlocking = (call: Call): number => teeNow(call, call.c);

function teeNow({ a, b, payload }: Call, flags: number): number {
  const { size } = payload as SpliceRequest;
  return libc.resultOrErrno(libc.tee(shown(a), shown(b), size, flags));
}

/** One attempt at splice(2). */
export function splice(call: Call): number {
  const { b, c, payload } = call;
  const { size } = payload as SpliceRequest;
  const limit = mayWaitBeyondPipes(b) ? PIPE_BUF : size;
  if (size > 0 && !isReadyBeyondPipes(call)) return attempted(call, -EAGAIN);
  return attempted(call, spliceNow(call, c | SPLICE_F_NONBLOCK, Math.min(size, limit)));
}

/** The plain splice(2), on this thread. */
export const spliceBlocking = (call: Call): number =>
  spliceNow(call, call.c, (call.payload as SpliceRequest).size);

const OFFSETS = 192;

function spliceNow({ a, b, payload }: Call, flags: number, size: number): number {
  const { offIn, offOut } = payload as SpliceRequest;
  const { address, view } = libc.scratch;
  view.setBigInt64(OFFSETS, offIn ?? 0n, true);
  view.setBigInt64(OFFSETS + 8, offOut ?? 0n, true);
  const inAt = offIn === undefined ? 0 : address + OFFSETS;
  const outAt = offOut === undefined ? 0 : address + OFFSETS + 8;
  return libc.resultOrErrno(libc.splice(shown(a), inAt, shown(b), outAt, size, flags));
}

/** Whether a descriptor may make splice(2) wait although SPLICE_F_NONBLOCK is set: splice(2), "flags". */
const mayWaitBeyondPipes = (fd: number): boolean => owns(fd) && kindOf(fd) === "other";

const isReadyBeyondPipes = ({ a, b }: Call): boolean =>
  (!mayWaitBeyondPipes(a) || isReady(a, POLLIN)) && (!mayWaitBeyondPipes(b) || isReady(b, POLLOUT));

/** What an attempt between two descriptors comes to: whether to wait is decided when the call is made. */
function attempted(call: Call, result: number): number {
  if (result !== -EAGAIN || (call.c & SPLICE_F_NONBLOCK) !== 0) return result;
  const mayWait = call.isWaiting || (!isNonblocking(call.a) && !isNonblocking(call.b));
  return mayWait ? BLOCKED : result;
}

/**
 * Wakes a tee or splice when the one of its two descriptors is ready that was not: a pipe that is full would report a
 * readable one again and again. Which one that is changes while it waits.
 */
class FlowWatch implements Watch, Wakeable {
  #part: Watch | undefined;

  constructor(
    readonly call: Call,
    readonly waiter: Wakeable,
  ) {}

  /** @returns 0 or -errno */
  watch(): number {
    const { a, b } = this.call;
    this.#part?.cancel();
    const part = isReady(a, POLLIN) ? watchDescriptor(b, POLLOUT, this) : watchDescriptor(a, POLLIN, this);
    this.#part = typeof part === "number" ? undefined : part;
    return typeof part === "number" ? part : 0;
  }

  wake(timedOut: boolean): boolean {
    if (this.waiter.wake(timedOut)) return true;
    const result = this.watch();
    if (result < 0) this.fail(-result);
    return result < 0;
  }

  fail(errno: number): void {
    this.waiter.fail(errno);
  }

  cancel(): void {
    this.#part?.cancel();
    this.#part = undefined;
  }
}

/** Call it between `hold` and `release`. @returns the watch, or -errno */
export function watchFlow(call: Call, waiter: Wakeable): Watch | number {
  const watch = new FlowWatch(call, waiter);
  const result = watch.watch();
  return result < 0 ? result : watch;
}

/** One attempt at vmsplice(2): O_NONBLOCK of the open file means nothing to it (fs/splice.c). */
export function vmsplice(call: Call): number {
  const result = vmspliceNow(call, call.b | SPLICE_F_NONBLOCK);
  return result === -EAGAIN && (call.b & SPLICE_F_NONBLOCK) === 0 ? BLOCKED : result;
}

/** The plain vmsplice(2), on this thread. */
export const vmspliceBlocking = (call: Call): number => vmspliceNow(call, call.b);

function vmspliceNow({ a, payload }: Call, flags: number): number {
  const buffers = payload as readonly Uint8Array[];
  return owns(a) && readsBy(a) ? fill(a, buffers, flags) : give(shown(a), buffers, flags);
}

/** Whether vmsplice(2) reads by a descriptor of the program: it writes if it can. */
export const readsBy = (fd: number): boolean => (libc.fcntlPlain(fd, F_GETFL) & O_ACCMODE) === O_RDONLY;

function fill(fd: number, buffers: readonly Uint8Array[], flags: number): number {
  const { address, count } = vectorOf(buffers);
  return libc.resultOrErrno(libc.vmsplice(fd, address, count, flags));
}

/**
 * Puts copies of buffers into a pipe: it takes no more than it holds, or than it can be made to hold while the call waits.
 * What is no pipe looks at no bytes.
 */
function give(fd: number, buffers: readonly Uint8Array[], flags: number): number {
  const capacity = libc.fcntlPlain(fd, F_GETPIPE_SZ);
  const mayGrow = capacity > 0 && (flags & SPLICE_F_NONBLOCK) === 0;
  const room = mayGrow ? Math.max(capacity, PIPE_MAX_SIZE_DEFAULT) : capacity;
  return giveAway(buffers, room, (address) =>
    libc.resultOrErrno(libc.vmsplice(fd, address, buffers.length, flags)),
  );
}
