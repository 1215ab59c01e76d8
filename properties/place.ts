// What a campaign may do where it runs: it is asked there, and told beforehand by isolation.ts.
import { canMakeQueues } from "./queue-names.js";
import { hasOwnQueues } from "./queues.js";
import { canBecomeOthers } from "./real-machine.js";

export interface Place {
  /** Whether its processes are root's, if only in a user namespace of their own. */
  readonly isRoot: boolean;
  /** Whether the names of POSIX message queues are its own, and can be removed. */
  readonly hasQueueNames: boolean;
  /** Whether System V message queues and semaphores are its own: they end with it. */
  readonly hasOwnQueues: boolean;
  /** Whether its processes can become all users of cases, and files and queues be theirs. */
  readonly hasOtherUsers: boolean;
}

/** The place of this process. */
export const placeHere = (): Place => ({
  isRoot: process.getuid?.() === 0,
  hasQueueNames: canMakeQueues(),
  hasOwnQueues: hasOwnQueues(),
  hasOtherUsers: canBecomeOthers(),
});
