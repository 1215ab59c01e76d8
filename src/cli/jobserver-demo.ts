// The first part of the demo: a jobserver that deadlocks on some schedules. Real runs hardly ever show it, the model finds
// it and tells why, and the mended form survives the same search.
import { hasty, mended } from "../../examples/jobserver.js";
import type { Linux } from "../linux.js";
import type { Program } from "../program.js";
import { type ExplorationReport, explore, type RootProgram } from "../simulation/index.js";
import { hasRealKernel, killDescendants, untilHung } from "./processes.js";
import { colors, heading, progress, quote, say } from "./screen.js";

export interface JobserverOptions {
  /** Times that it runs as real processes; left out: 20, or fewer on a slow machine. */
  readonly runs: number | undefined;
  /** Schedules of each search. */
  readonly schedules: number;
  readonly seed: number;
}

/** @returns whether all went as it should */
export async function jobserverDemo(options: JobserverOptions): Promise<boolean> {
  heading(
    "A bug that real runs hardly show: a jobserver with two slots, whose two workers take both, one at a time",
  );
  await runReally(options.runs);
  const isFound = await findDeadlock(options);
  const isMended = await surviveSearch(options);
  return isFound && isMended;
}

const usualRuns = 20;
const usualBudgetMs = 8000;

async function runReally(asked: number | undefined): Promise<void> {
  const wanted = asked ?? usualRuns;
  if (!hasRealKernel || wanted === 0) return say("  runs as real processes: skipped");
  const { linux } = await import("../../backends/linux/index.js");
  const start = performance.now();
  const bar = progress("runs as real processes", wanted);
  let runs = 0;
  let hung = 0;
  while (runs < wanted && (asked !== undefined || performance.now() - start < usualBudgetMs)) {
    if (!(await runOnce(linux, hasty))) hung++;
    runs++;
    bar.at(runs, `${hung} hung`);
  }
  bar.done();
  say(
    `  as real processes: ${runs} runs, ${colors.bold(`${hung} hung`)} (${seconds(performance.now() - start)})`,
  );
}

// For a machine that stands still: a hang is seen, not timed.
const patienceMs = 15_000;

/** Runs a jobserver as real processes. @returns whether it ended; if it hung, its workers have been killed */
export async function runOnce(linux: Linux, jobserver: Program<[]>): Promise<boolean> {
  const pid = await linux.spawn(jobserver);
  const watch = new AbortController();
  let hasEnded = false;
  const ended = linux.waitpid(pid).finally(() => {
    hasEnded = true;
    watch.abort();
  });
  const patience = setTimeout(() => watch.abort(), patienceMs);
  const isHung = await untilHung(pid, watch.signal);
  clearTimeout(patience);
  if (!isHung && !hasEnded) throw new Error(`the jobserver, pid ${pid}, neither ended nor fell asleep`);
  // make reaps its workers, and ends.
  if (isHung) killDescendants(pid);
  const { status } = await ended;
  if (!isHung && status !== 0) throw new Error(`the jobserver ended with wait status ${status}`);
  return !isHung;
}

async function findDeadlock(options: JobserverOptions): Promise<boolean> {
  const { failure, coverage } = await search("jobserver", hasty, options);
  if (failure === undefined) {
    say(colors.red(`  on the model: nothing found in ${schedulesIn(coverage)}`));
    return false;
  }
  const found = isReplay() ? "replayed" : `found in schedule ${failure.schedules}`;
  say(`  on the model: ${colors.bold(found)} (${seconds(coverage.elapsedMs)})`);
  say();
  quote(failure.message);
  say();
  say(`  the line that replays it: LINUX_IPC_REPLAY=${failure.failure} ${ownCommand()}`);
  if (failure.kind === "deadlock") return true;
  say(colors.red("  This is not the deadlock that was to be found."));
  return false;
}

const isReplay = (): boolean => (process.env.LINUX_IPC_REPLAY ?? "") !== "";

/** What runs this demo without its real runs, as it was called. */
const ownCommand = (): string =>
  process.env.npm_lifecycle_event === "demo" ? "npm run demo -- --runs 0" : "npx linux-ipc demo --runs 0";

async function surviveSearch(options: JobserverOptions): Promise<boolean> {
  const { failure, coverage } = await search("mended jobserver", mended, options);
  if (failure === undefined) {
    say(
      `  the mended jobserver, by the same search: ${colors.bold("no failure")} in ${schedulesIn(coverage)}`,
    );
    return true;
  }
  say(colors.red(`  the mended jobserver fails in schedule ${failure.schedules}:`));
  quote(failure.message);
  return false;
}

async function search(
  name: string,
  program: RootProgram,
  options: JobserverOptions,
): Promise<ExplorationReport> {
  const { schedules, seed } = options;
  const bar = progress(`schedules of the ${name}`, schedules);
  const report = await explore.check(
    { name, seed, schedules, leaks: "fail", onProgress: (coverage) => bar.at(coverage.schedules) },
    program,
  );
  bar.done();
  return report;
}

const schedulesIn = ({ schedules, distinct, elapsedMs }: ExplorationReport["coverage"]): string =>
  `${schedules} schedules, ${distinct} of them distinct (${seconds(elapsedMs)})`;

const seconds = (milliseconds: number): string =>
  `${(milliseconds / 1000).toFixed(milliseconds < 1000 ? 3 : 1)} s`;
