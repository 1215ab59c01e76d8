// The names of POSIX shared memory that cases make: in a campaign's own file system in memory (isolation.ts), so that nobody
// else's are in their way, nor theirs in anybody's.
import { lstatSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { canMakeQueues } from "./queue-names.js";

const FOLDER = "/dev/shm";

/** Whether cases can make objects of shared memory: the mount that queues have their names in is on a file system of its own. */
export const canMakeSharedMemory = canMakeQueues;

/** Removes the names that a case has left. */
export function removeSharedMemory(): void {
  if (!canMakeSharedMemory()) return;
  for (const name of readdirSync(FOLDER)) {
    const path = join(FOLDER, name);
    if (lstatSync(path).isFile()) unlinkSync(path);
  }
}
