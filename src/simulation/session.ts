// What simulate, explore and replay share: the engine, one at a time; a schedule with its recording; the error of one.

import type { Main } from "../program.js";
import { type Diagnosis, diagnose, leftoverText } from "./diagnosis.js";
import { Engine, type Leftover } from "./engine.js";
import type { FailureFacts } from "./errors.js";
import { encodeFailure, type StepName, stepCallName } from "./failure-string.js";
import type { Finding } from "./finding.js";
import { installGlobals } from "./globals.js";
import { firstProcess, type RootProgram, type Settings, textOf } from "./options.js";
import { Recording } from "./recording.js";
import type { Leak, SimulationReport } from "./report.js";
import { type Divergence, ReplayScheduler } from "./scheduler/replay.js";
import type { Scheduler } from "./scheduler/scheduler.js";
import type { Trace } from "./trace.js";

/** All that running schedules of one program takes. */
export interface Session {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly main: Main<[]>;
  /** What people call the first process. */
  readonly name: string;
}

// An engine is kept from one simulation to the next: making its machine takes half a millisecond.
let kept: { readonly key: string; readonly engine: Engine } | undefined;

// Of the realm, not of this module: a bundle and its sources may both be loaded.
const busy = Symbol.for("linux-ipc.simulation");
const realm = globalThis as { [busy]?: string | undefined };

/**
 * Runs some work in a session, the only one of the realm.
 * @param caller the public function, for errors
 * @throws Error if another simulation is going on
 */
export async function inSession<Result>(
  caller: string,
  settings: Settings,
  root: RootProgram,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const { main, name } = firstProcess(caller, root);
  if (realm[busy] !== undefined) {
    throw new Error(
      `${caller}: ${realm[busy]} is running. Two simulations at once would share what the programs' modules hold: await the first.`,
    );
  }
  realm[busy] =
    settings.name === undefined ? "another simulation" : `the simulation ${JSON.stringify(settings.name)}`;
  const key = textOf(settings.machine);
  try {
    const engine = kept?.key === key ? kept.engine : new Engine(settings.machine);
    kept = undefined;
    const uninstall = installGlobals(settings.globals, engine);
    const result = await withRejections(engine, () => work({ engine, settings, main, name })).finally(
      uninstall,
    );
    if (!engine.isBroken) kept = { key, engine };
    return result;
  } finally {
    realm[busy] = undefined;
  }
}

type RejectionListener = (reason: unknown) => void;

/** What node's `process` has for promises that are rejected and that nobody handles. */
interface RejectionSource {
  on?(event: "unhandledRejection", listener: RejectionListener): void;
  off?(event: "unhandledRejection", listener: RejectionListener): void;
}

/** Does some work while rejections that a program does not handle are its schedule's failure, not the end of the test run. */
async function withRejections<Result>(engine: Engine, work: () => Promise<Result>): Promise<Result> {
  const { process } = globalThis as { process?: RejectionSource };
  const listener: RejectionListener = (reason) => {
    if (!engine.unhandled(reason)) throw reason;
  };
  process?.on?.("unhandledRejection", listener);
  try {
    return await work();
  } finally {
    process?.off?.("unhandledRejection", listener);
  }
}

/** One schedule with all that can be told about it. */
export interface Recorded {
  readonly finding: Finding | undefined;
  /** Undefined if nothing is wrong. */
  readonly diagnosis: Diagnosis | undefined;
  readonly recording: Recording;
  readonly trace: Trace;
  readonly names: readonly StepName[];
  /** Pids, calls and results, to be compared with another run's. */
  readonly log: Int32Array;
  readonly leaks: readonly Leak[];
  readonly elapsed: bigint;
}

/** Runs one schedule and takes it down. */
export function record(session: Session, scheduler: Scheduler): Promise<Recorded> {
  const { engine, settings, main, name } = session;
  const recording = new Recording();
  const { maxSteps, leaks } = settings;
  return new Promise((resolve, reject) => {
    const done = (finding: Finding | undefined): void => {
      try {
        resolve(recordedOf(engine, finding, recording));
      } catch (error) {
        reject(error);
      }
    };
    engine.run({ main, name, scheduler, maxSteps, leaks, recording }, done);
  });
}

/** All that can be told about the schedule that has ended; the machine is still as it was then. */
function recordedOf(engine: Engine, finding: Finding | undefined, recording: Recording): Recorded {
  return {
    finding,
    diagnosis: finding && diagnose(engine, finding, recording),
    recording,
    trace: recording.trace(engine),
    names: engine.steps.names(),
    log: engine.steps.copy(),
    leaks: engine.leftovers.map((leftover) => leakOf(leftover, recording)),
    elapsed: engine.elapsed,
  };
}

