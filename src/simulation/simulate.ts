import { type CallSite, callSite, takeStack } from "./call-error.js";
import { SimulationError } from "./errors.js";
import { type RootProgram, type SimulationOptions, settingsOf } from "./options.js";
import { environmentReplay, replaySteps } from "./replay.js";
import type { SimulationReport } from "./report.js";
import { RandomScheduler } from "./scheduler/random.js";
import { factsOf, inSession, record, reportOf, verify } from "./session.js";

/**
 * Runs a program once on a simulated kernel, in the schedule that the seed gives.
 *
 * With LINUX_IPC_REPLAY set to a failure string of the same options, that schedule is run instead.
 *
 * @param program the first process; it starts others by `linux.spawn`
 * @returns a report, once all processes have ended
 * @throws SimulationError a program threw, all wait for ever, … : its message tells all; TypeError for a bad option
 */
export function simulate(options: SimulationOptions, program: RootProgram): Promise<SimulationReport> {
  const site = callSite(simulate);
  return runOnce(options, program, site);
}

async function runOnce(
  options: SimulationOptions,
  program: RootProgram,
  site: CallSite,
): Promise<SimulationReport> {
  const settings = settingsOf("simulate", options);
  return await inSession("simulate", settings, program, async (session) => {
    const steps = environmentReplay(settings);
    if (steps !== undefined) return await replaySteps(session, steps, site);
    const recorded = await record(session, new RandomScheduler(settings.seed));
    if (recorded.finding === undefined) return reportOf(session, recorded, undefined);
    // A schedule that cannot be repeated has another cause than its own.
    const error = new SimulationError(
      factsOf(session, await verify(session, recorded)),
      `seed ${settings.seed}`,
    );
    takeStack(error, site);
    throw error;
  });
}
