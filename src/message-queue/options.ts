// What message queues are opened and sent to with, checked before anything is touched.
import { O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from "../../assembly/abi/fcntl.js";
import { MQ_MSG_DEFAULT, MQ_MSGSIZE_DEFAULT } from "../../assembly/abi/mqueue.js";
import { int, unsigned } from "../arguments.js";
import { argumentError } from "../errors.js";
import type { MessageQueueSize } from "../linux.js";
import { flag, flagOfNew, optionsOf, positive } from "../options.js";
import type { MessageStreamOptions } from "../queue/messages.js";

/** What a queue is opened for. */
export type MessageQueueAccess = "read" | "write" | "read-write";

/** Options of opening a message queue. Those of a new queue mean nothing to one that is there. */
export interface MessageQueueOptions {
  /** "read-write" if left out. */
  readonly access?: MessageQueueAccess;
  /** Makes the queue if it is not there: O_CREAT. */
  readonly create?: boolean;
  /** With `create`: EEXIST if it is there already: O_EXCL. */
  readonly exclusive?: boolean;
  /** Permissions of a new queue, less those of the umask: 0o600 if left out. */
  readonly mode?: number;
  /** Messages that a new queue holds, at most: 10 if left out, or as the system has it if `messageSize` is left out too. */
  readonly maxMessages?: number;
  /** Bytes of a message in a new queue, at most: 8192 if left out, or as the system has it if `maxMessages` is left out too. */
  readonly messageSize?: number;
  /** What would wait is EAGAIN instead: O_NONBLOCK. */
  readonly nonblocking?: boolean;
  /** With `create`: `close` removes the name, if this object made the queue, and the queue still has its name. */
  readonly unlinkOnClose?: boolean;
}

/** Options of sending. */
export interface SendOptions {
  /** 0 to 32767; the highest is received first. 0 if left out. */
  readonly priority?: number;
}

/** Options of a stream that sends. `priority`: of the chunks without one of their own; `timeout`: of each. */
export type MessageWritableOptions = MessageStreamOptions & SendOptions;

const accessFlags: Readonly<Record<MessageQueueAccess, number>> = {
  read: O_RDONLY,
  write: O_WRONLY,
  "read-write": O_RDWR,
};

/** How mq_open(3) is called. */
export interface Opening {
  readonly flags: number;
  readonly mode: number;
  readonly size: MessageQueueSize | undefined;
  readonly unlinkOnClose: boolean;
}

/** @throws TypeError naming the option */
export function openingOf(caller: string, options: MessageQueueOptions | undefined): Opening {
  const given = optionsOf(caller, options);
  const { access = "read-write", mode = 0o600 } = given;
  if (!Object.hasOwn(accessFlags, access)) {
    throw argumentError(caller, "options.access", '"read", "write" or "read-write"', access);
  }
  const isCreating = flag(caller, "create", given.create);
  const ofNew = (option: "exclusive" | "unlinkOnClose"): boolean =>
    flagOfNew(caller, option, given[option], isCreating);
  const isNonblocking = flag(caller, "nonblocking", given.nonblocking);
  return {
    flags:
      accessFlags[access] |
      (isCreating ? O_CREAT : 0) |
      (ofNew("exclusive") ? O_EXCL : 0) |
      (isNonblocking ? O_NONBLOCK : 0),
    mode: int(caller, "options.mode", mode),
    size: sizeOf(caller, given),
    unlinkOnClose: ofNew("unlinkOnClose"),
  };
}

function sizeOf(
  caller: string,
  { maxMessages, messageSize }: Partial<MessageQueueOptions>,
): MessageQueueSize | undefined {
  if (maxMessages === undefined && messageSize === undefined) return undefined;
  return {
    maxmsg: positive(caller, "options.maxMessages", maxMessages ?? MQ_MSG_DEFAULT),
    msgsize: positive(caller, "options.messageSize", messageSize ?? MQ_MSGSIZE_DEFAULT),
  };
}

/** @throws TypeError it is no unsigned int */
export function priorityOf(caller: string, options: SendOptions | undefined): number {
  const { priority = 0 } = optionsOf(caller, options);
  unsigned(caller, "options.priority", priority);
  return priority;
}
