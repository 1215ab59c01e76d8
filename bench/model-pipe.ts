// How long a pipe takes on the model, against node:fs on a real one.

import { syscalls } from "../src/syscalls.js";
import type { Benchmark } from "./benchmark.js";
import { perform, pipeMachine } from "./machines.js";
import { compare, timeEach } from "./measure.js";
import { fsPair, realPipe } from "./pipes.js";

export const modelPipe: Benchmark = {
  name: "model-pipe",
  kernel: "both",
  async run(effort) {
    const { machine, process, readEnd, writeEnd } = pipeMachine();
    const message = new Uint8Array(64).fill(1);
    const buffer = new Uint8Array(64);
    const { read, write } = syscalls;
    const wholeCalls = (): void => {
      perform(machine, process, write.marshal(writeEnd, message, undefined));
      perform(machine, process, read.marshal(readEnd, buffer, undefined));
    };
    const writeCall = write.marshal(writeEnd, message, undefined);
    const readCall = read.marshal(readEnd, buffer, undefined);
    const attemptsOnly = (): void => {
      perform(machine, process, writeCall);
      perform(machine, process, readCall);
    };
    const peer = fsPair(...realPipe());
    const count = 50_000 * effort.scale;
    const against = {
      peer: () => timeEach(count / 4, peer),
      peerName: "fs.writeSync + readSync",
      goal: { atMost: 0.2 },
    };
    return [
      await compare(effort, {
        what: "model: pipe write + read, 64 bytes, arguments checked, a task each",
        ours: () => timeEach(count, wholeCalls),
        ...against,
      }),
      await compare(effort, {
        what: "model: the same, attempts alone",
        ours: () => timeEach(count, attemptsOnly),
        ...against,
      }),
    ];
  },
};
