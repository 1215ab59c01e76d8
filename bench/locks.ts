// How long it takes to take and give back what processes share while nobody contends, against a semaphore in C; and while two processes
// contend, against a mutex of C's.
import { linux } from "../backends/linux/index.js";
import { program } from "../src/program.js";
import { Semaphore } from "../src/semaphore/semaphore.js";
import { SharedMemory } from "../src/shared-memory/shared-memory.js";
import { SharedMutex } from "../src/shared-mutex/shared-mutex.js";
import type { Benchmark, Effort, Row } from "./benchmark.js";
import { type CompiledPairs, compilePairs } from "./compiled.js";
import { compareWithC, duration, measureInTurn, spread, timeEach, timeEachAwaited } from "./measure.js";
import { obey, startServant } from "./servant.js";

/** Where the counter is that the mutex guards, and a semaphore: bytes from the start of the memory on, where the mutex is. */
const counterOffset = SharedMutex.byteLength;
const semaphoreOffset = 128;
const size = 256;

export const locks: Benchmark = {
  name: "locks",
  kernel: "linux",
  async run(effort) {
    const compiled = compilePairs();
    const rows = [...(await alone(effort, compiled)), await contended(effort, compiled)];
    compiled?.remove();
    return rows;
  },
};

async function alone(effort: Effort, compiled: CompiledPairs | undefined): Promise<Row[]> {
  await using memory = await SharedMemory.anonymous(linux, size);
  const mutex = await SharedMutex.at(linux, memory.mapping);
  const semaphore = await Semaphore.in(linux, memory, semaphoreOffset, { value: 0 });
  const count = Math.ceil(100_000 * effort.scale);
  const sync = (what: string, operation: () => void): Promise<Row> =>
    compareWithC(effort, {
      what: `Linux: ${what}, synchronous`,
      ours: () => timeEach(count, operation),
      peer: compiled && (() => compiled.sem(10 * count)),
      peerName: "sem_post + sem_wait in C",
      goal: { atMost: 10 },
    });
  const giveAndTake = (): void => {
    semaphore.release();
    if (!semaphore.tryAcquire()) throw new Error("somebody has taken it");
  };
  const unlockAndLock = (): void => {
    mutex.unlock();
    if (mutex.tryLock() === undefined) throw new Error("somebody has locked it");
  };
  const rows = [await sync("release + tryAcquire of a Semaphore", giveAndTake)];
  mutex.tryLock();
  rows.push(await sync("unlock + tryLock of a SharedMutex", unlockAndLock));
  mutex.unlock();
  semaphore.release();
  const takeAndGive = async (): Promise<void> => {
    await semaphore.acquire();
    semaphore.release();
  };
  const lockAndUnlock = async (): Promise<void> => (await mutex.lock()).unlock();
  rows.push(await awaited(effort, "acquire of a Semaphore", () => timeEachAwaited(count, takeAndGive)));
  rows.push(await awaited(effort, "lock of a SharedMutex", () => timeEachAwaited(count, lockAndUnlock)));
  await semaphore.close();
  return rows;
}

/** What is awaited, though it need not wait. */
async function awaited(effort: Effort, what: string, ours: () => Promise<number>): Promise<Row> {
  const figure = spread((await measureInTurn(effort.rounds, { ours })).ours);
  return {
    what: `Linux: ${what}, awaited, and given back`,
    ours: duration(figure.median),
    peer: "",
    figure,
    unit: "ns",
    goal: { atMost: 500 },
  };
}

/** Locks, counts and unlocks, whenever it is told to. */
const contender = program(import.meta.url, async function contender(_linux, count: number) {
  const memory = await SharedMemory.from(linux, "memory");
  const mutex = await SharedMutex.at(linux, memory.mapping);
  const counter = memory.array(Int32Array, counterOffset, 1);
  await obey(async () => {
    for (let i = 0; i < count; i++) {
      const held = mutex.tryLock() ?? (await mutex.lock());
      counter[0] = (counter[0] as number) + 1;
      held.unlock();
    }
  });
});

async function contended(effort: Effort, compiled: CompiledPairs | undefined): Promise<Row> {
  await using memory = await SharedMemory.anonymous(linux, size);
  const counter = memory.array(Int32Array, counterOffset, 1);
  const count = Math.ceil(500_000 * effort.scale);
  const fds = { memory: memory.fd };
  const servants = [await startServant(contender, [count], fds), await startServant(contender, [count], fds)];
  const row = await compareWithC(effort, {
    what: "Linux: two processes contend for one SharedMutex, each time it is had",
    async ours() {
      counter[0] = 0;
      const start = process.hrtime.bigint();
      for (const servant of servants) servant.order(0);
      for (const servant of servants) await servant.done();
      const elapsed = Number(process.hrtime.bigint() - start);
      if (counter[0] !== servants.length * count) throw new Error(`counted ${counter[0]}`);
      return elapsed / counter[0];
    },
    peer: compiled && (() => compiled.mutex(10 * count)),
    peerName: "a pthread_mutex_t in C",
    goal: { atMost: 3 },
  });
  for (const servant of servants) await servant.end();
  return row;
}
