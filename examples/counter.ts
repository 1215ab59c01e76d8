// A counter in shared memory that several processes add to. To add is to load, to add and to store, and between the load and the store
// another process may have done all of it: what that one has added is lost. `hasty` does so, and `explore` finds it, because a load and
// a store are each a step of a simulation (real runs hardly ever show it).
//
// `locked` is alone from the load to the store, by a semaphore that begins at 1. `atomic` needs no lock, for there is one instruction
// that does all three: Atomics of an array that is the memory itself. That is enough for one number, and not for two that belong
// together.
import {
  type Linux,
  MAP_SHARED,
  type Mapping,
  PROT_READ,
  PROT_WRITE,
  type Program,
  program,
  SysvSemaphoreSet,
} from "linux-ipc";

/** Bytes of the memory: a page. The counter is the first number in it. */
const size = 4096;

/** Adds to the counter some times. It is given the semaphore, and how often. */
export type Adder = Program<[number, number]>;

const map = (linux: Linux, fd: number): Promise<Mapping> =>
  linux.mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);

/** Loads, adds, stores. */
async function add(linux: Linux, { address }: Mapping): Promise<void> {
  const counter = new Int32Array(1);
  const bytes = new Uint8Array(counter.buffer);
  await linux.memory_read(address, bytes);
  counter[0] = (counter[0] as number) + 1;
  await linux.memory_write(address, bytes);
}

export const hasty: Adder = program(import.meta.url, async function adder(linux, _id: number, times: number) {
  const memory = await map(linux, linux.fds.memory as number);
  for (let time = 0; time < times; time++) await add(linux, memory);
});

export const locked: Adder = program(import.meta.url, async function adder(linux, id: number, times: number) {
  const memory = await map(linux, linux.fds.memory as number);
  const lock = SysvSemaphoreSet.from(linux, id);
  for (let time = 0; time < times; time++) await lock.withPermit(0, () => add(linux, memory));
});

export const atomic: Adder = program(
  import.meta.url,
  async function adder(linux, _id: number, times: number) {
    const counter = (await map(linux, linux.fds.memory as number)).array(Int32Array);
    for (let time = 0; time < times; time++) Atomics.add(counter, 0, 1);
  },
);

/** Has processes add to a counter. @param times how often each of them adds one @returns what it came to */
export async function count(
  linux: Linux,
  adder: Adder,
  processCount: number,
  times: number,
): Promise<number> {
  const fd = await linux.memfd_create("counter");
  await linux.ftruncate(fd, size);
  const memory = await map(linux, fd);
  await using lock = await SysvSemaphoreSet.createPrivate(linux, { values: [1], removeOnClose: true });
  const pids: number[] = [];
  while (pids.length < processCount) {
    pids.push(await linux.spawn(adder, { args: [lock.id, times], fds: { memory: fd } }));
  }
  for (const pid of pids) await linux.waitpid(pid);
  const sum = memory.array(Int32Array)[0] as number;
  await linux.munmap(memory.address, memory.length);
  await linux.close(fd);
  return sum;
}
