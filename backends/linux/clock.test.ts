import { afterEach, describe, expect, it, vi } from "vitest";
import * as c from "../../src/constants.js";
import { linux } from "./index.js";

const clocks = [
  c.CLOCK_REALTIME,
  c.CLOCK_MONOTONIC,
  c.CLOCK_BOOTTIME,
  c.CLOCK_MONOTONIC_RAW,
  c.CLOCK_REALTIME_COARSE,
  c.CLOCK_MONOTONIC_COARSE,
];
const sleepable = clocks.slice(0, 3);
const MILLISECOND = 1_000_000n;

describe("clock_gettime", () => {
  it.each(clocks)("reads clock %i, which goes on", async (clock) => {
    const first = await linux.clock_gettime(clock);
    await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 10n * MILLISECOND);
    const second = linux.sync.clock_gettime(clock);
    expect(second - first).toBeGreaterThan(MILLISECOND);
    expect(second - first).toBeLessThan(5_000n * MILLISECOND);
  });

  it("reads the time of day", async () => {
    const time = await linux.clock_gettime(c.CLOCK_REALTIME);
    expect(Math.abs(Number(time / MILLISECOND) - Date.now())).toBeLessThan(1000);
  });

  it.each([-1, 2, 3, 8, 11, 99])("knows no clock %i", async (clock) => {
    await expect(linux.clock_gettime(clock)).rejects.toMatchObject({ code: "EINVAL" });
  });
});

describe("clock_nanosleep", () => {
  it.each(sleepable)("on clock %i is never early", async (clock) => {
    for (const request of [1n, 100_000n, 3_333_333n]) {
      const start = await linux.clock_gettime(clock);
      await linux.clock_nanosleep(clock, 0, request);
      expect((await linux.clock_gettime(clock)) - start).toBeGreaterThanOrEqual(request);
    }
  });

  it.each(sleepable)("sleeps until a time on clock %i", async (clock) => {
    const until = (await linux.clock_gettime(clock)) + 4n * MILLISECOND;
    await linux.clock_nanosleep(clock, c.TIMER_ABSTIME, until);
    expect(await linux.clock_gettime(clock)).toBeGreaterThanOrEqual(until);
    await linux.clock_nanosleep(clock, c.TIMER_ABSTIME, 0n);
    await linux.clock_nanosleep(clock, c.TIMER_ABSTIME, until);
  });

  it("wakes sleepers in the order of their times", async () => {
    const order: number[] = [];
    const sleep = async (ms: number) => {
      await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, BigInt(ms) * MILLISECOND);
      order.push(ms);
    };
    await Promise.all([sleep(12), sleep(4), sleep(8), sleep(1)]);
    expect(order).toEqual([1, 4, 8, 12]);
  });

  it("leaves the judgement to the kernel", async () => {
    await expect(linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, -1n)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(linux.clock_nanosleep(c.CLOCK_REALTIME, c.TIMER_ABSTIME, -1n)).rejects.toMatchObject({
      code: "EINVAL",
    });
    for (const clock of clocks.slice(3)) {
      await expect(linux.clock_nanosleep(clock, 0, 1n)).rejects.toMatchObject({ code: "EOPNOTSUPP" });
    }
    await expect(linux.clock_nanosleep(2, 0, 1n)).rejects.toMatchObject({ code: "EINVAL" });
  });

  it("can be aborted, also when it would sleep for ever", async () => {
    const abort = new AbortController();
    const done = linux.clock_nanosleep(c.CLOCK_BOOTTIME, 0, 2n ** 63n - 1n, { signal: abort.signal });
    abort.abort();
    await expect(done).rejects.toMatchObject({ name: "AbortError" });
  });

  it("in its plain form sleeps and judges alike", () => {
    const start = linux.sync.clock_gettime(c.CLOCK_MONOTONIC);
    linux.sync.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 3n * MILLISECOND);
    expect(linux.sync.clock_gettime(c.CLOCK_MONOTONIC) - start).toBeGreaterThanOrEqual(3n * MILLISECOND);
    expect(() => linux.sync.clock_nanosleep(c.CLOCK_MONOTONIC, 0, -1n)).toThrow("EINVAL");
    expect(() => linux.sync.clock_nanosleep(c.CLOCK_MONOTONIC_RAW, 0, 1n)).toThrow("EOPNOTSUPP");
  });
});

describe("fake timers", () => {
  afterEach(() => void vi.useRealTimers());

  it("change nothing", async () => {
    const before = await linux.clock_gettime(c.CLOCK_MONOTONIC);
    vi.useFakeTimers({ toFake: ["setImmediate", "setTimeout", "hrtime", "Date", "performance"] });
    await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 3n * MILLISECOND);
    const [r, w] = await linux.pipe2();
    const read = linux.read(r, new Uint8Array(1));
    await linux.poll([], 1);
    await linux.write(w, new Uint8Array(1));
    await expect(read).resolves.toBe(1);
    await expect(linux.poll([{ fd: r, events: c.POLLIN }], 3)).resolves.toEqual([0]);
    expect((await linux.clock_gettime(c.CLOCK_MONOTONIC)) - before).toBeGreaterThanOrEqual(7n * MILLISECOND);
    await linux.close(r);
    await linux.close(w);
  });
});
