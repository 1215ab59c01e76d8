// Repeats steps that were written down. A program may have been edited since: where it has new calls they are made, what
// cannot happen is left out, the first such step is noted, and when the list has ended, all go on in turn.
import type { StepName } from "../failure-string.js";
import type { Choices, Scheduler } from "./scheduler.js";

/** Where a replay left the steps that it was given. */
export interface Divergence {
  /** The step, from 1. */
  readonly step: number;
  /** What was to happen; undefined if the program goes on after the last step. */
  readonly expected: StepName | undefined;
  /** What could happen instead. */
  readonly possible: readonly StepName[];
}

// So many steps a call that was taken out of a program may lie ahead of what came after it.
const LOOKED_AHEAD = 64;

/** Replays one schedule. */
export class ReplayScheduler implements Scheduler {
  /** The first step that differed; undefined if none did. */
  divergence: Divergence | undefined;
  readonly #steps: readonly StepName[];
  #place = 0;
  #taken = 0;

  /** @param steps as a failure string holds them */
  constructor(steps: readonly StepName[]) {
    this.#steps = steps;
  }

  begin(): void {
    this.divergence = undefined;
    this.#place = 0;
    this.#taken = 0;
  }

  choose(choices: Choices): number {
    this.#taken++;
    for (; this.#place < this.#steps.length; this.#place++) {
      const expected = this.#steps[this.#place] as StepName;
      const found = find(choices, expected);
      if (found >= 0) {
        this.#place++;
        return found;
      }
      this.#diverge(choices, expected);
      const inserted = this.#inserted(choices, expected);
      if (inserted >= 0) return inserted;
    }
    this.#diverge(choices, undefined);
    return this.#fair(choices);
  }

  /**
   * What the process does instead of what was expected, if that is new: a call was put in before it. If it is what the
   * process was to do soon after, calls were taken out, and the expected one is left out; -1 then, or if it cannot go on.
   */
  #inserted(choices: Choices, expected: StepName): number {
    for (let choice = 0; choice < choices.count; choice++) {
      if (choices.pid(choice) !== expected.pid) continue;
      const call = choices.call(choice);
      const end = Math.min(this.#steps.length, this.#place + LOOKED_AHEAD);
      for (let place = this.#place + 1; place < end; place++) {
        const later = this.#steps[place] as StepName;
        if (later.pid === expected.pid && later.call === call) return -1;
      }
      return choice;
    }
    return -1;
  }

  /** How many steps were given. */
  get length(): number {
    return this.#steps.length;
  }

  /** Whether all steps were used. */
  get isFinished(): boolean {
    return this.#place === this.#steps.length;
  }

  #diverge(choices: Choices, expected: StepName | undefined): void {
    this.divergence ??= { step: this.#taken, expected, possible: all(choices) };
  }

  /** Beyond the list: each that can go on, in turn, so that no process that spins holds up the others. */
  #fair(choices: Choices): number {
    const processes = choices.hasTimer ? choices.count - 1 : choices.count;
    return this.#taken % processes;
  }
}

function all(choices: Choices): StepName[] {
  return Array.from({ length: choices.count }, (_, choice) => ({
    pid: choices.pid(choice),
    call: choices.call(choice),
    nth: choices.nth(choice),
  }));
}

function find(choices: Choices, { pid, call, nth }: StepName): number {
  for (let choice = 0; choice < choices.count; choice++) {
    if (choices.call(choice) === call && choices.pid(choice) === pid && choices.nth(choice) === nth)
      return choice;
  }
  return -1;
}
