// How fast one process gets bytes to another through a pipe, awaited, against plain calls of node:fs, which block.
import { readSync, writeSync } from "node:fs";
import { linux } from "../backends/linux/index.js";
import { F_SETPIPE_SZ } from "../src/constants.js";
import { program } from "../src/program.js";
import type { Benchmark, Effort, Row } from "./benchmark.js";
import { compare } from "./measure.js";
import { realPipe } from "./pipes.js";
import { obey, startServant } from "./servant.js";

// Both ways are gone by the same two processes, each through a pipe of its own: a pipe that epoll has looked at once wakes
// more often (poll_usage in fs/pipe.c).
const OURS = 0;
const PLAIN = 1;

const writer = program(import.meta.url, async (_linux, size: number, total: number) => {
  const { ours, plain } = linux.fds as Readonly<Record<"ours" | "plain", number>>;
  const buffer = new Uint8Array(size).fill(1);
  await obey(async (way) => {
    let left = total;
    if (way === OURS) while (left > 0) left -= await linux.write(ours, buffer);
    else while (left > 0) left -= writeSync(plain, buffer);
  });
});

const reader = program(import.meta.url, async (_linux, size: number, total: number) => {
  const { ours, plain } = linux.fds as Readonly<Record<"ours" | "plain", number>>;
  const buffer = new Uint8Array(size);
  await obey(async (way) => {
    let left = total;
    if (way === OURS) while (left > 0) left -= some(await linux.read(ours, buffer));
    else while (left > 0) left -= some(readSync(plain, buffer));
  });
});

/** The writer must not have ended early. */
function some(count: number): number {
  if (count === 0) throw new Error("the pipe is at its end");
  return count;
}

export const throughput: Benchmark = {
  name: "throughput",
  kernel: "linux",
  async run(effort) {
    return [await through(effort, 64 * 1024, "64 KiB"), await through(effort, 1024 * 1024, "1 MiB")];
  },
};

/** @param size bytes of the pipe, and of both processes' buffers */
async function through(effort: Effort, size: number, sizeInUnits: string): Promise<Row> {
  const total = Math.ceil(1024 * effort.scale) * 1024 * 1024;
  const [ours, plain] = [realPipe(), realPipe()];
  for (const [, writeEnd] of [ours, plain]) linux.sync.fcntl(writeEnd, F_SETPIPE_SZ, size);
  const servants = [
    await startServant(reader, [size, total], { ours: ours[0], plain: plain[0] }),
    await startServant(writer, [size, total], { ours: ours[1], plain: plain[1] }),
  ];
  // One of them that fails must not leave the other waiting.
  for (const fd of [...ours, ...plain]) linux.sync.close(fd);
  const transfer = (way: number) => async (): Promise<number> => {
    const start = process.hrtime.bigint();
    for (const servant of servants) servant.order(way);
    for (const servant of servants) await servant.done();
    return Number(process.hrtime.bigint() - start);
  };
  const row = await compare(
    // A second each: fewer rounds will do.
    { ...effort, rounds: Math.ceil(effort.rounds / 5) },
    {
      what: `Linux: ${(total / 1024 ** 3).toPrecision(1)} GiB to another process, pipe and buffers of ${sizeInUnits}, awaited`,
      ours: transfer(OURS),
      peer: transfer(PLAIN),
      peerName: "fs.writeSync, readSync",
      show: (ns) => `${(total / ns).toPrecision(3)} GB/s`,
      // Nanoseconds: the quotient of the rates is the other way round.
      ratio: (ns, peerNs) => peerNs / ns,
      goal: { atLeast: 0.9 },
    },
  );
  for (const servant of servants) await servant.end();
  return row;
}