/** What was left behind, for the report. */
export function leakOf(leftover: Leftover, recording: Recording | undefined): Leak {
  return { kind: leftover.kind, pid: leftover.process.pid, text: leftoverText(leftover, recording) };
}

/**
 * Repeats a recorded schedule and compares.
 * @returns what is wrong with the schedule: nondeterminism, if something differs
 */
export async function verify(session: Session, first: Recorded): Promise<Recorded> {
  const second = await record(session, new ReplayScheduler(first.names));
  const difference = first.recording.differenceTo(second.recording);
  if (difference === undefined && first.finding?.kind === second.finding?.kind) return first;
  const { step, here, there } = difference ?? {
    step: first.names.length,
    here: first.diagnosis?.headline ?? "all was well",
    there: second.diagnosis?.headline ?? "all was well",
  };
  return nondeterministic(
    session,
    second,
    [`  In step ${step}, at first: ${here}`, `  The second time: ${there}`].join("\n"),
  );
}

/**
 * Repeats a schedule that was not recorded, and takes it down.
 * @param names its steps
 * @param log its pids, calls and results
 */
export async function recordAgain(
  session: Session,
  finding: Finding,
  names: readonly StepName[],
  log: Int32Array,
): Promise<Recorded> {
  const second = await record(session, new ReplayScheduler(names));
  const isSame = log.length === second.log.length && log.every((value, at) => value === second.log[at]);
  if (isSame && finding.kind === second.finding?.kind) return second;
  const length = Math.min(names.length, second.names.length);
  const at = Array.from({ length }, (_, i) => i).find((i) => !isSameStep(log, second.log, i)) ?? length;
  const shown = (steps: readonly StepName[]): string => stepText(steps[at]);
  const [here, there] = [shown(names), shown(second.names)];
  const difference =
    here === there
      ? [`  In step ${at + 1}, ${here} came to another result the second time.`]
      : [`  In step ${at + 1}, at first: ${here}`, `  The second time: ${there}`];
  return nondeterministic(session, second, difference.join("\n"));
}

function isSameStep(first: Int32Array, second: Int32Array, step: number): boolean {
  const [a, b] = [first.length / 3, second.length / 3];
  return [0, 1, 2].every((row) => first[row * a + step] === second[row * b + step]);
}

function nondeterministic({ engine }: Session, recorded: Recorded, text: string): Recorded {
  const finding: Finding = { kind: "nondeterminism", text };
  return { ...recorded, finding, diagnosis: diagnose(engine, finding, recorded.recording) };
}

/** The report of a schedule that did not fail. */
export function reportOf(
  session: Session,
  recorded: Recorded,
  divergence: string | undefined,
): SimulationReport {
  const { names, trace, leaks, elapsed } = recorded;
  const schedule = encodeFailure(session.settings.hash, names);
  return { steps: names.length, schedule, trace, leaks, elapsed, divergence };
}

/** All that an error tells about a recorded schedule that failed. */
export function factsOf(session: Session, recorded: Recorded, divergence?: string): FailureFacts {
  const { finding, diagnosis, names, trace, leaks } = recorded;
  if (finding === undefined || diagnosis === undefined) throw new Error("the schedule did not fail");
  return {
    kind: finding.kind,
    name: session.settings.name,
    failure: encodeFailure(session.settings.hash, names),
    headline: diagnosis.headline,
    details: diagnosis.details,
    trace,
    leaks,
    cause: finding.kind === "throw" || finding.kind === "internal" ? finding.error : undefined,
    divergence,
  };
}

const stepText = (step: StepName | undefined): string =>
  step === undefined
    ? "no step"
    : step.pid === 0
      ? "the timer"
      : `pid ${step.pid} ${stepCallName(step.call)}`;

/** Where a replay left its steps, told to people; undefined if it did not. */
export function divergenceText(scheduler: ReplayScheduler, taken: number): string | undefined {
  const { divergence, length } = scheduler;
  if (divergence !== undefined) return lostText(divergence, length);
  if (scheduler.isFinished) return undefined;
  return `The replay ended after step ${taken}, of ${length}: the program is not what it was.`;
}

function lostText({ step, expected, possible }: Divergence, length: number): string {
  if (expected === undefined) return `The program goes on after step ${length}, the last of the replay.`;
  const others = possible.map(stepText).join(", ");
  return `The replay left its steps at step ${step}: ${stepText(expected)} was next and could not happen, but ${others}.`;
}
