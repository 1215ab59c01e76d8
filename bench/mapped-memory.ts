// Whether mapped memory of the model is as fast as any typed array.
import { MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } from "../src/constants.js";
import type { Mapping } from "../src/mapping.js";
import { syscalls } from "../src/syscalls.js";
import type { Benchmark, Row } from "./benchmark.js";
import { perform, processMachine } from "./machines.js";
import { compare, timeEach } from "./measure.js";

/** Bytes of the memory. */
const size = 64 * 1024;

export const mappedMemory: Benchmark = {
  name: "mapped-memory",
  kernel: "model",
  async run(effort) {
    const { machine, process } = processMachine();
    const call = syscalls.mmap.marshal(
      null,
      size,
      PROT_READ | PROT_WRITE,
      MAP_SHARED | MAP_ANONYMOUS,
      -1,
      undefined,
    );
    perform(machine, process, call);
    const mapped = (call.value as Mapping).array(Int32Array);
    const plain = new Int32Array(mapped.length);
    const rounds = Math.ceil(400 * effort.scale);
    const against = { peerName: "a typed array", goal: { atMost: 1.1 } };
    const row = (what: string, add: (numbers: Int32Array) => void): Promise<Row> =>
      compare(effort, {
        what: `model: ${what}, each number of mapped memory of 64 KiB`,
        ours: () => timeEach(rounds, () => add(mapped)) / mapped.length,
        peer: () => timeEach(rounds, () => add(plain)) / plain.length,
        ...against,
      });
    return [await row("a load and a store", addByParts), await row("Atomics.add", addAtOnce)];
  },
};

function addByParts(numbers: Int32Array): void {
  for (let index = 0; index < numbers.length; index++) numbers[index] = (numbers[index] as number) + 1;
}

function addAtOnce(numbers: Int32Array): void {
  for (let index = 0; index < numbers.length; index++) Atomics.add(numbers, index, 1);
}
