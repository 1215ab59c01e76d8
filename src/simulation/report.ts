// What simulate, explore and replay report when all went well, and explore.check in any case.
import type { ExplorationError } from "./errors.js";
import type { Coverage } from "./options.js";
import type { Trace } from "./trace.js";

/** Something that a program left behind. */
export interface Leak {
  /** `descriptor`: not closed; `child`: not waited for; `call`: outstanding when its program returned. */
  readonly kind: "descriptor" | "child" | "call";
  /** The process that left it. */
  readonly pid: number;
  readonly text: string;
}

/** One schedule that ran to its end. */
export interface SimulationReport {
  /** How many steps it took. */
  readonly steps: number;
  /** Runs the same schedule again: `replay(schedule, program)`. */
  readonly schedule: string;
  /** All that happened. `String(report.trace)` gives it in columns. */
  readonly trace: Trace;
  /** What was left behind; none if `leaks` is "ignore". */
  readonly leaks: readonly Leak[];
  /** Nanoseconds that passed on CLOCK_MONOTONIC. */
  readonly elapsed: bigint;
  /** Where a replay left the steps that it was given; undefined if it did not. */
  readonly divergence: string | undefined;
}

/** What a search came to. */
export interface ExplorationReport {
  /** What was found; undefined if no schedule failed. */
  readonly failure: ExplorationError | undefined;
  readonly coverage: Coverage;
  /** What was left behind in any schedule; none if `leaks` is "ignore". */
  readonly leaks: readonly Leak[];
  /** Where a replay (LINUX_IPC_REPLAY) left the steps that it was given; undefined if it did not. */
  readonly divergence: string | undefined;
}
