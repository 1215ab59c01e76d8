// What the tests of the examples share. They use the built examples: on the real kernel each process imports them.
import { IPC_RMID, IPC_STAT, type Linux, MSG_INFO, O_RDONLY, SIGKILL, WNOHANG } from "linux-ipc";
import { type ExplorationError, type ExplorationOptions, explore } from "linux-ipc/simulation";
import { expect, onTestFinished } from "vitest";

export const isLinux = process.platform === "linux";

/** Imports an example from dist/. */
export const built = async <Module>(name: string): Promise<Module> =>
  (await import(new URL(`../dist/examples/${name}.js`, import.meta.url).href)) as Module;

/** Runs a function on the model in 1,000 schedules, with no leaks; all must give the same, which is returned. */
export async function explored<Result>(
  run: (linux: Linux) => Promise<Result>,
  options: ExplorationOptions = {},
): Promise<Result> {
  const results = new Map<string, Result>();
  await explore({ leaks: "fail", ...options }, async (linux) => {
    const result = await run(linux);
    results.set(JSON.stringify(result), result);
  });
  expect([...results.keys()]).toHaveLength(1);
  return [...results.values()][0] as Result;
}

/** What goes wrong in one of 1,000 schedules on the model. */
export async function foundIn(
  run: (linux: Linux) => Promise<unknown>,
  options: ExplorationOptions = {},
): Promise<ExplorationError> {
  const { failure } = await explore.check(options, async (linux) => void (await run(linux)));
  if (failure === undefined) throw new Error("all schedules are well");
  return failure;
}

/** Runs a function on the kernel below. */
export async function reallyRun<Result>(run: (linux: Linux) => Promise<Result>): Promise<Result> {
  const { linux } = await import("linux-ipc/native");
  return await run(linux);
}

/**
 * Runs a function that uses message queues on the model in 1,000 schedules, and once on the kernel below; all must give the same,
 * which is returned, and leave no queue.
 * @param run is given a name for a POSIX queue, or for several
 * @param suffixes what it puts behind that name; one queue of that name, if left out
 */
export async function onBothKernels<Result>(
  run: (linux: Linux, name: string) => Promise<Result>,
  suffixes: readonly string[] = [""],
): Promise<Result> {
  const name = "/example";
  const simulated = await explored(async (linux) => {
    const result = await run(linux, name);
    await expectNoNames(linux, name, suffixes);
    expect((await linux.msgctl(0, MSG_INFO)).msgpool, "System V queues that are left").toBe(0);
    return result;
  });
  if (isLinux) expect(await reallyRunWithQueues(run, suffixes)).toEqual(simulated);
  return simulated;
}

let runs = 0;

/**
 * Runs a function that uses message queues on the kernel below: queues are the machine's, so each run has a name of its own. It may leave
 * no queue and no child. What a test leaves that fails, or that takes too long, is removed behind it.
 */
export async function reallyRunWithQueues<Result>(
  run: (linux: Linux, name: string) => Promise<Result>,
  suffixes: readonly string[] = [""],
): Promise<Result> {
  const { linux } = await import("linux-ipc/native");
  const name = `/linux-ipc-${process.pid}-${runs++}`;
  const pids: number[] = [];
  const ids: number[] = [];
  onTestFinished(() => removeAll(linux, { names: suffixes.map((suffix) => name + suffix), pids, ids }));
  const result = await run(noting(linux, pids, ids), name);
  await expectNoNames(linux, name, suffixes);
  for (const pid of pids) expect(await codeOf(linux.waitpid(pid, WNOHANG)), "a child is left").toBe("ECHILD");
  for (const id of ids) expect(await codeOf(linux.msgctl(id, IPC_STAT)), "a queue is left").toBe("EINVAL");
  return result;
}

/** A process that notes which children it starts, and which System V queues it makes. */
function noting(linux: Linux, pids: number[], ids: number[]): Linux {
  const lists: Record<string, number[]> = { spawn: pids, msgget: ids };
  return new Proxy(linux, {
    get(target, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (typeof value !== "function") return value;
      const list = lists[String(property)];
      if (list === undefined) return value.bind(target);
      return async (...args: unknown[]) => {
        const made = (await value.apply(target, args)) as number;
        list.push(made);
        return made;
      };
    },
  });
}

async function removeAll(
  linux: Linux,
  left: { names: readonly string[]; pids: readonly number[]; ids: readonly number[] },
): Promise<void> {
  for (const pid of left.pids) {
    // A child that was waited for is nobody's any more, and its pid may be another's: that is ECHILD.
    if ((await codeOf(linux.waitpid(pid, WNOHANG))) === "ECHILD") continue;
    await codeOf(linux.kill(pid, SIGKILL));
    await codeOf(linux.waitpid(pid));
  }
  for (const name of left.names) await codeOf(linux.mq_unlink(name));
  for (const id of left.ids) await codeOf(linux.msgctl(id, IPC_RMID));
}

async function expectNoNames(linux: Linux, name: string, suffixes: readonly string[]): Promise<void> {
  for (const suffix of suffixes) {
    expect(await codeOf(linux.mq_open(name + suffix, O_RDONLY)), name + suffix).toBe("ENOENT");
  }
}

/** The code that a call fails with; undefined if it does not. */
const codeOf = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code,
  );
