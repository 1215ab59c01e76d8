// Waiting for a word of shared memory to change, for what is built of such words.
import { FUTEX_WAIT } from "../assembly/abi/futex.js";
import { codeOf, type SyscallError } from "./errors.js";
import type { FutexWaitOptions, Linux } from "./linux.js";

/** A word of a mapping. */
export interface SharedWord {
  /** Words of the mapping, and which of them. */
  readonly words: Int32Array;
  readonly index: number;
  /** Where it is, for futex(2). */
  readonly address: number;
}

/**
 * Waits at a word while it has a value: futex(2). It may have come back to the value when this returns, or never have had another.
 * @throws EAGAIN as many calls of this thread wait as may · ENOMEM · EFAULT · AbortError
 */
export async function waitForChange(
  linux: Linux,
  word: SharedWord,
  value: number,
  options: FutexWaitOptions,
): Promise<void> {
  try {
    await linux.futex(word.address, FUTEX_WAIT, value, undefined, undefined, undefined, options);
  } catch (error) {
    const hasChanged = Atomics.load(word.words, word.index) !== value;
    if (!isOver(error, hasChanged)) throw error;
  }
}

/** Whether a wait has ended as it should: with EAGAIN for a word that has changed, but not for want of a thread to wait in. */
function isOver(error: unknown, hasChanged: boolean): boolean {
  const code = codeOf(error);
  const hint = (error as SyscallError).hint;
  return code === "EINTR" || (code === "EAGAIN" && (hasChanged || hint === undefined));
}
