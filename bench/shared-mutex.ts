// How long a mutex in shared memory takes: locked and unlocked by one process, without a call, and by two that contend for it.
import { linux } from "../backends/linux/index.js";
import { MAP_SHARED, MFD_CLOEXEC, PROT_READ, PROT_WRITE } from "../src/constants.js";
import type { Linux } from "../src/linux.js";
import { program } from "../src/program.js";
import { SharedMutex } from "../src/shared-mutex/shared-mutex.js";
import type { Benchmark, Row } from "./benchmark.js";
import { compilePairs } from "./compiled.js";
import { compareWithC, duration, measureInTurn, spread, timeEach, timeEachAwaited } from "./measure.js";
import { obey, startServant } from "./servant.js";

const { sync } = linux;
const memorySize = 4096;

async function attach(own: Linux, fd: number) {
  const mapping = await own.mmap(null, memorySize, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  const counter = mapping.array(Int32Array, SharedMutex.byteLength, 1);
  return { mutex: await SharedMutex.at(own, mapping), counter };
}

/** Counts under the mutex, while another does the same. */
const contender = program(import.meta.url, async (own, count: number) => {
  const { mutex, counter } = await attach(own, (own.fds as { memory: number }).memory);
  await obey(async () => {
    for (let times = 0; times < count; times++) {
      const held = await mutex.lock();
      counter[0] = (counter[0] as number) + 1;
      held.unlock();
    }
  });
});

export const sharedMutex: Benchmark = {
  name: "shared-mutex",
  kernel: "linux",
  async run(effort) {
    const memory = sync.memfd_create("mutex", MFD_CLOEXEC);
    sync.ftruncate(memory, memorySize);
    const { mutex, counter } = await attach(linux, memory);
    const compiled = compilePairs();
    const alone = 200_000 * effort.scale;
    const rows: Row[] = [
      await compareWithC(effort, {
        what: "Linux: SharedMutex, tryLock and unlock",
        ours: () =>
          timeEach(alone, () => {
            mutex.tryLock();
            mutex.unlock();
          }),
        peer: compiled && (() => compiled.sem(alone)),
        peerName: "sem_post and sem_wait in C",
        goal: { atMost: 10 },
      }),
    ];
    const awaited = await measureInTurn(effort.rounds, {
      ours: () => timeEachAwaited(alone, async () => (await mutex.lock()).unlock()),
    });
    const figure = spread(awaited.ours);
    rows.push({
      what: "Linux: SharedMutex, lock awaited, and unlock",
      ours: duration(figure.median),
      peer: "",
      figure,
      unit: "ns",
      goal: { atMost: 500 },
    });

    const each = 200_000 * effort.scale;
    const contenders = [0, 0].map(() => startServant(contender, [each], { memory }));
    const servants = await Promise.all(contenders);
    let rounds = 0;
    rows.push(
      await compareWithC(effort, {
        what: "Linux: SharedMutex, locked, unlocked and counted under by two processes at once",
        ours: async () => {
          const start = process.hrtime.bigint();
          for (const servant of servants) servant.order(0);
          for (const servant of servants) await servant.done();
          rounds++;
          return Number(process.hrtime.bigint() - start) / (2 * each);
        },
        peer: compiled && (() => compiled.mutex(5 * each)),
        peerName: "pthread_mutex_t in C",
        goal: { atMost: 3 },
      }),
    );
    for (const servant of servants) await servant.end();
    if (counter[0] !== rounds * 2 * each) throw new Error(`counted ${counter[0]} in ${rounds} rounds`);
    compiled?.remove();
    sync.close(memory);
    return rows;
  },
};
