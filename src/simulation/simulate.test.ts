// One schedule at a time: what a program sees, and what is said when something is wrong.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { explore } from "./explore.js";
import { simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;
const text = new TextDecoder();

const nothing = program(url, async () => {});
const sleeper = program(url, async (linux) => {
  await linux.read(linux.fds.from as number, new Uint8Array(1));
});
const echo = program(url, async (linux, line: string) => {
  await linux.write(linux.fds.out as number, new TextEncoder().encode(line));
  return 7;
});

describe("a simulated process", () => {
  it("is a program like any other: children get arguments and descriptors, and their status is waited for", async () => {
    const read: string[] = [];
    const report = await simulate({}, async (linux) => {
      const [from, to] = await linux.pipe2(c.O_CLOEXEC);
      const pid = await linux.spawn(echo, { args: ["hello"], fds: { out: to } });
      await linux.close(to);
      const buffer = new Uint8Array(100);
      for (let n = await linux.read(from, buffer); n > 0; n = await linux.read(from, buffer)) {
        read.push(text.decode(buffer.subarray(0, n)));
      }
      await linux.close(from);
      expect(await linux.waitpid(pid)).toEqual({ pid, status: 7 << 8 });
    });
    expect(read.join("")).toBe("hello");
    expect(report.leaks).toEqual([]);
  });

  it("gives a SyscallError that has the stack of its caller", async () => {
    let caught: unknown;
    async function readsNothing(linux: Linux): Promise<void> {
      await linux.getpid();
      await linux.read(77, new Uint8Array(1)).catch((error: unknown) => {
        caught = error;
      });
    }
    await simulate({}, readsNothing);
    expect(caught).toMatchObject({ code: "EBADF", errno: -9, syscall: "read", fd: 77 });
    const frames = (caught as Error).stack?.split("\n") ?? [];
    expect(frames[0]).toBe("SyscallError: EBADF: bad file descriptor, read, fd 77");
    expect(frames[1]).toMatch(/readsNothing .*simulate\.test\.ts/);
  });

  it("names the knob of a limit", async () => {
    const errors: unknown[] = [];
    await simulate({ machine: { rlimitNofile: 4 }, leaks: "ignore" }, async (linux) => {
      await linux.pipe2().catch((error: unknown) => errors.push(error));
    });
    expect(String(errors[0])).toBe(
      "SyscallError: EMFILE: too many open files, pipe2 (RLIMIT_NOFILE: the simulation's option machine.rlimitNofile, 1024 at most)",
    );
  });

  it("writes the bytes of the time of the call, whatever becomes of the buffer", async () => {
    await simulate({ leaks: "ignore" }, async (linux) => {
      const [from, to] = await linux.pipe2();
      const sent = Uint8Array.of(1);
      const writing = linux.write(to, sent);
      sent[0] = 2;
      await writing;
      const got = new Uint8Array(1);
      await linux.read(from, got);
      expect(got[0]).toBe(1);
    });
  });

  it("rejects an argument of the wrong type with a TypeError that names it", async () => {
    const error = await errorOf(
      simulate({}, async (linux) => {
        await linux.read("3" as unknown as number, new Uint8Array(1));
      }),
    );
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.message).toContain('read: "fd" must be a 32-bit integer, not "3"');
  });

  it("rejects a read whose buffer is transferred away while it waits", async () => {
    await simulate({ leaks: "ignore" }, async (linux) => {
      const [from, to] = await linux.pipe2();
      const buffer = new Uint8Array(10);
      const read = linux.read(from, buffer);
      await linux.getpid();
      structuredClone(buffer, { transfer: [buffer.buffer] });
      await linux.write(to, new Uint8Array(1));
      await expect(read).rejects.toThrow(/read: "buffer" must be left as it is while the call waits/);
    });
  });

  it("may use buffers of node, and is not fooled by objects that lie about their length", async () => {
    await simulate({ leaks: "ignore" }, async (linux) => {
      const [from, to] = await linux.pipe2();
      expect(await linux.write(to, Buffer.from("hello"))).toBe(5);
      const buffer = Buffer.alloc(10);
      expect(await linux.read(from, buffer)).toBe(5);
      expect(buffer.toString("utf8", 0, 5)).toBe("hello");
      const liar = Object.defineProperty(new Uint8Array(2), "length", { value: 1_000_000 });
      expect(await linux.write(to, liar)).toBe(2);
      expect(await linux.write(to, Uint8Array.of(7, 8))).toBe(2);
      expect(await linux.read(from, liar)).toBe(2);
    });
  });

  it("may use streams of node", async () => {
    const received: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      await simulate({ seed }, async (linux) => {
        const [from, to] = await linux.pipe2();
        const stream = new Readable({
          read(size) {
            const buffer = new Uint8Array(size);
            linux.read(from, buffer).then(
              (n) => this.push(n === 0 ? null : buffer.subarray(0, n)),
              (error: Error) => this.destroy(error),
            );
          },
        });
        const sending = (async () => {
          for (let i = 0; i < 5; i++) await linux.write(to, new Uint8Array(50_000).fill(i));
          await linux.close(to);
        })();
        let count = 0;
        await pipeline(stream, async (chunks: AsyncIterable<Uint8Array>) => {
          for await (const chunk of chunks) count += chunk.length;
        });
        await sending;
        await linux.close(from);
        received.push(count);
      });
    }
    expect(received).toEqual(Array(20).fill(250_000));
  });

  it("that exits does not go on", async () => {
    let wentOn = false;
    await simulate({}, async (linux) => {
      try {
        await linux.exit(0);
      } finally {
        wentOn = true;
      }
    });
    expect(wentOn).toBe(false);
  });

  it("whose wait is aborted gets an AbortError, a write that moved bytes its count", async () => {
    await simulate({ leaks: "ignore" }, async (linux) => {
      const [from, to] = await linux.pipe2();
      const reading = new AbortController();
      const read = linux.read(from, new Uint8Array(1), { signal: reading.signal });
      await linux.getpid();
      reading.abort("enough");
      await expect(read).rejects.toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "enough" });
      const writing = new AbortController();
      const write = linux.write(to, new Uint8Array(100_000), { signal: writing.signal });
      await linux.getpid();
      writing.abort();
      expect(await write).toBe(65_536);
      const never = linux.read(77, new Uint8Array(1), { signal: AbortSignal.abort() });
      await expect(never).rejects.toMatchObject({ name: "AbortError" });
    });
  });
});

