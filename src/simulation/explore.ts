import { type CallSite, callSite, takeStack } from "./call-error.js";
import { ExplorationError } from "./errors.js";
import type { Finding } from "./finding.js";
import { FingerprintSet } from "./fingerprints.js";
import { type Coverage, type ExplorationOptions, type RootProgram, settingsOf } from "./options.js";
import { environmentReplay, recordReplay } from "./replay.js";
import type { ExplorationReport, Leak } from "./report.js";
import { RandomScheduler } from "./scheduler/random.js";
import {
  factsOf,
  inSession,
  leakOf,
  type Recorded,
  record,
  recordAgain,
  type Session,
  verify,
} from "./session.js";

/** `explore`, with its second form. */
export interface Explore {
  /**
   * Runs a program in many schedules on a simulated kernel, until one fails.
   *
   * The program must be the same each time: it may use nothing that its `linux` does not give it. The first schedule, and
   * one that fails, are run twice to see that.
   *
   * With LINUX_IPC_REPLAY set to a failure string of the same options, only that schedule is run.
   *
   * @param program the first process; it starts others by `linux.spawn`
   * @returns a report, if no schedule failed
   * @throws ExplorationError a schedule failed: its message tells all; TypeError for a bad option
   */
  (options: ExplorationOptions, program: RootProgram): Promise<ExplorationReport>;

  /** The same, but a schedule that failed is in the report. */
  check(options: ExplorationOptions, program: RootProgram): Promise<ExplorationReport>;
}

export const explore: Explore = Object.assign(
  async function explore(options: ExplorationOptions, program: RootProgram): Promise<ExplorationReport> {
    const report = await search(options, program, callSite(explore));
    if (report.failure !== undefined) throw report.failure;
    return report;
  },
  {
    check: async (options: ExplorationOptions, program: RootProgram): Promise<ExplorationReport> =>
      await search(options, program, callSite(explore.check)),
  },
);

async function search(
  options: ExplorationOptions,
  program: RootProgram,
  site: CallSite,
): Promise<ExplorationReport> {
  const settings = settingsOf("explore", options);
  return await inSession("explore", settings, program, async (session) => {
    const search = new Search(session);
    const steps = environmentReplay(settings);
    const failed = steps === undefined ? await search.run() : await search.replay(steps);
    const coverage = search.coverage();
    const { leaks } = search;
    const { divergence } = search;
    if (failed === undefined) return { failure: undefined, coverage, leaks, divergence };
    const found =
      steps === undefined ? `found in schedule ${coverage.schedules.toLocaleString("en-US")}` : "replayed";
    const failure = new ExplorationError(factsOf(session, failed, divergence), found, coverage);
    takeStack(failure, site);
    return { failure, coverage, leaks, divergence };
  });
}

// How often somebody is told how far the search has come.
const PROGRESS_INTERVAL_MS = 40;
// Schedules of which it is known that they differ.
const MOST_DISTINCT = 1_000_000;

// Taken when the module is loaded: a test that fakes the time must not change it.
const now = performance.now.bind(performance);

class Search {
  leaks: Leak[] = [];
  /** Where a replay left the steps that it was given. */
  divergence: string | undefined;
  readonly #session: Session;
  readonly #startMs = now();
  readonly #fingerprints = new FingerprintSet(MOST_DISTINCT);
  readonly #seenLeaks = new Set<string>();
  #schedules = 0;
  #steps = 0;
  #blocked = 0;
  #longest = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  coverage(): Coverage {
    return {
      schedules: this.#schedules,
      distinct: this.#fingerprints.size,
      steps: this.#steps,
      blocked: this.#blocked,
      longest: this.#longest,
      elapsedMs: now() - this.#startMs,
    };
  }

  /** @returns the schedule, if it failed */
  async replay(steps: Parameters<typeof recordReplay>[1]): Promise<Recorded | undefined> {
    const { recorded, divergence } = await recordReplay(this.#session, steps);
    this.#count();
    this.#keepLeaks(recorded.leaks);
    this.divergence = divergence;
    return recorded.finding && recorded;
  }

  /** @returns a schedule that failed; undefined if none did */
  async run(): Promise<Recorded | undefined> {
    const session = this.#session;
    const scheduler = new RandomScheduler(session.settings.seed);
    const first = await record(session, scheduler);
    this.#count();
    this.#keepLeaks(first.leaks);
    const verified = await verify(session, first);
    if (verified.finding !== undefined) return verified;
    const finding = await this.#runMany(scheduler);
    if (finding === undefined) return undefined;
    const { steps } = session.engine;
    return await recordAgain(session, finding, steps.names(), steps.copy());
  }

  /** Runs schedules one after the other, each from the last step of the one before it. */
  #runMany(scheduler: RandomScheduler): Promise<Finding | undefined> {
    const { engine, settings, main, name } = this.#session;
    const { maxSteps, leaks, schedules, budgetMs, onProgress } = settings;
    const run = { main, name, scheduler, maxSteps, leaks, recording: undefined };
    const endMs = this.#startMs + budgetMs;
    return new Promise((resolve, reject) => {
      let progressMs = now() + PROGRESS_INTERVAL_MS;
      const next = (): void => {
        if (this.#schedules >= schedules) return resolve(undefined);
        const nowMs = now();
        if (nowMs >= endMs) return resolve(undefined);
        if (onProgress !== undefined && nowMs >= progressMs) {
          progressMs = nowMs + PROGRESS_INTERVAL_MS;
          try {
            onProgress(this.coverage());
          } catch (error) {
            return reject(error);
          }
        }
        engine.run(run, done);
      };
      const done = (finding: Finding | undefined): void => {
        this.#count();
        if (engine.leftovers.length > 0)
          this.#keepLeaks(engine.leftovers.map((one) => leakOf(one, undefined)));
        if (finding !== undefined) resolve(finding);
        else next();
      };
      next();
    });
  }

  #count(): void {
    const { steps } = this.#session.engine;
    this.#schedules++;
    this.#steps += steps.length;
    this.#blocked += steps.blocked;
    if (steps.length > this.#longest) this.#longest = steps.length;
    const [low, high] = steps.fingerprint;
    this.#fingerprints.add(low, high);
  }

  /** Keeps leaks that are new: of the same kind by the same process, one is told. */
  #keepLeaks(leaks: readonly Leak[]): void {
    for (const leak of leaks) {
      const key = `${leak.kind} ${leak.text.replace(/, since step \d+/, "")}`;
      if (this.#seenLeaks.has(key)) continue;
      this.#seenLeaks.add(key);
      this.leaks.push(leak);
    }
  }
}
