// Many schedules: that none is missed, that what is found can be repeated, and that what depends on more than the choices
// is noticed.
import { afterEach, describe, expect, it, vi } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { type Coverage, ExplorationError, explore, replay, SimulationError, simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;

/** Bytes that a program has read. */
async function readAll(linux: Linux, fd: number): Promise<string> {
  const buffer = new Uint8Array(64);
  let all = "";
  for (let n = await linux.read(fd, buffer); n > 0; n = await linux.read(fd, buffer)) {
    all += new TextDecoder().decode(buffer.subarray(0, n));
  }
  return all;
}

const writer = program(url, async (linux, letter: string, count: number) => {
  for (let i = 0; i < count; i++) await linux.write(linux.fds.to as number, new TextEncoder().encode(letter));
});

/** Writers that each write their letter some times into one pipe; what came out, as text. */
const writers = (outcomes: Set<string>, letters: string, count: number) =>
  async function main(linux: Linux): Promise<void> {
    const [from, to] = await linux.pipe2(c.O_CLOEXEC);
    for (const letter of letters) await linux.spawn(writer, { args: [letter, count], fds: { to } });
    await linux.close(to);
    for (const _ of letters) await linux.waitpid(-1);
    outcomes.add(await readAll(linux, from));
    await linux.close(from);
  };

// Binomial coefficient.
const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);

/** A counter in a pipe: whoever adds to it reads it, and writes it back, one more. */
const adder = program(url, async function adder(linux) {
  const { from, to } = linux.fds as { from: number; to: number };
  const cell = new Uint8Array(1);
  await linux.read(from, cell);
  await linux.write(
    to,
    cell.map((value) => value + 1),
  );
});

// With O_NONBLOCK an adder that finds no counter takes it for 0: updates are lost.
const hastyAdder = program(url, async function hastyAdder(linux) {
  const { from, to } = linux.fds as { from: number; to: number };
  const cell = new Uint8Array(1);
  await linux.read(from, cell).catch(() => 0);
  await linux.write(to, Uint8Array.of((cell[0] as number) + 1));
});

const counting = (add: typeof adder, flags: number) =>
  async function main(linux: Linux): Promise<void> {
    const [from, to] = await linux.pipe2(flags);
    await linux.write(to, Uint8Array.of(0));
    await linux.spawn(add, { fds: { from, to } });
    await linux.spawn(add, { fds: { from, to } });
    await linux.waitpid(-1);
    await linux.waitpid(-1);
    const cell = new Uint8Array(2);
    const count = await linux.read(from, cell);
    expect([...cell.subarray(0, count)]).toEqual([2]);
    await linux.close(from);
    await linux.close(to);
  };

