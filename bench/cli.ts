// `npm run bench`: every benchmark in a process of its own, one after the other, and a table of what they found. A full run
// writes the table to docs/benchmarks.md too.
import { type ChildProcess, fork } from "node:child_process";
import { constants, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { type Benchmark, type Effort, type Goal, type Row, reaches } from "./benchmark.js";
import { benchmarks } from "./benchmarks.js";
import { writeDocument } from "./document.js";
import { significant } from "./measure.js";

const names = benchmarks.map(({ name }) => name);

const options = new Command("bench")
  .description("Measures linux-ipc against what it stands for, in ratios within one run.")
  .option("--only <name>", `one of ${names.join(", ")}; again for more`, collectNames, [] as string[])
  .option("--quick", "a fraction of the work: to see that all run, not to quote")
  .addHelpText("after", "\nA run of all, not --quick, writes docs/benchmarks.md.")
  .parse()
  .opts<{ only: string[]; quick?: true }>();

const effort: Effort = options.quick ? { rounds: 3, scale: 0.2 } : { rounds: 25, scale: 1 };
const chosen = benchmarks.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
const isFull = chosen.length === benchmarks.length && !options.quick;

const machine = `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "an unknown processor"}, ${process.platform}`;
console.log(machine);

// A benchmark that is interrupted undoes what it has done: it is told, and waited for.
let running: ChildProcess | undefined;
let interruption: NodeJS.Signals | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    interruption = signal;
    running?.kill(signal);
  });
}

const results: Row[] = [];
const failures: string[] = [];
for (const benchmark of chosen) {
  if (process.platform !== "linux" && benchmark.kernel !== "model") {
    console.log(`${benchmark.name}: skipped, needs Linux`);
    continue;
  }
  process.stdout.write(pc.dim(`${benchmark.name} …\n`));
  try {
    results.push(...(await runApart(benchmark)));
  } catch (error) {
    if (interruption !== undefined) process.exit(128 + constants.signals[interruption]);
    failures.push(`${benchmark.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const table = new Table({
  head: ["what", "ours", "against", "ratio (least to most)", "goal"],
  style: { head: [], border: [], compact: true },
});
table.push(...results.map(cells));
console.log(table.toString());
for (const failure of failures) console.error(pc.red(failure));
if (failures.length > 0) process.exitCode = 1;
else if (isFull) {
  const bars = results.flatMap(({ bar }) => bar ?? []);
  writeDocument(machine, results.map(cells), bars);
}

/** Runs one benchmark in a process of its own. */
function runApart({ name }: Benchmark): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    let rows: readonly Row[] | undefined;
    const worker = fork(
      fileURLToPath(new URL("worker.js", import.meta.url)),
      [name, String(effort.rounds), String(effort.scale)],
      { execArgv: ["--expose-gc"] },
    );
    running = worker;
    worker.on("message", (message) => {
      rows = message as Row[];
    });
    worker.on("error", reject);
    worker.on("exit", (status, signal) => {
      if (rows !== undefined && status === 0) resolve(rows);
      else reject(new Error(`ended with ${signal ?? `status ${status}`}`));
    });
  });
}

function cells(row: Row): string[] {
  const { median, least, most } = row.figure;
  const [shown, from, to] = [median, least, most].map(significant);
  const unit = row.unit === "" ? "" : ` ${row.unit}`;
  return [row.what, row.ours, row.peer, `${shown}${unit} (${from} to ${to})`, goalCell(row, unit)];
}

function goalCell({ figure, goal }: Row, unit: string): string {
  if (goal === undefined) return "";
  return `${goalText(goal)}${unit}: ${reaches(figure, goal) ? "reached" : "missed"}`;
}

function goalText(goal: Goal): string {
  return "atMost" in goal ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`;
}

function collectNames(name: string, earlier: string[]): string[] {
  if (!names.includes(name)) throw new InvalidArgumentError(`There is ${names.join(", ")}.`);
  return [...earlier, name];
}
