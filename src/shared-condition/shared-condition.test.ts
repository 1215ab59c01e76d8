// Conditions in shared memory, on both kernels. Of the built package, for what waits takes threads.
import {
  type HeldMutex,
  type Linux,
  MAP_SHARED,
  type Mapping,
  PROT_READ,
  PROT_WRITE,
  SharedCondition,
  SharedMutex,
} from "linux-ipc";
import { linux as real } from "linux-ipc/native";
import { describe, expect } from "vitest";
import { failureOf, testerOf } from "../testing.js";

const test = testerOf(real, () => []);
const PAGE = 4096;

interface Monitor {
  readonly mapping: Mapping;
  readonly mutex: SharedMutex;
  readonly condition: SharedCondition;
}

async function monitorIn(linux: Linux): Promise<Monitor> {
  const fd = await linux.memfd_create("monitor");
  await linux.ftruncate(fd, PAGE);
  const mapping = await linux.mmap(null, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  await linux.close(fd);
  const mutex = await SharedMutex.at(linux, mapping);
  return { mapping, mutex, condition: SharedCondition.at(linux, mapping, SharedMutex.byteLength) };
}

/** Waits until so many wait for the condition. */
async function untilWaiting(linux: Linux, { mapping, mutex }: Monitor, count: number): Promise<void> {
  const words = mapping.array(Int32Array, SharedMutex.byteLength, 2);
  while ((words[1] as number) < count || mutex.isHeld) await linux.clock_nanosleep(1, 0, 100_000n);
}

describe("a shared condition", () => {
  test("ends one wait, or all, and those have the mutex again one after the other", async (linux) => {
    const monitor = await monitorIn(linux);
    const { mapping, mutex, condition } = monitor;
    let ready = 0;
    let inside = 0;
    const done: number[] = [];
    const wait = async (task: number): Promise<void> => {
      await using held = await mutex.lock();
      while (ready === 0) expect(await condition.wait(mutex)).toBe(held);
      ready--;
      expect(++inside).toBe(1);
      await linux.getpid();
      inside--;
      done.push(task);
    };
    const tasks = [wait(1), wait(2), wait(3)];
    await untilWaiting(linux, monitor, 3);
    await mutex.withLock(() => {
      ready = 1;
      condition.notify();
    });
    await Promise.race(tasks);
    expect(done.length).toBe(1);
    await untilWaiting(linux, monitor, 2);
    await mutex.withLock(() => {
      ready = 2;
    });
    condition.notifyAll();
    await Promise.all(tasks);
    expect(done.sort()).toEqual([1, 2, 3]);
    condition.notifyAll();
    await linux.munmap(mapping.address, PAGE);
  });

  test("gives the mutex back before it rejects", async (linux) => {
    const { mapping, mutex, condition } = await monitorIn(linux);
    const held = await mutex.lock();
    expect((await failureOf(condition.wait(mutex, { timeout: 1 }))).name).toBe("TimeoutError");
    expect(held.isHeld).toBe(true);
    const ender = new AbortController();
    const waiting = failureOf(condition.wait(mutex, { signal: ender.signal }));
    await linux.clock_nanosleep(1, 0, 1_000_000n);
    const other = await mutex.lock();
    expect(held.isHeld).toBe(false);
    ender.abort("over");
    let isOver = false;
    const error = waiting.then((reason) => {
      isOver = true;
      return reason;
    });
    await linux.clock_nanosleep(1, 0, 1_000_000n);
    expect(isOver).toBe(false);
    other.unlock();
    expect(await error).toMatchObject({ name: "AbortError", cause: "over" });
    expect(held.isHeld).toBe(true);
    expect((await failureOf(condition.wait(mutex, { signal: AbortSignal.abort() }))).name).toBe("AbortError");
    expect(held.isHeld).toBe(true);
    held.unlock();
    await linux.munmap(mapping.address, PAGE);
  });

  test("says that somebody died with the mutex meanwhile, or left it lost", async (linux) => {
    const { mapping, mutex, condition } = await monitorIn(linux);
    const words = mapping.array(Int32Array);
    const die = async (): Promise<void> => {
      await linux.clock_nanosleep(1, 0, 1_000_000n);
      words[0] = 0x40000000;
      condition.notify();
    };
    const held = await mutex.lock();
    const [again] = await Promise.all([condition.wait(mutex), die()]);
    expect([again === held, held.ownerDied, held.isHeld]).toEqual([true, true, true]);
    held.recover();
    const lost = failureOf(condition.wait(mutex));
    await die();
    // Whoever comes first is told, and does not recover.
    words[2] = 0x7ffffffe;
    expect((await lost).message).toContain("ENOTRECOVERABLE");
    expect(held.isHeld).toBe(false);
    await linux.munmap(mapping.address, PAGE);
  });

  test("is waited for by who has the mutex only", async (linux) => {
    const { mapping, mutex, condition } = await monitorIn(linux);
    expect((await failureOf(condition.wait(mutex))).message).toContain("EPERM");
    expect(await failureOf(condition.wait({} as SharedMutex))).toBeInstanceOf(TypeError);
    const held: HeldMutex = await mutex.lock();
    expect(await failureOf(condition.wait(mutex, { timeout: -1 }))).toBeInstanceOf(TypeError);
    expect(held.isHeld).toBe(true);
    held.unlock();
    expect(mapping.array(Int32Array, SharedMutex.byteLength, 2)[1]).toBe(0);
    expect(() => SharedCondition.at(linux, mapping, 2)).toThrow("EINVAL");
    expect(() => SharedCondition.at(linux, mapping, PAGE)).toThrow(RangeError);
    expect(() => SharedCondition.at(linux, mapping, "0" as unknown as number)).toThrow(TypeError);
    await linux.munmap(mapping.address, PAGE);
    // On the model arrays outlive their mapping.
    if (linux === real) expect(() => condition.notify()).toThrow("EFAULT");
  });
});
