// A campaign's report as people read it.
import Table from "cli-table3";
import colors from "picocolors";
import { syscallList } from "../src/syscalls.js";
import type { Difference, Report } from "./report.js";
import { madeCalls, pairs } from "./tally.js";

const number = (value: number): string => value.toLocaleString("en-US");

/** What was covered: steps, how often calls blocked, errors met. */
export function coverageText(report: Report): string {
  const lines = report.tallies.map((tally) => {
    const rate = Math.round(tally.steps / tally.seconds);
    const known = [
      ...Object.entries(tally.accepted).map(([name, times]) => `; ${number(times)} ended at “${name}”`),
      ...Object.entries(tally.avoided).map(([name, times]) => `; ${number(times)} steps not made: “${name}”`),
    ];
    return [
      `${colors.bold(tally.executor)}: ${number(tally.steps)} steps in ${number(tally.cases)} sequences,`,
      `${tally.seconds.toFixed(1)} s (${number(rate)} steps/s); ${number(tally.blocked)} steps blocked,`,
      `${number(tally.states)} distinct states, ${number(tally.inconclusive)} sequences inconclusive${known.join("")}`,
    ].join(" ");
  });
  lines.push(pairsText(report));
  return lines.join("\n");
}

/** Which errors were met of the calls that were made, and which calls were not made. */
function pairsText({ tallies }: Report): string {
  const made = madeCalls(tallies);
  const all = pairs(tallies).filter(({ call }) => made.has(call));
  const missed = all.filter(({ count }) => count === 0).map(({ call, errno }) => `${call} ${errno}`);
  const unmade = syscallList.map(({ name }) => name).filter((name) => !made.has(name));
  return [
    `${all.length - missed.length} of ${all.length} (call, errno) pairs that a program can meet, of the ${made.size} calls made`,
    ...(missed.length === 0 ? [] : [`not met: ${missed.join(", ")}`]),
    ...(unmade.length === 0 ? [] : [`calls not made: ${unmade.join(", ")}`]),
  ].join("\n  ");
}

/** A difference: its steps with both answers, and how to see it again. */
export function differenceText(difference: Difference, savedAs: string | undefined): string {
  const { executor, mechanism, rows, seed, path, shrinks } = difference;
  const table = new Table({
    head: ["", "call", "kernel", "model"],
    colWidths: [4, 36, 44, 44],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  for (const { step, call, real, model } of rows) {
    const agrees = model.length === 1 && model[0] === real;
    table.push([step, call, real, agrees ? "the same" : model.join("\nor ")]);
  }
  return [
    colors.red(
      `The model does not allow what the kernel did (${executor}, ${mechanism}, ${shrinks} times shrunk):`,
    ),
    table.toString(),
    `seed ${seed}, path ${path}`,
    savedAs === undefined ? "" : `see it again: npm run conformance -- --replay ${savedAs}`,
  ].join("\n");
}
