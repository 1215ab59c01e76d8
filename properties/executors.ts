// The executors by name.
import type { Executor } from "./executor.js";
import { hasFiles, isAboutProcesses, isAboutUsers, type Mechanism } from "./generators/index.js";
import { type Place, placeHere } from "./place.js";
import { idsOf, idsOfQueueOwners } from "./users.js";

export const executorNames = ["sync", "awaited"] as const;
export type ExecutorName = (typeof executorNames)[number];

/**
 * Why an executor cannot run the cases of a mechanism in a place; undefined if it can. Those that start and end processes are
 * blocking calls' only; those with files need root, be it of a user namespace; those about message queues and shared memory need
 * namespaces of their own, so that nothing else is ever touched; where users are named, they must be there.
 */
export function obstacle(name: ExecutorName, mechanism: Mechanism, place: Place): string | undefined {
  if (name === "awaited" && isAboutProcesses(mechanism)) return "awaited calls start and end no processes";
  if (hasFiles(mechanism) && !place.isRoot) return "namespaces are forbidden here, and only root's files fit";
  if (isAboutCountedQueues(mechanism) && !place.hasQueueNames) {
    return "the names of message queues cannot be seen: namespaces are forbidden here, or mounting mqueue in them";
  }
  // Its names are in the file system of its own that those of queues are in (shared-memory-names.ts).
  const hasSharedNames = mechanism.startsWith("shm") || mechanism.startsWith("semaphore");
  if (hasSharedNames && !place.hasQueueNames) {
    return "shared memory would be everybody's: namespaces are forbidden here, or mounting mqueue in them";
  }
  if (mechanism.startsWith("sysv") && !place.hasOwnQueues) {
    return "namespaces are forbidden here: queues would be everybody's";
  }
  const needsOthers = isAboutUsers(mechanism) || mechanism.startsWith("sysv");
  return needsOthers && !place.hasOtherUsers ? "there are no other users here" : undefined;
}

/** What cases are about: calls in processes that last, or processes themselves. */
export type Subject = "calls" | "processes";

/** What a mechanism's cases are about. Those that change users need the backend's own descriptors out of the way, too. */
export const subjectOf = (mechanism: Mechanism): Subject =>
  isAboutProcesses(mechanism) || isAboutUsers(mechanism) ? "processes" : "calls";

/** Whether cases are about POSIX message queues. */
export const isAboutCountedQueues = (mechanism: Mechanism): boolean => mechanism.startsWith("mqueue");

/** Whether the kernel counts for each user what cases make: bytes of queues, or locked pages of shared memory. */
export const isCountedForUsers = (mechanism: Mechanism): boolean =>
  isAboutCountedQueues(mechanism) || mechanism.startsWith("sysv-shm");

/**
 * Opens the executor for cases.
 * @param isCounted whether nothing of others may be counted with what they make
 */
export async function openExecutor(
  name: ExecutorName,
  subject: Subject,
  isCounted: boolean,
): Promise<Executor> {
  const ids = isCounted && placeHere().hasOtherUsers ? idsOfQueueOwners : idsOf;
  if (name === "sync") {
    const { SyncExecutor } = await import("./sync/executor.js");
    return new SyncExecutor(subject, ids);
  }
  const { AwaitedExecutor } = await import("./awaited/executor.js");
  return new AwaitedExecutor(ids);
}
