// What a run has covered: counted as it goes, told at its end.
import { GONE } from "../assembly/abi/model.js";
import { errnoName } from "../src/errors.js";
import { syscallList } from "../src/syscalls.js";
import type { Outcome } from "./outcome.js";

export class Tally {
  cases = 0;
  steps = 0;
  /** Calls that blocked. */
  blocked = 0;
  inconclusive = 0;
  /** How often each call came to each end: `read EAGAIN`, `read ok`, `read gone`. */
  readonly ends = new Map<string, number>();

  outcome(call: string, { result }: Outcome): void {
    const end = result === GONE ? "gone" : result < 0 ? errnoName(-result) : "ok";
    const key = `${call} ${end}`;
    this.ends.set(key, (this.ends.get(key) ?? 0) + 1);
  }

  /** Adds what another run has covered. */
  add(other: Tally): void {
    this.cases += other.cases;
    this.steps += other.steps;
    this.blocked += other.blocked;
    this.inconclusive += other.inconclusive;
    for (const [key, count] of other.ends) this.ends.set(key, (this.ends.get(key) ?? 0) + count);
  }
}

/** A (call, errno) pair of the manual pages, and how often it was met. */
export interface Pair {
  readonly call: string;
  readonly errno: string;
  readonly count: number;
}

/** The pairs that a program can meet. */
export function pairs(tally: Tally): Pair[] {
  return syscallList.flatMap(({ name, errors }) =>
    errors
      .filter(({ unreachable }) => unreachable === undefined)
      .map(({ errno }) => ({ call: name, errno, count: tally.ends.get(`${name} ${errno}`) ?? 0 })),
  );
}
