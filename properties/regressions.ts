// Differences that were found once, shrunk: kept as files that `npm test` runs again.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecutorName } from "./executors.js";
import { isAboutProcesses, type Mechanism, usualUsers } from "./generators/index.js";
import type { Difference, Replay } from "./report.js";
import type { Step } from "./step.js";
import type { UserName } from "./users.js";

export interface Regression {
  readonly executor: ExecutorName | "both";
  readonly mechanism: Mechanism;
  /** What it was, once it is understood. */
  readonly note: string;
  /** Of the first processes; those of the mechanism's cases if they do not matter. */
  readonly users?: readonly UserName[];
  readonly steps: readonly Step[];
}

/** Reads one file. */
export const readRegression = (path: string): Regression =>
  JSON.parse(readFileSync(path, "utf8")) as Regression;

/** The files of a folder. */
export const listRegressions = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .sort()
        .map((name) => join(folder, name))
    : [];

/** Keeps a difference. @returns the file's path */
export function saveRegression(folder: string, { executor, mechanism, users, steps }: Difference): string {
  const regression: Regression = { executor, mechanism, note: "", users, steps };
  const text = `${JSON.stringify(regression, undefined, 2)}\n`;
  const digest = createHash("sha256").update(JSON.stringify(steps)).digest("hex").slice(0, 8);
  const path = join(folder, `${mechanism}-${digest}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, text);
  // As the linter wants it; where that is not installed the file is as good.
  spawnSync("npx", ["--no-install", "biome", "format", "--write", path], { stdio: "ignore" });
  return path;
}

/** A saved case as a campaign runs it. Where processes are started, a time costs more. */
export const replayOf = ({ users, steps, mechanism }: Regression, times: number): Replay => ({
  users: users ?? usualUsers(mechanism),
  steps,
  mechanism,
  times: isAboutProcesses(mechanism) ? Math.ceil(times / 20) : times,
});
