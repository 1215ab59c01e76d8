// POSIX semaphores as objects, on both kernels. The real one is the built package's: calls that wait start threads of it.
import { linux as real } from "linux-ipc/native";
import { afterEach, describe, expect, it } from "vitest";
import { CLOCK_MONOTONIC, MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } from "../constants.js";
import type { Linux } from "../linux.js";
import { SharedMemory } from "../shared-memory/shared-memory.js";
import { simulate } from "../simulation/simulate.js";
import { failureOf, testerOf } from "../testing.js";
import type { SemaphoreCreateOptions } from "./options.js";
import { Semaphore } from "./semaphore.js";

const test = testerOf(real, () => []);
const NAME = `/linux-ipc-semaphore-${process.pid}`;

afterEach(async () => {
  if (process.platform === "linux") await real.sem_unlink(NAME).catch(() => undefined);
});

const create = (linux: Linux, options: Partial<SemaphoreCreateOptions> = {}): Promise<Semaphore> =>
  Semaphore.create(linux, NAME, { value: 1, unlinkOnClose: true, ...options });

/** Waits until so many wait at a semaphore. */
async function until(linux: Linux, semaphore: Semaphore, waiters: number): Promise<void> {
  while (semaphore.waiters !== waiters) await linux.clock_nanosleep(CLOCK_MONOTONIC, 0, 1_000_000n);
}

/** Something that a semaphore lies in, by name or in memory, and what is to be closed after it. */
const places: Record<string, (linux: Linux, value: number) => Promise<[Semaphore, () => Promise<void>]>> = {
  async "that has a name"(linux, value) {
    return [await create(linux, { value }), async () => undefined];
  },
  async "in memory"(linux, value) {
    const memory = await SharedMemory.anonymous(linux, 4096);
    return [await Semaphore.in(linux, memory, 64, { value }), () => memory.close()];
  },
};

describe.each(Object.keys(places))("a semaphore %s", (name) => {
  const make = places[name] as (typeof places)[string];

  test("is taken and given without waiting", async (linux) => {
    const [semaphore, close] = await make(linux, 2);
    expect([semaphore.value, semaphore.waiters, semaphore.isClosed]).toEqual([2, 0, false]);
    await semaphore.acquire();
    await semaphore.acquire({ timeout: 0 });
    expect([semaphore.tryAcquire(), semaphore.value]).toEqual([false, 0]);
    semaphore.release();
    expect([semaphore.value, semaphore.tryAcquire(), semaphore.value]).toEqual([1, true, 0]);
    await semaphore.close();
    await close();
  });

  test("wakes who waits, one for each permit", async (linux) => {
    const [semaphore, close] = await make(linux, 0);
    const got: number[] = [];
    const waits = [1, 2, 3].map((each) => semaphore.acquire().then(() => got.push(each)));
    await until(linux, semaphore, 3);
    for (let count = 1; count <= 3; count++) {
      semaphore.release();
      await until(linux, semaphore, 3 - count);
    }
    await Promise.all(waits);
    expect([got.sort(), semaphore.value, semaphore.waiters]).toEqual([[1, 2, 3], 0, 0]);
    await semaphore.close();
    await close();
  });

  test("is waited for no longer than a time, or an abort, and loses nothing by that", async (linux) => {
    const [semaphore, close] = await make(linux, 0);
    expect(await failureOf(semaphore.acquire({ timeout: 2 }))).toMatchObject({ name: "TimeoutError" });
    const stop = new AbortController();
    const aborted = failureOf(semaphore.acquire({ signal: stop.signal }));
    await until(linux, semaphore, 1);
    stop.abort("enough");
    expect(await aborted).toMatchObject({ name: "AbortError", cause: "enough" });
    expect(await failureOf(semaphore.acquire({ signal: stop.signal }))).toMatchObject({ name: "AbortError" });
    semaphore.release();
    expect(await failureOf(semaphore.acquire({ signal: stop.signal }))).toMatchObject({ name: "AbortError" });
    expect([semaphore.value, semaphore.waiters]).toEqual([1, 0]);
    await semaphore.close();
    await close();
  });

  test("holds a permit while work is done, also if it is closed meanwhile", async (linux) => {
    const [semaphore, close] = await make(linux, 1);
    expect(await semaphore.withPermit(() => semaphore.value)).toBe(0);
    const failed = semaphore.withPermit(() => {
      throw new Error("no");
    });
    expect([(await failureOf(failed)).message, semaphore.value]).toEqual(["no", 1]);
    const stop = AbortSignal.abort();
    let begun = false;
    const work = (): void => {
      begun = true;
    };
    expect((await failureOf(semaphore.withPermit(work, { signal: stop }))).name).toBe("AbortError");
    expect([begun, semaphore.value]).toEqual([false, 1]);
    await semaphore.withPermit(() => semaphore.close());
    expect(semaphore.isClosed).toBe(true);
    await close();
  });

  test("that is closed ends what waits by it, and does nothing more", async (linux) => {
    const [semaphore, close] = await make(linux, 0);
    const { signal } = new AbortController();
    const waits = [semaphore.acquire(), semaphore.acquire({ signal })].map(failureOf);
    await until(linux, semaphore, 2);
    const closing = semaphore.close();
    expect(semaphore.close()).toBe(closing);
    await closing;
    await semaphore[Symbol.asyncDispose]();
    for (const error of await Promise.all(waits)) {
      expect(error.message).toMatch(/^EBADF: bad file descriptor, acquire \(this object was closed\)/);
    }
    expect(await failureOf(semaphore.acquire())).toMatchObject({ code: "EBADF" });
    for (const used of [
      () => semaphore.tryAcquire(),
      () => semaphore.release(),
      () => semaphore.value,
      () => semaphore.waiters,
    ]) {
      expect(used).toThrow("(this object was closed)");
    }
    await close();
  });

  test("holds 2147483647 permits and no more", async (linux) => {
    const [semaphore, close] = await make(linux, 2 ** 31 - 2);
    semaphore.release();
    expect(() => semaphore.release()).toThrow("EOVERFLOW");
    expect([semaphore.value, semaphore.tryAcquire(), semaphore.value]).toEqual([
      2147483647,
      true,
      2147483646,
    ]);
    await semaphore.close();
    await close();
  });
});

