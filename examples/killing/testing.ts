// Kills processes of a simulated program at every step, one step after the other.
//
// A schedule is a list of steps (its failure string), and a kill is one step of one process. So: run a schedule in which the killer
// only asks whether its victim is there (signal 0), take that step out of the list, put it in again at the first place, at the second,
// and so on, and replay each list with SIGKILL. Up to the kill the replay is the schedule that it came from; what the victim would
// have done is left out of the rest, and what the others do instead comes in.
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
/** The pid of the program's own first child; the next child has the next. */
export const FIRST_PID = 4;

/**
 * Runs a program as the first process, with a killer beside it, at each step of some schedules. Of several victims the first is
 * killed at each step, and the next at some step after that. What the program leaves behind is a failure.
 * @param victims their pids
 * @param run throws if something is wrong
 * @param schedules how many schedules the kills are put into
 * @returns how many kills there were
 * @throws SimulationError in one run something was wrong
 */
export async function killedAtEveryStep(
  victims: readonly number[],
  run: (linux: Linux) => Promise<unknown>,
  schedules = 6,
): Promise<number> {
  let signal = 0;
  const first = async (linux: Linux): Promise<void> => {
    const stay = await Pipe.create(linux);
    const pid = await spawnWith(linux, killer, { args: [victims, signal], fds: { stay: stay.reader } });
    await run(linux);
    await stay.writer.close();
    await linux.waitpid(pid);
  };
  let kills = 0;
  for (let seed = 1; seed <= schedules; seed++) {
    signal = 0;
    const { schedule } = await simulate({ seed, leaks: "fail" }, first);
    signal = SIGKILL;
    const [version, hash, list] = schedule.split(",") as [string, string, string];
    const steps = stepsOf(list).filter((step) => Number.parseInt(step, 10) !== KILLER_PID);
    // The first steps make the pipe, and start the killer.
    for (let place = 2; place <= steps.length; place++) {
      const killed = withKills(steps, place, victims.length, seed);
      const { trace } = await replay(`${version},${hash},${killed.join(".")}`, first, { leaks: "fail" });
      const step = trace.steps[place];
      if (step?.pid !== KILLER_PID || step.call !== "kill") {
        if (steps.slice(place).every((rest) => Number.parseInt(rest, 10) === ROOT_PID)) break;
        throw new Error(
          `seed ${seed}: step ${place + 1} is no kill, and others than the first process go on`,
        );
      }
      kills++;
    }
  }
  return kills;
}

/** The steps of a schedule, each with its process: `2read:2.write` is `2read`, `2read` and `2write`. */
function stepsOf(list: string): string[] {
  let pid = "";
  return list.split(".").flatMap((word) => {
    const [, ownPid = "", call = "", times = "1"] = /^(\d*)([^:]+)(?::(\d+))?$/.exec(word) ?? [];
    pid = ownPid || pid;
    return Array.from({ length: Number(times) }, () => pid + call);
  });
}

/** Puts the first kill at a place, and each further one somewhere behind the one before it: elsewhere for each place and seed. */
function withKills(steps: readonly string[], place: number, count: number, seed: number): string[] {
  const killed = [...steps];
  let at = place;
  for (let i = 0; i < count; i++) {
    killed.splice(at, 0, `${KILLER_PID}kill`);
    at += 1 + ((place * 31 + seed * 17) % (killed.length - at));
  }
  return killed;
}
