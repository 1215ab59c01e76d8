// Where the names of POSIX message queues can be seen: in a campaign's own namespaces their file system is mounted (isolation.ts).
// Cases that make queues run there only, so that nobody else's are in their way, nor theirs in anybody's.
import { existsSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";

export const QUEUES_FOLDER = "/dev/shm/linux-ipc-queues";

/** Whether cases can make message queues: no one else sees them, and they end with the campaign. */
export const canMakeQueues = (): boolean => existsSync(QUEUES_FOLDER);

/** Removes the names that a case has left. */
export function removeQueueNames(): void {
  if (!canMakeQueues()) return;
  for (const name of readdirSync(QUEUES_FOLDER)) unlinkSync(join(QUEUES_FOLDER, name));
}
