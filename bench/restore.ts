// How long it takes to put a small machine back into an earlier state.

import { syscalls } from "../src/syscalls.js";
import type { Benchmark } from "./benchmark.js";
import { perform, pipeMachine } from "./machines.js";
import { duration, spread, timeEach } from "./measure.js";

export const restore: Benchmark = {
  name: "restore",
  kernel: "model",
  async run(effort) {
    const { machine, process, writeEnd } = pipeMachine();
    machine.createProcess();
    machine.createProcess();
    perform(machine, process, syscalls.write.marshal(writeEnd, new Uint8Array(64), undefined));
    const snapshot = machine.snapshot();
    const count = 50_000 * effort.scale;
    const measure = (operation: () => void): number[] =>
      Array.from({ length: effort.rounds + 1 }, () => timeEach(count, operation) / 1e3).slice(1);
    const restores = spread(measure(() => machine.restore(snapshot)));
    const snapshots = spread(measure(() => void machine.snapshot()));
    const hashes = spread(measure(() => void machine.hash()));
    const row = { peer: `${snapshot.length} bytes`, unit: "µs" };
    return [
      {
        what: "model: restore a machine of three processes and a pipe",
        ours: duration(restores.median * 1e3),
        figure: restores,
        goal: { atMost: 1 },
        ...row,
      },
      { what: "model: snapshot it", ours: duration(snapshots.median * 1e3), figure: snapshots, ...row },
      { what: "model: hash it", ours: duration(hashes.median * 1e3), figure: hashes, ...row },
    ];
  },
};
