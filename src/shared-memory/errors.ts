// What errors of shared memory say beyond their errno.
import { codeOf, explain, type SyscallError } from "../errors.js";

/** Runs a call, and says more of it if it fails. @param hints what is behind an errno, by its name */
export async function explained<Value>(
  call: Promise<Value>,
  hints: Readonly<Record<string, string>>,
): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    const hint = hints[codeOf(error) ?? ""];
    if (hint !== undefined) explain(error as SyscallError, hint);
    throw error;
  }
}

/** A place that the memory has not. */
export function outOfRange(caller: string, from: number, end: number, size: number): RangeError {
  const error = new RangeError(`${caller}: bytes ${from} to ${end} of ${size}`);
  return Object.assign(error, { code: "ERR_OUT_OF_RANGE" });
}
