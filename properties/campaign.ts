// A campaign: cases of each mechanism in turn, until so many steps agreed or a difference was found and shrunk.
import fc from "fast-check";
import { Machine } from "../backends/wasm/machine.js";
import { type CaseResult, runCase } from "./case.js";
import type { Executor } from "./executor.js";
import {
  type ExecutorName,
  executorNames,
  isCountedForUsers,
  obstacle,
  openExecutor,
  type Subject,
  subjectOf,
} from "./executors.js";
import { cases, isAboutProcesses, type Mechanism, mechanisms } from "./generators/index.js";
import { Oracle } from "./oracle.js";
import { placeHere } from "./place.js";
import { lowerQueueLimits, queueLimits } from "./queues.js";
import {
  canBecomeOthers,
  messageQueueLimits,
  pipeLimits,
  rootCapabilities,
  sharedMemoryLimits,
} from "./real-machine.js";
import type { Difference, IdleExecutor, Replay, Report, Request } from "./report.js";
import { lowerSemaphoreLimits, semaphoreLimits } from "./semaphores.js";
import { lowerSegmentLimits, segmentLimits } from "./shared-segments.js";
import type { Case } from "./step.js";
import { Tally } from "./tally.js";

/** Steps of a case at most, after those that it begins with. */
const caseLength = (mechanism: Mechanism): number => (isAboutProcesses(mechanism) ? 40 : 60);
/** Cases of one mechanism before it is the next one's turn: fewer where each starts processes. */
const casesPerTurn = (mechanism: Mechanism): number => (isAboutProcesses(mechanism) ? 4 : 100);
/** How long a difference is shrunk. */
const SHRINKING_MS = 30_000;

/** Runs what is asked for. @param progress told the steps made so far, now and then */
export async function runCampaign(request: Request, progress: (steps: number) => void): Promise<Report> {
  const startedAt = performance.now();
  lowerQueueLimits();
  lowerSemaphoreLimits();
  lowerSegmentLimits();
  const asked = request.executor === "both" ? executorNames : [request.executor];
  const names = asked.filter(
    (name) => request.replay !== undefined || mechanismsOf(name, request).length > 0,
  );
  const tallies: Report["tallies"][number][] = [];
  let difference: Difference | undefined;
  let before = 0;
  for (const name of names) {
    const began = performance.now();
    const campaign = new Campaign(name, (steps) => progress(before + steps));
    try {
      difference =
        request.replay === undefined
          ? await campaign.search(request, request.steps / names.length)
          : await campaign.replayAll(request.replay);
    } finally {
      await campaign.dispose();
    }
    tallies.push({
      executor: name,
      ...campaign.tally.plain(),
      states: await campaign.states(),
      seconds: (performance.now() - began) / 1000,
    });
    before += campaign.tally.steps;
    if (difference !== undefined) break;
  }
  const idle = asked.filter((name) => !names.includes(name)).map((name) => whyIdle(name, request));
  return { seed: request.seed, seconds: (performance.now() - startedAt) / 1000, tallies, idle, difference };
}

const wantedBy = ({ only }: Request): readonly Mechanism[] => (only === undefined ? mechanisms : [only]);

/** The mechanisms that are asked for and that an executor can run here. */
function mechanismsOf(name: ExecutorName, request: Request): Mechanism[] {
  const place = placeHere();
  return wantedBy(request).filter((mechanism) => obstacle(name, mechanism, place) === undefined);
}

function whyIdle(name: ExecutorName, request: Request): IdleExecutor {
  const [mechanism] = wantedBy(request) as [Mechanism];
  return { executor: name, why: obstacle(name, mechanism, placeHere()) as string };
}

class Campaign {
  readonly tally = new Tally();
  readonly #name: ExecutorName;
  /** By what their executors are opened for. */
  readonly #judges = new Map<string, Promise<Judge>>();
  readonly #progress: (steps: number) => void;
  #last: Extract<CaseResult, { kind: "different" }> | undefined;
  #stepsBeforeShrinking = 0;

  constructor(name: ExecutorName, progress: (steps: number) => void) {
    this.#name = name;
    this.#progress = progress;
  }

