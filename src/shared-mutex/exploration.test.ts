// Mutexes and conditions among processes of the simulator: what holds on one schedule holds on all of them.
import {
  type Linux,
  MAP_SHARED,
  type Mapping,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  program,
  SharedCondition,
  SharedMutex,
} from "linux-ipc";
import { explore } from "linux-ipc/simulation";
import { describe, expect, it } from "vitest";

const url = import.meta.url;
const NAME = "/locks";
const PAGE = 4096;
const MUTEX = 0;
const NOT_EMPTY = 64;
const NOT_FULL = 72;
const DATA = 128;

async function map(linux: Linux, flags: number): Promise<Mapping> {
  const fd = await linux.shm_open(NAME, flags, 0o600);
  if ((flags & O_CREAT) !== 0) await linux.ftruncate(fd, PAGE);
  const mapping = await linux.mmap(null, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  await linux.close(fd);
  return mapping;
}

const attach = async (linux: Linux) => {
  const mapping = await map(linux, O_RDWR);
  return {
    mutex: await SharedMutex.at(linux, mapping, MUTEX),
    notEmpty: SharedCondition.at(linux, mapping, NOT_EMPTY),
    notFull: SharedCondition.at(linux, mapping, NOT_FULL),
    data: mapping.array(Int32Array, DATA),
  };
};

/** Runs programs beside each other in shared memory, and looks at it when all have ended. */
const among =
  (programs: readonly ReturnType<typeof program>[], check: (data: Int32Array) => void) =>
  async (linux: Linux): Promise<void> => {
    const mapping = await map(linux, O_RDWR | O_CREAT | O_EXCL);
    const pids: number[] = [];
    for (const one of programs) pids.push(await linux.spawn(one));
    for (const pid of pids) expect((await linux.waitpid(pid)).status).toBe(0);
    check(mapping.array(Int32Array, DATA));
    await linux.shm_unlink(NAME);
  };

const COUNTS = 3;

const counter = program(url, async function counter(linux) {
  const { mutex, data } = await attach(linux);
  for (let times = 0; times < COUNTS; times++) {
    await mutex.withLock(async () => {
      const before = data[0] as number;
      await linux.getpid();
      data[0] = before + 1;
    });
  }
});

/** Two tasks of one process, of which one is impatient. */
const impatient = program(url, async function impatient(linux) {
  const { mutex, data } = await attach(linux);
  const count = async (timeout?: number): Promise<void> => {
    try {
      await using held = await mutex.lock(timeout === undefined ? {} : { timeout });
      const before = data[0] as number;
      await linux.getpid();
      expect(held.isHeld).toBe(true);
      data[0] = before + 1;
    } catch (error) {
      if ((error as Error).name !== "TimeoutError") throw error;
      Atomics.add(data, 1, 1);
    }
  };
  await Promise.all([count(), count(1)]);
});

const ITEMS = 4;

const producer = program(url, async function producer(linux) {
  const { mutex, notEmpty, notFull, data } = await attach(linux);
  for (let item = 1; item <= ITEMS; item++) {
    await mutex.withLock(async () => {
      while (data[0] !== 0) await notFull.wait(mutex);
      data[0] = item;
      notEmpty.notify();
    });
  }
});

const consumer = program(url, async function consumer(linux) {
  const { mutex, notEmpty, notFull, data } = await attach(linux);
  for (let times = 0; times < ITEMS / 2; times++) {
    await mutex.withLock(async () => {
      while (data[0] === 0) await notEmpty.wait(mutex);
      data[1] = (data[1] as number) + (data[0] as number);
      data[0] = 0;
      notFull.notify();
    });
  }
});

/** Begins when all are there. */
const runner = program(url, async function runner(linux) {
  const { mutex, notEmpty, data } = await attach(linux);
  await mutex.withLock(async () => {
    data[0] = (data[0] as number) + 1;
    if (data[0] === 3) notEmpty.notifyAll();
    while ((data[0] as number) < 3) await notEmpty.wait(mutex);
  });
});

/** Waits until the others have counted, but not for ever. */
const waiter = program(url, async function waiter(linux) {
  const { mutex, notEmpty, data } = await attach(linux);
  await mutex.withLock(async (held) => {
    try {
      while (data[0] !== 1) await notEmpty.wait(mutex, { timeout: 1 });
    } catch (error) {
      expect((error as Error).name).toBe("TimeoutError");
    }
    expect(held.isHeld).toBe(true);
    data[1] = (data[1] as number) + 1;
  });
});

const notifier = program(url, async function notifier(linux) {
  const { mutex, notEmpty, data } = await attach(linux);
  await mutex.withLock(() => {
    data[0] = 1;
  });
  notEmpty.notifyAll();
});

/** Has one mutex, and wants another. */
const both = program(url, async function both(linux, first: number, second: number) {
  const mapping = await map(linux, O_RDWR);
  const mutexes = [await SharedMutex.at(linux, mapping, first), await SharedMutex.at(linux, mapping, second)];
  await mutexes[0]?.withLock(async () => {
    await linux.getpid();
    await mutexes[1]?.withLock(() => undefined);
  });
});

const options = { schedules: 1000, leaks: "fail" } as const;

describe("in any order", () => {
  it("a mutex lets one in at a time, and nobody waits for ever", async () => {
    await explore(
      options,
      among([counter, counter, counter], (data) => expect(data[0]).toBe(3 * COUNTS)),
    );
  });

  it("a lock whose time is over was not had, and nobody misses it", async () => {
    await explore(
      options,
      among([impatient, counter, impatient], (data) => {
        expect(data[0]).toBe(COUNTS + 4 - (data[1] as number));
      }),
    );
  });

  it("no notification is lost", async () => {
    const sum = (ITEMS * (ITEMS + 1)) / 2;
    await explore(
      options,
      among([producer, consumer, consumer], (data) => expect([data[0], data[1]]).toEqual([0, sum])),
    );
    await explore(
      options,
      among([runner, runner, runner], (data) => expect(data[0]).toBe(3)),
    );
  });

  it("a wait for a condition that takes too long has the mutex again", async () => {
    await explore(
      options,
      among([waiter, notifier, waiter], (data) => expect([data[0], data[1]]).toEqual([1, 2])),
    );
  });

  it("two mutexes taken in two orders deadlock, and it is told who has which", async () => {
    const found = explore({ schedules: 500, seed: 1 }, async (linux) => {
      const mapping = await map(linux, O_RDWR | O_CREAT | O_EXCL);
      const pids = [await linux.spawn(both, { args: [0, 64] }), await linux.spawn(both, { args: [64, 0] })];
      for (const pid of pids) await linux.waitpid(pid);
      await linux.munmap(mapping.address, PAGE);
      await linux.shm_unlink(NAME);
    });
    await expect(found).rejects.toThrow(
      /pid 3 \(both\) waits in futex\(0x\w+, FUTEX_WAIT, FUTEX_WAITERS\|4\) since step \d+\n +for the lock at the word at 64 of the shared memory \/?locks, which pid 4 has/,
    );
    await expect(found).rejects.toThrow(/In a circle: pid . waits for pid ./);
  });
});
