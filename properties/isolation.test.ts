// The executors leave nothing behind, and a difference is told as one.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { startCampaign } from "./isolation.js";

/** The command lines of all processes that run a part of the suite. */
function processes(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8")}`;
      } catch {
        // It ended meanwhile.
        return "";
      }
    })
    .filter((line) => line.includes("dist/properties/"));
}

describe.skipIf(process.platform !== "linux")("a campaign", () => {
  it("leaves no process behind", async () => {
    const before = new Set(processes());
    await startCampaign({ steps: 50, seed: 7, only: "pipe", executor: "both" }, () => {}).report;
    // Other campaigns may run at the same time: only what was not there before and is a child of nobody counts.
    const left = processes().filter((line) => !before.has(line) && line.includes('"seed":7,'));
    expect(left).toEqual([]);
  });

  it("says what failed when the suite itself fails", async () => {
    const broken = { steps: 10, seed: 1, only: "nothing" as "pipe", executor: "sync" as const };
    await expect(startCampaign(broken, () => {}).report).rejects.toThrow(/TypeError/);
  });
});
