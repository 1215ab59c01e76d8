// Measuring: two things in turn, A B A B …, some 20 ms each, because a machine that does other things too changes its speed from
// one moment to the next: a ratio of neighbours holds where two figures from different seconds do not.
import type { Effort, Goal, Row, Spread } from "./benchmark.js";

/** Does a thing many times. @returns nanoseconds each, or any other figure for which less is better */
export type Measurement = () => Promise<number> | number;

export interface Comparison {
  readonly what: string;
  readonly ours: Measurement;
  readonly peer: Measurement;
  /** What the peer is. */
  readonly peerName: string;
  readonly goal?: Goal;
  /** How a figure is shown; the default is `duration`. */
  readonly show?: (figure: number) => string;
  /** Ours to the peer's; the default is the quotient of the figures. For a rate turn it round. */
  readonly ratio?: (ours: number, peer: number) => number;
}

// The compiler needs a while until both are as fast as they get.
const warmUpRounds = 3;

/** Measures ours and the peer's in turn, after a few rounds that are not counted. */
export async function compare(effort: Effort, comparison: Comparison): Promise<Row> {
  const { ours, peer, show = duration, ratio = (a, b) => a / b } = comparison;
  const figures = { ours: [] as number[], peer: [] as number[], ratio: [] as number[] };
  for (let round = -warmUpRounds; round < effort.rounds; round++) {
    const pair = { ours: await ours(), peer: await peer() };
    if (round < 0) continue;
    figures.ours.push(pair.ours);
    figures.peer.push(pair.peer);
    figures.ratio.push(ratio(pair.ours, pair.peer));
  }
  return {
    what: comparison.what,
    ours: show(spread(figures.ours).median),
    peer: `${comparison.peerName}: ${show(spread(figures.peer).median)}`,
    figure: spread(figures.ratio),
    unit: "",
    ...(comparison.goal && { goal: comparison.goal }),
  };
}

/** Does an operation `count` times. @returns nanoseconds each */
export function timeEach(count: number, operation: () => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) operation();
  return Number(process.hrtime.bigint() - start) / count;
}

/** Does an operation `count` times, each awaited. @returns nanoseconds each */
export async function timeEachAwaited(count: number, operation: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) await operation();
  return Number(process.hrtime.bigint() - start) / count;
}

/** The median, the least and the most of some figures. */
export function spread(figures: readonly number[]): Spread {
  return {
    median: percentile(figures, 0.5),
    least: percentile(figures, 0),
    most: percentile(figures, 1),
  };
}

/** The figure below which a share of all figures lies: 0.5 is the median. */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new RangeError("no figures");
  return (below + above) / 2;
}

/** Nanoseconds as a person reads them. */
export function duration(ns: number): string {
  if (ns < 1e3) return `${significant(ns)} ns`;
  if (ns < 1e6) return `${significant(ns / 1e3)} µs`;
  return `${significant(ns / 1e6)} ms`;
}

/** A rate a second as a person reads it. */
export function perSecond(what: string): (rate: number) => string {
  return (rate) => `${Math.round(rate).toLocaleString("en-US")} ${what}/s`;
}

/** Three digits that mean something. */
export function significant(figure: number): string {
  return figure >= 100 ? Math.round(figure).toLocaleString("en-US") : figure.toPrecision(3);
}
