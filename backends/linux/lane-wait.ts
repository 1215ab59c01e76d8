// An awaited call that waits in a lane (lanes.ts), where others wait for a descriptor (src/waiting.ts). As all waiting: a
// call that completed beats its AbortSignal.
import * as n from "../../assembly/abi/calls.js";
import { EAGAIN, EINTR } from "../../assembly/abi/errno.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { byteLengthOf, honestView } from "../../src/byte-length.js";
import type { Call, SysvMessage } from "../../src/call.js";
import { resultOf } from "../../src/calls.js";
import { abortError } from "../../src/errors.js";
import { entered } from "./descriptors.js";
import type { LaneRequest, LaneValue } from "./lane-calls.js";
import { callInLane } from "./lanes.js";
import * as libc from "./libc.js";
import type { Received } from "./msgop.js";
import { takeFromLane } from "./sysv-queue.js";

/** The plain call, for a lane to make. */
function requestOf({ syscall: { number }, a, b, payload }: Call): LaneRequest {
  if (number === n.CALL_OPEN) {
    return { call: "open", path: payload as string, flags: libc.machineFlags(a), mode: b };
  }
  const { type, bytes } = payload as SysvMessage;
  // A view would go with all of the memory that it is a part of.
  return number === n.CALL_MSGSND
    ? { call: "msgsnd", msqid: a, type, bytes: new Uint8Array(honestView(bytes)), flags: b }
    : { call: "msgrcv", msqid: a, type, room: byteLengthOf(bytes), flags: b };
}

/** Takes over what a lane's call has given. @returns a result >= 0, -errno, or an error */
function complete(call: Call, request: LaneRequest, result: number, value: LaneValue): number | Error {
  if (result < 0 || request.call === "msgsnd") return result;
  return request.call === "open" ? entered(result) : takeFromLane(call, request.room, value as Received);
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
  const settle = (result: number): void =>
    result < 0 ? reject(failure(call, -result)) : resolve(resultOf(call, result));
  const abortion = (): Error => abortError(call.syscall.name, signal?.reason);
  if (signal?.aborted) return reject(abortion());
  const result = attempt(call);
  if (result !== BLOCKED) return settle(result);
  const request = requestOf(call);
  const cancel = callInLane(request, (outcome, value) => {
    if (signal !== undefined && cancel !== undefined) removeEventListener.call(signal, "abort", cancel);
    if (typeof outcome !== "number") return reject(outcome);
    // A lane leaves its call unfinished only if it was cancelled.
    if (outcome === -EINTR) return reject(abortion());
    const completed = complete(call, request, outcome, value);
    if (typeof completed === "number") settle(completed);
    else reject(completed);
  });
  if (cancel === undefined) return settle(-EAGAIN);
  if (signal !== undefined) addEventListener.call(signal, "abort", cancel);
}

// The methods of the class, not those that a caller's object may carry.
const { addEventListener, removeEventListener } = EventTarget.prototype;
