// How long an awaited write and read take on the real kernel, against node:fs, which blocks.

import { linux } from "../backends/linux/index.js";
import { O_CLOEXEC } from "../src/constants.js";
import type { Benchmark } from "./benchmark.js";
import { compare, timeEach, timeEachAwaited } from "./measure.js";
import { fsPair } from "./pipes.js";

export const linuxPipe: Benchmark = {
  name: "linux-pipe",
  kernel: "linux",
  async run(effort) {
    const [readEnd, writeEnd] = await linux.pipe2(O_CLOEXEC);
    const message = new Uint8Array(64).fill(1);
    const buffer = new Uint8Array(64);
    const peer = fsPair(readEnd, writeEnd);
    const count = 8_000 * effort.scale;
    return [
      await compare(effort, {
        what: "Linux: pipe write + read, 64 bytes, both awaited",
        ours: () =>
          timeEachAwaited(count, async () => {
            await linux.write(writeEnd, message);
            await linux.read(readEnd, buffer);
          }),
        peer: () => timeEach(count, peer),
        peerName: "fs.writeSync + readSync",
        goal: { atMost: 2 },
      }),
    ];
  },
};
