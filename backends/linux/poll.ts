// poll(2). A descriptor that is not the program's is POLLNVAL without asking.

import { BLOCKED } from "../../assembly/abi/model.js";
import { POLLNVAL } from "../../assembly/abi/poll.js";
import type { Call, PollEntry } from "../../src/call.js";
import { owns } from "./descriptors.js";
import { allocate, type Memory } from "./ffi.js";
import * as libc from "./libc.js";

// struct pollfd { int fd; short events; short revents; }
const SIZE = 8;
const EVENTS = 4;
const REVENTS = 6;

/** Where in the scratch memory entries stand, and how many there is room for. */
const SCRATCH_OFFSET = 4096;
const SCRATCH_COUNT = 4096;

/** Whether a descriptor is ready now, or in a state that a call on it would report. */
export function isReady(fd: number, events: number): boolean {
  const { address, view } = libc.scratch;
  view.setInt32(SCRATCH_OFFSET, fd, true);
  view.setUint16(SCRATCH_OFFSET + EVENTS, events, true);
  return libc.poll(address + SCRATCH_OFFSET, 1, 0) !== 0;
}

/** One attempt at poll(2). */
export function poll(call: Call, timedOut: boolean): number {
  const result = ask(call, 0);
  return result === 0 && call.a !== 0 && !timedOut ? BLOCKED : result;
}

/** The plain poll(2), on this thread. */
export const pollBlocking = (call: Call): number => ask(call, call.a);

function ask(call: Call, timeout: number): number {
  const entries = call.payload as readonly PollEntry[];
  const count = entries.length;
  const offset = count > SCRATCH_COUNT ? 0 : SCRATCH_OFFSET;
  const memory: Memory = count > SCRATCH_COUNT ? allocate(count * SIZE) : libc.scratch;
  const { view } = memory;
  let foreign = 0;
  for (let index = 0, at = offset; index < count; index++, at += SIZE) {
    const { fd, events } = entries[index] as PollEntry;
    const isForeign = fd >= 0 && !owns(fd);
    if (isForeign) foreign++;
    // Linux leaves out a negative descriptor, and clears its revents.
    view.setInt32(at, isForeign ? -1 : fd, true);
    view.setUint16(at + EVENTS, events, true);
  }
  const ready = libc.poll(memory.address + offset, count, foreign > 0 ? 0 : timeout);
  if (ready === -1) return -libc.errno();
  const revents = new Array<number>(count);
  for (let index = 0, at = offset; index < count; index++, at += SIZE) {
    const { fd } = entries[index] as PollEntry;
    revents[index] = fd >= 0 && !owns(fd) ? POLLNVAL : view.getUint16(at + REVENTS, true);
  }
  call.value = revents;
  return ready + foreign;
}
