// Waiting for a word of shared memory to change, for what is built of such words.
import { FUTEX_WAIT } from "../assembly/abi/futex.js";
import type { SyscallError } from "./errors.js";
import { codeOf } from "./errors.js";
import type { FutexWaitOptions, Linux } from "./linux.js";

/**
 * Waits at a word while it has a value: futex(2). It may have come back to the value when this returns, or never have had another.
 * @throws EAGAIN as many calls of this thread wait as may · ENOMEM · AbortError
 */
export async function waitForChange(
  linux: Linux,
  address: number,
  value: number,
  options: FutexWaitOptions,
): Promise<void> {
  try {
    await linux.futex(address, FUTEX_WAIT, value, undefined, undefined, undefined, options);
  } catch (error) {
    if (!isOver(error)) throw error;
  }
}

/** Whether a wait has ended as it should: with EAGAIN for a word that has changed, but not for want of a thread to wait in. */
const isOver = (error: unknown): boolean =>
  codeOf(error) === "EINTR" || (codeOf(error) === "EAGAIN" && (error as SyscallError).hint === undefined);
