// Sets of System V semaphores as objects, on both kernels. The real one is the built package's: calls that wait start threads of it.
import { linux as real } from "linux-ipc/native";
import { afterEach, describe, expect, it } from "vitest";
import { ownQueues } from "../../backends/linux/testing.js";
import { IPC_CREAT, IPC_RMID, SEM_INFO, SETALL } from "../constants.js";
import type { Linux } from "../linux.js";
import { simulate } from "../simulation/simulate.js";
import { failureOf, testerOf } from "../testing.js";
import { SysvSemaphoreSet } from "./sysv-semaphore-set.js";

const hasOwnSets = ownQueues();

const test = testerOf(real, () => []);
const KEY = 0x53450000 | (process.pid & 0xffff);
const made: number[] = [];

afterEach(async () => {
  if (process.platform !== "linux") return;
  const { semusz } = await real.semctl(0, 0, SEM_INFO);
  for (const id of made.splice(0)) await real.semctl(id, 0, IPC_RMID).catch(() => undefined);
  if (hasOwnSets) expect(semusz).toBe(0);
});

/** Notes a set, which is removed whatever becomes of its test. */
function noted(linux: Linux, set: SysvSemaphoreSet): SysvSemaphoreSet {
  if (linux === real) made.push(set.id);
  return set;
}

const create = async (linux: Linux, ...values: number[]): Promise<SysvSemaphoreSet> =>
  noted(linux, await SysvSemaphoreSet.createPrivate(linux, { values, removeOnClose: true }));

