// Whether a machine that lives long takes more and more memory.

import { syscalls } from "../src/syscalls.js";
import type { Benchmark } from "./benchmark.js";
import { perform, pipeMachine } from "./machines.js";

const { read, write } = syscalls;

export const memory: Benchmark = {
  name: "memory",
  kernel: "model",
  async run(effort) {
    const { machine, process: owner, readEnd, writeEnd } = pipeMachine();
    const steps = 1_000_000 * effort.scale;
    const message = new Uint8Array(4096);
    const buffer = new Uint8Array(4096);
    const take = (count: number): void => {
      for (let step = 0; step < count; step += 2) {
        perform(machine, owner, write.marshal(writeEnd, message, undefined));
        perform(machine, owner, read.marshal(readEnd, buffer, undefined));
      }
    };
    take(steps / 10);
    const before = used();
    take(steps);
    const after = used();
    const growth = (after.heap - before.heap) / 1024;
    const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
    return [
      {
        what: `model: heap after ${steps.toLocaleString("en-US")} further steps in one machine`,
        ours: `${mebibytes(after.heap)} heap, ${mebibytes(after.resident)} resident`,
        peer: `before: ${mebibytes(before.heap)} heap, ${mebibytes(before.resident)} resident`,
        figure: { median: growth, least: growth, most: growth },
        unit: "KiB more",
        goal: { atMost: 100 },
      },
    ];
  },
};

/** Bytes in use once all garbage is gone. */
function used(): { readonly heap: number; readonly resident: number } {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + external + arrayBuffers, resident: rss };
}
