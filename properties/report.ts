// What a campaign is asked, and what it tells: plain JSON, since campaigns run in a process of their own.
import type { Row } from "./case.js";
import type { ExecutorName } from "./executors.js";
import type { Mechanism } from "./generators/index.js";
import type { Case } from "./step.js";
import type { PlainTally } from "./tally.js";

export interface Request {
  /** Steps to make in all. */
  readonly steps: number;
  readonly seed: number;
  readonly only: Mechanism | undefined;
  readonly executor: ExecutorName | "both";
  /** Cases to run instead of generated ones. */
  readonly replay?: readonly Replay[];
}

/** A case that is run again: several times, since the kernel may choose otherwise. */
export interface Replay extends Case {
  readonly mechanism: Mechanism;
  readonly times: number;
}

/** What one executor made. */
export interface ExecutorTally extends PlainTally {
  readonly executor: ExecutorName;
  /** Distinct quiescent states of the model that were met. */
  readonly states: number;
  readonly seconds: number;
}

/** A difference between the model and the kernel, shrunk. */
export interface Difference extends Case {
  readonly executor: ExecutorName;
  readonly mechanism: Mechanism;
  /** fast-check's seed and path of the shrunk case. */
  readonly seed: number;
  readonly path: string;
  readonly shrinks: number;
  /** Steps that were made until it was met first. */
  readonly stepsBefore: number;
  readonly rows: readonly Row[];
}

/** An executor that was asked for and can run nothing of what was asked. */
export interface IdleExecutor {
  readonly executor: ExecutorName;
  readonly why: string;
}

export interface Report {
  readonly seed: number;
  readonly seconds: number;
  readonly tallies: readonly ExecutorTally[];
  readonly idle: readonly IdleExecutor[];
  readonly difference: Difference | undefined;
}