describe("time", () => {
  it("passes when nothing else can happen", async () => {
    const report = await simulate({}, async (linux) => {
      const before = await linux.clock_gettime(c.CLOCK_MONOTONIC);
      await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 3_600_000_000_000n);
      expect(await linux.clock_gettime(c.CLOCK_MONOTONIC)).toBe(before + 3_600_000_000_000n);
    });
    expect(report.elapsed).toBe(3_600_000_000_000n);
  });

  it("may also pass although a process could go on: a timeout is lost and won", async () => {
    const outcomes = new Set<number>();
    const late = program(url, async (linux) => {
      await linux.getpid();
      await linux.write(linux.fds.to as number, new Uint8Array(1));
    });
    await explore({ schedules: 200, leaks: "ignore" }, async (linux) => {
      const [from, to] = await linux.pipe2(c.O_CLOEXEC);
      await linux.spawn(late, { fds: { to } });
      const [revents] = await linux.poll([{ fd: from, events: c.POLLIN }], 1000);
      outcomes.add(revents as number);
      await linux.waitpid(-1);
    });
    expect([...outcomes].sort()).toEqual([0, c.POLLIN]);
  });
});

describe("a failed schedule", () => {
  it("tells a deadlock as who waits for whom", async () => {
    const worker = program(url, async function worker(linux) {
      const buffer = new Uint8Array(1);
      await linux.read(linux.fds.from as number, buffer);
    });
    const error = await errorOf(
      simulate({ name: "two who read" }, async function main(linux) {
        const [from, to] = await linux.pipe2();
        const pid = await linux.spawn(worker, { fds: { from } });
        await linux.close(to);
        await linux.waitpid(pid);
      }),
    );
    expect(error.kind).toBe("deadlock");
    expect(error.message).toMatchInlineSnapshot(`
      "two who read: deadlock: 2 processes wait, and nothing can happen any more (seed 1)
        pid 2 (main) waits in waitpid(3) since step 4
          for the end of pid 3 (worker)
        pid 3 (worker) waits in read(5) since step 5
          on fd 5, the pipe of step 1: it is empty, and its write end is held by pid 3 itself (fd 4) alone

      step  pid 2 main         pid 3 worker
         1  pipe2() = [3, 4]
         2  spawn(worker) = 3
         3  close(4)
         4  waitpid(3) waits
         5                     read(5) waits

      replay: LINUX_IPC_REPLAY=1,7416ca1b,2pipe2.spawn.close.waitpid.3read
      "
    `);
  });

  it("tells of a write to a full pipe, and of calls that wait for several things", async () => {
    const error = await errorOf(
      simulate({}, async (linux) => {
        const [from, to] = await linux.pipe2();
        const [other] = await linux.pipe2();
        await Promise.all([
          linux.write(to, new Uint8Array(70_000)),
          linux.poll(
            [
              { fd: other, events: c.POLLIN },
              { fd: to, events: c.POLLOUT },
            ],
            -1,
          ),
        ]);
        await linux.close(from);
      }),
    );
    expect(error.message.split("\n\n")[0]).toMatchInlineSnapshot(`
      "deadlock: the last process waits, and nothing can happen any more (seed 1)
        pid 2 (main) waits in write(4, "\\0\\0\\0\\0\\0\\0\\0\\0".. 70000) since step 3
          on fd 4, the pipe of step 1: it is full, with 65,536 bytes in it, and its read end is held by pid 2 itself (fd 3) alone
        pid 2 (main) waits in poll([5 POLLIN, 4 POLLOUT], -1) since step 4
          on fd 5, the pipe of step 2: it is empty, and its write end is held by pid 2 itself (fd 6) alone
          on fd 4, the pipe of step 1: it is full, with 65,536 bytes in it, and its read end is held by pid 2 itself (fd 3) alone"
    `);
  });

  it("has what a program threw, with its process, its step and its own stack", async () => {
    const thrower = program(url, async function thrower(linux) {
      await linux.getpid();
      expect({ sum: 1 }).toEqual({ sum: 2 });
    });
    const error = await errorOf(
      simulate({ leaks: "ignore" }, async (linux) => {
        await linux.spawn(thrower);
        await linux.waitpid(-1);
      }),
    );
    expect(error.kind).toBe("throw");
    expect(error.headline).toMatch(/^pid 3 \(thrower\) threw after step \d$/);
    expect(error.cause).toMatchObject({ name: "AssertionError", actual: { sum: 1 }, expected: { sum: 2 } });
    expect(error.message).toMatch(/AssertionError: expected .*\n(.*\n)*? +at thrower .*simulate\.test\.ts/);
    expect(error.stack).toContain("simulate.test.ts");
  });

  it("has what a program threw that is no Error, or before its first call", async () => {
    const error = await errorOf(
      simulate({}, () => {
        // biome-ignore lint/style/useThrowOnlyError: programs may
        throw "a string";
      }),
    );
    expect(error.headline).toBe("pid 2 (main) threw before its first step");
    expect(error.message).toContain("a string (which is no Error)");
  });

  it("may be a rejection that a program does not handle", async () => {
    // Vitest listens too, and would fail the run.
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    try {
      const careless = program(url, async function careless(linux) {
        void linux.read(99, new Uint8Array(1));
        await linux.getpid();
        await linux.getpid();
      });
      const error = await errorOf(
        simulate({ leaks: "ignore" }, async (linux) => {
          await linux.spawn(careless);
          await linux.waitpid(-1);
        }),
      );
      expect(error.headline).toMatch(/^pid 3 \(careless\) threw after step \d$/);
      expect(error.cause).toMatchObject({ code: "EBADF", syscall: "read" });
      expect(process.listenerCount("unhandledRejection")).toBe(0);
    } finally {
      for (const listener of others) process.on("unhandledRejection", listener);
    }
  });

  it("may be that the first process ends with another status than 0", async () => {
    const error = await errorOf(simulate({}, async () => 3));
    expect(error.headline).toBe("the first process ended with exit status 3");
    const exits = await errorOf(simulate({}, async (linux) => await linux.exit(4)));
    expect(exits.headline).toBe("the first process ended with exit status 4");
    const killed = await errorOf(
      simulate({}, async (linux) => await linux.kill(await linux.getpid(), c.SIGKILL)),
    );
    expect(killed.headline).toBe("the first process was killed");
  });

  it("may be that a process awaits what is not simulated", async () => {
    const error = await errorOf(
      simulate({ leaks: "ignore" }, async function main(linux) {
        await linux.spawn(sleeper, { fds: { from: (await linux.pipe2())[0] } });
        await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
        await linux.getpid();
      }),
    );
    expect(error.kind).toBe("outside");
    expect(error.message.split("\n\n")[0]).toMatchInlineSnapshot(`
      "a process awaits something outside the simulation, and nothing else can happen (seed 1)
        pid 2 (main) awaits something that is no call of its Linux, since step 2
        pid 3 (simulate.test.ts#1) waits in read(5) since step 3
          on fd 5, the pipe of step 1: it is empty, and its write end is held by pid 2 (fd 4) and pid 3 itself (fd 4)
        A timer, a request or a file of the runtime takes real time, which a simulation does not wait for: use
        clock_nanosleep or poll for time, and pass in what must be fetched before the simulation begins."
    `);
  });

  it("may be that it has no end", async () => {
    const error = await errorOf(
      simulate({ maxSteps: 100 }, async (linux) => {
        for (;;) await linux.getpid();
      }),
    );
    expect(error.kind).toBe("steps");
    expect(error.headline).toBe("no end after 100 steps");
    expect(error.message).toContain("... 40 steps left out ...");
  });

  it("may be that something is left, if the options say so", async () => {
    const leaves = async (linux: Linux): Promise<void> => {
      const [from] = await linux.pipe2(c.O_CLOEXEC);
      await linux.dup(from);
      await linux.spawn(nothing);
      void linux.read(from, new Uint8Array(1));
      await linux.getpid();
    };
    const error = await errorOf(simulate({ leaks: "fail" }, leaves));
    expect(error.kind).toBe("leak");
    expect(error.leaks.map(({ text }) => text)).toMatchInlineSnapshot(`
      [
        "pid 2 (leaves) returned while its call read(3) was outstanding: it was cancelled",
        "pid 2 (leaves) returned with fd 3 open (the read end of a pipe, since step 1)",
        "pid 2 (leaves) returned with fd 4 open (the write end of a pipe, since step 1)",
        "pid 2 (leaves) returned with fd 5 open (the read end of a pipe, since step 2)",
        "pid 2 (leaves) returned without waiting for its child pid 3 (simulate.test.ts#0)",
      ]
    `);
    expect((await simulate({}, leaves)).leaks).toEqual(error.leaks);
    expect((await simulate({ leaks: "ignore" }, leaves)).leaks).toEqual([]);
  });
});

