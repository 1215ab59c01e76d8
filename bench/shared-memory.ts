// How fast one process gets bytes to another through shared memory: a ring of chunks, which the one copies its bytes into and the
// other copies them out of, and two semaphores that count the free chunks and the full ones. Against memcpy in one process.
import { linux } from "../backends/linux/index.js";
import { type Main, program } from "../src/program.js";
import { Semaphore } from "../src/semaphore/semaphore.js";
import { SharedMemory } from "../src/shared-memory/shared-memory.js";
import type { Benchmark } from "./benchmark.js";
import { compilePairs } from "./compiled.js";
import { compareWithC } from "./measure.js";
import { obey, startServant } from "./servant.js";

/** Bytes of a chunk, and chunks of the ring: they stay in the caches of a processor. */
const chunkSize = 512 * 1024;
const chunkCount = 8;
const ringSize = chunkSize * chunkCount;

/** Where the semaphores are, of free chunks and of full ones, and the chunks: bytes from the start of the memory on. */
const freeOffset = 0;
const fullOffset = 64;
const ringOffset = 4096;
const size = ringOffset + ringSize;

/** Bytes of what is copied from, and to, which is gone through again and again: more than caches hold. */
const arraySize = 64 * 1024 * 1024;

/** How a chunk is waited for. */
const ways = ["blocking", "awaited"] as const;

/** One side: waits for a chunk of one kind, copies, and gives the other side one of the other kind. */
function side(copy: (chunk: Uint8Array, part: Uint8Array) => void): Main<[number, number, number]> {
  return async (_linux, takeOffset, giveOffset, total) => {
    const memory = await SharedMemory.from(linux, "memory");
    const [take, give] = [
      await Semaphore.in(linux, memory, takeOffset),
      await Semaphore.in(linux, memory, giveOffset),
    ];
    const takeAddress = memory.mapping.address + takeOffset;
    const ring = memory.bytes.subarray(ringOffset);
    const array = new Uint8Array(arraySize).fill(1);
    const copyAt = (done: number): void => {
      const [place, at] = [done % ringSize, done % arraySize];
      copy(ring.subarray(place, place + chunkSize), array.subarray(at, at + chunkSize));
    };
    await obey(async (order) => {
      for (let done = 0; done < total; done += chunkSize) {
        if (ways[order] === "awaited") await take.acquire();
        else if (!take.tryAcquire()) linux.sync.sem_wait(takeAddress);
        copyAt(done);
        give.release();
      }
    });
  };
}

const writer = program(
  import.meta.url,
  side((chunk, part) => chunk.set(part)),
);

const reader = program(
  import.meta.url,
  side((chunk, part) => part.set(chunk)),
);

export const sharedMemory: Benchmark = {
  name: "shared-memory",
  kernel: "linux",
  async run(effort) {
    const total = Math.ceil(1024 * effort.scale) * 1024 * 1024;
    await using memory = await SharedMemory.anonymous(linux, size);
    await Semaphore.in(linux, memory, freeOffset, { value: chunkCount });
    await Semaphore.in(linux, memory, fullOffset, { value: 0 });
    const fds = { memory: memory.fd };
    const servants = [
      await startServant(reader, [fullOffset, freeOffset, total], fds),
      await startServant(writer, [freeOffset, fullOffset, total], fds),
    ];
    const compiled = compilePairs();
    const transfer = (way: number) => async (): Promise<number> => {
      const start = process.hrtime.bigint();
      for (const servant of servants) servant.order(way);
      for (const servant of servants) await servant.done();
      return Number(process.hrtime.bigint() - start);
    };
    const copies = Math.ceil(total / arraySize);
    const rows = [];
    for (const [index, way] of ways.entries()) {
      rows.push(
        await compareWithC(
          // A second each: fewer rounds will do.
          { ...effort, rounds: Math.ceil(effort.rounds / 5) },
          {
            what: `Linux: ${(total / 1024 ** 3).toPrecision(1)} GiB to another process through shared memory, chunks of 512 KiB, ${way}`,
            ours: transfer(index),
            peer: compiled && (() => (compiled.memcpy(arraySize, copies) / arraySize) * total),
            peerName: "memcpy in C, 64 MiB each",
            show: (ns) => `${(total / ns).toPrecision(3)} GB/s`,
            // Nanoseconds: the quotient of the rates is the other way round.
            ratio: (ns, peerNs) => peerNs / ns,
            goal: { atLeast: 0.8 },
          },
        ),
      );
    }
    for (const servant of servants) await servant.end();
    compiled?.remove();
    return rows;
  },
};
