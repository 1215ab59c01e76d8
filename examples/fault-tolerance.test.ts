// Workers are killed at every step on the model, and at random moments on the real kernel: each job is done, and acknowledged once.
import {
  type Linux,
  Pipe,
  type Program,
  program,
  SIGKILL,
  SysvMessageQueue,
  WIFSIGNALED,
  WTERMSIG,
} from "linux-ipc";
import { explore } from "linux-ipc/simulation";
import { describe, expect, it } from "vitest";
import type * as FaultTolerance from "./fault-tolerance.js";
import { FIRST_PID, killedAtEveryStep } from "./killing/testing.js";
import { built, explored, isLinux, onBothKernels, reallyRunCleanly } from "./testing.js";

const { fragileWorker, handle, hastyWorker, supervise, supervisor, worker } =
  await built<typeof FaultTolerance>("fault-tolerance");

const jobs = [1, 2, 3, 4];
/** The pids of the first two workers where a killer is there, and of the one that takes the place of the first that dies. */
const [first, second, third] = [FIRST_PID, FIRST_PID + 1, FIRST_PID + 2];

/** @throws not each job was acknowledged once, or one was not done, or one was done again without need */
function expectAllDone(outcome: FaultTolerance.Outcome, jobs: readonly number[], deaths: number): void {
  expect(outcome.acknowledged).toEqual(jobs);
  expect([...new Set(outcome.done)], "jobs that were done").toEqual(jobs);
  // A worker that dies has at most one job in its hands.
  expect(outcome.done.length - jobs.length).toBeLessThanOrEqual(deaths);
}

describe("jobs, while nobody is killed", () => {
  it("are done and acknowledged once, on the model and on the real kernel", async () => {
    const outcome = await onBothKernels((linux) => handle(linux, jobs, { worker, size: 2 }), []);
    expect(outcome).toEqual({ acknowledged: jobs, givenUp: [], done: jobs });
  });

  it("are so as well if they are acknowledged before they are done", async () => {
    const outcome = await explored((linux) => handle(linux, jobs, { worker: hastyWorker, size: 2 }));
    expect(outcome).toEqual({ acknowledged: jobs, givenUp: [], done: jobs });
  });
});

/** Kills a process after some calls of its own that do nothing, if it is still there. */
const killer = program(import.meta.url, async function killer(linux, victim: number, calls: number) {
  for (let call = 0; call < calls; call++) await linux.getpid();
  await linux.kill(victim, SIGKILL).catch((error: { code?: string }) => {
    if (error.code !== "ESRCH") throw error;
  });
});

describe("jobs whose workers are killed", () => {
  it.each([
    { who: "one worker", victims: [first] },
    { who: "the other worker", victims: [second] },
    { who: "both workers", victims: [first, second] },
    { who: "a worker, and the one that takes its place", victims: [second, third] },
  ])("are done, and acknowledged once: $who, at every step", async ({ victims }) => {
    let replaced = 0;
    let doneAgain = 0;
    const kills = await killedAtEveryStep(victims, async (linux) => {
      const outcome = await handle(linux, jobs, { worker, size: 2, onStart: () => replaced++ });
      replaced -= 2;
      expectAllDone(outcome, jobs, victims.length);
      if (outcome.done.length > jobs.length) doneAgain++;
    });
    // All that the header tells of happens: else this would show nothing.
    expect(kills).toBeGreaterThan(300);
    expect(replaced).toBeGreaterThan(kills / 3);
    expect(doneAgain).toBeGreaterThan(kills / 20);
  });

  it("are done, and acknowledged once, in 1,000 schedules in which the kill is a step like any other", async () => {
    for (let calls = 0; calls < 50; calls += 5) {
      await explore({ schedules: 100, seed: calls, leaks: "fail" }, async (linux) => {
        const pid = await linux.spawn(killer, { args: [first, calls] });
        expectAllDone(await handle(linux, jobs, { worker, size: 2 }), jobs, 1);
        await linux.waitpid(pid);
      });
    }
  });

  it("are acknowledged and never done, if that is the order of it", async () => {
    const killed = killedAtEveryStep([first], async (linux) => {
      const { acknowledged, done } = await handle(linux, jobs, { worker: hastyWorker, size: 2 });
      const lost = acknowledged.filter((job) => !done.includes(job));
      if (lost.length > 0) throw new Error(`job ${lost} was acknowledged, and never done`);
    });
    await expect(killed).rejects.toThrow(/was acknowledged, and never done/);
  });

  it("are given up if they end each worker that takes them, and only they, on both kernels", async () => {
    // The second one lies behind the first in the queue of each worker that dies.
    const team = { worker: fragileWorker, size: 1, mostDeaths: 2 };
    const outcome = await onBothKernels((linux) => handle(linux, [-1, 2, 3], team), []);
    expect(outcome).toEqual({ acknowledged: [2, 3], givenUp: [-1], done: [2, 3] });
  });

  it.runIf(isLinux)("are done, and acknowledged once, with real SIGKILLs", async () => {
    for (let kills = 0, run = 0; kills < 24; run++) {
      kills += await reallyRunCleanly((linux) => killMany(linux, 1 + (run % 3)), []);
    }
  });
});

