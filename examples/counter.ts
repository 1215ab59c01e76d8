// A counter in shared memory that several processes add to. To add is to load, to add and to store, and between the load and the store
// another process may have done all of it: what that one has added is lost. `hasty` does so, and `explore` finds it, because
// `memory_load` and `memory_store` are each a step of a simulation (real runs hardly ever show it).
//
// `locked` is alone from the load to the store, by a mutex in the same memory. `atomic` needs none, for there is one instruction that
// does all three: Atomics, of an array that is the memory itself. That is enough for one number, and not for two that belong together.
import { type Linux, type Program, program, SharedMemory, SharedMutex } from "linux-ipc";

/** Where the mutex is: bytes from the start of the memory on. The counter is at its start. */
const mutexOffset = 64;
const size = mutexOffset + SharedMutex.byteLength;

/** Adds to the counter so many times. */
export type Adder = Program<[number]>;

/** Loads, adds, stores. */
async function add(linux: Linux, { mapping: { address } }: SharedMemory): Promise<void> {
  await linux.memory_store(address, (await linux.memory_load(address)) + 1);
}

export const hasty: Adder = program(import.meta.url, async function adder(linux, times: number) {
  const memory = await SharedMemory.from(linux, "memory");
  for (let time = 0; time < times; time++) await add(linux, memory);
});

export const locked: Adder = program(import.meta.url, async function adder(linux, times: number) {
  const memory = await SharedMemory.from(linux, "memory");
  const mutex = await SharedMutex.at(linux, memory.mapping, mutexOffset);
  for (let time = 0; time < times; time++) await mutex.withLock(() => add(linux, memory));
});

export const atomic: Adder = program(import.meta.url, async function adder(linux, times: number) {
  const counter = (await SharedMemory.from(linux, "memory")).array(Int32Array, 0, 1);
  for (let time = 0; time < times; time++) Atomics.add(counter, 0, 1);
});

/** Has processes add to a counter. @param times how often each of them adds one @returns what it came to */
export async function count(
  linux: Linux,
  adder: Adder,
  processCount: number,
  times: number,
): Promise<number> {
  await using memory = await SharedMemory.anonymous(linux, size);
  const pids: number[] = [];
  while (pids.length < processCount) {
    pids.push(await linux.spawn(adder, { args: [times], fds: { memory: memory.fd } }));
  }
  for (const pid of pids) await linux.waitpid(pid);
  return memory.array(Int32Array)[0] as number;
}
