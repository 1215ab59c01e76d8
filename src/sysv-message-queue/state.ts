// What a System V message queue tells of itself: msgctl(2), in words.
import type { QueueStatus } from "../sysv-queue.js";

/** Whose a queue is, what it holds and may hold, and what has become of it. */
export interface SysvQueueState {
  /** The key that leads to it; 0 for a private one. */
  readonly key: number;
  readonly uid: number;
  readonly gid: number;
  readonly creatorUid: number;
  readonly creatorGid: number;
  /** Nine bits. */
  readonly mode: number;
  /** Messages in it. */
  readonly messages: number;
  /** Bytes of them. */
  readonly bytes: number;
  /** Bytes that it may hold. */
  readonly maxBytes: number;
  /** Who sent last; undefined if nobody did. */
  readonly lastSenderPid: number | undefined;
  /** Who received last. Linux notes the thread's number of a receiver that was waiting. */
  readonly lastReceiverPid: number | undefined;
  /** Of the last message sent, in seconds since 1970; undefined if there was none. */
  readonly sentAt: number | undefined;
  /** Of the last message received. */
  readonly receivedAt: number | undefined;
  /** Of the last change, at first that it was made. */
  readonly changedAt: number;
}

export const stateOf = ({ perm, ...status }: QueueStatus): SysvQueueState => ({
  key: perm.key,
  uid: perm.uid,
  gid: perm.gid,
  creatorUid: perm.cuid,
  creatorGid: perm.cgid,
  mode: perm.mode,
  messages: status.qnum,
  bytes: status.cbytes,
  maxBytes: status.qbytes,
  lastSenderPid: status.lspid || undefined,
  lastReceiverPid: status.lrpid || undefined,
  sentAt: Number(status.stime) || undefined,
  receivedAt: Number(status.rtime) || undefined,
  changedAt: Number(status.ctime),
});
