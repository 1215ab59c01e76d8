// POSIX message queues: the queues themselves. Messages come out by priority, and among those of one priority in the order in
// which they came. Sending and receiving, and who waits, is in mq-transfer.ts; names are in mq-open.ts.
//
// A queue's name is a file of the directory of all queues (core/inode.ts), which no path leads to. The queue lives while it
// has its name, or somebody has it open.
//
// Models ipc/mqueue.c of Linux 6.18: msg_insert, msg_get, mqueue_evict_inode, __do_notify, do_mq_notify, do_mq_getsetattr,
// mqueue_poll_file, mqueue_read_file, mqueue_flush_file; mq_overview(7).
import { EBADF, EBUSY, EINVAL } from "./abi/errno";
import { O_NONBLOCK } from "./abi/fcntl";
import { FILE_MESSAGE_QUEUE } from "./abi/model";
import { MQ_PRIO_MAX, SIGEV_NONE, SIGEV_SIGNAL } from "./abi/mqueue";
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./abi/poll";
import { NSIG } from "./abi/signal";
import { fileOf } from "./core/descriptor";
import { OpenFile } from "./core/file";
import { freeIfUnused, Inode, inodeAt } from "./core/inode";
import { machine } from "./core/machine";
import { MESSAGE_QUEUE_SIZE, MESSAGE_QUEUES, OUT, WINDOW } from "./core/memory";
import { freeMessage, messageAt } from "./core/message";
import { MESSAGE_QUEUE_POOL, pool } from "./core/pool";
import { Process, processAt, processIndex } from "./core/process";
import { removeQueueOf } from "./core/user";
import { WaitQueue, wake } from "./core/wait";
import { sendSignal } from "./signal";

@unmanaged
export class MessageQueue {
  /** Its inode, plus 1: 0 only in a free record. */
  inode: u32;
  /** Messages that it may hold, and bytes of each. */
  maxMessages: u32;
  maxBytes: u32;
  /** Messages in it, the first one plus 1, and their bytes together. */
  count: u32;
  first: u32;
  size: u32;
  /** Index of the user for whom it is counted. */
  user: u32;
  /** Who is told of the next message that finds it empty: his process plus 1, how (SIGEV_*), and by which signal. */
  notified: u32;
  notification: u32;
  signal: u32;
  sendFirst: u32;
  sendLast: u32;
  receiveFirst: u32;
  receiveLast: u32;
  pollFirst: u32;
  pollLast: u32;

  /** Where blocked senders and receivers wait, each in line. */
  get senders(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<MessageQueue>("sendFirst"));
  }

  get receivers(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<MessageQueue>("receiveFirst"));
  }

  /** Where polls and awaited calls wait. */
  get polls(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<MessageQueue>("pollFirst"));
  }

  get isFull(): bool {
    return this.count >= this.maxMessages;
  }

  get file(): Inode {
    return inodeAt(this.inode - 1);
  }
}
/** Bytes that fstat(2) would tell of the file of a queue: FILENT_SIZE. */
export const MESSAGE_QUEUE_FILE_SIZE: u32 = 80;

export function messageQueueAt(index: u32): MessageQueue {
  return changetype<MessageQueue>(MESSAGE_QUEUES + index * MESSAGE_QUEUE_SIZE);
}

function queueIndex(queue: MessageQueue): u32 {
  return <u32>((changetype<usize>(queue) - MESSAGE_QUEUES) / MESSAGE_QUEUE_SIZE);
}

/** sizeof(struct msg_msg), and of struct posix_msg_tree_node, on 64-bit machines. */
const MESSAGE_HEAD: u64 = 48;
const TREE_NODE: u64 = 48;

/** What RLIMIT_MSGQUEUE counts for a queue: all that it may come to hold. */
export function bytesCounted(maxMessages: u32, maxBytes: u32): u64 {
  const messages: u64 = maxMessages;
  return messages * MESSAGE_HEAD + min<u64>(messages, MQ_PRIO_MAX) * TREE_NODE + messages * maxBytes;
}

/** The last use of an open file on a queue is gone. */
export function releaseMessageQueue(queue: MessageQueue): void {
  queue.file.opens--;
  evictIfUnused(queue);
}

/** A queue without a name that nobody has open is no more, nor are its messages: mqueue_evict_inode. */
export function evictIfUnused(queue: MessageQueue): void {
  const inode = queue.file;
  if (!inode.isRemoved || inode.opens) return;
  for (let message = queue.first; message; ) {
    const next = messageAt(message).next;
    freeMessage(message);
    message = next;
  }
  removeQueueOf(queue.user, bytesCounted(queue.maxMessages, queue.maxBytes));
  machine.mqQueues--;
  pool(MESSAGE_QUEUE_POOL).free(queueIndex(queue));
  inode.pipe = 0;
  freeIfUnused(inode);
}

// Messages

export const READABLE: u32 = POLLIN | POLLRDNORM;
export const WRITABLE: u32 = POLLOUT | POLLWRNORM;

/** The events that hold now: mqueue_poll_file. */
export function pollMessageQueue(queue: MessageQueue): u32 {
  return (queue.count ? READABLE : 0) | (queue.isFull ? 0 : WRITABLE);
}

