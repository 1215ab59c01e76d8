// Sending to POSIX message queues and receiving from them. Who waits is served directly: a sender hands its message to the first
// waiting receiver, and who takes a message out of a full queue puts the first waiting sender's in. So a message never lies in a
// queue that a blocked thread waits to receive from. Awaited calls wait as polls do, and are not served: they look again.
//
// Models ipc/mqueue.c of Linux 6.18: do_mq_timedsend, do_mq_timedreceive, wq_sleep, pipelined_send, pipelined_receive.
import { CALL_MQ_RECEIVE, CALL_MQ_SEND, CALL_MQ_TIMEDRECEIVE, CALL_MQ_TIMEDSEND } from "./abi/calls";
import { EAGAIN, EBADF, EINTR, EINVAL, EMSGSIZE, ENOMEM, ETIMEDOUT } from "./abi/errno";
import { BLOCKED, FILE_MESSAGE_QUEUE, TASK_BLOCKED, WINDOW_SIZE } from "./abi/model";
import { MQ_PRIO_MAX } from "./abi/mqueue";
import { POLLERR, POLLHUP } from "./abi/poll";
import { CLOCK_REALTIME } from "./abi/time";
import { untilTime } from "./clock";
import { setTimer } from "./core/clock";
import { OpenFile } from "./core/file";
import { OUT, STAGE, WINDOW } from "./core/memory";
import { copyMessage, freeMessage, messageAt, newMessage } from "./core/message";
import { TASK_FLAG_HANDED, TASK_FLAG_PARKED, TASK_FLAG_TIMED_OUT, Task } from "./core/task";
import { hasWaits, takeFirst, WaitQueue, waitExclusively, wake } from "./core/wait";
import { awaitEvents, fileOfCall, mayAwait } from "./file";
import {
  insertMessage,
  MessageQueue,
  messageQueueAt,
  notify,
  READABLE,
  takeMessage,
  WRITABLE,
} from "./message-queue";
import { holdFile } from "./release";

/** Where a message of so many bytes passes between the host and the model. */
function payload(length: u32): usize {
  return length > <u32>WINDOW_SIZE ? STAGE : WINDOW;
}

/** Sets the time at which a call's wait ends, in nanoseconds of CLOCK_REALTIME: 0, or -EINVAL for one that is none. */
export function setDeadline(task: Task, time: i64): i32 {
  if (time < 0) return -EINVAL;
  // Beyond what a timer can be set to (KTIME_SEC_MAX): never.
  if (time >= 9_223_372_036_000_000_000) return 0;
  const interval = untilTime(CLOCK_REALTIME, time);
  if (interval) setTimer(task, interval);
  else task.set(TASK_FLAG_TIMED_OUT);
  return 0;
}

/** The open file of a queue that a call works on; null for another. */
function queueFile(task: Task): OpenFile | null {
  const file = fileOfCall(task, task.a);
  return file && file.kind == FILE_MESSAGE_QUEUE ? file : null;
}

/** One attempt at mq_timedsend(2) of `task.b` bytes with the priority `task.c`: 0, -errno or BLOCKED. */
export function sendMessage(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return goOnWaiting(task);
  const priority = <u32>task.c;
  if (priority >= <u32>MQ_PRIO_MAX) return -EINVAL;
  const file = queueFile(task);
  if (!file || !file.isWritable) return -EBADF;
  const queue = messageQueueAt(file.object);
  const length = <u32>task.b;
  if (length > queue.maxBytes) return -EMSGSIZE;
  if (queue.isFull) {
    const answer = answerInstead(task, file, queue, WRITABLE);
    if (answer != BLOCKED || task.isAwaited) return answer;
  }
  const message = newMessage(priority, payload(length), length);
  if (!message) return -ENOMEM;
  if (queue.isFull) {
    task.d = message;
    return park(task, file, queue.senders);
  }
  const receiver = takeFirst(queue.receivers);
  if (receiver) {
    receiver.d = message;
    receiver.set(TASK_FLAG_HANDED);
    return 0;
  }
  insertMessage(queue, message);
  notify(queue);
  return 0;
}

/**
 * One attempt at mq_timedreceive(2) into `task.b` bytes: the bytes of a message, which are in the window, or in the stage if
 * it has no room for them, with the priority in OUT; -errno or BLOCKED.
 */
export function receiveMessage(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return task.has(TASK_FLAG_HANDED) ? takeHanded(task) : goOnWaiting(task);
  const file = queueFile(task);
  if (!file || !file.isReadable) return -EBADF;
  const queue = messageQueueAt(file.object);
  if (<u32>task.b < queue.maxBytes) return -EMSGSIZE;
  if (!queue.count) {
    const answer = answerInstead(task, file, queue, READABLE);
    return answer != BLOCKED || task.isAwaited ? answer : park(task, file, queue.receivers);
  }
  const first = takeMessage(queue);
  const sender = takeFirst(queue.senders);
  if (sender) {
    insertMessage(queue, sender.d);
    sender.d = 0;
    sender.set(TASK_FLAG_HANDED);
  } else {
    wake(queue.polls, 0);
  }
  return deliver(first);
}

/** What a call comes to that finds the queue full or empty: -errno, or BLOCKED, of which an awaited one is parked by then. */
function answerInstead(task: Task, file: OpenFile, queue: MessageQueue, events: u32): i32 {
  if (task.isAwaited ? !mayAwait(task, file) : file.isNonblocking) return -EAGAIN;
  if (task.has(TASK_FLAG_TIMED_OUT)) return -ETIMEDOUT;
  if (task.isAwaited) return awaitEvents(task, file, queue.polls, task.a, events | POLLERR | POLLHUP);
  return hasWaits(1) ? BLOCKED : -ENOMEM;
}

/** Lets a thread wait in line: wq_sleep. */
function park(task: Task, file: OpenFile, queue: WaitQueue): i32 {
  waitExclusively(queue, task);
  holdFile(task, file);
  task.set(TASK_FLAG_PARKED);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

/** Who was woken looks first whether he was served, then for a signal, then whether his time is over. */
function goOnWaiting(task: Task): i32 {
  if (task.has(TASK_FLAG_HANDED)) return 0;
  if (task.interrupted) return -(<i32>task.interrupted);
  if (task.has(TASK_FLAG_TIMED_OUT)) return -ETIMEDOUT;
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

function takeHanded(task: Task): i32 {
  const message = task.d;
  task.d = 0;
  return deliver(message);
}

/** Gives a message to the host. Returns its length. */
function deliver(index: u32): i32 {
  const message = messageAt(index);
  const length = message.length;
  copyMessage(message, payload(length), length);
  store<u32>(OUT, <u32>message.type);
  freeMessage(index);
  return length;
}

/** Whether a task's call sends or receives. */
export function isTransfer(task: Task): bool {
  switch (task.call) {
    case CALL_MQ_SEND:
    case CALL_MQ_TIMEDSEND:
    case CALL_MQ_RECEIVE:
    case CALL_MQ_TIMEDRECEIVE:
      return true;
    default:
      return false;
  }
}

/** What a call comes to that a signal ends: one that was served is over all the same. */
export function interruptTransfer(task: Task): i32 {
  if (!task.has(TASK_FLAG_HANDED)) return -EINTR;
  return task.d ? takeHanded(task) : 0;
}
