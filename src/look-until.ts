// Waits for what the kernel tells nobody of: that an object was initialised by the one who made it.
import { CLOCK_MONOTONIC } from "../assembly/abi/time.js";
import type { Linux } from "./linux.js";
import { type TimedWaitOptions, withTimeout } from "./timeout.js";

const FIRST_PAUSE_NS = 1_000_000n;
const LONGEST_PAUSE_NS = 256_000_000n;

/**
 * Looks at once, and then again and again, each time after twice as long, up to a quarter of a second.
 * @param name what it is done for, for errors
 * @param look gives what was waited for; undefined: it is not there yet
 * @throws AbortError · TimeoutError · as `look`
 */
export async function lookUntil<Value>(
  linux: Linux,
  name: string,
  options: TimedWaitOptions | undefined,
  look: () => Promise<Value | undefined>,
): Promise<Value> {
  // What is there is found whatever the time.
  const found = await look();
  if (found !== undefined) return found;
  return await withTimeout(linux, name, options, async (waitOptions) => {
    for (let pauseNs = FIRST_PAUSE_NS; ; pauseNs = doubled(pauseNs)) {
      await linux.clock_nanosleep(CLOCK_MONOTONIC, 0, pauseNs, waitOptions);
      const next = await look();
      if (next !== undefined) return next;
    }
  });
}

const doubled = (pauseNs: bigint): bigint =>
  pauseNs * 2n > LONGEST_PAUSE_NS ? LONGEST_PAUSE_NS : pauseNs * 2n;
