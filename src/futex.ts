// What futex(2) takes.
import { FUTEX_CMD_MASK, FUTEX_WAIT, FUTEX_WAIT_BITSET } from "../assembly/abi/futex.js";

/** Whether an operation of futex(2) waits: then it takes a timeout, where others take a number. */
export function isFutexWait(operation: number): boolean {
  const command = operation & FUTEX_CMD_MASK;
  return command === FUTEX_WAIT || command === FUTEX_WAIT_BITSET;
}
