// What a kill at any step of any process leaves of mutexes and conditions.
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
import { expect, it } from "vitest";
import { FIRST_PID, killedAtEveryStep } from "../../examples/killing/testing.js";

const NAME = "/locks";
const PAGE = 4096;
const DATA = 128;

async function map(linux: Linux, flags: number): Promise<Mapping> {
  const fd = await linux.shm_open(NAME, flags, 0o600);
  if ((flags & O_CREAT) !== 0) await linux.ftruncate(fd, PAGE);
  const mapping = await linux.mmap(null, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  await linux.close(fd);
  return mapping;
}

// Words of the data: two that are always alike while nobody has the mutex, how often it was repaired, and who is through.
const FIRST = 0;
const SECOND = 1;
const REPAIRS = 2;

/** Adds one to two words, with a step in between, and mends what another has left half done. */
const worker = program(import.meta.url, async function worker(linux) {
  const mapping = await map(linux, O_RDWR);
  const mutex = await SharedMutex.at(linux, mapping);
  const data = mapping.array(Int32Array, DATA);
  for (let times = 0; times < 2; times++) {
    await using held = await mutex.lock();
    if (held.ownerDied) {
      data[SECOND] = data[FIRST] as number;
      data[REPAIRS] = (data[REPAIRS] as number) + 1;
      held.recover();
    }
    expect(data[SECOND]).toBe(data[FIRST]);
    data[FIRST] = (data[FIRST] as number) + 1;
    await linux.getpid();
    data[SECOND] = (data[SECOND] as number) + 1;
  }
});

it("a process that dies with a mutex, or waits for it, keeps nobody else from it", async () => {
  let repairs = 0;
  const run = async (linux: Linux): Promise<void> => {
    const mapping = await map(linux, O_RDWR | O_CREAT | O_EXCL);
    const pids: number[] = [];
    for (let count = 0; count < 3; count++) pids.push(await linux.spawn(worker));
    let survivors = 0;
    for (const pid of pids) if ((await linux.waitpid(pid)).status === 0) survivors++;
    const data = mapping.array(Int32Array, DATA);
    const mutex = await SharedMutex.at(linux, mapping);
    const held = mutex.tryLock();
    expect(held).toBeDefined();
    if (held?.ownerDied) data[SECOND] = data[FIRST] as number;
    expect(data[SECOND]).toBe(data[FIRST]);
    expect(data[FIRST]).toBeGreaterThanOrEqual(2 * survivors);
    repairs += data[REPAIRS] as number;
    await linux.shm_unlink(NAME);
  };
  const runs = await killedAtEveryStep([FIRST_PID], run, 3);
  expect(runs).toBeGreaterThan(100);
  expect(repairs).toBeGreaterThan(0);
  await killedAtEveryStep([FIRST_PID, FIRST_PID + 1], run, 1);
});

/** Locks once. */
const once = program(import.meta.url, async function once(linux) {
  const mutex = await SharedMutex.at(linux, await map(linux, O_RDWR));
  await mutex.withLock((held) => expect(held.ownerDied).toBe(false));
});

/** How many have begun to wait: see robust-lock.ts. */
const WAITED = 12;

it("a wake-up of a process that dies before it has the mutex goes to another", async () => {
  const run = async (linux: Linux): Promise<void> => {
    const mapping = await map(linux, O_RDWR | O_CREAT | O_EXCL);
    const words = mapping.array(Int32Array);
    const mutex = await SharedMutex.at(linux, mapping);
    const held = await mutex.lock();
    const pids = [await linux.spawn(once), await linux.spawn(once)];
    // Until both wait, unless one of them never will.
    for (let looks = 0; (words[WAITED] as number) < pids.length && looks < 40; looks++) await linux.getpid();
    held.unlock();
    for (const pid of pids) await linux.waitpid(pid);
    await linux.shm_unlink(NAME);
  };
  expect(await killedAtEveryStep([FIRST_PID], run, 3)).toBeGreaterThan(50);
});

/** Waits until a step of a sequence is its own, and makes the next one. */
const stepper = program(import.meta.url, async function stepper(linux, until: number) {
  const mapping = await map(linux, O_RDWR);
  const mutex = await SharedMutex.at(linux, mapping);
  const condition = SharedCondition.at(linux, mapping, SharedMutex.byteLength);
  const data = mapping.array(Int32Array, DATA);
  await using held = await mutex.lock();
  while ((data[FIRST] as number) < until) {
    if (held.ownerDied) held.recover();
    await condition.wait(mutex);
  }
  if (held.ownerDied) held.recover();
  await linux.getpid();
});

it("a process that dies in a condition, or in notifying of it, leaves it to the others", async () => {
  const run = async (linux: Linux): Promise<void> => {
    const mapping = await map(linux, O_RDWR | O_CREAT | O_EXCL);
    const mutex = await SharedMutex.at(linux, mapping);
    const condition = SharedCondition.at(linux, mapping, SharedMutex.byteLength);
    const data = mapping.array(Int32Array, DATA);
    const pids: number[] = [];
    for (let count = 1; count <= 3; count++) pids.push(await linux.spawn(stepper, { args: [count] }));
    for (let step = 1; step <= 3; step++) {
      await mutex.withLock((held) => {
        if (held.ownerDied) held.recover();
        data[FIRST] = step;
        condition.notifyAll();
      });
    }
    for (const pid of pids) await linux.waitpid(pid);
    expect(mutex.tryLock()).toBeDefined();
    await linux.shm_unlink(NAME);
  };
  expect(await killedAtEveryStep([FIRST_PID], run, 2)).toBeGreaterThan(50);
  await killedAtEveryStep([FIRST_PID + 1, FIRST_PID], run, 1);
});
