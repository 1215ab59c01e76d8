// futex(2). The kernel is asked for all of it, and orders its own checks: an address that is not the program's becomes one that no process
// can have (mapping.ts).
//
// What waits has no descriptor, so it waits in a lane, in the plain call. The attempt before looks only whether it would: FUTEX_CMP_REQUEUE
// of nobody compares the word, and neither waits nor touches who does.
import { EINVAL, ENOMEM, ENOSYS, ETIMEDOUT } from "../../assembly/abi/errno.js";
import {
  FUTEX_BITSET_MATCH_ANY,
  FUTEX_CLOCK_REALTIME,
  FUTEX_CMD_MASK,
  FUTEX_CMP_REQUEUE,
  FUTEX_PRIVATE_FLAG,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
} from "../../assembly/abi/futex.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "../../assembly/abi/time.js";
import type { Call, FutexRequest } from "../../src/call.js";
import { isFutexWait } from "../../src/futex.js";
import { readClock } from "./clock.js";
import { callFutex, type FutexWait, waitPlainly } from "./futex-call.js";
import { pin, unpin } from "./mapped-parts.js";
import { wordPlace } from "./mapping.js";

const isPrivate = (operation: number): boolean => (operation & FUTEX_PRIVATE_FLAG) !== 0;

/** Whether the timeout is an interval, and not a time. */
const isRelative = (operation: number): boolean => (operation & FUTEX_CMD_MASK) === FUTEX_WAIT;

/** One attempt at futex(2). */
export function futex({ a: operation, b: value, payload }: Call): number {
  const { address, value2, otherAddress, value3, timeout } = payload as FutexRequest;
  const place = wordPlace(address, isPrivate(operation));
  if (!isFutexWait(operation)) {
    const other = wordPlace(otherAddress, isPrivate(operation));
    return callFutex(place, operation, value, value2, other, value3);
  }
  if (timeout !== undefined && timeout < 0n) return -EINVAL;
  if (isRelative(operation) && (operation & FUTEX_CLOCK_REALTIME) !== 0) return -ENOSYS;
  if (!isRelative(operation) && value3 === 0) return -EINVAL;
  const look = FUTEX_CMP_REQUEUE | (operation & FUTEX_PRIVATE_FLAG);
  const looked = callFutex(place, look, 0, 0, place, value);
  if (looked < 0) return looked;
  return isOver(operation, timeout) ? -ETIMEDOUT : BLOCKED;
}

function isOver(operation: number, timeout: bigint | undefined): boolean {
  if (timeout === undefined) return false;
  if (isRelative(operation)) return timeout === 0n;
  const clock = (operation & FUTEX_CLOCK_REALTIME) === 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
  return timeout <= (readClock(clock) as bigint);
}

/** The plain futex(2), on this thread. */
export function futexBlocking(call: Call): number {
  const { a: operation, b: value, payload } = call;
  if (!isFutexWait(operation)) return futex(call);
  const { address, timeout, value3 } = payload as FutexRequest;
  const slot = pin(address);
  if (slot === -1) return -ENOMEM;
  const place = wordPlace(address, isPrivate(operation));
  const result = waitPlainly({ place, operation, value, bitset: value3, timeout });
  unpin(slot);
  return result;
}

const NEVER = (1n << 63n) - 1n;

/** What a lane is to wait for: until a time, for it may have to begin again. */
export function futexWaitOf({ a: operation, b: value, payload }: Call): FutexWait {
  const { address, timeout, value3 } = payload as FutexRequest;
  const kept = operation & (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
  const wait = {
    place: wordPlace(address, isPrivate(operation)),
    operation: FUTEX_WAIT_BITSET | kept,
    value,
  };
  if (!isRelative(operation)) return { ...wait, bitset: value3, timeout };
  const time = timeout === undefined ? undefined : (readClock(CLOCK_MONOTONIC) as bigint) + timeout;
  return {
    ...wait,
    bitset: FUTEX_BITSET_MATCH_ANY,
    timeout: time !== undefined && time > NEVER ? NEVER : time,
  };
}
