// An awaited call that waits in a lane (lanes.ts), where others wait for a descriptor (src/waiting.ts). As all waiting: a
// call that completed beats its AbortSignal.
import * as n from "../../assembly/abi/calls.js";
import { EAGAIN, EINTR, ENOMEM } from "../../assembly/abi/errno.js";
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from "../../assembly/abi/fcntl.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { CLOCK_MONOTONIC } from "../../assembly/abi/time.js";
import { byteLengthOf, honestView } from "../../src/byte-length.js";
import type {
  Call,
  FutexRequest,
  FutexVector,
  MemoryWord,
  SemaphoreOperations,
  SysvMessage,
} from "../../src/call.js";
import { resultOf } from "../../src/calls.js";
import { abortError } from "../../src/errors.js";
import { readClock } from "./clock.js";
import { entered, moveUp } from "./descriptors.js";
import { endWait, futexVectorOf, futexWaitOf, memoryWaitOf, pinAll } from "./futex.js";
import { AT_FDCWD, type LaneRequest, type LaneValue } from "./lane-calls.js";
import { callInLane } from "./lanes.js";
import * as libc from "./libc.js";
import { pin, unpin } from "./mapped-parts.js";
import type { Received } from "./msgop.js";
import { semaphoreWaitOf } from "./posix-semaphore.js";
import { takeFromLane } from "./sysv-queue.js";

/** The plain call, for a lane to make. @returns -errno if there can be none */
function requestOf(call: Call): LaneRequest | number {
  const { syscall, a, b, payload } = call;
  const { number } = syscall;
  if (number === n.CALL_OPEN) {
    const path = payload as string;
    const folder = folderOf(path);
    if (folder < 0 && folder !== AT_FDCWD) return folder;
    return { call: "open", folder, path, flags: libc.machineFlags(a), mode: b };
  }
  if (number === n.CALL_SEMOP || number === n.CALL_SEMTIMEDOP) {
    const { operations, timeout } = payload as SemaphoreOperations;
    const deadline = timeout === undefined ? undefined : (readClock(CLOCK_MONOTONIC) as bigint) + timeout;
    return { call: "semop", semid: a, operations, deadline };
  }
  if (number === n.CALL_FUTEX || number === n.CALL_MEMORY_WAIT) {
    const slot = pin((payload as FutexRequest | MemoryWord).address);
    const wait = number === n.CALL_FUTEX ? futexWaitOf(call) : memoryWaitOf(call);
    return slot === -1 ? -ENOMEM : { call: "futex", wait, pin: slot };
  }
  if (number === n.CALL_FUTEX_WAITV) {
    const pins = pinAll((payload as FutexVector).waiters.map(({ uaddr }) => uaddr));
    return pins === undefined ? -ENOMEM : { call: "futex_waitv", wait: futexVectorOf(call), pins };
  }
  if (number === n.CALL_SEM_WAIT || number === n.CALL_SEM_TIMEDWAIT || number === n.CALL_SEM_CLOCKWAIT) {
    const wait = semaphoreWaitOf(call);
    return typeof wait === "number" ? wait : { call: "sem_wait", wait };
  }
  const { type, bytes } = payload as SysvMessage;
  // A view would go with all of the memory that it is a part of.
  return number === n.CALL_MSGSND
    ? { call: "msgsnd", msqid: a, type, bytes: new Uint8Array(honestView(bytes)), flags: b }
    : { call: "msgrcv", msqid: a, type, room: byteLengthOf(bytes), flags: b };
}

/** Takes over what a lane's call has given. @returns a result >= 0, -errno, or an error */
function complete(call: Call, request: LaneRequest, result: number, value: LaneValue): number | Error {
  if (call.syscall.number === n.CALL_MEMORY_WAIT) return endWait(call, result);
  if (result < 0) return result;
  switch (request.call) {
    case "open":
      return entered(result);
    case "msgrcv":
      return takeFromLane(call, request.room, value as Received);
    default:
      return result;
  }
}

/**
 * Starts a call: it settles `resolve` or `reject` once.
 * @param attempt one attempt, which never blocks
 * @param failure the error that a failed call rejects with
 */
export function startInLane(
  call: Call,
  signal: AbortSignal | undefined,
  attempt: (call: Call) => number,
  failure: (call: Call, errno: number) => Error,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if (signal?.aborted) return reject(abortError(call.syscall.name, signal.reason));
  const result = attempt(call);
  if (result >= 0) return resolve(resultOf(call, result));
  if (result !== BLOCKED) return reject(failure(call, -result));
  waitInLane(call, signal, failure, resolve, reject);
}

function waitInLane(
  call: Call,
  signal: AbortSignal | undefined,
  failure: (call: Call, errno: number) => Error,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  const settle = (result: number): void =>
    result < 0 ? reject(failure(call, -result)) : resolve(resultOf(call, result));
  const request = requestOf(call);
  if (typeof request === "number") return settle(request);
  const cancel = callInLane(request, (outcome, value) => {
    release(request);
    if (signal !== undefined && cancel !== undefined) removeEventListener.call(signal, "abort", cancel);
    if (typeof outcome !== "number") return reject(outcome);
    // A lane leaves its call unfinished only if it was cancelled.
    if (outcome === -EINTR) return reject(abortError(call.syscall.name, signal?.reason));
    const completed = complete(call, request, outcome, value);
    if (typeof completed === "number") settle(completed);
    else reject(completed);
  });
  if (cancel === undefined) {
    release(request);
    return settle(-EAGAIN);
  }
  if (signal !== undefined) addEventListener.call(signal, "abort", cancel);
}

/**
 * Where a path begins, as it is now: the process may change its directory before the lane begins.
 * @returns AT_FDCWD for an absolute path, a descriptor of our own, or -errno
 */
function folderOf(path: string): number {
  if (path.startsWith("/")) return AT_FDCWD;
  const opened = libc.resultOrErrno(libc.open(".", libc.machineFlags(O_PATH | O_DIRECTORY | O_CLOEXEC), 0));
  return opened < 0 ? opened : moveUp(opened);
}

/** Gives up what a request has kept. */
function release(request: LaneRequest): void {
  if (request.call === "futex") unpin(request.pin);
  if (request.call === "sem_wait") unpin(request.wait.pin);
  if (request.call === "futex_waitv") request.pins.forEach(unpin);
  if (request.call === "open" && request.folder !== AT_FDCWD) libc.close(request.folder);
}

// The methods of the class, not those that a caller's object may carry.
const { addEventListener, removeEventListener } = EventTarget.prototype;
