// The executors by name.
import type { Executor } from "./executor.js";
import { isAboutUsers, type Mechanism } from "./generators/index.js";
import { canBecomeOthers } from "./real-machine.js";

export const executorNames = ["sync", "awaited"] as const;
export type ExecutorName = (typeof executorNames)[number];

/**
 * Which cases an executor can run here: those that start and end processes are blocking calls' only; those about users
 * need others than root.
 */
export const canRun = (name: ExecutorName, mechanism: Mechanism): boolean =>
  (name === "sync" || mechanism !== "process") && (!isAboutUsers(mechanism) || canBecomeOthers());

/** Opens the executor for cases of a mechanism. */
export async function openExecutor(name: ExecutorName, mechanism: Mechanism): Promise<Executor> {
  if (name === "sync") {
    const { SyncExecutor } = await import("./sync/executor.js");
    return new SyncExecutor(mechanism === "process" ? "processes" : "calls");
  }
  const { AwaitedExecutor } = await import("./awaited/executor.js");
  return new AwaitedExecutor();
}
