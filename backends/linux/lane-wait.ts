// An awaited call that waits in a lane (lanes.ts), where others wait for a descriptor (src/waiting.ts). As all waiting: a
// call that completed beats its AbortSignal.
import { EAGAIN, EINTR } from "../../assembly/abi/errno.js";
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from "../../assembly/abi/fcntl.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import type { Call } from "../../src/call.js";
import { resultOf } from "../../src/calls.js";
import { abortError } from "../../src/errors.js";
import { entered, moveUp } from "./descriptors.js";
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
  const path = call.payload as string;
  const folder = folderOf(path);
  if (folder < 0 && folder !== AT_FDCWD) return settle(folder);
  const release = (): void => {
    if (folder !== AT_FDCWD) libc.close(folder);
  };
  const request = { folder, path, flags: libc.machineFlags(call.a), mode: call.b };
  const cancel = openInLane(request, (outcome) => {
    release();
    if (signal !== undefined && cancel !== undefined) removeEventListener.call(signal, "abort", cancel);
    if (typeof outcome !== "number") return reject(outcome);
    // A lane leaves its call unfinished only if it was cancelled.
    if (outcome === -EINTR) return reject(abortion());
    settle(entered(outcome));
  });
  if (cancel === undefined) {
    release();
    return settle(-EAGAIN);
  }
  if (signal !== undefined) addEventListener.call(signal, "abort", cancel);
}

// fcntl.h
const AT_FDCWD = -100;

/**
 * Where a path begins, as it is now: the process may change its directory before the lane begins.
 * @returns AT_FDCWD for an absolute path, a descriptor of our own, or -errno
 */
function folderOf(path: string): number {
  if (path.startsWith("/")) return AT_FDCWD;
  const opened = libc.resultOrErrno(libc.open(".", libc.machineFlags(O_PATH | O_DIRECTORY | O_CLOEXEC), 0));
  return opened < 0 ? opened : moveUp(opened);
}

// The methods of the class, not those that a caller's object may carry.
const { addEventListener, removeEventListener } = EventTarget.prototype;