  /** Who runs and judges the cases of a mechanism. */
  #judge(mechanism: Mechanism): Promise<Judge> {
    const subject = subjectOf(mechanism);
    const isCounted = isCountedForUsers(mechanism);
    const key = `${subject} ${isCounted}`;
    const known = this.#judges.get(key);
    if (known !== undefined) return known;
    const opened = openJudge(this.#name, subject, isCounted);
    this.#judges.set(key, opened);
    return opened;
  }

  /** Distinct states met so far. */
  async states(): Promise<number> {
    const judges = await Promise.all(this.#judges.values());
    return judges.reduce((sum, { oracle }) => sum + oracle.distinct.size, 0);
  }

  /** Generates cases until `steps` steps were made. */
  async search(request: Request, steps: number): Promise<Difference | undefined> {
    const turns = mechanismsOf(this.#name, request);
    for (let turn = 0; this.tally.steps < steps; turn++) {
      const mechanism = turns[turn % turns.length] as Mechanism;
      const found = await this.#turn(mechanism, request.seed + Math.floor(turn / turns.length), steps);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #turn(mechanism: Mechanism, seed: number, steps: number): Promise<Difference | undefined> {
    let shrinkUntil = Number.POSITIVE_INFINITY;
    let failure: unknown;
    const agrees = async (made: Case): Promise<boolean> => {
      if (Date.now() > shrinkUntil || failure !== undefined) return true;
      if (shrinkUntil === Number.POSITIVE_INFINITY && this.tally.steps >= steps) return true;
      const isSame = await this.#agrees(made, mechanism).catch((error: unknown) => {
        // The suite itself failed: there is nothing to shrink.
        failure = error;
        return true;
      });
      if (!isSame && shrinkUntil === Number.POSITIVE_INFINITY) {
        shrinkUntil = Date.now() + SHRINKING_MS;
        this.#stepsBeforeShrinking = this.tally.steps;
      }
      return isSame;
    };
    const property = fc.asyncProperty(cases(mechanism, caseLength(mechanism), canBecomeOthers()), agrees);
    const result = await fc.check(property, { seed, numRuns: casesPerTurn(mechanism) });
    if (failure !== undefined) throw failure;
    if (!result.failed || this.#last === undefined) return undefined;
    const { counterexample, counterexamplePath } = result;
    return {
      executor: this.#name,
      mechanism,
      seed,
      path: counterexamplePath ?? "",
      shrinks: result.numShrinks,
      stepsBefore: this.#stepsBeforeShrinking,
      ...(counterexample?.[0] ?? { users: [], steps: [] }),
      rows: this.#last.rows,
    };
  }

  async #agrees(made: Case, mechanism: Mechanism): Promise<boolean> {
    const { executor, oracle } = await this.#judge(mechanism);
    const result = await runCase(made, executor, oracle, this.tally);
    this.#progress(this.tally.steps);
    // The executors' processes and the progress bar live by the event loop.
    await new Promise(setImmediate);
    if (result.kind !== "different") return true;
    this.#last = result;
    return false;
  }

  async replayAll(replays: readonly Replay[]): Promise<Difference | undefined> {
    for (const replay of replays) {
      const found = await this.#replay(replay);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #replay({ users, steps, mechanism, times }: Replay): Promise<Difference | undefined> {
    for (let time = 0; time < times; time++) {
      if (await this.#agrees({ users, steps }, mechanism)) continue;
      const rows = this.#last?.rows ?? [];
      return {
        executor: this.#name,
        mechanism,
        seed: 0,
        path: "",
        shrinks: 0,
        stepsBefore: this.tally.steps,
        users,
        steps,
        rows,
      };
    }
    return undefined;
  }

  async dispose(): Promise<void> {
    for (const judge of this.#judges.values()) await (await judge).executor.dispose();
  }
}

interface Judge {
  readonly executor: Executor;
  readonly oracle: Oracle;
}

async function openJudge(name: ExecutorName, subject: Subject, isCounted: boolean): Promise<Judge> {
  const executor = await openExecutor(name, subject, isCounted);
  const { firstDescriptor, rlimitNofile, form } = executor;
  const capabilities = rootCapabilities();
  const machine = new Machine({
    firstDescriptor,
    rlimitNofile,
    capabilities,
    ...queueLimits(),
    ...semaphoreLimits(),
    ...segmentLimits(),
    ...pipeLimits(),
    ...messageQueueLimits(),
    ...sharedMemoryLimits(),
  });
  return { executor, oracle: new Oracle(machine, form, capabilities) };
}
