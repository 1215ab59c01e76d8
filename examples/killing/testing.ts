// Kills processes of a simulated program at every step, one step after the other.
//
// A schedule is a list of steps (its failure string), and a kill is one step of one process. So: run a schedule in which the killer
// only asks whether its victim is there (signal 0), take that step out of the list, put it in again with SIGKILL at the first place, at
// the second, and so on, and replay each list. Up to the kill that is the schedule that it came from. Behind it come the steps of the
// rest, several times over and in an order that is drawn each time: the replay leaves out what cannot happen at its place.
import fc from "fast-check";
import { type Linux, Pipe, PipeReader, program, SIGKILL, spawnWith } from "linux-ipc";
import { replay, simulate } from "linux-ipc/simulation";

/** Kills processes, as far as they are there. Then it stays, for its end would wake the first process in its waits for children. */
const killer = program(
  import.meta.url,
  async function killer(linux, victims: readonly number[], signal: number) {
    for (const victim of victims) {
      await linux.kill(victim, signal).catch((error: { code?: string }) => {
        if (error.code !== "ESRCH") throw error;
      });
    }
    await PipeReader.from(linux, "stay").readAll();
  },
);

/** The first process, and its first child. */
const ROOT_PID = 2;
const KILLER_PID = 3;
const KILL = `${KILLER_PID}kill`;
/** The pid of the program's own first child; the next child has the next. */
export const FIRST_PID = 4;

/** So many ways are gone on from each kill. */
const CONTINUATIONS = 3;
/** So many times each step of the rest stands in one of them. */
const REPEATS = 3;

/**
 * Runs a program as the first process, with a killer beside it, at each step of some schedules. Of several victims the first is
 * killed at each step, and each other at some step after that. What the program leaves behind is a failure.
 * @param victims their pids
 * @param run throws if something is wrong
 * @param schedules how many schedules the kills are put into
 * @returns how many runs there were, each with its kills
 * @throws SimulationError in one run something was wrong
 */
export async function killedAtEveryStep(
  victims: readonly number[],
  run: (linux: Linux) => Promise<unknown>,
  schedules = 4,
): Promise<number> {
  let signal = 0;
  const first = async (linux: Linux): Promise<void> => {
    const stay = await Pipe.create(linux);
    const pid = await spawnWith(linux, killer, { args: [victims, signal], fds: { stay: stay.reader } });
    await run(linux);
    await stay.writer.close();
    await linux.waitpid(pid);
  };
  let runs = 0;
  for (let seed = 1; seed <= schedules; seed++) {
    signal = 0;
    const { schedule } = await simulate({ seed, leaks: "fail" }, first);
    signal = SIGKILL;
    const [version, hash, list] = schedule.split(",") as [string, string, string];
    const steps = stepsOf(list).filter((step) => pidOf(step) !== KILLER_PID);
    // The first steps make the pipe, and start the killer.
    for (let place = 2; place <= steps.length; place++) {
      let isKill = true;
      for (const rest of restsOf(steps.slice(place), victims, seed * steps.length + place)) {
        const killed = [...steps.slice(0, place), KILL, ...rest];
        const { trace } = await replay(`${version},${hash},${killed.join(".")}`, first, { leaks: "fail" });
        const step = trace.steps[place];
        isKill = step?.pid === KILLER_PID && step.call === "kill";
        if (!isKill) break;
        runs++;
      }
      if (isKill) continue;
      // All that is left to do is to wait for the killer.
      if (steps.slice(place).every((step) => pidOf(step) === ROOT_PID)) break;
      throw new Error(`seed ${seed}: step ${place + 1} is no kill, and others than the first process go on`);
    }
  }
  return runs;
}

/** Ways to go on behind a kill, with a kill of each other victim in them. */
function restsOf(steps: readonly string[], victims: readonly number[], seed: number): string[][] {
  // Who takes the place of a victim does what that would have done.
  const youngest = Math.max(...steps.map(pidOf), ...victims);
  const ofSuccessors = victims.flatMap((victim, index) =>
    steps
      .filter((step) => pidOf(step) === victim)
      .map((step) => step.replace(/^\d+/, `${youngest + 1 + index}`)),
  );
  const rest = [...steps, ...ofSuccessors, ...victims.slice(1).map(() => KILL)];
  const inAnyOrder = fc.shuffledSubarray(rest, { minLength: rest.length });
  const repeated = fc.array(inAnyOrder, { minLength: REPEATS, maxLength: REPEATS });
  return fc.sample(repeated, { seed, numRuns: CONTINUATIONS }).map((orders) => orders.flat());
}

const pidOf = (step: string): number => Number.parseInt(step, 10);

/** The steps of a schedule, each with its process: `2read:2.write` is `2read`, `2read` and `2write`. */
function stepsOf(list: string): string[] {
  let pid = "";
  return list.split(".").flatMap((word) => {
    const [, ownPid = "", call = "", times = "1"] = /^(\d*)([^:]+)(?::(\d+))?$/.exec(word) ?? [];
    pid = ownPid || pid;
    return Array.from({ length: Number(times) }, () => pid + call);
  });
}
