// The errors of a simulation: the message holds the whole diagnosis, and what replays it.

import type { FailureKind } from "./finding.js";
import type { Coverage } from "./options.js";
import type { Leak } from "./report.js";
import type { Trace } from "./trace.js";

/** What a failed schedule came to. */
export interface FailureFacts {
  readonly kind: FailureKind;
  /** The name of the test, from the options. */
  readonly name: string | undefined;
  /** Replays the schedule: `replay(failure, program)`, or the environment variable LINUX_IPC_REPLAY. */
  readonly failure: string;
  /** What is wrong, in one line. */
  readonly headline: string;
  /** More lines: who waits for what; the message of what was thrown. */
  readonly details: readonly string[];
  readonly trace: Trace;
  readonly leaks: readonly Leak[];
  /** What a program threw. */
  readonly cause: unknown;
  /** Where a replay left the steps it was given. */
  readonly divergence: string | undefined;
}

/** A schedule that failed: thrown by `simulate` and `replay`. */
export class SimulationError extends Error {
  override readonly name: string = "SimulationError";
  readonly kind: FailureKind;
  /** Replays the schedule: `replay(failure, program)`, or the environment variable LINUX_IPC_REPLAY. */
  readonly failure: string;
  /** What is wrong, in one line. */
  readonly headline: string;
  /** All that happened. `String(error.trace)` gives it in columns. */
  readonly trace: Trace;
  /** What was left behind. */
  readonly leaks: readonly Leak[];
  /** Where a replay left the steps that it was given; undefined if it did not. */
  readonly divergence: string | undefined;

  /** @param found how it was found, for the message */
  constructor(facts: FailureFacts, found: string) {
    super(messageOf(facts, found), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = facts.kind;
    this.failure = facts.failure;
    this.headline = facts.headline;
    this.trace = facts.trace;
    this.leaks = facts.leaks;
    this.divergence = facts.divergence;
    hide(this, "failure", "headline", "trace", "leaks", "divergence");
  }
}

/** A search that found a schedule that fails: thrown by `explore`. */
export class ExplorationError extends SimulationError {
  override readonly name: string = "ExplorationError";
  /** How many schedules ran, the one that failed among them. */
  readonly schedules: number;
  readonly coverage: Coverage;

  /** @param found how it was found, for the message */
  constructor(facts: FailureFacts, found: string, coverage: Coverage) {
    super(facts, found);
    this.schedules = coverage.schedules;
    this.coverage = coverage;
    hide(this, "coverage");
  }
}

/** Keeps properties out of what node prints of an error: the message tells it all. */
function hide<Type>(error: Type, ...names: (keyof Type)[]): void {
  for (const name of names) Object.defineProperty(error, name, { enumerable: false });
}

function messageOf(facts: FailureFacts, found: string): string {
  const title = facts.name === undefined ? facts.headline : `${facts.name}: ${facts.headline}`;
  const leaks =
    facts.leaks.length === 0 ? [] : ["", "left behind:", ...facts.leaks.map(({ text }) => `  ${text}`)];
  return [
    `${title} (${found})`,
    ...facts.details,
    ...(facts.divergence === undefined ? [] : ["", facts.divergence]),
    "",
    String(facts.trace),
    ...leaks,
    "",
    replayText(facts.failure),
    "",
  ].join("\n");
}

// Beyond it, a message would be mostly the string.
const MOST_SHOWN = 4000;

function replayText(failure: string): string {
  if (failure.length <= MOST_SHOWN) return `replay: LINUX_IPC_REPLAY=${failure}`;
  return `replay: LINUX_IPC_REPLAY=…, see the error's \`failure\`: ${failure.length.toLocaleString("en-US")} characters`;
}
