// A campaign: cases of each mechanism in turn, until so many steps agreed or a difference was found and shrunk.
import fc from "fast-check";
import { Machine } from "../backends/wasm/machine.js";
import { type CaseResult, runCase } from "./case.js";
import { type Executor, HarnessError } from "./executor.js";
import { executorNames, type ExecutorName, openExecutor } from "./executors.js";
import { cases, type Mechanism, mechanisms } from "./generators/index.js";
import { Oracle } from "./oracle.js";
import type { Difference, Report, Request } from "./report.js";
import type { Step } from "./step.js";
import { Tally } from "./tally.js";

/** Steps of a case at most, after those that make its pipes. */
const CASE_LENGTH = 60;
/** Cases of one mechanism before it is the next one's turn. */
const CASES_PER_TURN = 100;
/** How long a difference is shrunk. */
const SHRINKING_MS = 30_000;

/** Runs what is asked for. @param progress told the steps made so far, now and then */
export async function runCampaign(request: Request, progress: (steps: number) => void): Promise<Report> {
  const startedAt = performance.now();
  const names = request.executor === "both" ? executorNames : [request.executor];
  const tallies: Report["tallies"][number][] = [];
  let difference: Difference | undefined;
  let before = 0;
  for (const name of names) {
    const began = performance.now();
    const campaign = new Campaign(name, await openExecutor(name), (steps) => progress(before + steps));
    try {
      difference =
        request.replay === undefined
          ? await campaign.search(request, request.steps / names.length)
          : await campaign.replay(request.replay);
    } finally {
      await campaign.dispose();
    }
    tallies.push({
      executor: name,
      ...campaign.tally.plain(),
      states: campaign.states,
      seconds: (performance.now() - began) / 1000,
    });
    before += campaign.tally.steps;
    if (difference !== undefined) break;
  }
  return { seed: request.seed, seconds: (performance.now() - startedAt) / 1000, tallies, difference };
}

class Campaign {
  readonly tally = new Tally();
  readonly #name: ExecutorName;
  readonly #executor: Executor;
  readonly #oracle: Oracle;
  readonly #progress: (steps: number) => void;
  #last: Extract<CaseResult, { kind: "different" }> | undefined;
  #stepsBeforeShrinking = 0;

  constructor(name: ExecutorName, executor: Executor, progress: (steps: number) => void) {
    const { firstDescriptor, rlimitNofile } = executor;
    this.#name = name;
    this.#executor = executor;
    this.#progress = progress;
    this.#oracle = new Oracle(new Machine({ firstDescriptor, rlimitNofile }), executor.form);
  }

  get states(): number {
    return this.#oracle.distinct.size;
  }

  /** Generates cases until `steps` steps were made. */
  async search(request: Request, steps: number): Promise<Difference | undefined> {
    const turns = request.only === undefined ? mechanisms.filter((name) => name !== "process") : [request.only];
    for (let turn = 0; this.tally.steps < steps; turn++) {
      const mechanism = turns[turn % turns.length] as Mechanism;
      const found = await this.#turn(mechanism, request.seed + Math.floor(turn / turns.length), steps);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #turn(mechanism: Mechanism, seed: number, steps: number): Promise<Difference | undefined> {
    let shrinkUntil = Number.POSITIVE_INFINITY;
    const agrees = async (made: readonly Step[]): Promise<boolean> => {
      if (Date.now() > shrinkUntil) return true;
      if (shrinkUntil === Number.POSITIVE_INFINITY && this.tally.steps >= steps) return true;
      const isSame = await this.#agrees(made);
      if (!isSame && shrinkUntil === Number.POSITIVE_INFINITY) {
        shrinkUntil = Date.now() + SHRINKING_MS;
        this.#stepsBeforeShrinking = this.tally.steps;
      }
      return isSame;
    };
    const property = fc.asyncProperty(cases(mechanism, CASE_LENGTH), agrees);
    const result = await fc.check(property, { seed, numRuns: CASES_PER_TURN });
    if (!result.failed) return undefined;
    const { errorInstance, counterexample, counterexamplePath } = result;
    if (this.#last === undefined) throw errorInstance;
    return {
      executor: this.#name,
      mechanism,
      seed,
      path: counterexamplePath ?? "",
      shrinks: result.numShrinks,
      stepsBefore: this.#stepsBeforeShrinking,
      steps: counterexample?.[0] ?? [],
      rows: this.#last.rows,
    };
  }

  async #agrees(steps: readonly Step[]): Promise<boolean> {
    const result = await runCase(steps, this.#executor, this.#oracle, this.tally);
    this.#progress(this.tally.steps);
    // The executors' processes and the progress bar live by the event loop.
    await new Promise(setImmediate);
    if (result.kind !== "different") return true;
    this.#last = result;
    return false;
  }

  /** Runs one case again: several times, since the kernel may choose otherwise. */
  async replay({ steps, mechanism, times }: NonNullable<Request["replay"]>): Promise<Difference | undefined> {
    for (let time = 0; time < times; time++) {
      if (await this.#agrees(steps)) continue;
      const rows = this.#last?.rows ?? [];
      return {
        executor: this.#name,
        mechanism,
        seed: 0,
        path: "",
        shrinks: 0,
        stepsBefore: this.tally.steps,
        steps,
        rows,
      };
    }
    return undefined;
  }

  dispose(): Promise<void> {
    return this.#executor.dispose();
  }
}

export { HarnessError };
