// What a benchmark is. Each file beside this one exports one, of the same shape, and runs in a process of its own, so that
// none is measured with what another did to the compiler, the heap or the descriptors.

/** One benchmark: a question and how to answer it. */
export interface Benchmark {
  /** As `--only` names it. */
  readonly name: string;
  /** The kernels it runs on: off Linux those of "linux" are skipped. */
  readonly kernel: "model" | "linux" | "both";
  run(effort: Effort): Promise<readonly Row[]>;
}

/** How much to measure. */
export interface Effort {
  /** Pairs of measurements, ours and the peer's in turn. */
  readonly rounds: number;
  /** Scales the work of one measurement: 1 in a full run, less in a quick one. */
  readonly scale: number;
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** What was measured, with its unit. */
  readonly ours: string;
  /** What it is compared with; empty if with nothing. */
  readonly peer: string;
  /** Ours to the peer's, or the figure itself: the goal is for this one. */
  readonly figure: Spread;
  /** Unit of `figure`; empty for a ratio. */
  readonly unit: string;
  readonly goal?: Goal;
  /** What the row is in a chart beside the table. */
  readonly bar?: Bar;
}

/** One bar of a chart. */
export interface Bar {
  /** The chart's title; bars of the same title stand in one chart. */
  readonly chart: string;
  /** Unit of `height`. */
  readonly unit: string;
  readonly label: string;
  readonly height: number;
}

/** The figures of several rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** Whether the median reaches a goal. */
export function reaches(figure: Spread, goal: Goal): boolean {
  return "atMost" in goal ? figure.median <= goal.atMost : figure.median >= goal.atLeast;
}
