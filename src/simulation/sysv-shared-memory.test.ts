// System V shared memory under the simulator: races that exploration finds, and what is said of it.
import { describe, expect, it } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { explore } from "./explore.js";
import { simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;
const KEY = 0x5e9;
const PAGE = 4096;

/** Whoever comes last removes the segment: nattch tells, or so one thinks. */
const careless = program(url, async (linux) => {
  const id = await linux.shmget(KEY, PAGE, 0);
  const { address } = await linux.shmat(id, null, 0);
  const { nattch } = await linux.shmctl(id, c.IPC_STAT);
  if (nattch === 1) await linux.shmctl(id, c.IPC_RMID);
  await linux.shmdt(address);
});

/** Removes it at once: it stays while others have it attached. */
const careful = program(url, async (linux) => {
  const id = await linux.shmget(KEY, PAGE, 0);
  const mapping = await linux.shmat(id, null, 0);
  Atomics.add(mapping.array(Int32Array), 0, 1);
  await linux.shmdt(mapping.address);
});

const withTwo = (user: typeof careless, removes: boolean) => async (linux: Linux) => {
  const id = await linux.shmget(KEY, PAGE, c.IPC_CREAT | c.IPC_EXCL | 0o600);
  const mapping = await linux.shmat(id, null, 0);
  const pids = [await linux.spawn(user), await linux.spawn(user)];
  if (!removes) await linux.shmdt(mapping.address);
  const statuses = [];
  for (const pid of pids) statuses.push((await linux.waitpid(pid)).status);
  if (statuses.some((status) => status !== 0)) throw new Error("a user failed");
  if (!removes) return;
  if (mapping.array(Int32Array)[0] !== 2) throw new Error("a count was lost");
  await linux.shmctl(id, c.IPC_RMID);
  await linux.shmdt(mapping.address);
  if ((await linux.shmctl(0, c.SHM_INFO)).used_ids !== 0) throw new Error("a segment is left");
};

describe("System V shared memory on the model", () => {
  it("a segment that its users count themselves is found to be gone too early; one that its maker removes is not", async () => {
    const error = await errorOf(explore({ schedules: 500, seed: 1 }, withTwo(careless, false)));
    expect(error.message).toMatch(/E(NOENT|INVAL)|a user failed/);
    expect(await explore({ schedules: 300 }, withTwo(careful, true))).toBeDefined();
  });

  it("limits say which they are", async () => {
    const options = { machine: { shmmni: 1, rlimitMemlock: PAGE } };
    await simulate(options, async (linux) => {
      await expect(linux.shmget(c.IPC_PRIVATE, 2 ** 21, 0o600)).rejects.toThrow("machine.sharedObjectMax");
      const id = await linux.shmget(c.IPC_PRIVATE, 2 * PAGE, 0o600);
      await expect(linux.shmget(c.IPC_PRIVATE, 1, 0o600)).rejects.toThrow("machine.shmmni and shmall");
      await linux.shmctl(id, c.IPC_SET, { uid: 1000, gid: 0, mode: 0o600 });
      await linux.setresuid(1000, 1000, 1000);
      await expect(linux.shmctl(id, c.SHM_LOCK)).rejects.toThrow("machine.rlimitMemlock");
    });
  });

  it("traces read as strace has them", async () => {
    const { trace } = await simulate({}, async (linux) => {
      const id = await linux.shmget(KEY, 2 * PAGE, c.IPC_CREAT | 0o600);
      const { address } = await linux.shmat(id, null, 0);
      const { nattch } = await linux.shmctl(id, c.IPC_STAT);
      expect(nattch).toBe(1);
      await linux.shmat(id, address, c.SHM_REMAP | c.SHM_RDONLY);
      await linux.shmctl(id, c.SHM_LOCK);
      await linux.shmctl(id, c.IPC_SET, { uid: 1, gid: 2, mode: 0o640 });
      await linux.shmctl(id, c.IPC_RMID);
      await linux.shmctl(id & 0x7fff, c.SHM_STAT);
      await linux.shmdt(address);
    });
    const text = trace.toString();
    for (const line of [
      "shmget(1513, 8192, IPC_CREAT|0600) = 0",
      "shmat(0) = 0x10000",
      "shmctl(0, IPC_STAT) = 8192 bytes, nattch 1",
      "shmat(0, 0x10000, SHM_RDONLY|SHM_REMAP) = 0x10",
      "shmctl(0, SHM_LOCK)",
      "shmctl(0, IPC_SET, 1:2, 0640)",
      "shmctl(0, SHM_STAT) = 0, 8192 bytes, nattch 1",
      "shmdt(0x10000)",
    ]) {
      expect(text).toContain(line);
    }
  });
});
