// The executors by name.
import type { Executor } from "./executor.js";
import type { Mechanism } from "./generators/index.js";

export const executorNames = ["sync", "awaited"] as const;
export type ExecutorName = (typeof executorNames)[number];

/** Which cases an executor can run: those that start and end processes are blocking calls' only. */
export const canRun = (name: ExecutorName, mechanism: Mechanism): boolean =>
  name === "sync" || mechanism !== "process";

/** Opens the executor for cases of a mechanism. */
export async function openExecutor(name: ExecutorName, mechanism: Mechanism): Promise<Executor> {
  if (name === "sync") {
    const { SyncExecutor } = await import("./sync/executor.js");
    return new SyncExecutor(mechanism === "process" ? "processes" : "calls");
  }
  const { AwaitedExecutor } = await import("./awaited/executor.js");
  return new AwaitedExecutor();
}
