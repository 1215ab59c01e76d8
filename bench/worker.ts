// The process that runs one benchmark: `node worker.js NAME ROUNDS SCALE`, its rows go to the parent.
import { benchmarks } from "./benchmarks.js";

const [name, rounds, scale] = process.argv.slice(2);
const benchmark = benchmarks.find((one) => one.name === name);
if (benchmark === undefined || process.send === undefined)
  throw new Error(`no benchmark "${name}", or no parent`);
const rows = await benchmark.run({ rounds: Number(rounds), scale: Number(scale) });
process.send(rows, () => process.disconnect());
