// What futex(2) and futex_waitv(2) take.
import {
  FUTEX_CMD_MASK,
  FUTEX_OP_OPARG_SHIFT,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
} from "../assembly/abi/futex.js";

/** One of the words that futex_waitv waits at: struct futex_waitv. */
export interface FutexWaiter {
  /** What the word must have, signed or not. */
  readonly val: number;
  readonly uaddr: number;
  /** FUTEX2_SIZE_U32, and FUTEX2_PRIVATE. */
  readonly flags: number;
}

/** How a wait at a word of memory ended, as that of `Atomics.wait`. */
export type MemoryWaitResult = "ok" | "not-equal" | "timed-out";

/**
 * The last argument of FUTEX_WAKE_OP: what is done to the second word, and what it must have been before for its waiters to be woken.
 * @param op FUTEX_OP_SET, _ADD, _OR, _ANDN or _XOR, and FUTEX_OP_OPARG_SHIFT
 * @param oparg from -2048 to 2047
 * @param cmp FUTEX_OP_CMP_EQ, _NE, _LT, _LE, _GT or _GE
 * @param cmparg from -2048 to 2047
 */
export const FUTEX_OP = (op: number, oparg: number, cmp: number, cmparg: number): number =>
  ((op & (FUTEX_OP_OPARG_SHIFT | 7)) << 28) | ((cmp & 15) << 24) | ((oparg & 0xfff) << 12) | (cmparg & 0xfff);

/** Whether an operation of futex(2) waits: then it takes a timeout, where others take a number. */
export function isFutexWait(operation: number): boolean {
  const command = operation & FUTEX_CMD_MASK;
  return command === FUTEX_WAIT || command === FUTEX_WAIT_BITSET;
}
