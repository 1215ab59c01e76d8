// What semop(2) and semctl(2) take of System V semaphores, and tell.
import type { IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT } from "../assembly/abi/ipc.js";
import type {
  GETALL,
  GETNCNT,
  GETPID,
  GETVAL,
  GETZCNT,
  SEM_INFO,
  SEM_STAT,
  SEM_STAT_ANY,
  SETALL,
  SETVAL,
} from "../assembly/abi/sem.js";
import type { IpcPermissions } from "./sysv-queue.js";

/** One operation on one semaphore of a set: struct sembuf. */
export interface SemaphoreOperation {
  /** The semaphore: the first is 0. */
  readonly num: number;
  /** Above 0: is added. Below 0: is taken, once there is that much. 0: waits until the semaphore is 0. */
  readonly op: number;
  /** IPC_NOWAIT, SEM_UNDO. */
  readonly flg: number;
}

/** A set: struct semid_ds. */
export interface SemaphoreSetStatus {
  /** The identifier, where the set was named by its index: SEM_STAT and SEM_STAT_ANY. */
  readonly id?: number;
  readonly perm: IpcPermissions;
  /** Of the last semop that was done, and the last change by semctl: seconds since 1970; 0 if there was none. */
  readonly otime: bigint;
  readonly ctime: bigint;
  /** Semaphores in it. */
  readonly nsems: number;
}

/** Limits, and with SEM_INFO what is used: struct seminfo. */
export interface SemaphoreLimits {
  /** The highest index in use, or 0. */
  readonly index: number;
  readonly semmap: number;
  /** Sets. */
  readonly semmni: number;
  /** Semaphores in all sets. */
  readonly semmns: number;
  readonly semmnu: number;
  /** Semaphores of a set. */
  readonly semmsl: number;
  /** Operations of a call. */
  readonly semopm: number;
  readonly semume: number;
  /** With SEM_INFO sets that there are, else of no meaning. */
  readonly semusz: number;
  /** The highest value. */
  readonly semvmx: number;
  /** With SEM_INFO semaphores that there are, else the highest adjustment. */
  readonly semaem: number;
}

/** What IPC_SET sets. */
export interface SemaphoreSetSettings {
  readonly uid: number;
  readonly gid: number;
  /** Nine bits count. */
  readonly mode: number;
}

/** What semctl takes: SETVAL a value, SETALL one for each semaphore of the set, IPC_SET settings, other commands nothing. */
export type SemctlArgument = number | readonly number[] | SemaphoreSetSettings | undefined;

/** What a command of semctl(2) gives. */
export type SemctlResult<Command extends number> = Command extends
  | typeof GETVAL
  | typeof GETPID
  | typeof GETNCNT
  | typeof GETZCNT
  ? number
  : Command extends typeof GETALL
    ? readonly number[]
    : Command extends typeof IPC_STAT | typeof SEM_STAT | typeof SEM_STAT_ANY
      ? SemaphoreSetStatus
      : Command extends typeof IPC_INFO | typeof SEM_INFO
        ? SemaphoreLimits
        : Command extends typeof SETVAL | typeof SETALL | typeof IPC_RMID | typeof IPC_SET
          ? undefined
          : SemctlValue;

/** What any command gives. */
export type SemctlValue = number | readonly number[] | SemaphoreSetStatus | SemaphoreLimits | undefined;
