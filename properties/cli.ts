// `npm run conformance`: the model against the real kernel.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import { colors, progress, say } from "../src/cli/screen.js";
import { type ExecutorName, executorNames } from "./executors.js";
import { type Mechanism, mechanisms } from "./generators/index.js";
import { startCampaign } from "./isolation.js";
import { readRegression, replayOf, saveRegression } from "./regressions.js";
import type { Request } from "./report.js";
import { coverageText, differenceText } from "./telling.js";

interface Options {
  readonly steps: number;
  readonly seed: number;
  readonly only?: Mechanism;
  readonly executor?: ExecutorName | "both";
  readonly replay?: string;
  readonly save: boolean;
  readonly json?: true;
}

// dist/properties/ → properties/
const regressionFolder = fileURLToPath(new URL("../../properties/regressions", import.meta.url));

/** Nothing was compared, so nothing agrees. */
const NOTHING_RUN = 2;

const wholeNumber = (text: string): number => {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
};

const options = new Command("conformance")
  .description(
    "Makes generated calls on the real kernel and asks the model whether it allows what came of them.\n" +
      "Exits with status 0 if it always did, 1 at the first difference (shrunk and saved), 2 if the suite itself failed or had nothing to run.",
  )
  .option("--steps <number>", "calls to make", wholeNumber, 20_000)
  .option("--seed <number>", "where the generators begin", wholeNumber, 1)
  .addOption(new Option("--only <mechanism>", "cases of one mechanism").choices(mechanisms))
  .addOption(
    new Option(
      "--executor <name>",
      "sync: each call blocks a thread; awaited: the production path (default: both)",
    ).choices([...executorNames, "both"]),
  )
  .option("--replay <file>", "run one saved case, many times")
  .option("--no-save", "do not keep a difference as a regression file")
  .option("--json", "print the report as JSON")
  .parse()
  .opts<Options>();

if (process.platform !== "linux") {
  say("skipped: there is no Linux kernel here to compare with");
  process.exit(0);
}

try {
  process.exitCode = await run(requestOf(options));
} catch (error) {
  console.error(colors.red(`conformance: ${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = 2;
}

function requestOf({ steps, seed, only, executor, replay }: Options): Request {
  const request: Request = { steps, seed, only, executor: executor ?? "both" };
  if (replay === undefined) return request;
  const saved = readRegression(replay);
  return {
    ...request,
    executor: executor ?? saved.executor,
    replay: [replayOf(saved, 100)],
  };
}

async function run(request: Request): Promise<number> {
  const bar = options.json ? undefined : progress("conformance", request.steps);
  const campaign = startCampaign(request, (steps) => bar?.at(Math.min(steps, request.steps)));
  if (campaign.note !== undefined) say(colors.yellow(campaign.note));
  const report = await campaign.report.finally(() => bar?.done());
  const { difference } = report;
  let savedAs: string | undefined;
  if (difference !== undefined && options.save && request.replay === undefined) {
    savedAs = relative(process.cwd(), saveRegression(regressionFolder, difference));
  }
  if (options.json) {
    say(JSON.stringify(report));
  } else {
    say(coverageText(report));
    if (difference !== undefined) say(differenceText(difference, savedAs));
    else if (report.tallies.length > 0) say(colors.green(`no difference, seed ${request.seed}`));
  }
  if (report.tallies.length === 0) return NOTHING_RUN;
  return difference === undefined ? 0 : 1;
}
