// What the property files of the mechanisms share: a short campaign of one mechanism on each executor.
import { expect, it } from "vitest";
import { type ExecutorName, executorNames, obstacle } from "./executors.js";
import type { Mechanism } from "./generators/index.js";
import { placeInside, startCampaign } from "./isolation.js";
import type { Report, Request } from "./report.js";
import { differenceText } from "./telling.js";

const isLinux = process.platform === "linux";

/** A few steps of each executor: `npm run conformance` makes as many as it is told. */
const profile: Readonly<Record<ExecutorName, number>> = { sync: 1000, awaited: 250 };

/**
 * Declares the tests of a mechanism.
 * @param titles a sentence for each executor that can run it
 * @param options `blocks`: whether calls are expected to block, true if left out
 */
export function itConforms(
  only: Mechanism,
  titles: Partial<Readonly<Record<ExecutorName, string>>>,
  steps = profile,
  { blocks = true } = {},
): void {
  for (const executor of executorNames) {
    const title = titles[executor];
    if (title === undefined) continue;
    it.skipIf(!isLinux)(title, async (context) => {
      const reason = obstacle(executor, only, placeInside());
      if (reason !== undefined) return context.skip(reason);
      const report = await campaign({ steps: steps[executor], seed: 1, only, executor });
      expect(report.tallies[0]?.steps).toBeGreaterThanOrEqual(steps[executor]);
      if (blocks) expect(report.tallies[0]?.blocked).toBeGreaterThan(0);
    });
  }
}

/** Runs a campaign that must find no difference. */
export async function campaign(request: Request): Promise<Report> {
  const report = await startCampaign(request, () => {}).report;
  if (report.difference !== undefined) expect.fail(differenceText(report.difference, undefined));
  return report;
}
