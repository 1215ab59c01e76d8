// An awaited call that waits in a lane (lanes.ts), where others wait for a descriptor (src/waiting.ts). As all waiting: a
// call that completed beats its AbortSignal.
import { EAGAIN, EINTR } from "../../assembly/abi/errno.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import type { Call } from "../../src/call.js";
import { resultOf } from "../../src/calls.js";
import { abortError } from "../../src/errors.js";
import { entered } from "./descriptors.js";
import { openInLane } from "./lanes.js";
import * as libc from "./libc.js";
import { open } from "./paths.js";

/** Starts an open: it settles `resolve` or `reject` once. @param failure the error that a failed call rejects with */
export function startInLane(
  call: Call,
  signal: AbortSignal | undefined,
  failure: (call: Call, errno: number) => Error,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  const settle = (result: number): void =>
    result < 0 ? reject(failure(call, -result)) : resolve(resultOf(call, result));
  const abortion = (): Error => abortError(call.syscall.name, signal?.reason);
  if (signal?.aborted) return reject(abortion());
  const result = open(call);
  if (result !== BLOCKED) return settle(result);
  const request = { path: call.payload as string, flags: libc.machineFlags(call.a), mode: call.b };
  const cancel = openInLane(request, (outcome) => {
    if (signal !== undefined && cancel !== undefined) removeEventListener.call(signal, "abort", cancel);
    if (typeof outcome !== "number") return reject(outcome);
    // A lane leaves its call unfinished only if it was cancelled.
    if (outcome === -EINTR) return reject(abortion());
    settle(entered(outcome));
  });
  if (cancel === undefined) return settle(-EAGAIN);
  if (signal !== undefined) addEventListener.call(signal, "abort", cancel);
}

// The methods of the class, not those that a caller's object may carry.
const { addEventListener, removeEventListener } = EventTarget.prototype;
