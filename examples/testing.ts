// What the tests of the examples share. They use the built examples: on the real kernel each process imports them.
import { IPC_RMID, IPC_STAT, type Linux, MSG_INFO, O_RDONLY, SEM_INFO, SIGKILL, WNOHANG } from "linux-ipc";
import { type ExplorationError, type ExplorationOptions, explore, replay } from "linux-ipc/simulation";
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

/**
 * What goes wrong on the model in some schedule, where several things can: one whose message matches. It is found by
 * searches from different seeds, for each ends with what it finds first.
 */
export async function foundLike(
  run: (linux: Linux) => Promise<unknown>,
  message: RegExp,
): Promise<ExplorationError> {
  for (let seed = 1; seed <= 1000; seed++) {
    const { failure } = await explore.check({ seed }, async (linux) => void (await run(linux)));
    if (failure !== undefined && message.test(failure.message)) return failure;
  }
  throw new Error(`no schedule fails like ${message}`);
}

/** Replays what was found, by what it prints: the same goes wrong, in the same steps. */
export async function expectReplay(
  { kind, failure, message }: ExplorationError,
  run: (linux: Linux) => Promise<unknown>,
): Promise<void> {
  const [, printed] = /^replay: LINUX_IPC_REPLAY=(.*)$/m.exec(message) ?? [];
  expect(printed).toBe(failure);
  const replayed = replay(failure, async (linux) => void (await run(linux)));
  await expect(replayed).rejects.toMatchObject({ kind, failure, divergence: undefined });
}

/** Runs a function on the kernel below. */
export async function reallyRun<Result>(run: (linux: Linux) => Promise<Result>): Promise<Result> {
  const { linux } = await import("linux-ipc/native");
  return await run(linux);
}

/**
 * Runs a function on the model in 1,000 schedules, and once on the kernel below; all must give the same, which is returned, and
 * leave nothing on the machine: no message queue, no semaphore, no shared memory.
 * @param run is given a name for a POSIX object, or for several
 * @param suffixes what it puts behind that name; one object of that name, if left out
 */
export async function onBothKernels<Result>(
  run: (linux: Linux, name: string) => Promise<Result>,
  suffixes: readonly string[] = [""],
): Promise<Result> {
  const name = "/example";
  const simulated = await explored(async (linux) => {
    const result = await run(linux, name);
    await expectNoNames(linux, name, suffixes);
    await expectNoSysvObjects(linux);
    return result;
  });
  if (isLinux) expect(await reallyRunCleanly(run, suffixes)).toEqual(simulated);
  return simulated;
}

let runs = 0;

/**
 * Runs a function on the kernel below that makes what is the machine's: message queues, semaphores, shared memory. So each run has a
 * name of its own. It may leave nothing, and no child. What a test leaves that fails, or that takes too long, is removed behind it.
 */
export async function reallyRunCleanly<Result>(
  run: (linux: Linux, name: string) => Promise<Result>,
  suffixes: readonly string[] = [""],
): Promise<Result> {
  const { linux } = await import("linux-ipc/native");
  const name = `/linux-ipc-${process.pid}-${runs++}`;
  const made: Made = { spawn: [], msgget: [], semget: [] };
  onTestFinished(() =>
    removeAll(
      linux,
      suffixes.map((suffix) => name + suffix),
      made,
    ),
  );
  const result = await run(noting(linux, made), name);
  await expectNoNames(linux, name, suffixes);
  for (const pid of made.spawn) {
    expect(await codeOf(linux.waitpid(pid, WNOHANG)), "a child is left").toBe("ECHILD");
  }
  for (const id of made.msgget) {
    expect(await codeOf(linux.msgctl(id, IPC_STAT)), "a queue is left").toBe("EINVAL");
  }
  for (const id of made.semget) {
    expect(await codeOf(linux.semctl(id, 0, IPC_STAT)), "semaphores are left").toBe("EINVAL");
  }
  return result;
}

/** What a process has made, by the call that made it: pids, and System V identifiers. */
type Made = Record<"spawn" | "msgget" | "semget", number[]>;

/** A process that notes what it makes. */
function noting(linux: Linux, made: Made): Linux {
  return new Proxy(linux, {
    get(target, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (typeof value !== "function") return value;
      const list = (made as Record<string, number[]>)[String(property)];
      if (list === undefined) return value.bind(target);
      return async (...args: unknown[]) => {
        const one = (await value.apply(target, args)) as number;
        list.push(one);
        return one;
      };
    },
  });
}

async function removeAll(linux: Linux, names: readonly string[], made: Made): Promise<void> {
  for (const pid of made.spawn) {
    // A child that was waited for is nobody's any more, and its pid may be another's: that is ECHILD.
    if ((await codeOf(linux.waitpid(pid, WNOHANG))) === "ECHILD") continue;
    await codeOf(linux.kill(pid, SIGKILL));
    await codeOf(linux.waitpid(pid));
  }
  for (const name of names) {
    await codeOf(linux.mq_unlink(name));
    await codeOf(linux.shm_unlink(name));
    await codeOf(linux.sem_unlink(name));
  }
  for (const id of made.msgget) await codeOf(linux.msgctl(id, IPC_RMID));
  for (const id of made.semget) await codeOf(linux.semctl(id, 0, IPC_RMID));
}

async function expectNoNames(linux: Linux, name: string, suffixes: readonly string[]): Promise<void> {
  for (const suffix of suffixes) {
    expect(await codeOf(linux.mq_open(name + suffix, O_RDONLY)), name + suffix).toBe("ENOENT");
    expect(await codeOf(linux.shm_open(name + suffix, O_RDONLY)), name + suffix).toBe("ENOENT");
    expect(await codeOf(linux.sem_open(name + suffix, 0)), name + suffix).toBe("ENOENT");
  }
}

/** @param linux a machine that nobody else uses */
async function expectNoSysvObjects(linux: Linux): Promise<void> {
  expect((await linux.msgctl(0, MSG_INFO)).msgpool, "System V queues that are left").toBe(0);
  expect((await linux.semctl(0, 0, SEM_INFO)).semusz, "System V sets that are left").toBe(0);
}

/** The code that a call fails with; undefined if it does not. */
const codeOf = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code,
  );
