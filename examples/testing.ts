// What the tests of the examples share. They use the built examples: on the real kernel each process imports them.
import type { Linux } from "linux-ipc";
import { type ExplorationError, type ExplorationOptions, explore } from "linux-ipc/simulation";
import { expect } from "vitest";

export const isLinux = process.platform === "linux";

/** Imports an example from dist/. */
export const built = async <Module>(name: string): Promise<Module> =>
  (await import(new URL(`../dist/examples/${name}.js`, import.meta.url).href)) as Module;

/** Runs a function on the model in 1,000 schedules, with no leaks; all must give the same, which is returned. */
export async function explored<Result>(
  run: (linux: Linux) => Promise<Result>,
  options: ExplorationOptions = {},
): Promise<Result> {
  const results = new Map<string, Result>();
  await explore({ leaks: "fail", ...options }, async (linux) => {
    const result = await run(linux);
    results.set(JSON.stringify(result), result);
  });
  expect([...results.keys()]).toHaveLength(1);
  return [...results.values()][0] as Result;
}

/** What goes wrong in one of 1,000 schedules on the model. */
export async function foundIn(
  run: (linux: Linux) => Promise<unknown>,
  options: ExplorationOptions = {},
): Promise<ExplorationError> {
  const { failure } = await explore.check(options, async (linux) => void (await run(linux)));
  if (failure === undefined) throw new Error("all schedules are well");
  return failure;
}

/** Runs a function on the kernel below. */
export async function reallyRun<Result>(run: (linux: Linux) => Promise<Result>): Promise<Result> {
  const { linux } = await import("linux-ipc/native");
  return await run(linux);
}
