// System V semaphores in simulated programs: what a schedule can do to them, and what is told of it.
import { describe, expect, it } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { explore } from "./explore.js";
import { simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;
const KEY = 0x5e;

const make = async (linux: Linux, ...values: number[]): Promise<number> => {
  const id = await linux.semget(KEY, values.length, c.IPC_CREAT | 0o600);
  await linux.semctl(id, 0, c.SETALL, values);
  return id;
};

const down = (linux: Linux, id: number, flg = 0): Promise<void> => linux.semop(id, [{ num: 0, op: -1, flg }]);
const up = (linux: Linux, id: number, flg = 0): Promise<void> => linux.semop(id, [{ num: 0, op: 1, flg }]);

const shared = { inside: 0, most: 0 };

/** Enters where only one may be. */
const visitor = program(url, async (linux, flg: number) => {
  const id = await linux.semget(KEY, 1, 0);
  await down(linux, id, flg);
  shared.inside++;
  shared.most = Math.max(shared.most, shared.inside);
  await linux.getpid();
  shared.inside--;
  await up(linux, id, flg);
});

const holder = program(url, async (linux, flg: number) => {
  const id = await linux.semget(KEY, 1, 0);
  await down(linux, id, flg);
  await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 3_600_000_000_000n);
});

const tellingHolder = program(url, async (linux) => {
  const id = await linux.semget(KEY, 2, 0);
  await down(linux, id, c.SEM_UNDO);
  await linux.semop(id, [{ num: 1, op: 1, flg: 0 }]);
  await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 3_600_000_000_000n);
});

/** Takes one semaphore, then the other. */
const pair = program(url, async (linux, first: number, second: number, flg: number) => {
  const id = await linux.semget(KEY, 2, 0);
  for (const num of [first, second]) await linux.semop(id, [{ num, op: -1, flg }]);
  for (const num of [second, first]) await linux.semop(id, [{ num, op: 1, flg }]);
});

const crossing = (flg: number) => async (linux: Linux) => {
  await make(linux, 1, 1);
  const pids = [
    await linux.spawn(pair, { args: [0, 1, flg] }),
    await linux.spawn(pair, { args: [1, 0, flg] }),
  ];
  for (const pid of pids) await linux.waitpid(pid);
};

