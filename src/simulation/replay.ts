import { type CallSite, callSite, takeStack } from "./call-error.js";
import { SimulationError } from "./errors.js";
import { decodeFailure, type StepName } from "./failure-string.js";
import { type RootProgram, type Settings, type SimulationOptions, settingsOf, worldHash } from "./options.js";
import type { SimulationReport } from "./report.js";
import { ReplayScheduler } from "./scheduler/replay.js";
import {
  divergenceText,
  factsOf,
  inSession,
  type Recorded,
  record,
  reportOf,
  type Session,
} from "./session.js";

/**
 * Runs the schedule of a failure string again.
 *
 * The program may have been edited since: steps that cannot happen any more are left out, and the report or the error says
 * where (`divergence`).
 *
 * @param failure `error.failure`, or `report.schedule`
 * @param options those of the failure; only `machine` and `globals` must be the same
 * @returns a report, if the program does not fail
 * @throws SimulationError it fails; TypeError no failure string, or one of another machine
 */
export function replay(
  failure: string,
  program: RootProgram,
  options: SimulationOptions = {},
): Promise<SimulationReport> {
  const site = callSite(replay);
  return replayString(failure, program, options, site);
}

async function replayString(
  failure: string,
  program: RootProgram,
  options: SimulationOptions,
  site: CallSite,
): Promise<SimulationReport> {
  const settings = settingsOf("replay", options);
  const { hash, steps } = decodeFailure(failure);
  if (!hash.startsWith(worldHash(settings.machine, settings.globals))) {
    throw new TypeError(
      "replay: the failure string is of another machine, or of other globals: pass the options it was found with",
    );
  }
  return await inSession("replay", settings, program, (session) => replaySteps(session, steps, site));
}

/** Replays steps: a report, or the error with the stack of `site`. */
export async function replaySteps(
  session: Session,
  steps: readonly StepName[],
  site: CallSite,
): Promise<SimulationReport> {
  const { recorded, divergence } = await recordReplay(session, steps);
  if (recorded.finding === undefined) return reportOf(session, recorded, divergence);
  const error = new SimulationError(factsOf(session, recorded, divergence), "replayed");
  takeStack(error, site);
  throw error;
}

/** Replays steps. */
export async function recordReplay(
  session: Session,
  steps: readonly StepName[],
): Promise<{ recorded: Recorded; divergence: string | undefined }> {
  const scheduler = new ReplayScheduler(steps);
  const recorded = await record(session, scheduler);
  return { recorded, divergence: divergenceText(scheduler, recorded.names.length) };
}

/** The steps that LINUX_IPC_REPLAY asks for; undefined if it is not set, or meant for other options. */
export function environmentReplay(settings: Settings): readonly StepName[] | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const failure = process?.env?.LINUX_IPC_REPLAY;
  if (failure === undefined || failure === "") return undefined;
  const { hash, steps } = decodeFailure(failure);
  return hash === settings.hash ? steps : undefined;
}
