// What becomes of sets of System V semaphores when processes make, find, use and leave them in every order.
import { describe, expect, it } from "vitest";
import { CLOCK_MONOTONIC, IPC_CREAT, IPC_EXCL, SETALL, SIGKILL } from "../constants.js";
import type { Linux } from "../linux.js";
import { program } from "../program.js";
import { explore } from "../simulation/explore.js";
import { SysvSemaphoreSet } from "./sysv-semaphore-set.js";

const url = import.meta.url;
const KEY = 0x5e7;
const PERMITS = 3;

/** As it is usually written: who comes in between finds semaphores of 0. */
async function careless(linux: Linux): Promise<SysvSemaphoreSet> {
  try {
    const id = await linux.semget(KEY, 1, IPC_CREAT | IPC_EXCL | 0o600);
    await linux.semctl(id, 0, SETALL, [PERMITS]);
    return SysvSemaphoreSet.from(linux, id);
  } catch {
    return await SysvSemaphoreSet.open(linux, KEY, { waitForMaker: false });
  }
}

const careful = (linux: Linux): Promise<SysvSemaphoreSet> =>
  SysvSemaphoreSet.createOrOpen(linux, KEY, { values: [PERMITS] });

const uses = { careless, careful };

/** Takes a permit if there is one, as there must be, and one more for good. */
const taker = program(url, async (linux, which: "careless" | "careful") => {
  await using set = await uses[which](linux);
  return (await set.tryAcquire(0)) ? 0 : 1;
});

const taking = (which: "careless" | "careful") => async (linux: Linux) => {
  const pids: number[] = [];
  for (let i = 0; i < PERMITS; i++) pids.push(await linux.spawn(taker, { args: [which] }));
  for (const pid of pids) expect((await linux.waitpid(pid)).status).toBe(0);
  await using set = await SysvSemaphoreSet.open(linux, KEY);
  expect(await set.values()).toEqual([0]);
};

const holder = program(url, async (linux) => {
  const set = await SysvSemaphoreSet.open(linux, KEY);
  await set.withPermit(0, () => linux.clock_nanosleep(CLOCK_MONOTONIC, 0, 3_600_000_000_000n));
});

const shared = { inside: 0, most: 0 };

const visitor = program(url, async (linux) => {
  await using set = await SysvSemaphoreSet.createOrOpen(linux, KEY, { values: [2] });
  await set.withPermit(0, async () => {
    shared.most = Math.max(shared.most, ++shared.inside);
    await linux.getpid();
    shared.inside--;
  });
});

describe("a set that several processes make or find", () => {
  it("has the values that one of them gave it, before another uses it, in every order", async () => {
    await explore({ schedules: 400, seed: 1 }, taking("careful"));
  });

  it("has not if it is made as usual: that is found out", async () => {
    const { failure } = await explore.check({ schedules: 400, seed: 1 }, taking("careless"));
    expect(failure?.message).toContain("expected 256 to be +0");
  });

  it("lets in no more than it counts", async () => {
    await explore({ schedules: 300, seed: 1 }, async (linux) => {
      shared.inside = 0;
      shared.most = 0;
      const pids: number[] = [];
      for (let i = 0; i < 4; i++) pids.push(await linux.spawn(visitor));
      for (const pid of pids) expect((await linux.waitpid(pid)).status).toBe(0);
      expect(shared.most).toBeLessThanOrEqual(2);
      await using set = await SysvSemaphoreSet.open(linux, KEY);
      expect(await set.values()).toEqual([2]);
    });
  });

  it("gets back what one of them held who was killed, at whatever step", async () => {
    await explore({ schedules: 300, seed: 1 }, async (linux) => {
      await using set = await SysvSemaphoreSet.create(linux, KEY, { values: [1], removeOnClose: true });
      const pid = await linux.spawn(holder);
      await linux.kill(pid, SIGKILL);
      await linux.waitpid(pid);
      await set.acquire(0);
    });
  });
});
