// Work that is done while something is held: it is given back however the work ends.
/**
 * Does work, and then gives back what is held for it.
 * @returns what the work gives
 * @throws as the work; else as `release`
 */
export async function releasedAfter<Value>(
  work: () => Value | PromiseLike<Value>,
  release: () => void | Promise<void>,
): Promise<Value> {
  let value: Value;
  try {
    value = await work();
  } catch (error) {
    // Of two failures the first is told: it may well be what the other came of.
    await (async () => release())().catch(() => undefined);
    throw error;
  }
  await release();
  return value;
}