describe("a System V semaphore", () => {
  it("lets in no more than it counts, on every schedule", async () => {
    await explore({ schedules: 300, seed: 1 }, async (linux: Linux) => {
      shared.most = 0;
      shared.inside = 0;
      const id = await make(linux, 1);
      const pids = [];
      for (let count = 0; count < 3; count++) pids.push(await linux.spawn(visitor, { args: [c.SEM_UNDO] }));
      for (const pid of pids) expect((await linux.waitpid(pid)).status).toBe(0);
      expect(shared.most).toBe(1);
      expect(await linux.semctl(id, 0, c.GETVAL)).toBe(1);
    });
  });

  it("is told of in a deadlock: what it is, what is wanted, who had it last", async () => {
    const error = await errorOf(explore({ schedules: 500, seed: 1 }, crossing(0)));
    expect(error.message).toContain("deadlock: 3 processes wait");
    expect(error.message).toMatch(
      /waits in semop\(0, \[1 -1\]\) since step \d+\n.*for semaphore 1 of the System V semaphores 0 \(key 0x5e\) to be 1 or more: it is 0, last changed by pid \d\n/,
    );
    expect(error.message).not.toContain("In a circle");
  });

  it("is told of with who has taken it, and so in which circle they wait, if that was with SEM_UNDO", async () => {
    const error = await errorOf(explore({ schedules: 500, seed: 1 }, crossing(c.SEM_UNDO)));
    expect(error.message).toMatch(
      /pid 3 .*\n.* to be 1 or more: it is 0, last changed by pid 4, 1 taken by pid 4\n/,
    );
    expect(error.message).toContain("In a circle: pid 3 waits for pid 4 waits for pid 3.");
  });

  it("tells of the wait for 0, and of those who come first", async () => {
    const error = await errorOf(
      simulate({ seed: 1 }, async (linux) => {
        const id = await make(linux, 1);
        await Promise.all([
          linux.semop(id, [{ num: 0, op: 0, flg: 0 }]),
          linux.semop(id, [
            { num: 0, op: 1, flg: c.SEM_UNDO },
            { num: 0, op: -5, flg: 0 },
          ]),
        ]);
      }),
    );
    expect(error.message).toContain("waits in semop(0, [0 +1 SEM_UNDO, 0 -5])");
    expect(error.message).toMatch(
      / to be 0: it is 1, last changed by pid 2(; . of 2 who wait come first)?\n/,
    );
    expect(error.message).toMatch(
      / to be 5 or more: it is 1, last changed by pid 2(; . of 2 who wait come first)?/,
    );
    expect(error.message).toContain("; 1 of 2 who wait come first");
  });

  it("that a killed process held is given back if it was taken with SEM_UNDO, and is not otherwise", async () => {
    const run = (flg: number): Promise<unknown> =>
      explore({ schedules: 200, seed: 2 }, async (linux: Linux) => {
        const id = await make(linux, 1);
        const pid = await linux.spawn(holder, { args: [flg] });
        await linux.kill(pid, c.SIGKILL);
        await linux.waitpid(pid);
        await down(linux, id);
      });
    await run(c.SEM_UNDO);
    const error = await errorOf(run(0));
    expect(error.message).toContain("for semaphore 0 of the System V semaphores 0");
  });

  it("is given back in a step of the death, before its end is told", async () => {
    const seen = new Set<string>();
    await explore({ schedules: 300, seed: 3 }, async (linux: Linux) => {
      const id = await make(linux, 2, 0);
      const pid = await linux.spawn(tellingHolder);
      await linux.semop(id, [{ num: 1, op: -1, flg: 0 }]);
      await linux.kill(pid, c.SIGKILL);
      const before = await linux.semctl(id, 0, c.GETVAL);
      await linux.waitpid(pid);
      seen.add(`${before} ${await linux.semctl(id, 0, c.GETVAL)}`);
    });
    expect([...seen].sort()).toEqual(["1 2", "2 2"]);
  });

  it("loses nothing to an aborted call, on any schedule", async () => {
    const ends = new Set<string>();
    await explore({ schedules: 300, seed: 2 }, async (linux: Linux) => {
      const id = await make(linux, 0);
      const abort = new AbortController();
      const taking = linux.semop(id, [{ num: 0, op: -1, flg: 0 }], { signal: abort.signal }).then(
        () => "done",
        (error: Error) => error.name,
      );
      const giving = up(linux, id);
      await linux.getpid();
      abort.abort();
      await giving;
      const outcome = await taking;
      expect(await linux.semctl(id, 0, c.GETVAL)).toBe(outcome === "done" ? 0 : 1);
      ends.add(outcome);
    });
    expect([...ends].sort()).toEqual(["AbortError", "done"]);
  });

  it("is waited for no longer than a time, which may be over on any schedule", async () => {
    const ends = new Set<string>();
    await explore({ schedules: 300, seed: 2 }, async (linux: Linux) => {
      const id = await make(linux, 0);
      const taking = linux.semtimedop(id, [{ num: 0, op: -1, flg: 0 }], 1_000_000n).then(
        () => "done",
        ({ code }: { code: string }) => code,
      );
      await linux.getpid();
      await up(linux, id);
      const outcome = await taking;
      expect(await linux.semctl(id, 0, c.GETVAL)).toBe(outcome === "done" ? 0 : 1);
      ends.add(outcome);
    });
    expect([...ends].sort()).toEqual(["EAGAIN", "done"]);
  });

  it("names the knobs of its limits", async () => {
    const errors: unknown[] = [];
    await simulate({ machine: { semmni: 1, semopm: 1 } }, async (linux) => {
      const id = await make(linux, 0);
      const operation = { num: 0, op: 1, flg: 0 };
      await linux.semget(c.IPC_PRIVATE, 1, 0).catch((error: unknown) => errors.push(error));
      await linux.semop(id, [operation, operation]).catch((error: unknown) => errors.push(error));
    });
    expect(String(errors[0])).toContain("machine.semmni");
    expect(String(errors[1])).toContain("machine.semopm");
  });

  it("refuses what C's types cannot hold, naming it", async () => {
    await simulate({}, async (linux) => {
      const id = await make(linux, 1);
      const wrong = (operation: object): Promise<string> =>
        linux
          .semop(id, [
            { num: 0, op: 1, flg: 0 },
            { num: 0, op: 1, flg: 0, ...operation },
          ])
          .then(
            () => "done",
            (error: Error) => `${error.name}: ${error.message}`,
          );
      expect(await wrong({ num: -1 })).toContain(
        'TypeError: semop: "sops[1].num" must be an unsigned 16-bit',
      );
      expect(await wrong({ op: 32768 })).toContain('TypeError: semop: "sops[1].op" must be a 16-bit');
      expect(await wrong({ flg: undefined })).toContain('TypeError: semop: "sops[1].flg" must be a 16-bit');
      await expect(linux.semctl(id, 0, c.SETVAL)).rejects.toThrow(
        'semctl: "argument" must be a 32-bit integer',
      );
      await expect(linux.semctl(id, 0, c.SETALL, [1, -1])).rejects.toThrow('"argument[1]"');
      await expect(linux.semctl(id, 0, c.IPC_SET, 3)).rejects.toThrow(
        '"argument" must be { uid, gid, mode }',
      );
      await expect(linux.semtimedop(id, [], 1 as unknown as bigint)).rejects.toThrow('"timeout"');
      expect(await linux.semctl(id, 0, c.GETALL)).toEqual([1]);
    });
  });
});
