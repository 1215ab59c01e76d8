// The executors by name.
import type { Executor } from "./executor.js";

export const executorNames = ["sync", "awaited"] as const;
export type ExecutorName = (typeof executorNames)[number];

export async function openExecutor(name: ExecutorName): Promise<Executor> {
  if (name === "sync") {
    const { SyncExecutor } = await import("./sync/executor.js");
    return new SyncExecutor();
  }
  const { AwaitedExecutor } = await import("./awaited/executor.js");
  return new AwaitedExecutor();
}
