// Whether a thousand waiting readers slow down the event loop or the file system calls of the same process.
import { setMaxListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { linux } from "../backends/linux/index.js";
import type { Benchmark } from "./benchmark.js";
import { compare, percentile, timeEachAwaited } from "./measure.js";
import { realPipe } from "./pipes.js";

const readerCount = 1_000;

export const waiters: Benchmark = {
  name: "waiters",
  kernel: "linux",
  async run(effort) {
    const pipes = Array.from({ length: readerCount }, () => realPipe());
    const file = fileURLToPath(import.meta.url);

    /** Measures while a thousand reads wait; ends them afterwards. */
    const whileWaiting = async (measure: () => Promise<number>): Promise<number> => {
      const stop = new AbortController();
      setMaxListeners(0, stop.signal);
      const reads = pipes.map(([fd]) => linux.read(fd, new Uint8Array(64), { signal: stop.signal }));
      const ended = Promise.allSettled(reads);
      await turn();
      const figure = await measure();
      stop.abort();
      const outcomes = await ended;
      if (outcomes.some(({ status }) => status !== "rejected")) throw new Error("a reader did not wait");
      return figure;
    };
    const turns = (): Promise<number> => timeEachAwaited(10_000 * effort.scale, () => turn());
    const fileReads = async (): Promise<number> => {
      const all: number[] = [];
      for (let i = 0; i < 200 * effort.scale; i++) {
        const start = process.hrtime.bigint();
        await readFile(file);
        all.push(Number(process.hrtime.bigint() - start));
      }
      return percentile(all, 0.5);
    };
    return [
      await compare(effort, {
        what: `Linux: a turn of the event loop while ${readerCount} reads wait`,
        ours: () => whileWaiting(turns),
        peer: turns,
        peerName: "none waits",
        goal: { atMost: 1.1 },
      }),
      await compare(effort, {
        what: `Linux: fs.readFile while ${readerCount} reads wait, median`,
        ours: () => whileWaiting(fileReads),
        peer: fileReads,
        peerName: "none waits",
        goal: { atMost: 1.1 },
      }),
    ];
  },
};