describe("a semaphore that has a name", () => {
  test("is one for all who open it, and is also libc's", async (linux) => {
    const semaphore = await create(linux, { value: 3 });
    const same = await Semaphore.open(linux, NAME);
    const third = await Semaphore.createOrOpen(linux, NAME, { value: 9, unlinkOnClose: true });
    expect([semaphore.name, same.tryAcquire(), third.value]).toEqual([NAME, true, 2]);
    const { address } = await linux.sem_open(NAME, 0);
    await linux.sem_wait(address);
    await linux.sem_post(address);
    await linux.sem_trywait(address);
    expect([await linux.sem_getvalue(address), semaphore.value]).toEqual([1, 1]);
    await linux.sem_wait(address);
    const waiting = linux.sem_wait(address);
    await until(linux, same, 1);
    semaphore.release();
    await waiting;
    const acquiring = same.acquire();
    await until(linux, same, 1);
    await linux.sem_post(address);
    await acquiring;
    await linux.sem_close(address);
    await third.close();
    await same.close();
    expect((await failureOf(Semaphore.create(linux, NAME, { value: 1 }))).message).toContain(
      `, semaphore "${NAME}"`,
    );
    await semaphore.close();
    expect(await failureOf(Semaphore.open(linux, NAME))).toMatchObject({ code: "ENOENT" });
  });

  test("keeps its name from who has not made it, and another's name from itself", async (linux) => {
    const first = await create(linux);
    await first.unlink();
    await first.unlink();
    const second = await create(linux);
    await first.close();
    const found = await Semaphore.open(linux, NAME);
    await found.close();
    await Semaphore.unlink(linux, NAME);
    await second.close();
    expect(await failureOf(Semaphore.unlink(linux, NAME))).toMatchObject({ code: "ENOENT" });
    const kept = await Semaphore.create(linux, NAME, { value: 4 });
    await kept.close();
    const again = await Semaphore.createOrOpen(linux, NAME, { value: 1, unlinkOnClose: true });
    expect(again.value).toBe(4);
    await again.close();
    await Semaphore.unlink(linux, NAME);
  });
});

