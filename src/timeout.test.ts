// Timeouts and aborts on both kernels: what completed beats them, they lose no byte, and no call of theirs is left behind.
import { describe, expect, it } from "vitest";
import { listOwned } from "../backends/linux/descriptors.js";
import { linux as real } from "../backends/linux/index.js";
import { CLOCK_MONOTONIC } from "./constants.js";
import type { Linux } from "./linux.js";
import { Pipe } from "./pipe/pipe.js";
import type { PipeReader } from "./pipe/reader.js";
import { spawnWith } from "./pipe/spawn.js";
import { PipeWriter } from "./pipe/writer.js";
import { program } from "./program.js";
import { explore } from "./simulation/explore.js";
import { simulate } from "./simulation/simulate.js";
import { bytes, collected, failureOf, testerOf, text } from "./testing.js";
import { withTimeout } from "./timeout.js";

const test = testerOf(real, listOwned);
const CAPACITY = 65536;

const dribbled = "a\nbc\n\ndef\nlast";
const dribble = program(import.meta.url, async function dribble(linux) {
  const out = PipeWriter.from(linux, "out");
  for (let i = 0; i < dribbled.length; i += 4) await out.write(dribbled.slice(i, i + 4));
});

async function withPipe(
  linux: Linux,
  use: (reader: PipeReader, writer: PipeWriter) => Promise<void>,
): Promise<void> {
  const pipe = await Pipe.create(linux, { name: "p" });
  await use(pipe.reader, pipe.writer);
  await pipe.close();
}

describe("a timeout", () => {
  test("ends a read that waits, by a TimeoutError that names it", (linux) =>
    withPipe(linux, async (reader, writer) => {
      const error = await failureOf(reader.read(1, { timeout: 2.5 }));
      expect(error).toMatchObject({
        name: "TimeoutError",
        code: "TIMEOUT_ERR",
        syscall: "read",
        timeout: 2.5,
      });
      expect(error.message).toBe('read: timed out after 2.5 ms, pipe "p"');
      await writer.write("x");
      expect(text(await reader.read(1, { timeout: 0 }))).toBe("x");
      expect(await failureOf(reader.read(1, { timeout: 0 }))).toMatchObject({ name: "TimeoutError" });
    }));

  test("ends a write that waits, which says how far it came", (linux) =>
    withPipe(linux, async (reader, writer) => {
      const error = await failureOf(writer.write(new Uint8Array(CAPACITY + 9).fill(1), { timeout: 1 }));
      expect(error).toMatchObject({ name: "TimeoutError", bytesWritten: CAPACITY });
      expect(await failureOf(writer.write("x", { timeout: 1 }))).toMatchObject({ bytesWritten: 0 });
      expect(await reader.available()).toBe(CAPACITY);
    }));

  test("counts while a write waits for those before it", (linux) =>
    withPipe(linux, async (reader, writer) => {
      const first = writer.write(new Uint8Array(CAPACITY + 1));
      expect(await failureOf(writer.write("x", { timeout: 1 }))).toMatchObject({ bytesWritten: 0 });
      await reader.read();
      await first;
      expect(await reader.available()).toBe(1);
    }));

  test("of readAll is that of all of it, and what was read stays", (linux) =>
    withPipe(linux, async (reader, writer) => {
      await writer.write("kept");
      const error = await failureOf(reader.readAll({ timeout: 1 }));
      expect(error).toMatchObject({ name: "TimeoutError", syscall: "readAll" });
      await writer.write("!");
      await writer.close();
      expect(await reader.text({ timeout: 10_000 })).toBe("kept!");
    }));

  test("of an iteration is that of each wait, and what was read stays", (linux) =>
    withPipe(linux, async (reader, writer) => {
      await writer.write("one\ntw");
      const lines: string[] = [];
      const loop = (async () => {
        for await (const line of reader.lines({ timeout: 1 })) lines.push(line);
      })();
      expect(await failureOf(loop)).toMatchObject({ name: "TimeoutError" });
      await writer.write("o\n");
      await writer.close();
      lines.push(...(await collected(reader.lines({ timeout: 10_000 }))));
      expect(lines).toEqual(["one", "two"]);
    }));

  test("that is none or endless sets no timer, nor does a signal that has fired", async (linux) => {
    const pipe = await Pipe.create(linux);
    const calls: string[] = [];
    const spied = new Proxy(linux, {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => {
          calls.push(String(name));
          return method.apply(target, args);
        };
      },
    });
    const { reader, writer } = Pipe.from(spied, { reader: pipe.reader.fd, writer: pipe.writer.fd });
    await writer.write("abc");
    await reader.read(1);
    await reader.read(1, { timeout: Number.POSITIVE_INFINITY });
    await reader.read(1, { timeout: 1e300 });
    const aborted = { signal: AbortSignal.abort("why"), timeout: 5 };
    expect(await failureOf(reader.read(1, aborted))).toMatchObject({ name: "AbortError", cause: "why" });
    expect(calls).toEqual(["write", "read", "read", "read", "read"]);
    await pipe.close();
  });

  test("must be a number of milliseconds", (linux) =>
    withPipe(linux, async (reader, writer) => {
      for (const timeout of [-1, Number.NaN, "5", 5n, {}] as number[]) {
        expect((await failureOf(reader.read(1, { timeout }))).message).toMatch(
          /^read: "options.timeout" must be a number of milliseconds, at least 0, not /,
        );
        expect(await failureOf(writer.write("x", { timeout }))).toBeInstanceOf(TypeError);
      }
      const signal = {} as AbortSignal;
      expect(await failureOf(reader.read(1, { signal, timeout: 5 }))).toBeInstanceOf(TypeError);
    }));

  it("for which no timer is to be had fails with the reason, and does not wait for ever", async () => {
    const none = new Error("no timers left");
    const linux = { clock_nanosleep: () => Promise.reject(none) } as unknown as Linux;
    const waiting = withTimeout(linux, "read", { timeout: 5 }, (options) => {
      return new Promise((_, reject) => {
        options?.signal?.addEventListener("abort", () =>
          reject(Object.assign(new Error(), { code: "ABORT_ERR" })),
        );
      });
    });
    expect(await failureOf(waiting)).toBe(none);
  });

  it("costs no virtual time when the operation is sooner, and its own when it is not", async () => {
    await simulate({ leaks: "fail" }, (linux) =>
      withPipe(linux, async (reader, writer) => {
        const start = await linux.clock_gettime(CLOCK_MONOTONIC);
        const reading = reader.read(1, { timeout: 3_600_000 });
        await writer.write("x");
        await reading;
        await failureOf(reader.read(1, { timeout: 3_600_000 }));
        const passed = (await linux.clock_gettime(CLOCK_MONOTONIC)) - start;
        expect(passed).toBeGreaterThanOrEqual(3_600_000_000_000n);
      }),
    );
  });
});

