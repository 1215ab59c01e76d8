// Mutexes in shared memory, on both kernels. Of the built package, for what waits takes threads.
import {
  type HeldMutex,
  type Linux,
  MAP_PRIVATE,
  MAP_SHARED,
  type Mapping,
  PROT_READ,
  PROT_WRITE,
  SharedMutex,
} from "linux-ipc";
import { linux as real } from "linux-ipc/native";
import { describe, expect } from "vitest";
import { failureOf, testerOf } from "../testing.js";

const test = testerOf(real, () => []);
const BOTH = PROT_READ | PROT_WRITE;
const PAGE = 4096;

async function mapped(linux: Linux, prot = BOTH, flags = MAP_SHARED): Promise<Mapping> {
  const fd = await linux.memfd_create("mutex");
  await linux.ftruncate(fd, PAGE);
  const mapping = await linux.mmap(null, PAGE, prot, flags, fd);
  await linux.close(fd);
  return mapping;
}

const wordOf = (mapping: Mapping, byteOffset = 0): number =>
  mapping.array(Int32Array, byteOffset, 1)[0] as number;

/** As if its owner had died: what the kernel leaves. */
function die(mapping: Mapping): void {
  mapping.array(Int32Array)[0] = 0x40000000;
}

describe("a shared mutex", () => {
  test("is locked once, by the thread, and unlocked again", async (linux) => {
    const mapping = await mapped(linux);
    const mutex = await SharedMutex.at(linux, mapping, 64);
    const held = mutex.tryLock() as HeldMutex;
    expect([held.isHeld, held.ownerDied, mutex.isHeld]).toEqual([true, false, true]);
    expect(wordOf(mapping, 64)).toBe(await linux.gettid());
    expect(mutex.tryLock()).toBe(undefined);
    held.unlock();
    expect([held.isHeld, mutex.isHeld, wordOf(mapping, 64)]).toEqual([false, false, 0]);
    expect(() => held.unlock()).toThrow("EPERM");
    expect(() => mutex.unlock()).toThrow("EPERM");
    await mutex.lock();
    mutex.unlock();
    await linux.munmap(mapping.address, PAGE);
  });

  test("of one place is one object, and another mapping's contends with it", async (linux) => {
    const fd = await linux.memfd_create("mutex");
    await linux.ftruncate(fd, PAGE);
    const one = await linux.mmap(null, PAGE, BOTH, MAP_SHARED, fd);
    const other = await linux.mmap(null, PAGE, BOTH, MAP_SHARED, fd);
    const [mutex, same, far] = await Promise.all([
      SharedMutex.at(linux, one),
      SharedMutex.at(linux, one),
      SharedMutex.at(linux, other),
    ]);
    expect(same).toBe(mutex);
    const held = await mutex.lock();
    expect(far.tryLock()).toBe(undefined);
    expect(() => far.unlock()).toThrow("EPERM");
    const waiting = far.lock();
    setImmediate(() => held.unlock());
    (await waiting).unlock();
    for (const { address } of [one, other]) await linux.munmap(address, PAGE);
    await linux.close(fd);
  });

  test("is had by tasks of a thread one after the other, in the order of asking", async (linux) => {
    const mapping = await mapped(linux);
    const mutex = await SharedMutex.at(linux, mapping);
    const order: number[] = [];
    const tasks = [1, 2, 3].map((task) =>
      mutex.withLock(async (held) => {
        order.push(task);
        await linux.getpid();
        order.push(task);
        expect(held.isHeld).toBe(true);
      }),
    );
    expect(mutex.tryLock()).toBe(undefined);
    await Promise.all(tasks);
    expect(order).toEqual([1, 1, 2, 2, 3, 3]);
    await linux.munmap(mapping.address, PAGE);
  });

  test("gives what its work gives, and is unlocked whatever the work does", async (linux) => {
    const mapping = await mapped(linux);
    const mutex = await SharedMutex.at(linux, mapping);
    expect(await mutex.withLock(() => 7)).toBe(7);
    expect(await mutex.withLock((held) => held.unlock())).toBe(undefined);
    const thrown = new Error("work");
    expect(
      await failureOf(
        mutex.withLock(() => {
          throw thrown;
        }),
      ),
    ).toBe(thrown);
    {
      await using held = await mutex.lock();
      expect(held.isHeld).toBe(true);
    }
    expect(mutex.isHeld).toBe(false);
    await linux.munmap(mapping.address, PAGE);
  });

  test("ends a wait by abort and by timeout, and goes to the next", async (linux) => {
    const mapping = await mapped(linux);
    const mutex = await SharedMutex.at(linux, mapping);
    const held = await mutex.lock();
    const ender = new AbortController();
    const aborted = failureOf(mutex.lock({ signal: ender.signal }));
    const timedOut = failureOf(mutex.lock({ timeout: 5 }));
    const next = mutex.lock();
    ender.abort("enough");
    expect(await aborted).toMatchObject({ name: "AbortError", cause: "enough" });
    expect((await timedOut).name).toBe("TimeoutError");
    held.unlock();
    (await next).unlock();
    expect((await failureOf(mutex.lock({ signal: AbortSignal.abort() }))).name).toBe("AbortError");
    const free = await mutex.lock({ timeout: 0 });
    expect((await failureOf(mutex.lock({ errorCheck: true }))).message).toContain("EDEADLK");
    free.unlock();
    (await mutex.lock({ errorCheck: true })).unlock();
    await linux.munmap(mapping.address, PAGE);
  });

  test("ends a wait for another's by abort and by timeout", async (linux) => {
    const mapping = await mapped(linux);
    const mutex = await SharedMutex.at(linux, mapping);
    const words = mapping.array(Int32Array);
    // A thread that is not there, and never unlocks.
    words[0] = 0x3ffffff0;
    const ender = new AbortController();
    const aborted = failureOf(mutex.lock({ signal: ender.signal }));
    await linux.clock_nanosleep(1, 0, 1_000_000n);
    expect(words[0]).toBe(0x3ffffff0 | 0x80000000);
    ender.abort();
    expect((await aborted).name).toBe("AbortError");
    expect((await failureOf(mutex.lock({ timeout: 1 }))).name).toBe("TimeoutError");
    words[0] = 0;
    (await mutex.lock({ timeout: 1 })).unlock();
    await linux.munmap(mapping.address, PAGE);
  });

  test("tells the next one that its owner died, once", async (linux) => {
    const mapping = await mapped(linux);
    const mutex = await SharedMutex.at(linux, mapping);
    die(mapping);
    const held = await mutex.lock();
    expect(held.ownerDied).toBe(true);
    held.recover();
    expect(() => held.recover()).toThrow("EINVAL");
    held.unlock();
    expect(() => held.recover()).toThrow("EPERM");
    const next = mutex.tryLock() as HeldMutex;
    expect(next.ownerDied).toBe(false);
    expect(() => next.recover()).toThrow("EINVAL");
    next.unlock();
    await linux.munmap(mapping.address, PAGE);
  });

  test("cannot be locked again once it was unlocked unrecovered, until it is made anew", async (linux) => {
    const mapping = await mapped(linux);
    const mutex = await SharedMutex.at(linux, mapping);
    die(mapping);
    await mutex.withLock(() => undefined);
    expect(() => mutex.tryLock()).toThrow("ENOTRECOVERABLE");
    for (let times = 0; times < 2; times++) {
      expect((await failureOf(mutex.lock())).message).toContain("ENOTRECOVERABLE");
    }
    die(mapping);
    expect((await failureOf(mutex.lock())).message).toContain("ENOTRECOVERABLE");
    expect(await SharedMutex.initialize(linux, mapping)).toBe(mutex);
    await mutex.withLock((held) => expect(held.ownerDied).toBe(false));
    await linux.munmap(mapping.address, PAGE);
  });

  test("is nothing else's memory", async (linux) => {
    const mapping = await mapped(linux);
    const at = (byteOffset: number) => failureOf(SharedMutex.at(linux, mapping, byteOffset));
    expect((await at(4)).message).toContain("EINVAL");
    expect(await at(-8)).toBeInstanceOf(TypeError);
    expect(await at(0.5)).toBeInstanceOf(TypeError);
    expect(await at(PAGE - 56)).toBeInstanceOf(RangeError);
    // PTHREAD_MUTEX_ROBUST_RECURSIVE_NP, shared.
    mapping.array(Int32Array)[4] = 0x91;
    expect((await at(0)).message).toMatch(/EINVAL.*0x91/);
    await SharedMutex.initialize(linux, mapping);
    const mutex = await SharedMutex.at(linux, mapping);
    await mutex.lock();
    expect((await failureOf(SharedMutex.initialize(linux, mapping))).message).toContain("EBUSY");
    mapping.array(Int32Array)[0] = 1;
    expect(() => mutex.unlock()).toThrow("EPERM");
    mapping.array(Int32Array)[0] = await linux.gettid();
    mutex.unlock();
    await linux.munmap(mapping.address, PAGE);
    // On the model arrays outlive their mapping.
    if (linux === real) {
      expect(() => mutex.tryLock()).toThrow("EFAULT");
      expect((await failureOf(mutex.lock())).message).toContain("EFAULT");
    }
    const readable = await mapped(linux, PROT_READ);
    expect((await failureOf(SharedMutex.at(linux, readable))).message).toContain("EFAULT");
    await linux.munmap(readable.address, PAGE);
  });

  test("in a private mapping is the process's own", async (linux) => {
    const mapping = await mapped(linux, BOTH, MAP_PRIVATE);
    const mutex = await SharedMutex.at(linux, mapping);
    await mutex.withLock(() => expect(mutex.isHeld).toBe(true));
    await linux.munmap(mapping.address, PAGE);
  });
});
