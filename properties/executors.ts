// The executors by name.
import type { Executor } from "./executor.js";
import { hasFiles, isAboutUsers, type Mechanism } from "./generators/index.js";
import { canBecomeOthers } from "./real-machine.js";

export const executorNames = ["sync", "awaited"] as const;
export type ExecutorName = (typeof executorNames)[number];

/**
 * Which cases an executor can run here: those that start and end processes are blocking calls' only; those with files need
 * root, be it of a user namespace; those about users need others than root.
 */
export const canRun = (name: ExecutorName, mechanism: Mechanism, isRoot: boolean): boolean =>
  (name === "sync" || mechanism !== "process") &&
  (!hasFiles(mechanism) || isRoot) &&
  (!isAboutUsers(mechanism) || canBecomeOthers());

/** What cases are about: calls in processes that last, or processes themselves. */
export type Subject = "calls" | "processes";

/** What a mechanism's cases are about. Those that change users need the backend's own descriptors out of the way, too. */
export const subjectOf = (mechanism: Mechanism): Subject =>
  mechanism === "process" || isAboutUsers(mechanism) ? "processes" : "calls";

/** Opens the executor for cases. */
export async function openExecutor(name: ExecutorName, subject: Subject): Promise<Executor> {
  if (name === "sync") {
    const { SyncExecutor } = await import("./sync/executor.js");
    return new SyncExecutor(subject);
  }
  const { AwaitedExecutor } = await import("./awaited/executor.js");
  return new AwaitedExecutor();
}
