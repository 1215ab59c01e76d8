// POSIX semaphores as objects in every order: as a mutex, as an order of events, aborted and closed.
import { describe, expect, it } from "vitest";
import type { Linux } from "../linux.js";
import { program } from "../program.js";
import { SharedMemory } from "../shared-memory/shared-memory.js";
import { explore } from "../simulation/explore.js";
import { Semaphore } from "./semaphore.js";

const url = import.meta.url;
const NAME = "/lock";
const MEMORY = "/counter";

/** Adds one, in two steps that only the semaphore keeps together. */
const adder = program(url, async (linux, isCareful: boolean) => {
  await using semaphore = await Semaphore.open(linux, NAME);
  await using memory = await SharedMemory.attach(linux, MEMORY);
  const add = async (): Promise<void> => {
    const [count] = await memory.read(0, 1);
    await memory.write(Uint8Array.of((count as number) + 1));
  };
  await (isCareful ? semaphore.withPermit(add) : add());
});

const counting = (isCareful: boolean) => async (linux: Linux) => {
  await using semaphore = await Semaphore.create(linux, NAME, { value: 1, unlinkOnClose: true });
  await using memory = await SharedMemory.create(linux, MEMORY, { size: 1, unlinkOnClose: true });
  const pids: number[] = [];
  for (let i = 0; i < 3; i++) pids.push(await linux.spawn(adder, { args: [isCareful] }));
  for (const pid of pids) expect((await linux.waitpid(pid)).status).toBe(0);
  expect([memory.bytes[0], semaphore.value, semaphore.waiters]).toEqual([3, 1, 0]);
};

const teller = program(url, async (linux) => {
  await using memory = await SharedMemory.attach(linux, MEMORY);
  await using told = await Semaphore.in(linux, memory, 8);
  memory.bytes[0] = 7;
  told.release();
});

describe("a semaphore", () => {
  it("of 1 is a mutex: nothing is lost, in every order", async () => {
    await explore({ schedules: 400, seed: 1 }, counting(true));
  });

  it("that is not taken is found out", async () => {
    const { failure } = await explore.check({ schedules: 400, seed: 1 }, counting(false));
    expect(failure?.message).toContain("expected [ 2, 1, +0 ]");
  });

  it("of 0 is an order of events, wherever it lies", async () => {
    await explore({ schedules: 400, seed: 1 }, async (linux) => {
      await using memory = await SharedMemory.create(linux, MEMORY, { size: 64, unlinkOnClose: true });
      const pid = await linux.spawn(teller);
      await using told = await Semaphore.in(linux, memory, 8, { value: 0 });
      await told.acquire();
      expect(memory.bytes[0]).toBe(7);
      await linux.waitpid(pid);
    });
  });

  it("loses no permit to a wait that is aborted, times out or is closed, in any order", async () => {
    const ends = new Set<string>();
    await explore({ schedules: 600, seed: 1 }, async (linux) => {
      await using semaphore = await Semaphore.create(linux, NAME, { value: 0, unlinkOnClose: true });
      const other = await Semaphore.open(linux, NAME);
      const stop = new AbortController();
      const outcome = (acquiring: Promise<void>): Promise<string> =>
        acquiring.then(
          () => "taken",
          (error: Error & { code?: string }) => error.code as string,
        );
      const outcomes = [
        outcome(semaphore.acquire({ signal: stop.signal })),
        outcome(semaphore.acquire({ timeout: 1 })),
        outcome(other.acquire()),
      ];
      await linux.getpid();
      semaphore.release();
      semaphore.release();
      await linux.getpid();
      stop.abort();
      await linux.getpid();
      await other.close();
      const got = await Promise.all(outcomes);
      for (const each of got) ends.add(each);
      expect(semaphore.value + got.filter((each) => each === "taken").length).toBe(2);
      expect(semaphore.waiters).toBe(0);
    });
    expect([...ends].sort()).toEqual(["ABORT_ERR", "EBADF", "TIMEOUT_ERR", "taken"]);
  });
});
