// POSIX semaphores under the simulator: what schedules they allow, and what a deadlock says of them.
import { describe, expect, it } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { explore } from "./explore.js";
import { simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;
const BOTH = c.PROT_READ | c.PROT_WRITE;

const openAt = async (linux: Linux, name: string, value = 0): Promise<number> =>
  (await linux.sem_open(name, c.O_CREAT, 0o600, value)).address;

/** Adds one to a word of shared memory in two steps. */
async function addOne(linux: Linux): Promise<void> {
  const fd = await linux.shm_open("/counter", c.O_RDWR);
  const { address } = await linux.mmap(null, 4096, BOTH, c.MAP_SHARED, fd);
  const byte = new Uint8Array(1);
  await linux.memory_read(address, byte);
  await linux.memory_write(address, new Uint8Array([(byte[0] as number) + 1]));
}

const careless = program(url, addOne);
const careful = program(url, async (linux) => {
  const mutex = await openAt(linux, "/mutex", 1);
  await linux.sem_wait(mutex);
  await addOne(linux);
  await linux.sem_post(mutex);
});

const counting = (adder: typeof careful) => async (linux: Linux) => {
  const fd = await linux.shm_open("/counter", c.O_RDWR | c.O_CREAT, 0o600);
  await linux.ftruncate(fd, 4096);
  const pids = [await linux.spawn(adder), await linux.spawn(adder)];
  for (const pid of pids) await linux.waitpid(pid);
  const byte = new Uint8Array(1);
  await linux.pread(fd, byte, 0);
  if (byte[0] !== 2) throw new Error(`counted ${byte[0]}`);
};

const taker = program(url, async function taker(linux) {
  const address = await openAt(linux, "/turn");
  await linux.sem_wait(address);
});

describe("POSIX semaphores on the model", () => {
  it("one that begins with 1 is a mutex: no schedule loses what is counted", async () => {
    const options = { seed: 1, leaks: "ignore" } as const;
    const error = await errorOf(explore({ ...options, schedules: 300 }, counting(careless)));
    expect(error.message).toContain("counted 1");
    await explore({ ...options, schedules: 300 }, counting(careful));
  });

  it("a deadlock tells which semaphore is waited for, in which order, and who could give", async () => {
    const error = await errorOf(
      simulate({ seed: 1, leaks: "ignore" }, async (linux) => {
        const pids = [await linux.spawn(taker), await linux.spawn(taker)];
        await openAt(linux, "/turn");
        for (const pid of pids) await linux.waitpid(pid);
      }),
    );
    expect(error.message).toMatch(/waits in sem_wait\(0x10000\) since step \d+/);
    expect(error.message).toMatch(
      /for the semaphore \/turn: it is 0, and pid 2 \(main\) and pid \d \(taker\) could give; 0 of 2 who wait come first/,
    );
    expect(error.message).toContain("1 of 2 who wait come first");
    expect(error.message).toContain('sem_open("/turn", O_CREAT, 0600, 0) = 0x10000');
  });

  it("a wait may end early: by its time, as far away as it is", async () => {
    const ends = new Set<unknown>();
    await explore({ schedules: 100, seed: 1, leaks: "ignore" }, async (linux) => {
      const address = await openAt(linux, "/late");
      const hour = (await linux.clock_gettime(c.CLOCK_MONOTONIC)) + 3_600_000_000_000n;
      const waiting = linux.sem_clockwait(address, c.CLOCK_MONOTONIC, hour).then(
        () => "taken",
        (error) => error.code,
      );
      await linux.getpid();
      await linux.sem_post(address);
      ends.add(await waiting);
    });
    expect([...ends].sort()).toEqual(["ETIMEDOUT", "taken"]);
  });
});