describe("a search", () => {
  it("finds every order of two racing writers", async () => {
    const outcomes = new Set<string>();
    await explore({ schedules: 200 }, writers(outcomes, "ab", 1));
    expect([...outcomes].sort()).toEqual(["ab", "ba"]);
  });

  it.each([
    ["ab", 3, choose(6, 3)],
    ["ab", 4, choose(8, 4)],
    ["abc", 1, 6],
    ["abc", 2, 90],
  ])("finds all interleavings of writers %s with %i writes each: %i", async (letters, count, expected) => {
    const outcomes = new Set<string>();
    await explore({ schedules: 4000 }, writers(outcomes, letters, count));
    expect(outcomes.size).toBe(expected);
  });

  it("loses no interleaving to microtasks, however many come between two calls", async () => {
    const stormy = program(url, async (linux, letter: string, count: number, hops: number) => {
      for (let i = 0; i < count; i++) {
        for (let hop = 0; hop < hops; hop++) await null;
        await Promise.all([1, 2, 3].map(async (n) => await n));
        await linux.write(linux.fds.to as number, new TextEncoder().encode(letter));
      }
    });
    const outcomes = new Set<string>();
    await explore({ schedules: 3000 }, async (linux) => {
      const [from, to] = await linux.pipe2(c.O_CLOEXEC);
      await linux.spawn(stormy, { args: ["a", 3, 0], fds: { to } });
      await linux.spawn(stormy, { args: ["b", 3, 100], fds: { to } });
      await linux.close(to);
      outcomes.add(await readAll(linux, from));
      await linux.waitpid(-1);
      await linux.waitpid(-1);
      await linux.close(from);
    });
    expect(outcomes.size).toBe(choose(6, 3));
  });

  it("finds all orders in which calls of one process complete", async () => {
    const outcomes = new Set<string>();
    await explore({ schedules: 500 }, async (linux) => {
      const order: string[] = [];
      const pipes = [await linux.pipe2(), await linux.pipe2(), await linux.pipe2()];
      const reads = pipes.map(async ([from], i) => {
        await linux.read(from, new Uint8Array(1));
        order.push(`${i}`);
      });
      const writes = pipes.map(([, to]) => linux.write(to, new Uint8Array(1)));
      await Promise.all([...reads, ...writes]);
      for (const fd of pipes.flat()) await linux.close(fd);
      outcomes.add(order.join(""));
    });
    expect(outcomes.size).toBe(6);
  });

  it("finds a lost update, replays it, and finds none in the mended program", async () => {
    const options = { name: "counting", schedules: 1000 };
    const error = await errorOf(explore(options, counting(hastyAdder, c.O_NONBLOCK)));
    expect(error).toBeInstanceOf(ExplorationError);
    expect(error.kind).toBe("throw");
    expect(error.cause).toMatchObject({ name: "AssertionError", expected: [2] });
    const again = await errorOf(
      replay(error.failure, counting(hastyAdder, c.O_NONBLOCK), { name: "counting" }),
    );
    expect(again.headline).toBe(error.headline);
    expect(String(again.trace)).toBe(String(error.trace));
    const report = await explore(options, counting(adder, 0));
    expect(report.coverage.schedules).toBe(1000);
    const mended = await replay(error.failure, counting(adder, 0));
    expect(mended.divergence).toMatch(/^The replay /);
  });

  it("finds the deadlock of a jobserver whose workers take two slots one at a time", async () => {
    const worker = program(url, async function worker(linux) {
      const { take, give } = linux.fds as { take: number; give: number };
      await linux.read(take, new Uint8Array(1));
      await linux.read(take, new Uint8Array(1));
      await linux.write(give, new Uint8Array(2));
    });
    const error = await errorOf(
      explore({ seed: 1 }, async function jobserver(linux) {
        const [take, give] = await linux.pipe2(c.O_CLOEXEC);
        await linux.write(give, new Uint8Array(2));
        for (let i = 0; i < 2; i++) await linux.spawn(worker, { fds: { take, give } });
        await linux.close(give);
        for (let i = 0; i < 2; i++) await linux.waitpid(-1);
        await linux.close(take);
      }),
    );
    expect(error.message).toMatchInlineSnapshot(`
      "deadlock: 3 processes wait, and nothing can happen any more (found in schedule 1)
        pid 2 (jobserver) waits in waitpid(-1) since step 8
          for the end of pid 3 (worker) or pid 4 (worker)
        pid 3 (worker) waits in read(3) since step 10
          on fd 3, the pipe of step 1: it is empty, and its write end is held by pid 3 itself (fd 4) and pid 4 (fd 4)
        pid 4 (worker) waits in read(3) since step 9
          on fd 3, the pipe of step 1: it is empty, and its write end is held by pid 3 (fd 4) and pid 4 itself (fd 4)
        In a circle: pid 3 waits for pid 4 waits for pid 3.

      step  pid 2 jobserver            pid 3 worker    pid 4 worker
         1  pipe2(O_CLOEXEC) = [3, 4]
         2  write(4, "\\0\\0") = 2
         3  spawn(worker) = 3
         4  spawn(worker) = 4
         5  close(4)
         6                                             read(3) = "\\0"
         7                             read(3) = "\\0"
         8  waitpid(-1) waits
         9                                             read(3) waits
        10                             read(3) waits

      replay: LINUX_IPC_REPLAY=1,7416811c,2pipe2.write.spawn:2.close.4read.3read.2waitpid.4read.3read
      "
    `);
  });

  it("tells what it went through, and goes on until its time is over", async () => {
    const told: Coverage[] = [];
    const onProgress = (coverage: Coverage): void => void told.push(coverage);
    const { coverage, failure } = await explore({ budgetMs: 150, onProgress }, writers(new Set(), "ab", 1));
    expect(failure).toBeUndefined();
    expect(coverage.elapsedMs).toBeGreaterThanOrEqual(150);
    expect(coverage.schedules).toBeGreaterThan(1);
    expect(coverage.distinct).toBeLessThanOrEqual(coverage.schedules);
    expect(told.length).toBeGreaterThan(0);
  });

  it("reports a leak once, and only fails for it if it is told to", async () => {
    const leaky = async (linux: Linux): Promise<void> => void (await linux.pipe2());
    const report = await explore({ schedules: 10 }, leaky);
    expect(report.leaks.map(({ text }) => text)).toEqual([
      "pid 2 (leaky) returned with fd 3 open (the read end of a pipe, since step 1)",
      "pid 2 (leaky) returned with fd 4 open (the write end of a pipe, since step 1)",
    ]);
    expect((await explore.check({ schedules: 10, leaks: "fail" }, leaky)).failure?.kind).toBe("leak");
  });
});

