// 100,000 bad calls at the model: each is a SyscallError, a TypeError or a result, and no assertion of the model fails.
// backends/linux/bad-input.test.ts makes as many at the real kernel.
import { expect, test } from "vitest";
import { simulate } from "../src/simulation/index.js";
import { type BadCallReport, openEnds, runBadCalls } from "./bad-call-run.js";

const CALLS = 100_000;
const CALLS_A_MACHINE = 10_000;

test(`${CALLS} bad calls are errors that a program can handle`, async () => {
  const first = Math.floor(Math.random() * 2 ** 30);
  let made = 0;
  for (let seed = first; made < CALLS; seed += CALLS_A_MACHINE) {
    let report: BadCallReport = { outcomes: {}, unexpected: [] };
    await simulate({ maxSteps: 1_000_000, leaks: "ignore" }, async (linux) => {
      await openEnds(linux);
      report = await runBadCalls(linux, [linux], CALLS_A_MACHINE, seed);
    });
    expect({ seed, unexpected: report.unexpected }).toEqual({ seed, unexpected: [] });
    made += Object.values(report.outcomes).reduce((sum, count) => sum + count, 0);
  }
  expect(made).toBe(CALLS);
});
