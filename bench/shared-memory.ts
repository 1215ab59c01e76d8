// How fast one process gets bytes to another through shared memory: a ring of chunks, which the one copies its bytes into and the
// other copies them out of, and two semaphores that count the free chunks and the full ones. Against memcpy in one process.
import { linux } from "../backends/linux/index.js";
import {
  IPC_PRIVATE,
  IPC_RMID,
  MAP_SHARED,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
  SETALL,
} from "../src/constants.js";
import { type Main, program } from "../src/program.js";
import type { Benchmark } from "./benchmark.js";
import { compilePairs } from "./compiled.js";
import { compareWithC } from "./measure.js";
import { obey, startServant } from "./servant.js";
import { undoAtEnd } from "./undo.js";

const { sync } = linux;

/** Bytes of a chunk, and chunks of the ring: they stay in the caches of a processor. */
const chunkSize = 512 * 1024;
const chunkCount = 8;
const ringSize = chunkSize * chunkCount;

/** Bytes of what is copied from, and to, which is gone through again and again: more than caches hold. */
const arraySize = 64 * 1024 * 1024;

const [FREE, FULL] = [0, 1];

/** One side: waits for a chunk of one kind, copies, and gives the other side one of the other kind. */
function side(from: typeof FREE | typeof FULL, copy: (chunk: Uint8Array, part: Uint8Array) => void): Side {
  return async (_linux, set, total) => {
    const { ring: fd } = linux.fds as { ring: number };
    const { bytes } = await linux.mmap(null, ringSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    const array = new Uint8Array(arraySize).fill(1);
    const take = [{ num: from, op: -1, flg: 0 }];
    const give = [{ num: FULL - from, op: 1, flg: 0 }];
    await obey(() => {
      for (let done = 0; done < total; done += chunkSize) {
        const [place, at] = [done % ringSize, done % arraySize];
        sync.semop(set, take);
        copy(bytes.subarray(place, place + chunkSize), array.subarray(at, at + chunkSize));
        sync.semop(set, give);
      }
    });
  };
}

type Side = Main<[number, number]>;

const writer = program(
  import.meta.url,
  side(FREE, (chunk, part) => chunk.set(part)),
);

const reader = program(
  import.meta.url,
  side(FULL, (chunk, part) => part.set(chunk)),
);

export const sharedMemory: Benchmark = {
  name: "shared-memory",
  kernel: "linux",
  async run(effort) {
    const total = Math.ceil(1024 * effort.scale) * 1024 * 1024;
    const set = sync.semget(IPC_PRIVATE, 2, 0o600);
    const remove = undoAtEnd(() => void sync.semctl(set, 0, IPC_RMID));
    sync.semctl(set, 0, SETALL, [chunkCount, 0]);
    const ring = sync.memfd_create("ring", MFD_CLOEXEC);
    sync.ftruncate(ring, ringSize);
    const servants = [
      await startServant(reader, [set, total], { ring }),
      await startServant(writer, [set, total], { ring }),
    ];
    const compiled = compilePairs();
    const transfer = async (): Promise<number> => {
      const start = process.hrtime.bigint();
      for (const servant of servants) servant.order(0);
      for (const servant of servants) await servant.done();
      return Number(process.hrtime.bigint() - start);
    };
    const copies = Math.ceil(total / arraySize);
    const row = await compareWithC(
      // A second each: fewer rounds will do.
      { ...effort, rounds: Math.ceil(effort.rounds / 5) },
      {
        what: `Linux: ${(total / 1024 ** 3).toPrecision(1)} GiB to another process through shared memory, chunks of 512 KiB, semop`,
        ours: transfer,
        peer: compiled && (() => (compiled.memcpy(arraySize, copies) / arraySize) * total),
        peerName: "memcpy in C, 64 MiB each",
        show: (ns) => `${(total / ns).toPrecision(3)} GB/s`,
        // Nanoseconds: the quotient of the rates is the other way round.
        ratio: (ns, peerNs) => peerNs / ns,
        goal: { atLeast: 0.8 },
      },
    );
    for (const servant of servants) await servant.end();
    remove();
    compiled?.remove();
    sync.close(ring);
    return [row];
  },
};