describe("one realm", () => {
  it("holds one simulation at a time", async () => {
    const first = simulate({ name: "the first" }, async (linux) => void (await linux.getpid()));
    await expect(simulate({}, async () => {})).rejects.toThrow(/the simulation "the first" is running/);
    await first;
    await expect(
      simulate({}, async () => {
        await explore({}, async () => {});
      }),
    ).rejects.toThrow(/is running/);
    await simulate({}, async () => {});
  });

  it("refuses options that are none", async () => {
    await expect(simulate({ seeds: 1 } as object, async () => {})).rejects.toThrow('unknown option "seeds"');
    await expect(simulate({ maxSteps: 0 }, async () => {})).rejects.toThrow(/"maxSteps" must be an integer/);
    await expect(simulate({ machine: { uid: -1 } }, async () => {})).rejects.toThrow(/"uid" is out of range/);
    await expect(simulate({}, 3 as never)).rejects.toThrow(/the program must be an async function/);
    await expect(simulate(undefined as never, async () => {})).rejects.toThrow(/object of options/);
  });
});

describe("a trace", () => {
  it("is a column for each process, a row for each step", async () => {
    const reader = program(url, async function reader(linux) {
      await linux.read(linux.fds.from as number, new Uint8Array(5));
    });
    const report = await simulate({ seed: 3 }, async function main(linux) {
      const [from, to] = await linux.pipe2(c.O_CLOEXEC);
      await linux.spawn(reader, { fds: { from } });
      await linux.write(to, new TextEncoder().encode("hello\n"));
      await linux.waitpid(-1);
      await linux.fcntl(from, c.F_SETFL, c.O_NONBLOCK);
      await linux.poll([{ fd: to, events: c.POLLOUT }], 5);
      await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 1_500_000n);
      await linux.close(from);
      await linux.close(to);
    });
    expect(String(report.trace)).toMatchInlineSnapshot(`
      "step  pid 2 main                                      pid 3 reader
         1  pipe2(O_CLOEXEC) = [3, 4]
         2  spawn(reader) = 3
         3  write(4, "hello\\n") = 6
         4                                                  read(3) = "hello"
         5  waitpid(-1) waits
         6                                                  exit(0)
         7                                                  (closes 3, has ended)  wakes pid 2
         8  ... waitpid(-1) = 3 exited with 0
         9  fcntl(3, F_SETFL, O_NONBLOCK)
        10  poll([4 POLLOUT], 5) = [POLLOUT]
        11  clock_nanosleep(CLOCK_MONOTONIC, 1.5 ms) waits
        12                                                                         (1.5 ms pass) wakes pid 2
        13  ... clock_nanosleep(CLOCK_MONOTONIC, 1.5 ms)
        14  close(3)
        15  close(4)
        16  exit(0)
        17  (has ended)"
    `);
  });

  it("is the same for the same seed", async () => {
    const two = async (linux: Linux): Promise<void> => {
      await linux.spawn(nothing);
      await linux.spawn(nothing);
      for (let i = 0; i < 5; i++) await linux.getpid();
      await linux.waitpid(-1);
      await linux.waitpid(-1);
    };
    const schedules = async (seed: number): Promise<string> => (await simulate({ seed }, two)).schedule;
    const first = await Promise.resolve(schedules(5));
    expect(await schedules(5)).toBe(first);
    const others = new Set<string>();
    for (let seed = 0; seed < 10; seed++) others.add(await schedules(seed));
    expect(others.size).toBeGreaterThan(5);
  });
});

it("a write that waited looks and attempts in two steps, for another may take the room in between", async () => {
  const { trace } = await simulate({}, async function main(linux) {
    const [r, w] = await linux.pipe2();
    const written = linux.write(w, new Uint8Array(70_000));
    await linux.read(r, new Uint8Array(5_000));
    await linux.read(r, new Uint8Array(65_000));
    await written;
    await linux.close(r);
    await linux.close(w);
  });
  const writes = trace.steps.filter(({ call }) => call === "write");
  expect(writes.map(({ waits, seesRoom, resumed }) => ({ waits, seesRoom, resumed }))).toEqual([
    { waits: true, seesRoom: false, resumed: false },
    { waits: false, seesRoom: true, resumed: true },
    { waits: false, seesRoom: false, resumed: true },
  ]);
  expect(String(trace)).toContain(" sees room");
});

it("takes the capabilities of a machine, and simulates on after it", async () => {
  const capabilities = 1n << BigInt(c.CAP_KILL);
  await simulate({ machine: { capabilities } }, async (linux) => {
    await expect(linux.setgroups([1])).rejects.toMatchObject({ code: "EPERM" });
  });
  await simulate({}, async (linux) => linux.setgroups([1]));
});
