// The model's linear memory as the host sees it: the I/O window for payload, OUT for further results.
import { MAX_GROUPS, WINDOW_SIZE } from "../../assembly/abi/model.js";
import type { Call } from "../../src/call.js";
import type { KernelExports } from "./kernel.js";

export interface Memory {
  readonly kernel: KernelExports;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly times: BigInt64Array;
  /** Address of the I/O window, in bytes. */
  readonly window: number;
  /** Address of OUT, in words of 4 bytes. */
  readonly out: number;
}

/** One attempt at a call, its first or a further one: a result >= 0, -errno, BLOCKED or GONE. */
export type Attempt = (memory: Memory, task: number, call: Call, isNew: boolean) => number;

// Below this size a loop is faster than making a view for `set`.
const SMALL = 48;

/** Copies the next bytes of a payload into the window. */
export function fillWindow(memory: Memory, payload: Uint8Array, offset: number): void {
  const { bytes, window } = memory;
  const count = Math.min(payload.length - offset, WINDOW_SIZE);
  if (count <= SMALL) {
    for (let index = 0; index < count; index++) bytes[window + index] = payload[offset + index] as number;
    return;
  }
  const isWhole = count === payload.length;
  bytes.set(isWhole ? payload : payload.subarray(offset, offset + count), window);
}

/** Copies `count` bytes from the window to a buffer. */
export function drainWindow(memory: Memory, buffer: Uint8Array, offset: number, count: number): void {
  const { bytes, window } = memory;
  if (count > SMALL) {
    buffer.set(bytes.subarray(window, window + count), offset);
    return;
  }
  for (let index = 0; index < count; index++) buffer[offset + index] = bytes[window + index] as number;
}

/** Puts groups into the window: no more than the model keeps, who has more is refused by their count. */
export function fillGroups({ words, window }: Memory, groups: readonly number[]): void {
  const count = Math.min(groups.length, MAX_GROUPS);
  for (let index = 0; index < count; index++) words[(window >> 2) + index] = groups[index] as number;
}
