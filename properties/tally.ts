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

  /** Cases that ended at a known difference, by its name. */
  readonly accepted = new Map<string, number>();

  accept(name: string): void {
    count(this.accepted, name, 1);
  }

  /** Steps that were not made because their outcome is known to differ, by the reason's name. */
  readonly avoided = new Map<string, number>();

  avoid(name: string): void {
    count(this.avoided, name, 1);
  }

  outcome(call: string, { result }: Outcome): void {
    const end = result === GONE ? "gone" : result < 0 ? errnoName(-result) : "ok";
    count(this.ends, `${call} ${end}`, 1);
  }

  plain(): PlainTally {
    const { cases, steps, blocked, inconclusive } = this;
    const [ends, accepted, avoided] = [this.ends, this.accepted, this.avoided].map(
      (counts): Record<string, number> => Object.fromEntries(counts),
    ) as [Record<string, number>, Record<string, number>, Record<string, number>];
    return { cases, steps, blocked, inconclusive, ends, accepted, avoided };
  }
}

/** A tally as JSON. */
export interface PlainTally {
  readonly cases: number;
  readonly steps: number;
  readonly blocked: number;
  readonly inconclusive: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly accepted: Readonly<Record<string, number>>;
  readonly avoided: Readonly<Record<string, number>>;
}

const count = (counts: Map<string, number>, key: string, times: number): unknown =>
  counts.set(key, (counts.get(key) ?? 0) + times);

/** A (call, errno) pair of the manual pages, and how often it was met. */
export interface Pair {
  readonly call: string;
  readonly errno: string;
  readonly count: number;
}

/** The names of the calls that were made in any of some tallies, whatever came of them. */
export const madeCalls = (tallies: readonly PlainTally[]): ReadonlySet<string> =>
  new Set(tallies.flatMap(({ ends }) => Object.keys(ends).map((end) => end.slice(0, end.indexOf(" ")))));

/** The pairs that a program can meet, with how often they were met in all of some tallies. */
export function pairs(tallies: readonly PlainTally[]): Pair[] {
  const times = (key: string): number => tallies.reduce((sum, { ends }) => sum + (ends[key] ?? 0), 0);
  return syscallList.flatMap(({ name, errors }) =>
    errors
      .filter(({ unreachable }) => unreachable === undefined)
      .map(({ errno }) => ({ call: name, errno, count: times(`${name} ${errno}`) })),
  );
}
