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

/**
 * Measures several things in turn, after a few rounds that are not counted.
 * @returns the figures of each, round by round
 */
export async function measureInTurn<Name extends string>(
  rounds: number,
  measurements: Readonly<Record<Name, Measurement>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(measurements) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const name of names) {
      const figure = await measurements[name]();
      if (round >= 0) figures[name].push(figure);
    }
  }
  return figures;
}

/** Measures ours and the peer's in turn. */
export async function compare(effort: Effort, comparison: Comparison): Promise<Row> {
  const { ours, peer, goal } = comparison;
  const row = comparisonRow(comparison, await measureInTurn(effort.rounds, { ours, peer }));
  return goal === undefined ? row : { ...row, goal };
}

/** The same against a program in C; ours by itself, without a goal, where there is no compiler. */
export async function compareWithC(
  effort: Effort,
  {
    peer,
    peerName = "in C",
    ...comparison
  }: Omit<Comparison, "peer" | "peerName"> & {
    readonly peer: Measurement | undefined;
    readonly peerName?: string;
  },
): Promise<Row> {
  if (peer !== undefined) return await compare(effort, { ...comparison, peer, peerName });
  const { what, ours, show = duration } = comparison;
  const figure = spread((await measureInTurn(effort.rounds, { ours })).ours);
  return {
    what,
    ours: show(figure.median),
    peer: `${peerName}: not measured, for there is no compiler (cc)`,
    figure,
    unit: "ns",
  };
}

/** The row of two things that were measured in turn. */
export function comparisonRow(
  { what, peerName, show = duration, ratio = (a, b) => a / b }: Omit<Comparison, "ours" | "peer" | "goal">,
  { ours, peer }: Readonly<Record<"ours" | "peer", readonly number[]>>,
): Row {
  return {
    what,
    ours: show(spread(ours).median),
    peer: `${peerName}: ${show(spread(peer).median)}`,
    figure: spread(ours.map((figure, round) => ratio(figure, peer[round] as number))),
    unit: "",
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
