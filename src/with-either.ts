// An operation that either of two signals ends. Not AbortSignal.any: a signal that lives long remembers each that was made of it.
/** @param operation is given a signal that fires when one of the two does, and with its reason */
export async function withEither<Value>(
  first: AbortSignal,
  second: AbortSignal,
  operation: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const ender = new AbortController();
  const end = (): void => ender.abort(first.aborted ? first.reason : second.reason);
  if (first.aborted || second.aborted) end();
  first.addEventListener("abort", end);
  second.addEventListener("abort", end);
  try {
    return await operation(ender.signal);
  } finally {
    first.removeEventListener("abort", end);
    second.removeEventListener("abort", end);
  }
}