describe("a semaphore in memory", () => {
  test("is there for others once it is made", async (linux) => {
    const memory = await SharedMemory.anonymous(linux, 4096);
    const attaching = Semaphore.in(linux, memory, 8);
    expect((await failureOf(Semaphore.in(linux, memory, 8, { timeout: 1 }))).message).toBe(
      "Semaphore.in: timed out after 1 ms, for its maker to give it a value",
    );
    const maker = await Semaphore.in(linux, memory, 8, { value: 5 });
    const other = await attaching;
    expect([other.value, other.tryAcquire(), maker.value, maker.name]).toEqual([5, true, 4, undefined]);
    expect((await failureOf(maker.unlink())).message).toContain("does not know its name");
    await maker.close();
    await other.close();
    await memory.close();
  });

  test("lies in any mapping", async (linux) => {
    const flags = MAP_SHARED | MAP_ANONYMOUS;
    const mapping = await linux.mmap(null, 100, PROT_READ | PROT_WRITE, flags, -1);
    const semaphore = await Semaphore.in(linux, mapping, 64, { value: 1 });
    expect([semaphore.tryAcquire(), semaphore.tryAcquire()]).toEqual([true, false]);
    const waiting = semaphore.acquire();
    await until(linux, semaphore, 1);
    semaphore.release();
    await waiting;
    await linux.sem_init(mapping.address + 64, 0, 1);
    expect((await failureOf(Semaphore.in(linux, mapping, 0, { timeout: 0 }))).name).toBe("TimeoutError");
    await semaphore.close();
    await linux.munmap(mapping.address, mapping.length);
  });

  test("whose memory goes away while somebody waits keeps it", async (linux) => {
    const memory = await SharedMemory.anonymous(linux, 4096, { resizable: true });
    const semaphore = await Semaphore.in(linux, memory, 0, { value: 0 });
    const waiting = semaphore.acquire();
    await until(linux, semaphore, 1);
    expect(await failureOf(memory.resize(8192))).toMatchObject({ code: "EBUSY" });
    semaphore.release();
    await waiting;
    await semaphore.close();
    await memory.close();
  });
});

describe("a semaphore whose memory was closed", () => {
  it.runIf(process.platform === "linux")("is of no use, and crashes nothing (real kernel)", async () => {
    const memory = await SharedMemory.anonymous(real, 4096);
    const semaphore = await Semaphore.in(real, memory, 0, { value: 0 });
    await memory.close();
    for (const used of [() => semaphore.tryAcquire(), () => semaphore.release(), () => semaphore.value]) {
      expect(used).toThrow(TypeError);
    }
    await failureOf(semaphore.acquire());
    await semaphore.close();
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
  const wrong: Record<string, () => unknown> = {
    'Semaphore.create: "name" must be a string, not 5': () => Semaphore.create(linux, bad(5), { value: 1 }),
    'Semaphore.create: "options.value" must be an integer from 0 to 2147483647, not undefined': () =>
      Semaphore.create(linux, "/x", bad({})),
    'Semaphore.create: "options.value" must be an integer from 0 to 2147483647, not 2147483648': () =>
      Semaphore.create(linux, "/x", { value: 2 ** 31 }),
    'Semaphore.createOrOpen: "options.mode" must be a 32-bit integer, not "600"': () =>
      Semaphore.createOrOpen(linux, "/x", { value: 1, mode: bad("600") }),
    'Semaphore.createOrOpen: "options.unlinkOnClose" must be a boolean, not 1': () =>
      Semaphore.createOrOpen(linux, "/x", { value: 1, unlinkOnClose: bad(1) }),
    'Semaphore.open: "name" must be a string without NUL, not one with NUL in it': () =>
      Semaphore.open(linux, "/a\0b"),
    'Semaphore.in: "memory" must be a SharedMemory or a Mapping, not an object': () =>
      Semaphore.in(linux, bad({}), 0),
  };

  it.each(Object.keys(wrong))("is told of before a call is made: %s", async (message) => {
    const error = await failureOf((async () => await wrong[message]?.())());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  });

  it("of a place, and of a semaphore that is open", async () => {
    await simulate({}, async (model) => {
      const memory = await SharedMemory.anonymous(model, 100);
      const semaphore = await Semaphore.in(model, memory, 0, { value: 1 });
      const told: [() => Promise<unknown>, string][] = [
        [() => Semaphore.in(model, memory, 4), '"byteOffset" must be a multiple of 8, not 4'],
        [() => Semaphore.in(model, memory, -8), '"byteOffset" must be an integer of at least 0, not -8'],
        [() => Semaphore.in(model, memory, 72), "Semaphore.in: bytes 72 to 104 of 100"],
        [() => Semaphore.in(model, memory, 0, { value: -1 }), '"options.value" must be an integer from 0'],
        [() => Semaphore.in(model, memory, 0, { timeout: -1 }), '"options.timeout" must be a number of'],
        [() => semaphore.acquire(bad(5)), 'acquire: "options" must be an object, not 5'],
        [() => semaphore.acquire({ timeout: bad("1") }), 'acquire: "options.timeout" must be a number of'],
        [() => semaphore.acquire({ signal: bad(1) }), 'acquire: "options.signal" must be an AbortSignal'],
        [() => semaphore.withPermit(bad(5)), 'withPermit: "work" must be a function, not 5'],
      ];
      for (const [wrongly, message] of told) {
        expect((await failureOf(wrongly())).message).toContain(message);
      }
      expect(semaphore.value).toBe(1);
      await semaphore.close();
      await memory.close();
    });
  });
});
