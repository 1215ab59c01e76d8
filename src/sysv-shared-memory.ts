// What shmctl(2) tells of System V shared memory, and takes.
import type { IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT } from "../assembly/abi/ipc.js";
import type { SHM_INFO, SHM_LOCK, SHM_STAT, SHM_STAT_ANY, SHM_UNLOCK } from "../assembly/abi/shm.js";
import type { IpcPermissions } from "./sysv-queue.js";

/** A segment: struct shmid_ds. */
export interface SegmentStatus {
  /** The identifier, where the segment was named by its index: SHM_STAT and SHM_STAT_ANY. */
  readonly id?: number;
  /** Its mode has nine bits of permissions, and SHM_DEST and SHM_LOCKED. */
  readonly perm: IpcPermissions;
  /** Bytes, as it was asked for. */
  readonly segsz: number;
  /** Attachments; one that munmap or mprotect has split counts as often as it has parts. */
  readonly nattch: number;
  /** Pid of who made it, and of who attached or detached it last; 0 if nobody did. */
  readonly cpid: number;
  readonly lpid: number;
  /** Of the last attachment, the last detachment, and the last change: seconds since 1970; 0 if there was none. */
  readonly atime: bigint;
  readonly dtime: bigint;
  readonly ctime: bigint;
}

/** Limits: struct shminfo. */
export interface SegmentLimits {
  /** The highest index in use, or 0. */
  readonly index: number;
  /** Bytes of a segment, at most and at least. A C unsigned long, which a number does not hold: always a bigint. */
  readonly shmmax: bigint;
  readonly shmmin: bigint;
  /** Segments, of all processes and of one: the kernel has no limit of its own for one. */
  readonly shmmni: number;
  readonly shmseg: number;
  /** Pages of all segments. */
  readonly shmall: bigint;
}

/** What is used: struct shm_info. */
export interface SegmentUse {
  /** The highest index in use, or 0. */
  readonly index: number;
  /** Segments, and their pages. */
  readonly used_ids: number;
  readonly shm_tot: number;
  /** Pages of them in memory, and swapped out. On the model all are in memory from the beginning. */
  readonly shm_rss: number;
  readonly shm_swp: number;
  /** Always 0: they are of no use any more. */
  readonly swap_attempts: number;
  readonly swap_successes: number;
}

/** What IPC_SET sets. */
export interface SegmentSettings {
  readonly uid: number;
  readonly gid: number;
  /** Nine bits count. */
  readonly mode: number;
}

/** What a command of shmctl(2) gives. */
export type ShmctlResult<Command extends number> = Command extends
  | typeof IPC_STAT
  | typeof SHM_STAT
  | typeof SHM_STAT_ANY
  ? SegmentStatus
  : Command extends typeof IPC_INFO
    ? SegmentLimits
    : Command extends typeof SHM_INFO
      ? SegmentUse
      : Command extends typeof IPC_RMID | typeof IPC_SET | typeof SHM_LOCK | typeof SHM_UNLOCK
        ? undefined
        : ShmctlValue;

/** What any command gives. */
export type ShmctlValue = SegmentStatus | SegmentLimits | SegmentUse | undefined;
