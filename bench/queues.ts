// Real message queues for benchmarks, which nobody else can find and which are gone afterwards: a POSIX queue loses its name
// as soon as it is open, a System V queue never has a key and is removed when the process ends.
import { linux } from "../backends/linux/index.js";
import { IPC_PRIVATE, IPC_RMID, O_CREAT, O_EXCL, O_RDWR } from "../src/constants.js";
import { undoAtEnd } from "./undo.js";

const { sync } = linux;

/** Bytes of each message. */
export const messageSize = 64;

/** As many as anybody may have: /proc/sys/fs/mqueue/msg_max is 10 unless somebody raised it. */
const maxMessages = 10;

let nameCount = 0;

/** A POSIX queue: its descriptor. */
export function posixQueue(): number {
  const name = `/linux-ipc-bench-${process.pid}-${nameCount++}`;
  const size = { maxmsg: maxMessages, msgsize: messageSize };
  const queue = sync.mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600, size);
  sync.mq_unlink(name);
  return queue;
}

/** A System V queue. */
export interface SysvQueue {
  readonly msqid: number;
  remove(): void;
}

export function sysvQueue(): SysvQueue {
  const msqid = sync.msgget(IPC_PRIVATE, 0o600);
  return { msqid, remove: undoAtEnd(() => void sync.msgctl(msqid, IPC_RMID)) };
}
