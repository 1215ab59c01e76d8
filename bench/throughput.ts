// How fast one process gets bytes to another through a pipe: calls that block against those of node:fs, awaited ones against
// those of node:fs that libuv's pool makes, and against those that block.
import { read, readSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { linux } from "../backends/linux/index.js";
import { F_SETPIPE_SZ } from "../src/constants.js";
import { program } from "../src/program.js";
import type { Benchmark, Effort, Row } from "./benchmark.js";
import { compare } from "./measure.js";
import { realPipe } from "./pipes.js";
import { obey, startServant } from "./servant.js";

// All ways are gone by the same two processes, each through a pipe of its own: a pipe that epoll has looked at once wakes
// more often (poll_usage in fs/pipe.c).
const ways = ["awaited", "sync", "fsAsync", "fsSync"] as const;
type Way = (typeof ways)[number];

const writeByPool = promisify(write);
const readByPool = promisify(read);

/** Moves up to a whole buffer: some of it, at least a byte. */
type Move = (fd: number, buffer: Uint8Array) => Promise<number> | number;

const writes: Readonly<Record<Way, Move>> = {
  awaited: (fd, buffer) => linux.write(fd, buffer),
  sync: (fd, buffer) => linux.sync.write(fd, buffer),
  fsAsync: async (fd, buffer) => (await writeByPool(fd, buffer, 0, buffer.length, null)).bytesWritten,
  fsSync: (fd, buffer) => writeSync(fd, buffer),
};

const reads: Readonly<Record<Way, Move>> = {
  awaited: (fd, buffer) => linux.read(fd, buffer),
  sync: (fd, buffer) => linux.sync.read(fd, buffer),
  fsAsync: async (fd, buffer) => (await readByPool(fd, buffer, 0, buffer.length, null)).bytesRead,
  fsSync: (fd, buffer) => readSync(fd, buffer),
};

async function moveAll(move: Move, fd: number, size: number, total: number): Promise<void> {
  const buffer = new Uint8Array(size).fill(1);
  for (let left = total; left > 0; ) {
    const moved = move(fd, buffer);
    // To await what is a number already would cost the blocking ways a turn.
    const count = typeof moved === "number" ? moved : await moved;
    if (count === 0) throw new Error("the pipe is at its end");
    left -= count;
  }
}

const writer = program(import.meta.url, async (_linux, size: number, total: number) => {
  await obey((order) =>
    moveAll(writes[ways[order] as Way], linux.fds[ways[order] as Way] as number, size, total),
  );
});

const reader = program(import.meta.url, async (_linux, size: number, total: number) => {
  await obey((order) =>
    moveAll(reads[ways[order] as Way], linux.fds[ways[order] as Way] as number, size, total),
  );
});

export const throughput: Benchmark = {
  name: "throughput",
  kernel: "linux",
  async run(effort) {
    return [
      ...(await through(effort, 64 * 1024, "64 KiB")),
      ...(await through(effort, 1024 * 1024, "1 MiB")),
    ];
  },
};

/** @param size bytes of the pipe, and of both processes' buffers */
async function through(effort: Effort, size: number, sizeInUnits: string): Promise<Row[]> {
  const total = Math.ceil(1024 * effort.scale) * 1024 * 1024;
  const pipes = ways.map((way) => [way, realPipe()] as const);
  for (const [, [, writeEnd]] of pipes) linux.sync.fcntl(writeEnd, F_SETPIPE_SZ, size);
  const readEnds = Object.fromEntries(pipes.map(([way, [readEnd]]) => [way, readEnd]));
  const writeEnds = Object.fromEntries(pipes.map(([way, [, writeEnd]]) => [way, writeEnd]));
  const servants = [
    await startServant(reader, [size, total], readEnds),
    await startServant(writer, [size, total], writeEnds),
  ];
  // One of them that fails must not leave the other waiting.
  for (const [, ends] of pipes) for (const fd of ends) linux.sync.close(fd);
  const transfer = (way: Way) => async (): Promise<number> => {
    const start = process.hrtime.bigint();
    for (const servant of servants) servant.order(ways.indexOf(way));
    for (const servant of servants) await servant.done();
    return Number(process.hrtime.bigint() - start);
  };
  const versus = (ours: Way, how: string, peer: Way, peerName: string): Promise<Row> =>
    compare(
      // A second each: fewer rounds will do.
      { ...effort, rounds: Math.ceil(effort.rounds / 5) },
      {
        what: `Linux: ${(total / 1024 ** 3).toPrecision(1)} GiB to another process, pipe and buffers of ${sizeInUnits}, ${how}`,
        ours: transfer(ours),
        peer: transfer(peer),
        peerName,
        show: (ns) => `${(total / ns).toPrecision(3)} GB/s`,
        // Nanoseconds: the quotient of the rates is the other way round.
        ratio: (ns, peerNs) => peerNs / ns,
        goal: { atLeast: 0.9 },
      },
    );
  const rows = [
    await versus("sync", "blocking", "fsSync", "fs.writeSync, readSync"),
    await versus("awaited", "awaited", "fsAsync", "fs.write, fs.read, awaited"),
    await versus("awaited", "awaited", "fsSync", "fs.writeSync, readSync, which block"),
  ];
  for (const servant of servants) await servant.end();
  return rows;
}