/**
 * Has jobs done while every third that is done is the death of some worker. A worker tells of its work in the ledger before it
 * acknowledges it, so the kill often comes between the two; half of the kills come a little later, wherever the workers are then.
 * @param size how many workers there are at a time
 * @returns how many were killed
 */
async function killMany(linux: Linux, size: number): Promise<number> {
  const many = Array.from({ length: 20 }, (_, index) => index);
  await using queue = await SysvMessageQueue.createPrivate(linux, { removeOnClose: true });
  await using ledger = await Pipe.create(linux);
  const living: number[] = [];
  const done: number[] = [];
  let acknowledgements = 0;
  let kills = 0;
  async function killSome(): Promise<void> {
    for await (const line of ledger.reader.lines()) {
      done.push(Number(line));
      if (done.length % 3 !== 0) continue;
      if (Math.random() < 0.5) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random());
      // Until the last acknowledgement each worker that was not killed is there: no other process has its pid.
      const victim = living[Math.floor(Math.random() * living.length)];
      if (victim === undefined || acknowledgements === many.length) continue;
      living.splice(living.indexOf(victim), 1);
      kills++;
      await linux.kill(victim, SIGKILL);
    }
  }
  const supervising = supervise(linux, queue, ledger.writer.fd, many, {
    worker,
    size,
    onStart: (pid) => living.push(pid),
    onAcknowledgement: () => acknowledgements++,
  }).finally(() => ledger.writer.close());
  const [{ acknowledged, givenUp }] = await Promise.all([supervising, killSome()]);
  const inOrder = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
  const outcome = { acknowledged: inOrder(acknowledged), givenUp, done: inOrder(done) };
  expectAllDone(outcome, many, kills);
  return kills;
}

/**
 * Starts a supervisor, and waits until it and all its workers are gone.
 * @param onWork is told the supervisor's pid once a job is done
 * @returns how it ended, and whether its queue was there still; it is not any more
 */
async function endOf(
  linux: Linux,
  supervisor: Program<[number, readonly number[]]>,
  jobs: readonly number[],
  onWork: (pid: number) => Promise<void> = async () => {},
): Promise<{ status: number; isLeft: boolean }> {
  await using queue = await SysvMessageQueue.createPrivate(linux, { removeOnClose: true });
  await using ledger = await Pipe.create(linux);
  const pid = await linux.spawn(supervisor, { args: [queue.id, jobs], fds: { ledger: ledger.writer.fd } });
  await ledger.writer.close();
  if ((await ledger.reader.read(1)) !== null) await onWork(pid);
  await ledger.reader.readAll();
  const { status } = await linux.waitpid(pid);
  const isLeft = await queue.status().then(
    () => true,
    (error: { code?: string }) => {
      if (error.code !== "EINVAL") throw error;
      return false;
    },
  );
  return { status, isLeft };
}

describe("a supervisor that is killed", () => {
  it("leaves no worker, and no queue once it has started a worker, at every step", async () => {
    let hasStarted = false;
    const watched = program(
      import.meta.url,
      async function supervisor(linux, id: number, jobs: readonly number[]) {
        const queue = SysvMessageQueue.from(linux, id);
        function onStart(): void {
          hasStarted = true;
        }
        await supervise(linux, queue, linux.fds.ledger as number, jobs, { worker, size: 2, onStart });
      },
    );
    let left = 0;
    let killed = 0;
    await killedAtEveryStep([first], async (linux) => {
      hasStarted = false;
      const { status, isLeft } = await endOf(linux, watched, jobs);
      if (WIFSIGNALED(status)) killed++;
      if (isLeft) left++;
      expect(isLeft).toBe(!hasStarted);
    });
    expect(killed).toBeGreaterThan(200);
    expect(left).toBeGreaterThan(0);
  });

  it.runIf(isLinux)("leaves no worker and no queue on the real kernel", async () => {
    await reallyRunCleanly(async (linux) => {
      const many = Array.from({ length: 1000 }, (_, index) => index);
      const { status, isLeft } = await endOf(linux, supervisor, many, (pid) => linux.kill(pid, SIGKILL));
      expect([WTERMSIG(status), isLeft]).toEqual([SIGKILL, false]);
    }, []);
  });
});