describe("a process that is killed", () => {
  it("never resumes, wherever it was, and what it held is closed", async () => {
    let afterDeath = 0;
    const states = new Set<number>();
    const victim = program(url, async (linux) => {
      try {
        for (;;) await linux.write(linux.fds.to as number, new Uint8Array(4096));
      } finally {
        afterDeath++;
      }
    });
    await explore({ schedules: 300 }, async (linux) => {
      const [from, to] = await linux.pipe2(c.O_CLOEXEC);
      const pid = await linux.spawn(victim, { fds: { to } });
      await linux.close(to);
      await linux.getpid();
      await linux.kill(pid, c.SIGKILL);
      expect(await linux.waitpid(pid)).toEqual({ pid, status: c.SIGKILL });
      // The end of the file: nobody holds the write end any more.
      states.add((await readAll(linux, from)).length);
      await linux.close(from);
    });
    expect(afterDeath).toBe(0);
    expect(states.size).toBeGreaterThan(3);
  });

  it("may be the one that kills", async () => {
    let wentOn = false;
    const suicide = program(url, async (linux) => {
      await linux.kill(await linux.getpid(), c.SIGKILL);
      wentOn = true;
    });
    await explore({ schedules: 10 }, async (linux) => {
      const pid = await linux.spawn(suicide);
      expect((await linux.waitpid(pid)).status).toBe(c.SIGKILL);
    });
    expect(wentOn).toBe(false);
  });
});

describe("what the choices do not decide", () => {
  it("is noticed in the first schedule", async () => {
    let runs = 0;
    const error = await errorOf(
      explore({}, async (linux) => {
        if (runs++ % 2 === 0) await linux.getpid();
        await linux.getppid();
      }),
    );
    expect(error.kind).toBe("nondeterminism");
    expect(error.message).toContain(
      "In step 1, at first: pid 2 getpid() = 2\n  The second time: pid 2 getppid()",
    );
  });

  it("is noticed if only bytes differ", async () => {
    let runs = 0;
    const error = await errorOf(
      explore({ leaks: "ignore" }, async (linux) => {
        const [, to] = await linux.pipe2();
        await linux.write(to, new Uint8Array(50).fill(0, 0, 40).fill(runs++, 40));
      }),
    );
    expect(error.kind).toBe("nondeterminism");
    expect(error.message).toContain("the same with other bytes");
  });

  it("is noticed in the schedule that fails", async () => {
    let runs = 0;
    const error = await errorOf(
      explore({}, async (linux) => {
        await linux.getpid();
        if (runs++ === 5) throw new Error("only once");
      }),
    );
    expect(error.kind).toBe("nondeterminism");
    expect((error as ExplorationError).schedules).toBe(5);
  });
});

describe("a replay", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("survives an edit, and says where it left its steps", async () => {
    const failing = counting(hastyAdder, c.O_NONBLOCK);
    const { failure } = await errorOf(explore({}, failing));
    const edited = async (linux: Linux): Promise<void> => {
      await linux.getppid();
      await failing(linux);
    };
    const error = await errorOf(replay(failure, edited));
    expect(error.kind).toBe("throw");
    expect(error.divergence).toBe(
      "The replay left its steps at step 1: pid 2 pipe2 was next and could not happen, but pid 2 getppid.",
    );
  });

  it("refuses a string that is none, or of another machine", async () => {
    const main = async (): Promise<void> => {};
    await expect(replay("nonsense", main)).rejects.toThrow(/not a failure string/);
    await expect(replay("1,0123456z,2read", main)).rejects.toThrow(/no hash of options/);
    const { schedule } = await simulate({ machine: { pipeSlots: 1 } }, main);
    await expect(replay(schedule, main)).rejects.toThrow(/of another machine/);
    await replay(schedule, main, { machine: { pipeSlots: 1 } });
  });

  it("is what LINUX_IPC_REPLAY asks for, of the search with that name only", async () => {
    const { failure } = await errorOf(explore({ name: "mine" }, counting(hastyAdder, c.O_NONBLOCK)));
    vi.stubEnv("LINUX_IPC_REPLAY", failure);
    const report = await explore.check({ name: "mine" }, counting(hastyAdder, c.O_NONBLOCK));
    expect(report.coverage.schedules).toBe(1);
    expect(report.failure?.failure).toBe(failure);
    const other = await explore.check({ name: "another", schedules: 20 }, counting(adder, 0));
    expect(other.coverage.schedules).toBe(20);
    await expect(simulate({ name: "mine" }, counting(hastyAdder, c.O_NONBLOCK))).rejects.toBeInstanceOf(
      SimulationError,
    );
  });
});
