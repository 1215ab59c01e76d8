// Date, timers and chance as the option `globals` has them.
import { describe, expect, it } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { explore, simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;
const virtual = { globals: "virtual" } as const;
const sleep = async (ms: number): Promise<void> =>
  await new Promise((resolve) => void setTimeout(resolve, ms));

describe('globals: "virtual"', () => {
  it("has timers that fire in the model's time", async () => {
    const startMs = performance.now();
    const report = await simulate(virtual, async (linux) => {
      const [date, time] = [Date.now(), performance.now()];
      const clock = await linux.clock_gettime(c.CLOCK_REALTIME);
      expect(date).toBe(Number(clock / 1_000_000n));
      await sleep(3_600_000);
      expect([Date.now() - date, performance.now() - time]).toEqual([3_600_000, 3_600_000]);
      const present = new Date();
      expect(present.toISOString()).toBe(new Date(Date.now()).toISOString());
      expect(new Date(0).toISOString()).toBe("1970-01-01T00:00:00.000Z");
      expect(present instanceof Date).toBe(true);
    });
    expect(report.elapsed).toBe(3_600_000_000_000n);
    expect(performance.now() - startMs).toBeLessThan(60_000);
  });

  it("lets intervals repeat until they are cleared", async () => {
    const ticks: number[] = [];
    await simulate(virtual, async (linux) => {
      const interval = setInterval(() => ticks.push(performance.now()), 10);
      const never = setTimeout(() => ticks.push(-1), 15);
      await sleep(5);
      clearTimeout(never);
      while (ticks.length < 3) await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 1_000_000n);
      clearInterval(interval);
      await sleep(100);
    });
    expect(ticks.length).toBe(3);
  });

  it("fires the timers of one process in order", async () => {
    const orders = new Set<string>();
    await explore({ ...virtual, schedules: 100 }, async () => {
      let order = "";
      setTimeout(() => (order += "c"), 20);
      setTimeout(() => {
        order += "a";
        clearTimeout(dropped);
      }, 10);
      const dropped = setTimeout(() => (order += "x"), 10);
      setTimeout(() => (order += "b"), 10);
      await sleep(30);
      orders.add(order);
    });
    expect([...orders]).toEqual(["abc"]);
  });

  it("finds that a timeout wins and loses", async () => {
    const outcomes = new Set<string>();
    const late = program(url, async (linux) => {
      await linux.getpid();
      await linux.write(linux.fds.to as number, new Uint8Array(1));
    });
    await explore({ ...virtual, schedules: 200, leaks: "ignore" }, async (linux) => {
      const [from, to] = await linux.pipe2(c.O_CLOEXEC);
      await linux.spawn(late, { fds: { to } });
      const read = linux.read(from, new Uint8Array(1), { signal: AbortSignal.timeout(1000) });
      outcomes.add(
        await read.then(
          () => "read",
          (error: Error) => (error.cause as Error).name,
        ),
      );
      await linux.waitpid(-1);
    });
    expect([...outcomes].sort()).toEqual(["TimeoutError", "read"]);
  });

  it("gives the same chance to every schedule", async () => {
    const numbers = new Set<string>();
    await explore({ ...virtual, schedules: 10 }, async (linux) => {
      await linux.getpid();
      numbers.add(`${Math.random()} ${Math.random()}`);
    });
    expect(numbers.size).toBe(1);
  });

  it("reports what a timer's callback throws, and kills a process's timers with it", async () => {
    let fired = false;
    const victim = program(url, async (linux) => {
      setTimeout(() => {
        fired = true;
      }, 10);
      await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 1_000_000_000n);
    });
    const error = await errorOf(
      simulate(virtual, async (linux) => {
        const pid = await linux.spawn(victim);
        await linux.kill(pid, c.SIGKILL);
        await linux.waitpid(pid);
        setTimeout(() => {
          throw new Error("late");
        }, 1000);
        await sleep(2000);
      }),
    );
    expect(error.message).toContain("Error: late");
    expect(fired).toBe(false);
  });

  it("puts everything back", async () => {
    const installed = (): unknown[] => [
      Date,
      performance.now,
      Math.random,
      setTimeout,
      setInterval,
      clearTimeout,
      AbortSignal.timeout,
    ];
    const before = installed();
    await simulate(virtual, async () => {});
    await errorOf(simulate(virtual, async () => 1));
    expect(installed()).toEqual(before);
  });
});

describe('globals: "forbid"', () => {
  it.each([
    ["Date", () => Date.now()],
    ["Date", () => new Date()],
    ["performance.now", () => performance.now()],
    ["Math.random", () => Math.random()],
    ["setTimeout", () => setTimeout(() => {}, 1)],
    ["AbortSignal.timeout", () => AbortSignal.timeout(1)],
  ])("makes %s an error that names what to use", async (name, use) => {
    const main = async (linux: Linux): Promise<void> => {
      await linux.getpid();
      use();
    };
    const error = await errorOf(simulate({ globals: "forbid" }, main));
    expect(error.message).toContain(
      `Error: ${name} is not simulated, and the option globals forbids it: use `,
    );
  });

  it("leaves a date that is given", async () => {
    await simulate({ globals: "forbid" }, async () => {
      expect(new Date(0).getTime()).toBe(0);
    });
  });
});
