// The process that runs one benchmark: `node worker.js NAME ROUNDS SCALE`, its rows go to the parent.
import { benchmarks } from "./benchmarks.js";

const [name, rounds, scale] = process.argv.slice(2);
const benchmark = benchmarks.find((one) => one.name === name);
if (benchmark === undefined || process.send === undefined)
  throw new Error(`no benchmark "${name}", or no parent`);

// Without the parent nobody waits for the rows.
const giveUp = (): never => process.exit(1);
process.once("disconnect", giveUp);
// A benchmark that waits for nothing any more ends: it does not hang.
process.channel?.unref();

const rows = await benchmark.run({ rounds: Number(rounds), scale: Number(scale) });
process.channel?.ref();
process.send(rows, () => {
  process.off("disconnect", giveUp);
  process.disconnect();
});
