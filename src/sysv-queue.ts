// What msgctl(2) tells of System V message queues, and takes.
import {
  IPC_INFO,
  IPC_RMID,
  IPC_SET,
  type IPC_STAT,
  MSG_INFO,
  type MSG_STAT,
  type MSG_STAT_ANY,
} from "../assembly/abi/ipc.js";

/** A message that was received. */
export interface ReceivedSysvMessage {
  /** Bytes of the buffer that it fills. */
  readonly length: number;
  /** A C long, which a number does not hold: always a bigint, for what is one only at times is forgotten. */
  readonly type: bigint;
}

/** Whose an object is, and who may use it: struct ipc_perm. */
export interface IpcPermissions {
  readonly key: number;
  readonly uid: number;
  readonly gid: number;
  /** Its maker. */
  readonly cuid: number;
  readonly cgid: number;
  /** Nine bits. */
  readonly mode: number;
  readonly seq: number;
}

/** A queue: struct msqid_ds. */
export interface QueueStatus {
  /** The identifier, where the queue was named by its index: MSG_STAT and MSG_STAT_ANY. */
  readonly id?: number;
  readonly perm: IpcPermissions;
  /** Messages in it, and their bytes. */
  readonly qnum: number;
  readonly cbytes: number;
  /** Bytes that it may hold. */
  readonly qbytes: number;
  /**
   * Who sent and received last; 0 if nobody did. Of a receiver that was waiting Linux notes the thread's number, which is no
   * pid for any but the first thread, nor for the one that an awaited call waits in.
   */
  readonly lspid: number;
  readonly lrpid: number;
  /** Of the last message sent, the last one received, and the last change: seconds since 1970; 0 if there was none. */
  readonly stime: bigint;
  readonly rtime: bigint;
  readonly ctime: bigint;
}

/** Limits, and with MSG_INFO what is used: struct msginfo. */
export interface QueueLimits {
  /** The highest index in use, or 0. */
  readonly index: number;
  /** With MSG_INFO queues, else of no meaning. */
  readonly msgpool: number;
  /** With MSG_INFO messages in all queues, else of no meaning. */
  readonly msgmap: number;
  readonly msgmax: number;
  readonly msgmnb: number;
  readonly msgmni: number;
  readonly msgssz: number;
  /** With MSG_INFO bytes in all queues, else of no meaning. */
  readonly msgtql: number;
  readonly msgseg: number;
}

/** What IPC_SET sets. */
export interface QueueSettings {
  readonly uid: number;
  readonly gid: number;
  /** Nine bits count. */
  readonly mode: number;
  /** Bytes that it may hold. Linux takes the low 32 bits, as a signed number. */
  readonly qbytes: number;
}

/**
 * Asks for what a command of msgctl(2) gives: `MsgctlResult`, by the number.
 * @param status tells of a queue
 * @param limits tells of all
 */
export function msgctlAnswer(
  command: number,
  status: () => QueueStatus,
  limits: () => QueueLimits,
): QueueStatus | QueueLimits | undefined {
  switch (command) {
    case IPC_SET:
    case IPC_RMID:
      return undefined;
    case IPC_INFO:
    case MSG_INFO:
      return limits();
    default:
      return status();
  }
}

/** What a command of msgctl(2) gives. */
export type MsgctlResult<Command extends number> = Command extends
  | typeof IPC_STAT
  | typeof MSG_STAT
  | typeof MSG_STAT_ANY
  ? QueueStatus
  : Command extends typeof IPC_INFO | typeof MSG_INFO
    ? QueueLimits
    : Command extends typeof IPC_RMID | typeof IPC_SET
      ? undefined
      : QueueStatus | QueueLimits | undefined;