/** Puts a message behind those of its priority and above: msg_insert. */
export function insertMessage(queue: MessageQueue, index: u32): void {
  const message = messageAt(index);
  queue.count++;
  queue.size += message.length;
  let before: u32 = 0;
  let after = queue.first;
  while (after && messageAt(after).type >= message.type) {
    before = after;
    after = messageAt(after).next;
  }
  message.next = after;
  if (before) messageAt(before).next = index;
  else queue.first = index;
}

/** Takes the first message out of a queue that has one. Returns its index plus 1. */
export function takeMessage(queue: MessageQueue): u32 {
  const index = queue.first;
  const message = messageAt(index);
  queue.first = message.next;
  queue.count--;
  queue.size -= message.length;
  return index;
}

// Notifications

/** A message has come that nobody waited for: who wanted to know of the first one is told, once, and polls look again. */
export function notify(queue: MessageQueue): void {
  if (queue.notified && queue.count == 1) {
    // Only SIGEV_SIGNAL has one. No permission is asked for, and the signal 0 is none.
    if (queue.signal) sendSignal(processAt(queue.notified - 1), queue.signal);
    removeNotification(queue);
  }
  wake(queue.polls, 0);
}

function removeNotification(queue: MessageQueue): void {
  queue.notified = 0;
  queue.notification = 0;
  queue.signal = 0;
}

/** mq_notify(3): how is checked first, then the descriptor. To withdraw another's is no error, and does nothing. */
export function requestNotification(process: Process, fd: i32, isRequest: bool, how: i32, signal: i32): i32 {
  if (isRequest) {
    if (how != SIGEV_NONE && how != SIGEV_SIGNAL) return -EINVAL;
    if (how == SIGEV_SIGNAL && <u32>signal > <u32>NSIG) return -EINVAL;
  }
  const queue = queueOf(process, fd);
  if (!queue) return -EBADF;
  const self = processIndex(process) + 1;
  if (!isRequest) {
    if (queue.notified == self) removeNotification(queue);
    return 0;
  }
  if (queue.notified) return -EBUSY;
  queue.notified = self;
  queue.notification = how;
  queue.signal = how == SIGEV_SIGNAL ? signal : 0;
  return 0;
}

/** A process closes a descriptor of a queue: whichever it is, it is told of nothing any more. */
export function flushMessageQueue(process: Process, queue: MessageQueue): void {
  if (queue.notified == processIndex(process) + 1) removeNotification(queue);
}

// Attributes

function queueOf(process: Process, fd: i32): MessageQueue | null {
  const file = fileOf(process, fd);
  return file && file.kind == FILE_MESSAGE_QUEUE ? messageQueueAt(file.object) : null;
}

/** mq_getattr(3): flags, messages and bytes at most, and messages, in OUT. */
export function getAttributes(process: Process, fd: i32): i32 {
  const queue = queueOf(process, fd);
  if (!queue) return -EBADF;
  store<u32>(OUT, fileOf(process, fd)!.flags & O_NONBLOCK);
  store<u32>(OUT + 4, queue.maxMessages);
  store<u32>(OUT + 8, queue.maxBytes);
  store<u32>(OUT + 12, queue.count);
  return 0;
}

/** mq_setattr(3): only O_NONBLOCK can be set. What was before is in OUT. */
export function setAttributes(process: Process, fd: i32, flags: i32): i32 {
  if (flags & ~O_NONBLOCK) return -EINVAL;
  const failed = getAttributes(process, fd);
  if (failed) return failed;
  const file = fileOf(process, fd)!;
  file.flags = (file.flags & ~O_NONBLOCK) | flags;
  return 0;
}

// The file

/** What read(2) gives of a queue: a line with blanks where numbers stand. */
const STATUS = "QSIZE:           NOTIFY:      SIGNO:      NOTIFY_PID:      \n";
const STATUS_LENGTH: u32 = 60;

/** read(2): how many bytes are in the queue, and who is to be told, from where the file stands. */
export function readStatus(queue: MessageQueue, file: OpenFile, length: u32): i32 {
  const count = readStatusAt(queue, file.offset, length);
  file.offset += count;
  return count;
}

/** pread(2): the same from a place on. */
export function readStatusAt(queue: MessageQueue, offset: u64, length: u32): i32 {
  if (offset >= STATUS_LENGTH || !length) return 0;
  const line = OUT;
  for (let at: u32 = 0; at < STATUS_LENGTH; at++) store<u8>(line + at, <u8>STATUS.charCodeAt(at));
  const isNotified = queue.notified != 0;
  writeNumber(line + 6, queue.size);
  writeNumber(line + 24, isNotified ? queue.notification : 0);
  writeNumber(line + 36, isNotified ? queue.signal : 0);
  writeNumber(line + 53, isNotified ? processAt(queue.notified - 1).pid : 0);
  const count = min<u32>(length, STATUS_LENGTH - <u32>offset);
  memory.copy(WINDOW, line + <u32>offset, count);
  return count;
}

/** Writes a number in decimal, its first digit at an address. */
function writeNumber(address: usize, value: u32): void {
  let digits: u32 = 1;
  for (let rest = value / 10; rest; rest /= 10) digits++;
  for (let rest = value; digits; rest /= 10) store<u8>(address + --digits, <u8>(0x30 + (rest % 10)));
}
