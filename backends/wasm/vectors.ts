// Payloads of several buffers: to the model they are one, their bytes one after the other.
import { MAX_RW_COUNT } from "../../assembly/abi/limits.js";
import { MORE, WINDOW_SIZE } from "../../assembly/abi/model.js";
import type { Memory } from "./memory.js";

export type Buffers = readonly Uint8Array[];

/** Bytes of all buffers together, as far as one call transfers them. */
export function lengthOf(buffers: Buffers): number {
  return Math.min(
    buffers.reduce((sum, { length }) => sum + length, 0),
    MAX_RW_COUNT,
  );
}

/** Calls `visit` with every part of the buffers that lies among `count` bytes from `offset` on. */
function forParts(
  buffers: Buffers,
  offset: number,
  count: number,
  visit: (part: Uint8Array, place: number) => void,
): void {
  let start = 0;
  for (const buffer of buffers) {
    if (start >= offset + count) return;
    const from = Math.max(offset - start, 0);
    const to = Math.min(offset + count - start, buffer.length);
    if (from < to) visit(buffer.subarray(from, to), start + from - offset);
    start += buffer.length;
  }
}

/** Copies the next bytes into the window. */
export function gather({ bytes, window }: Memory, buffers: Buffers, offset: number): void {
  forParts(buffers, offset, WINDOW_SIZE, (part, place) => bytes.set(part, window + place));
}

function scatter({ bytes, window }: Memory, buffers: Buffers, offset: number, count: number): void {
  forParts(buffers, offset, count, (part, place) => {
    part.set(bytes.subarray(window + place, window + place + part.length));
  });
}

/** Goes on with an attempt that fills buffers, after its first round came to `result`. */
export function receive(memory: Memory, task: number, buffers: Buffers, result: number): number {
  const { kernel } = memory;
  let drained = 0;
  let now = result;
  while (now === MORE) {
    const moved = kernel.transferred(task);
    scatter(memory, buffers, drained, moved - drained);
    drained = moved;
    now = kernel.proceed(task);
  }
  if (now > drained) scatter(memory, buffers, drained, now - drained);
  return now;
}

/** Goes on with an attempt that takes bytes from buffers, after its first round came to `result`. */
export function send(memory: Memory, task: number, buffers: Buffers, result: number): number {
  const { kernel } = memory;
  let now = result;
  while (now === MORE) {
    gather(memory, buffers, kernel.transferred(task));
    now = kernel.proceed(task);
  }
  return now;
}
