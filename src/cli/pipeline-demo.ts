// The second part of the demo: `cat FILE | grep WORD | wc` on the model and on the real kernel, against the shell's own.
import { statSync } from "node:fs";
import { basename } from "node:path";
import { shell, type WcStyle } from "../../examples/pipeline.js";
import type { Linux } from "../linux.js";
import { simulate } from "../simulation/index.js";
import { hasRealKernel } from "./processes.js";
import { colors, heading, say } from "./screen.js";
import { shellPipeline, wcStyle } from "./shell-tools.js";

const gnuStyle: WcStyle = { width: 7, printableWords: true };

/** @returns whether all gave the same bytes */
export async function pipelineDemo(path: string, word: string): Promise<boolean> {
  heading(`The same program on both kernels: cat ${shown(basename(path))} | grep ${shown(word)} | wc`);
  const megabytes = statSync(path).size / 1e6;
  if (megabytes > 20) say(`  ${Math.round(megabytes)} MB: this takes a while`);
  const style = hasRealKernel ? await wcStyle() : gnuStyle;
  const expected = hasRealKernel ? await shellPipeline(path, word) : undefined;
  const run = (linux: Linux): Promise<string> => shell(linux, path, word, style);

  const simulated = await timed(() => onModel(run));
  const isModelRight = compare("simulated", simulated, expected);
  if (expected === undefined) {
    say("  real, the shell's own: skipped, they need Linux");
    return isModelRight;
  }
  const { linux } = await import("../../backends/linux/index.js");
  const real = await timed(() => run(linux));
  const isRealRight = compare("real", real, expected);
  say(`  the shell's own  ${JSON.stringify(expected)}`);
  return isModelRight && isRealRight;
}

const shown = (argument: string): string =>
  /^[\w.+-]+$/.test(argument) ? argument : JSON.stringify(argument);

/** What a program resolves to when it is the first process of a simulated machine. */
export async function onModel<Result>(run: (linux: Linux) => Promise<Result>): Promise<Result> {
  let result: { value: Result } | undefined;
  // A file of any size is a schedule of any length.
  await simulate({ name: "pipeline", maxSteps: Number.MAX_SAFE_INTEGER }, async (linux) => {
    result = { value: await run(linux) };
  });
  if (result === undefined) throw new Error("the simulated program was killed");
  return result.value;
}

interface Timed {
  readonly output: string;
  readonly milliseconds: number;
}

async function timed(run: () => Promise<string>): Promise<Timed> {
  const start = performance.now();
  return { output: await run(), milliseconds: performance.now() - start };
}

function compare(name: string, { output, milliseconds }: Timed, expected: string | undefined): boolean {
  const isSame = expected === undefined || output === expected;
  const verdict =
    expected === undefined ? "" : isSame ? colors.green("the same bytes") : colors.red("OTHER BYTES");
  say(`  ${name.padEnd(15)}  ${JSON.stringify(output)}  ${Math.round(milliseconds)} ms  ${verdict}`);
  return isSame;
}