describe("in every order that there is", () => {
  it("a read with a timeout gives the byte or leaves it", async () => {
    const outcomes = new Set<string>();
    const { coverage } = await explore({ schedules: 400, leaks: "fail" }, (linux) =>
      withPipe(linux, async (reader, writer) => {
        const reading = reader.read(1, { timeout: 10 }).then(text, (error: Error) => error.name);
        await writer.write("x");
        const outcome = await reading;
        outcomes.add(outcome);
        expect(await reader.available()).toBe(outcome === "x" ? 0 : 1);
      }),
    );
    expect([...outcomes].sort()).toEqual(["TimeoutError", "x"]);
    expect(coverage.schedules).toBe(400);
  });

  it("reads and lines that time out or are aborted at any moment lose no byte", async () => {
    const ends = new Set<string>();
    await explore({ schedules: 400, leaks: "fail" }, async (linux) => {
      const { reader, writer } = await Pipe.create(linux);
      const pid = await spawnWith(linux, dribble, { fds: { out: writer } });
      const lines: string[] = [];
      // Each round is ended by its timeout, by its signal, or by the end of the pipe.
      for (let isOver = false; !isOver; ) {
        const stop = new AbortController();
        const stopping = linux.clock_nanosleep(CLOCK_MONOTONIC, 0, 1_000_000n).then(() => stop.abort());
        const round = async (): Promise<void> => {
          for await (const line of reader.lines({ signal: stop.signal, timeout: 1 })) lines.push(line);
          isOver = true;
        };
        await round().catch((error: Error) => ends.add(error.name));
        await stopping;
      }
      expect(lines).toEqual(dribbled.split("\n"));
      await reader.close();
      await linux.waitpid(pid);
    });
    expect([...ends].sort()).toEqual(["AbortError", "TimeoutError"]);
  });

  it("a write that times out has written just what it says", async () => {
    const counts = new Set<number>();
    await explore({ schedules: 200, leaks: "fail" }, (linux) =>
      withPipe(linux, async (reader, writer) => {
        const size = CAPACITY + 3 * 4096;
        const writing = writer
          .write(new Uint8Array(size), { timeout: 5 })
          .catch((error: Error & { bytesWritten: number }) => {
            expect(error.name).toBe("TimeoutError");
            return error.bytesWritten;
          });
        let read = 0;
        for (let i = 0; i < 3; i++) read += await reader.readInto(new Uint8Array(4096), {}).catch(() => 0);
        const written = await writing;
        counts.add(written);
        expect(read + (await reader.available())).toBe(written);
      }),
    );
    expect(counts.size).toBeGreaterThan(1);
  });

  it("an abort beside a timeout ends an operation once, by either", async () => {
    const names = new Set<string>();
    await explore({ schedules: 300, leaks: "fail" }, (linux) =>
      withPipe(linux, async (reader) => {
        const stop = new AbortController();
        const reading = failureOf(reader.readInto(bytes("x"), { signal: stop.signal, timeout: 1 }));
        await linux.getpid();
        await linux.getpid();
        stop.abort();
        names.add((await reading).name);
      }),
    );
    expect([...names].sort()).toEqual(["AbortError", "TimeoutError"]);
  });
});
