// Calls on paths on the model: open(2), mkfifo(3), mkdir(2), rmdir(2), unlink(2), chmod(2), umask(2), stat(2).
// A path goes through the window, in UTF-8.
import { PATH_MAX } from "../../assembly/abi/limits.js";
import type { Call } from "../../src/call.js";
import type { FileStatus } from "../../src/linux.js";
import { type Attempt, fillWindow, type Memory } from "./memory.js";

const encoder = new TextEncoder();

/** Puts a call's path into the window. @returns its bytes; of one that is too long, as many as make it so */
export function fillPath(memory: Memory, call: Call): number {
  const path = encoder.encode(call.payload as string);
  const length = Math.min(path.length, PATH_MAX);
  fillWindow(memory, path.subarray(0, length), 0);
  return length;
}

// The path is walked anew when an awaited open goes on by a thread of its own.
export const open: Attempt = (memory, task, call, isNew) => {
  const length = fillPath(memory, call);
  return isNew ? memory.kernel.open(task, length, call.a, call.b) : memory.kernel.resume(task);
};

export const mkfifo: Attempt = (memory, task, call) =>
  memory.kernel.mkfifo(task, fillPath(memory, call), call.a);

export const mkdir: Attempt = (memory, task, call) =>
  memory.kernel.mkdir(task, fillPath(memory, call), call.a);

export const rmdir: Attempt = (memory, task, call) => memory.kernel.rmdir(task, fillPath(memory, call));

export const unlink: Attempt = (memory, task, call) => memory.kernel.unlink(task, fillPath(memory, call));

export const chmod: Attempt = (memory, task, call) =>
  memory.kernel.chmod(task, fillPath(memory, call), call.a);

export const umask: Attempt = ({ kernel }, task, call) => kernel.umask(task, call.a);

export const stat: Attempt = (memory, task, call) => {
  const result = memory.kernel.stat(task, fillPath(memory, call));
  if (result === 0) call.value = statusIn(memory);
  return result;
};

export const fstat: Attempt = (memory, task, call) => {
  const result = memory.kernel.fstat(task, call.a);
  if (result === 0) call.value = statusIn(memory);
  return result;
};

function statusIn({ words, out }: Memory): FileStatus {
  const [mode, nlink, uid, gid, size] = words.subarray(out, out + 5) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { mode, nlink, uid, gid, size };
}
