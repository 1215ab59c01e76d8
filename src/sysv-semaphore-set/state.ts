// What a set of System V semaphores tells of itself: semctl(2), in words.
import type { SemaphoreSetStatus } from "../sysv-semaphore.js";

/** Whose a set is, and what has become of it. */
export interface SemaphoreSetState {
  /** The key that leads to it; 0 for a private one. */
  readonly key: number;
  readonly uid: number;
  readonly gid: number;
  readonly creatorUid: number;
  readonly creatorGid: number;
  /** Nine bits. */
  readonly mode: number;
  /** How many semaphores it has. */
  readonly semaphores: number;
  /** Of the last operations that were done, in seconds since 1970; undefined if there were none: then nobody has initialised it. */
  readonly operatedAt: number | undefined;
  /** Of the last change by `set`, `setAll` or `setPermissions`, at first that it was made. */
  readonly changedAt: number;
}

export const stateOf = ({ perm, ...status }: SemaphoreSetStatus): SemaphoreSetState => ({
  key: perm.key,
  uid: perm.uid,
  gid: perm.gid,
  creatorUid: perm.cuid,
  creatorGid: perm.cgid,
  mode: perm.mode,
  semaphores: status.nsems,
  operatedAt: Number(status.otime) || undefined,
  changedAt: Number(status.ctime),
});

/** How many calls wait at a semaphore. A call of several operations waits at the one that cannot be done. */
export interface SemaphoreWaiters {
  /** For it to become more: GETNCNT. */
  readonly forIncrease: number;
  /** For it to become 0: GETZCNT. */
  readonly forZero: number;
}
