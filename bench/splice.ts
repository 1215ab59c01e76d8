// What it takes to move bytes from one pipe to another, or to have them in two: by splice(2) and tee(2), which hand pages over,
// and by read(2) and write(2), which copy.
import { readSync } from "node:fs";
import { linux } from "../backends/linux/index.js";
import { F_SETPIPE_SZ } from "../src/constants.js";
import type { Benchmark, Effort, Row } from "./benchmark.js";
import { compare } from "./measure.js";
import { realPipe } from "./pipes.js";

type Pipe = readonly [readEnd: number, writeEnd: number];

/** What a plain call gives, or an awaited one. */
type Count = number | Promise<number>;

/** Moves what the one pipe holds into the other. */
type Move = (from: Pipe, to: Pipe, size: number) => Count;

/** Has what the first pipe holds in the two others. */
type Fork = (from: Pipe, first: Pipe, second: Pipe, size: number) => Count;

const { sync } = linux;
const buffer = new Uint8Array(1024 * 1024);

const spliceAwaited: Move = ([from], [, to], size) => linux.splice(from, null, to, null, size);
const spliceSync: Move = ([from], [, to], size) => sync.splice(from, null, to, null, size);

const copyAwaited: Move = async ([from], [, to], size) => {
  const count = await linux.read(from, buffer.subarray(0, size));
  return await linux.write(to, buffer.subarray(0, count));
};
const copySync: Move = ([from], [, to], size) => {
  const count = sync.read(from, buffer.subarray(0, size));
  return sync.write(to, buffer.subarray(0, count));
};

const teeAwaited: Fork = async ([from], [, first], [, second], size) => {
  const count = await linux.tee(from, first, size);
  return await linux.splice(from, null, second, null, count);
};
const teeSync: Fork = ([from], [, first], [, second], size) => {
  const count = sync.tee(from, first, size);
  return sync.splice(from, null, second, null, count);
};

const copyTwiceAwaited: Fork = async ([from], [, first], [, second], size) => {
  const bytes = buffer.subarray(0, await linux.read(from, buffer.subarray(0, size)));
  await linux.write(first, bytes);
  return await linux.write(second, bytes);
};
const copyTwiceSync: Fork = ([from], [, first], [, second], size) => {
  const bytes = buffer.subarray(0, sync.read(from, buffer.subarray(0, size)));
  sync.write(first, bytes);
  return sync.write(second, bytes);
};

export const splice: Benchmark = {
  name: "splice",
  kernel: "linux",
  async run(effort) {
    const kibibytes = (count: number): number => count * 1024;
    return [
      await moving(effort, kibibytes(4), "both awaited", spliceAwaited, copyAwaited),
      await moving(effort, kibibytes(64), "both awaited", spliceAwaited, copyAwaited),
      await moving(effort, kibibytes(64), "both sync", spliceSync, copySync),
      await moving(effort, kibibytes(1024), "both awaited", spliceAwaited, copyAwaited),
      await forking(effort, kibibytes(64), "all awaited", teeAwaited, copyTwiceAwaited),
      await forking(effort, kibibytes(64), "all sync", teeSync, copyTwiceSync),
    ];
  },
};

/** Bytes of one measurement in all. */
const total = 16 * 1024 * 1024;

/** What is moved goes back and forth between two pipes: nothing has to be filled or emptied meanwhile. */
async function moving(effort: Effort, size: number, form: string, ours: Move, peer: Move): Promise<Row> {
  const [one, other] = [pipeOf(size), pipeOf(size)];
  sync.write(one[1], buffer.subarray(0, size));
  const count = 2 * Math.ceil((total / size / 2) * effort.scale);
  const measure = (move: Move) => async (): Promise<number> => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i += 2) {
      const there = move(one, other, size);
      expectWhole(typeof there === "number" ? there : await there, size);
      const back = move(other, one, size);
      expectWhole(typeof back === "number" ? back : await back, size);
    }
    return Number(process.hrtime.bigint() - start) / count;
  };
  const row = await compare(effort, {
    what: `Linux: ${inUnits(size)} from one pipe to another by splice, ${form}`,
    ours: measure(ours),
    peer: measure(peer),
    peerName: "read + write",
  });
  close(one, other);
  return row;
}

async function forking(effort: Effort, size: number, form: string, ours: Fork, peer: Fork): Promise<Row> {
  const [from, first, second] = [pipeOf(size), pipeOf(size), pipeOf(size)];
  const rounds = Math.ceil((total / 4 / size) * effort.scale);
  const measure = (fork: Fork) => async (): Promise<number> => {
    let ns = 0n;
    for (let round = 0; round < rounds; round++) {
      sync.write(from[1], buffer.subarray(0, size));
      const start = process.hrtime.bigint();
      const count = fork(from, first, second, size);
      const moved = typeof count === "number" ? count : await count;
      ns += process.hrtime.bigint() - start;
      expectWhole(moved, size);
      for (const [readEnd] of [first, second]) expectWhole(readSync(readEnd, buffer, 0, size, null), size);
    }
    return Number(ns) / rounds;
  };
  const row = await compare(effort, {
    what: `Linux: ${inUnits(size)} from one pipe to two others by tee + splice, ${form}`,
    ours: measure(ours),
    peer: measure(peer),
    peerName: "read + two writes",
  });
  close(from, first, second);
  return row;
}

/** A pipe that can hold so many bytes. */
function pipeOf(size: number): Pipe {
  const pipe = realPipe();
  sync.fcntl(pipe[1], F_SETPIPE_SZ, size);
  return pipe;
}

function close(...pipes: readonly Pipe[]): void {
  for (const fd of pipes.flat()) sync.close(fd);
}

function expectWhole(moved: number, size: number): void {
  if (moved !== size) throw new Error(`${moved} bytes of ${size} were moved`);
}

const inUnits = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`;
