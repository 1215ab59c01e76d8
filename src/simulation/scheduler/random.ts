// Draws at every step among all that can happen. A timer is drawn less often than a process: most timeouts are long, and
// whatever is drawn early makes the rest of a schedule alike.
import type { Choices, Scheduler } from "./scheduler.js";

// A process is drawn so many times as often as the timer.
const PROCESS_WEIGHT = 4;

/** The seeded random strategy. */
export class RandomScheduler implements Scheduler {
  #seed: number;
  #schedule = 0;
  #state = 1;

  /** @param seed the same seed gives the same choices */
  constructor(seed: number) {
    this.#seed = seed;
  }

  begin(): void {
    // Both halves of the seed and the schedule's number, mixed so that neighbours have nothing in common.
    const low = this.#seed | 0;
    const high = (this.#seed / 0x1_0000_0000) | 0;
    this.#state = mix(mix(mix(low) ^ high) + this.#schedule) || 1;
    this.#schedule++;
  }

  choose(choices: Choices): number {
    const { count } = choices;
    if (count === 1) return 0;
    if (!choices.hasTimer) return this.#below(count);
    const drawn = this.#below((count - 1) * PROCESS_WEIGHT + 1);
    return (drawn / PROCESS_WEIGHT) | 0;
  }

  /** A number from 0 to bound - 1: xorshift32, scaled by its high bits, which are its best. */
  #below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return Math.floor((x >>> 0) * 2 ** -32 * bound);
  }
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the output. */
function mix(value: number): number {
  let hash = Math.imul(value ^ 0x9e3779b9, 1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