describe("a set of System V semaphores", () => {
  test("has its values, takes and gives", async (linux) => {
    const set = await create(linux, 2, 0, 32767);
    expect(await set.values()).toEqual([2, 0, 32767]);
    await set.acquire(0);
    await set.acquire(2, { count: 32000 });
    expect(await set.tryAcquire(0, { count: 2 })).toBe(false);
    expect(await set.tryAcquire(0)).toBe(true);
    expect(await set.tryAcquire(1)).toBe(false);
    await set.release(1, { count: 5 });
    expect(await set.values()).toEqual([0, 5, 767]);
    await set.waitForZero(0);
    expect(await set.value(1)).toBe(5);
    expect(await set.lastPid(1)).toBe(await linux.getpid());
    await set.close();
  });

  test("does operations all at once or not at all", async (linux) => {
    const set = await create(linux, 1, 1);
    const both = [0, 1].map((semaphore) => ({ semaphore, operation: -1 }));
    await set.operate(both);
    expect(await set.values()).toEqual([0, 0]);
    const waiting = set.operate(both);
    await set.release(0);
    expect(await set.values()).toEqual([1, 0]);
    await set.release(1);
    await waiting;
    expect(await set.values()).toEqual([0, 0]);
    await set.release(0);
    const failed = await failureOf(
      set.operate([
        { semaphore: 0, operation: -1 },
        { semaphore: 1, operation: -1, noWait: true },
      ]),
    );
    expect(failed).toMatchObject({ code: "EAGAIN" });
    expect(await set.values()).toEqual([1, 0]);
    await set.operate([
      { semaphore: 1, operation: 0 },
      { semaphore: 1, operation: 3, undo: true },
    ]);
    await set.operate([{ semaphore: 1, operation: -3, undo: true }]);
    await set.close();
  });

  test("is waited in, which can be seen, and ended", async (linux) => {
    const set = await create(linux, 0, 1);
    const stop = new AbortController();
    const acquiring = failureOf(set.acquire(0, { signal: stop.signal }));
    const waiting = set.waitForZero(1);
    while ((await set.waiters(0)).forIncrease === 0 || (await set.waiters(1)).forZero === 0) {
      await linux.clock_nanosleep(1, 0, 1_000_000n);
    }
    expect(await set.waiters(1)).toEqual({ forIncrease: 0, forZero: 1 });
    await set.set(1, 0);
    await waiting;
    stop.abort("enough");
    expect(await acquiring).toMatchObject({ name: "AbortError", cause: "enough" });
    expect(await failureOf(set.acquire(0, { timeout: 5 }))).toMatchObject({
      name: "TimeoutError",
      message: `acquire: timed out after 5 ms, System V semaphores ${set.id}`,
    });
    await set.setAll([4, 2]);
    expect(await set.values()).toEqual([4, 2]);
    await set.close();
  });

  test("holds a permit while work is done, and gives it back", async (linux) => {
    const set = await create(linux, 3);
    const inside = await set.withPermit(0, async () => await set.value(0), { count: 2 });
    expect([inside, await set.value(0)]).toEqual([1, 3]);
    const failed = await failureOf(
      set.withPermit(0, () => {
        throw new Error("no");
      }),
    );
    expect([failed.message, await set.value(0)]).toEqual(["no", 3]);
    const object = SysvSemaphoreSet.from(linux, set.id);
    await object.withPermit(0, () => object.close(), { undo: false });
    expect(await set.value(0)).toBe(3);
    const stop = new AbortController();
    stop.abort();
    let begun = false;
    const work = (): void => {
      begun = true;
    };
    const aborted = await failureOf(set.withPermit(0, work, { signal: stop.signal }));
    expect([aborted.name, begun, await set.value(0)]).toEqual(["AbortError", false, 3]);
    await set.close();
  });

  test("tells of itself, and is changed", async (linux) => {
    const set = await create(linux, 0, 0);
    const state = await set.status();
    expect(state).toMatchObject({ key: 0, mode: 0o600, semaphores: 2, uid: await linux.getuid() });
    expect(state.operatedAt).toBeTypeOf("number");
    await set.setPermissions({ mode: 0o640 });
    expect(await set.status()).toMatchObject({ mode: 0o640, uid: state.uid, gid: state.gid });
    expect(await set.lastPid(1)).toBe(undefined);
    await set.close();
  });

  test("is found by its key", async (linux) => {
    const options = { values: [1, 2], removeOnClose: true };
    const set = noted(linux, await SysvSemaphoreSet.create(linux, KEY, options));
    const found = await SysvSemaphoreSet.open(linux, KEY);
    const same = await SysvSemaphoreSet.createOrOpen(linux, KEY, { ...options, values: [7] });
    expect([found.id, same.id, await same.values()]).toEqual([set.id, set.id, [1, 2]]);
    await same.close();
    expect((await failureOf(SysvSemaphoreSet.create(linux, KEY, options))).message).toBe(
      `EEXIST: file exists, semget, System V semaphores of key 0x${KEY.toString(16)}`,
    );
    expect(
      (await failureOf(SysvSemaphoreSet.createOrOpen(linux, KEY, { values: [1, 1, 1] }))).message,
    ).toContain("(the set has fewer than 3 semaphores), System V semaphores of key");
    await set.close();
    expect((await failureOf(found.acquire(0))).message).toMatch(/no set has this id.*\(key 0x/);
    expect(await failureOf(SysvSemaphoreSet.open(linux, KEY))).toMatchObject({ code: "ENOENT" });
    const byFile = { path: "/tmp", project: 201 };
    const ofFile = noted(linux, await SysvSemaphoreSet.createOrOpen(linux, byFile, options));
    expect((await ofFile.status()).key).toBe(await linux.ftok("/tmp", 201));
    await ofFile.close();
  });

  test("is not used before its maker has initialised it", async (linux) => {
    const id = await linux.semget(KEY, 2, IPC_CREAT | 0o600);
    const set = noted(linux, SysvSemaphoreSet.from(linux, id));
    expect((await failureOf(SysvSemaphoreSet.open(linux, KEY, { timeout: 1 }))).message).toMatch(
      /^SysvSemaphoreSet\.open: timed out after 1 ms, for the maker of the set to initialise it, System V/,
    );
    const impatient = await SysvSemaphoreSet.open(linux, KEY, { waitForMaker: false });
    expect(await impatient.values()).toEqual([0, 0]);
    const opening = SysvSemaphoreSet.createOrOpen(linux, KEY, { values: [5, 5], removeOnClose: true });
    await linux.semctl(id, 0, SETALL, [3, 0]);
    // It is not the one that has made it: it has neither its values nor its end.
    await set.operate([{ semaphore: 0, operation: 0, noWait: true }]).catch(() => undefined);
    await set.operate([{ semaphore: 1, operation: 0 }]);
    const opened = await opening;
    expect([opened.id, await opened.values()]).toEqual([id, [3, 0]]);
    await opened.close();
    await set.remove();
    await set.close();
  });

  test("that is removed while somebody waits for its maker is made by that one", async (linux) => {
    const id = await linux.semget(KEY, 1, IPC_CREAT | 0o600);
    if (linux === real) made.push(id);
    const finding = failureOf(SysvSemaphoreSet.open(linux, KEY));
    const opening = SysvSemaphoreSet.createOrOpen(linux, KEY, { values: [9], removeOnClose: true });
    for (let turn = 0; turn < 9; turn++) await linux.getpid();
    await linux.semctl(id, 0, IPC_RMID);
    const opened = noted(linux, await opening);
    expect(await opened.values()).toEqual([9]);
    const left = await finding.catch(() => undefined);
    if (left !== undefined) expect(left).toMatchObject({ code: "ENOENT" });
    await opened.close();
  });

  it("is initialised with more values than a call may have operations", async () => {
    await simulate({ machine: { semopm: 2 } }, async (linux) => {
      const set = await create(linux, 0, 32767, 5, 6);
      expect(await set.values()).toEqual([0, 32767, 5, 6]);
      expect((await set.status()).operatedAt).toBeTypeOf("number");
    });
  });

  it("that its maker may not give values to is not left behind", async () => {
    await simulate({ machine: { capabilities: 0n } }, async (linux) => {
      const options = { values: [1], mode: 0o400 };
      expect(await failureOf(SysvSemaphoreSet.create(linux, KEY, options))).toMatchObject({
        code: "EACCES",
      });
      expect(await failureOf(SysvSemaphoreSet.open(linux, KEY))).toMatchObject({ code: "ENOENT" });
    });
  });
});

describe("closing", () => {
  test("ends what waits by this object alone; removing ends all", async (linux) => {
    const set = await create(linux, 0);
    const object = SysvSemaphoreSet.from(linux, set.id);
    const waits = [object.acquire(0), object.acquire(0, { timeout: 60_000 })].map(failureOf);
    const others = failureOf(set.acquire(0));
    for (let turn = 0; turn < 5; turn++) await linux.getpid();
    const closing = object.close();
    expect(object.close()).toBe(closing);
    await closing;
    await object[Symbol.asyncDispose]();
    for (const error of await Promise.all(waits)) {
      expect(error.message).toMatch(
        /^EBADF: bad file descriptor, \w+ \(this object was closed\), System V semaphores \d+$/,
      );
    }
    for (const used of [
      () => object.acquire(0),
      () => object.values(),
      () => object.release(0),
      () => object.remove(),
    ]) {
      expect(await failureOf(used())).toMatchObject({ code: "EBADF" });
    }
    await set.remove();
    await set.remove();
    // One whose thread had not begun finds no set.
    expect(["EIDRM", "EINVAL"]).toContain(((await others) as { code?: string }).code);
    await set.close();
  });
});

describe("an error", () => {
  test("says what is behind it", async (linux) => {
    const set = await create(linux, 32767, 1);
    const one = await create(linux, 1);
    const told: [() => Promise<unknown>, string][] = [
      [
        () => set.release(0),
        "ERANGE: numerical result out of range, semop (a semaphore would come above 32767 (SEMVMX), or",
      ],
      [
        () => set.acquire(2),
        "EFBIG: file too large, semop (the set has semaphores 0 to 1), System V semaphores",
      ],
      [() => one.acquire(1), "(the set has one semaphore, 0)"],
      [() => set.value(2), "EINVAL: invalid argument, semctl (the set has semaphores 0 to 1)"],
      [() => set.set(9, 1), "(the set has semaphores 0 to 1)"],
      [() => set.operate([]), "(no operation)"],
      [() => set.setAll([1]), 'setAll: "values" must be one for each of 2 semaphores, not 1'],
    ];
    for (const [failing, message] of told) expect((await failureOf(failing())).message).toContain(message);
    await set.remove();
    for (const used of [() => set.values(), () => set.value(0), () => set.acquire(0), () => set.status()]) {
      expect((await failureOf(used())).message).toContain(
        "(no set has this id: it was removed, or never was",
      );
    }
    await one.close();
    await set.close();
  });

  it("names the limit", async () => {
    await simulate({ machine: { semmsl: 2 } }, async (linux) => {
      expect((await failureOf(create(linux, 1, 1, 1))).message).toBe(
        "EINVAL: invalid argument, semget (3 semaphores, and the most of a set are the first number of /proc/sys/kernel/sem (semmsl))",
      );
    });
  });
});

describe("a bad argument", () => {
  // A kernel of which nothing may be asked.
  const linux = new Proxy({ fds: {} } as Linux, {
    get: (_target, name) => {
      throw new Error(`${String(name)} was called`);
    },
  });
  // biome-ignore lint/suspicious/noExplicitAny: what the types forbid
  const bad = (value: unknown): any => value;
  const set = SysvSemaphoreSet.from(linux, 5);
  const options = { values: [1] };
  const wrong: Record<string, () => unknown> = {
    'SysvSemaphoreSet.create: "key" must be a key that others can have: createPrivate makes one without, not 0':
      () => SysvSemaphoreSet.create(linux, 0, options),
    'SysvSemaphoreSet.create: "options" must be an object, not 5': () =>
      SysvSemaphoreSet.create(linux, 1, bad(5)),
    'SysvSemaphoreSet.create: "options.values" must be an array of values, not undefined': () =>
      SysvSemaphoreSet.create(linux, 1, bad(undefined)),
    'SysvSemaphoreSet.createPrivate: "options.values" must be of at least one semaphore, not an array': () =>
      SysvSemaphoreSet.createPrivate(linux, { values: [] }),
    'SysvSemaphoreSet.createPrivate: "options.values[1]" must be an integer from 0 to 32767, not 32768': () =>
      SysvSemaphoreSet.createPrivate(linux, { values: [1, 32768] }),
    'SysvSemaphoreSet.createOrOpen: "options.mode" must be a 32-bit integer, not "600"': () =>
      SysvSemaphoreSet.createOrOpen(linux, 1, { ...options, mode: bad("600") }),
    'SysvSemaphoreSet.createOrOpen: "options.removeOnClose" must be a boolean, not 1': () =>
      SysvSemaphoreSet.createOrOpen(linux, 1, { ...options, removeOnClose: bad(1) }),
    'SysvSemaphoreSet.open: "key.project" must be an integer from 1 to 255, not 0': () =>
      SysvSemaphoreSet.open(linux, { path: "/", project: 0 }),
    'SysvSemaphoreSet.open: "options.waitForMaker" must be a boolean, not 0': () =>
      SysvSemaphoreSet.open(linux, 1, { waitForMaker: bad(0) }),
    'SysvSemaphoreSet.open: "options.timeout" must be a number of milliseconds, at least 0, not -1': () =>
      SysvSemaphoreSet.open(linux, 1, { timeout: -1 }),
    'SysvSemaphoreSet.open: "options.signal" must be an AbortSignal, not 5': () =>
      SysvSemaphoreSet.open(linux, 1, { signal: bad(5) }),
    'SysvSemaphoreSet.from: "id" must be a 32-bit integer, not undefined': () =>
      SysvSemaphoreSet.from(linux, bad(undefined)),
    'operate: "operations" must be an array of { semaphore, operation }, not undefined': () =>
      set.operate(bad(undefined)),
    'operate: "operations[1]" must be { semaphore, operation }, not null': () =>
      set.operate([{ semaphore: 0, operation: 1 }, bad(null)]),
    'operate: "operations[0].semaphore" must be an unsigned 16-bit integer, not -1': () =>
      set.operate([{ semaphore: -1, operation: 1 }]),
    'operate: "operations[0].operation" must be a 16-bit integer, not 40000': () =>
      set.operate([{ semaphore: 0, operation: 40000 }]),
    'operate: "operations[0].undo" must be a boolean, not 1': () =>
      set.operate([{ semaphore: 0, operation: 1, undo: bad(1) }]),
    'operate: "options.signal" must be an AbortSignal, not 5': () =>
      set.operate([{ semaphore: 0, operation: 1 }], { signal: bad(5) }),
    'acquire: "semaphore" must be an unsigned 16-bit integer, not undefined': () =>
      set.acquire(bad(undefined)),
    'acquire: "options.count" must be an integer from 1 to 32767, not 0': () => set.acquire(0, { count: 0 }),
    'tryAcquire: "options.undo" must be a boolean, not "yes"': () => set.tryAcquire(0, { undo: bad("yes") }),
    'release: "options" must be an object, not null': () => set.release(0, bad(null)),
    'waitForZero: "semaphore" must be an unsigned 16-bit integer, not 65536': () => set.waitForZero(65536),
    'withPermit: "work" must be a function, not 5': () => set.withPermit(0, bad(5)),
    'value: "semaphore" must be an unsigned 16-bit integer, not 1.5': () => set.value(1.5),
    'set: "value" must be an integer from 0 to 32767, not -1': () => set.set(0, -1),
    'setAll: "values" must be an array of values, not 5': () => set.setAll(bad(5)),
    'setPermissions: "permissions.uid" must be a 32-bit integer, not "root"': () =>
      set.setPermissions({ uid: bad("root") }),
  };

  it.each(Object.keys(wrong))("is told of before a call is made: %s", async (message) => {
    const error = await failureOf((async () => await wrong[message]?.())());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  });
});
