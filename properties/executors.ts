// The executors by name.
import type { Executor } from "./executor.js";
import { hasFiles, isAboutProcesses, isAboutUsers, type Mechanism } from "./generators/index.js";
import type { Place } from "./place.js";
import { canBecomeOthers } from "./real-machine.js";

export const executorNames = ["sync", "awaited"] as const;
export type ExecutorName = (typeof executorNames)[number];

/**
 * Which cases an executor can run in a place: those that start and end processes are blocking calls' only; those with files need
 * root, be it of a user namespace; those about users need others than root; those about message queues and shared memory need namespaces of
 * their own, so that nothing else is ever touched.
 */
export const canRun = (name: ExecutorName, mechanism: Mechanism, place: Place): boolean =>
  (name === "sync" || !isAboutProcesses(mechanism)) &&
  (!hasFiles(mechanism) || place.isRoot) &&
  (!/^(mqueue|shm)/.test(mechanism) || place.hasQueueNames) &&
  (!isAboutUsers(mechanism) || canBecomeOthers()) &&
  (!mechanism.startsWith("sysv") || place.hasOwnQueues);

/** What cases are about: calls in processes that last, or processes themselves. */
export type Subject = "calls" | "processes";

/** What a mechanism's cases are about. Those that change users need the backend's own descriptors out of the way, too. */
export const subjectOf = (mechanism: Mechanism): Subject =>
  isAboutProcesses(mechanism) || isAboutUsers(mechanism) ? "processes" : "calls";

/** Opens the executor for cases. */
export async function openExecutor(name: ExecutorName, subject: Subject): Promise<Executor> {
  if (name === "sync") {
    const { SyncExecutor } = await import("./sync/executor.js");
    return new SyncExecutor(subject);
  }
  const { AwaitedExecutor } = await import("./awaited/executor.js");
  return new AwaitedExecutor();
}
