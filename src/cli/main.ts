#!/usr/bin/env node
// The `linux-ipc` command.

import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { colors } from "./screen.js";

const packageRoot = new URL("../../../", import.meta.url);
const { version, description } = JSON.parse(readFileSync(new URL("package.json", packageRoot), "utf8")) as {
  version: string;
  description: string;
};

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

const command = new Command("linux-ipc")
  .description(description)
  .version(version)
  .showHelpAfterError("(linux-ipc demo --help tells more)");

command
  .command("demo")
  .summary("show a bug that real runs hardly show, and one program on two kernels")
  .description(
    "Shows a bug that real runs hardly show, and one program on two kernels:\n" +
      "a jobserver that deadlocks on some schedules, run as real processes and explored on the model;\n" +
      "then `cat FILE | grep WORD | wc`, simulated and real, against the shell's own.\n" +
      "Exits with status 0 only if all of it held.",
  )
  .argument("[FILE]", "the file for the pipeline (default: one of this package)")
  .argument("[WORD]", "the word to look for, taken literally", "linux")
  .option(
    "-n, --runs <count>",
    "how often the jobserver runs as real processes (default: 20, fewer if they take long)",
    wholeNumber(0, 100_000),
  )
  .option(
    "--schedules <count>",
    "how many schedules the model is searched for",
    wholeNumber(1, 10_000_000),
    10_000,
  )
  .option("--seed <number>", "where the search begins", wholeNumber(0, 0xffff_ffff), 1)
  .action(
    async (
      file: string | undefined,
      word: string,
      options: { runs?: number; schedules: number; seed: number },
    ) => {
      const { demo } = await import("./demo.js");
      process.exitCode = (await demo({ file, word, packageRoot, version, runs: undefined, ...options }))
        ? 0
        : 1;
    },
  );

try {
  await command.parseAsync();
} catch (error) {
  console.error(colors.red(`linux-ipc: ${error instanceof Error ? error.message : String(error)}`));
  // Not by the exit code alone: a call that still waits would keep the process.
  process.exit(1);
}
