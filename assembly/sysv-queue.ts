// System V message queues. A queue belongs to the machine and lives until it is removed. Who waits is served directly: a
// sender hands its message to the first waiting receiver that wants it, whatever lies in the queue. Who is woken keeps its
// place in line until it has looked again, so a receiver may still be handed a message on its way.
//
// Models ipc/msg.c of Linux 6.18: newque, do_msgsnd, do_msgrcv, pipelined_send, ss_wakeup, expunge_all, freeque, msgctl_down,
// msgctl_info, msgctl_stat; msgget(2), msgop(2), msgctl(2). There are no thread numbers here: where the kernel notes that of
// a receiver that was served directly, the model notes its process's.
import { CALL_MSGRCV, CALL_MSGSND } from "./abi/calls";
import { CAP_SYS_RESOURCE } from "./abi/capability";
import { E2BIG, EACCES, EAGAIN, EIDRM, EINTR, EINVAL, ENOMEM, ENOMSG, EPERM } from "./abi/errno";
import {
  IPC_INFO,
  IPC_NOWAIT,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  IPCMNI,
  MSG_COPY,
  MSG_EXCEPT,
  MSG_INFO,
  MSG_NOERROR,
  MSG_STAT,
  MSG_STAT_ANY,
  MSGMNB_DEFAULT,
  MSGMNI_DEFAULT,
} from "./abi/ipc";
import { BLOCKED, TASK_BLOCKED, TASK_WOKEN } from "./abi/model";
import { callerOf } from "./calls";
import { realSeconds } from "./core/clock";
import {
  changeIpcOwner,
  IpcIds,
  IpcObject,
  ipcGet,
  MAKE_NEW,
  makeIpcObject,
  mayAccessIpc,
  mayControlIpc,
  objectById,
  objectByIndex,
  removeIpcObject,
} from "./core/ipc";
import { Machine, machine } from "./core/machine";
import { OUT, SYSV_QUEUE_SIZE, WINDOW } from "./core/memory";
import { copyMessage, freeMessage, Message, messageAt, newMessage } from "./core/message";
import { pool, SYSV_QUEUE_POOL } from "./core/pool";
import { Process, processAt } from "./core/process";
import { TASK_FLAG_IN_LANE, TASK_FLAG_PARKED, Task, wakeTask } from "./core/task";
import {
  firstInQueue,
  firstWaitOf,
  hasWaits,
  moveToEnd,
  nextInQueue,
  stopWait,
  Wait,
  WaitQueue,
  waitExclusively,
  waitingTask,
} from "./core/wait";

@unmanaged
export class SysvQueue extends IpcObject {
  /** Seconds of CLOCK_REALTIME; 0 before the first message. */
  sendTime: u64;
  receiveTime: u64;
  changeTime: u64;
  /** Bytes, and messages, that it may hold. */
  maxBytes: u64;
  bytes: u32;
  count: u32;
  /** The first and the last message, plus 1. */
  first: u32;
  last: u32;
  /** Pids; 0 before the first message. */
  lastSender: u32;
  lastReceiver: u32;
  sendFirst: u32;
  sendLast: u32;
  receiveFirst: u32;
  receiveLast: u32;

  get senders(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<SysvQueue>("sendFirst"));
  }

  get receivers(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<SysvQueue>("receiveFirst"));
  }

  /** msg_fits_inqueue. */
  hasRoom(length: u32): bool {
    return <u64>this.bytes + length <= this.maxBytes && <u64>this.count + 1 <= this.maxBytes;
  }
}

// What flags ask of a queue's permissions, for its owner, its group and others alike.
const MAY_SEND = 0o222;
const MAY_RECEIVE = 0o444;

// What IPC_INFO tells of limits that there are no longer: include/uapi/linux/msg.h.
const MSGSSZ: u32 = 16;
const MSGPOOL: u32 = (MSGMNI_DEFAULT * MSGMNB_DEFAULT) / 1024;
const MSGSEG: u32 = 0xffff;

function ids(): IpcIds {
  return changetype<IpcIds>(changetype<usize>(machine) + offsetof<Machine>("queuesInUse"));
}

function queueById(id: i32): SysvQueue | null {
  return changetype<SysvQueue | null>(objectById(SYSV_QUEUE_POOL, id));
}

export function sysvQueueAt(index: u32): SysvQueue {
  return changetype<SysvQueue>(pool(SYSV_QUEUE_POOL).address(index));
}

/** msgget(2): an identifier or -errno. */
export function getQueue(process: Process, key: i32, flags: i32): i32 {
  if (offsetof<SysvQueue>() != SYSV_QUEUE_SIZE) ERROR("SYSV_QUEUE_SIZE is not the size of SysvQueue");
  const found = ipcGet(process, SYSV_QUEUE_POOL, key, flags);
  if (found != MAKE_NEW) return found;
  const index = makeIpcObject(process, SYSV_QUEUE_POOL, ids(), machine.msgmni, key, flags);
  if (index < 0) return index;
  const queue = sysvQueueAt(index);
  queue.changeTime = realSeconds();
  queue.maxBytes = machine.msgmnb;
  return queue.id;
}

/**
 * One attempt at msgsnd(2): 0, -errno or BLOCKED. `task.a` is the queue, `task.b` the flags, `task.c` the length of the
 * message, which is in the window at the first attempt, `task.long` its type. From then on `task.d` is the message, plus 1.
 */
export function sendToQueue(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return goOnSending(task);
  if (task.interrupted) return -EINTR;
  if (!task.d) {
    if (task.c < 0 || <u32>task.c > machine.msgmax || task.a < 0 || task.long < 1) return -EINVAL;
    task.d = newMessage(task.long, WINDOW, task.c);
    if (!task.d) return -ENOMEM;
  }
  const queue = queueById(task.a);
  return queue ? tryToSend(task, queue) : -EINVAL;
}

/** Woken: there is room perhaps, or the queue is gone. A signal comes first of all but that. */
function goOnSending(task: Task): i32 {
  leaveLine(task);
  const queue = queueById(task.a);
  if (!queue) return -EIDRM;
  return task.interrupted ? -EINTR : tryToSend(task, queue);
}

function tryToSend(task: Task, queue: SysvQueue): i32 {
  const process = callerOf(task);
  if (!mayAccessIpc(process, queue, MAY_SEND)) return -EACCES;
  if (!queue.hasRoom(task.c)) return task.b & IPC_NOWAIT ? -EAGAIN : waitInLine(task, queue.senders);
  queue.lastSender = process.pid;
  queue.sendTime = realSeconds();
  const message: u32 = task.d;
  task.d = 0;
  if (!handOver(queue, message)) enqueue(queue, message);
  return 0;
}

function enqueue(queue: SysvQueue, message: u32): void {
  if (queue.last) messageAt(queue.last).next = message;
  else queue.first = message;
  queue.last = message;
  queue.bytes += messageAt(message).length;
  queue.count++;
}

/** pipelined_send: who wants the message but has no room for it fails, and the next one in line is asked. */
function handOver(queue: SysvQueue, message: u32): bool {
  const type = messageAt(message).type;
  const length = messageAt(message).length;
  let wait = firstInQueue(queue.receivers);
  while (wait) {
    const next = nextInQueue(wait);
    const task = waitingTask(wait);
    if (isWanted(type, task.long, task.b)) {
      stopWait(task, wait);
      const fits = (task.b & MSG_NOERROR) != 0 || length <= <u32>task.c;
      task.d = fits ? <i32>message : -E2BIG;
      if (fits) {
        queue.lastReceiver = processAt(task.process).pid;
        queue.receiveTime = realSeconds();
      }
      wakeTask(task);
      if (fits) return true;
    }
    wait = next;
  }
  return false;
}

/**
 * One attempt at msgrcv(2): the length of what is then in the window, with its type in OUT; -errno or BLOCKED. `task.a` is the
 * queue, `task.b` the flags, `task.c` the room in bytes, `task.long` the type. What it was handed is in `task.d`: a message,
 * plus 1, or -errno.
 */
export function receiveFromQueue(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return goOnReceiving(task);
  if (task.interrupted) return -EINTR;
  if (task.a < 0 || task.c < 0) return -EINVAL;
  if (task.b & MSG_COPY && (task.b & MSG_EXCEPT || !(task.b & IPC_NOWAIT))) return -EINVAL;
  const queue = queueById(task.a);
  return queue ? tryToReceive(task, queue) : -EINVAL;
}

/** Woken: what it was handed counts, whatever else has happened. */
function goOnReceiving(task: Task): i32 {
  leaveLine(task);
  if (task.d > 0) return deliverHanded(task);
  if (task.d < 0) return task.d;
  const queue = queueById(task.a);
  if (!queue) return -EIDRM;
  return task.interrupted ? -EINTR : tryToReceive(task, queue);
}

/** Whether a call may wait in a queue's line. */
export function isQueueCall(task: Task): bool {
  return task.call == CALL_MSGSND || task.call == CALL_MSGRCV;
}

/** Whether a receiver is in line: until its thread has left it a message may come to it, and is lost if the thread dies. */
export function isInLine(task: Task): bool {
  return task.call == CALL_MSGRCV && task.has(TASK_FLAG_PARKED);
}

/** What a call comes to that a signal ends: who was handed a message has received it. */
export function interruptQueueCall(task: Task): i32 {
  task.interrupted = EINTR;
  if (!task.has(TASK_FLAG_PARKED)) return -EINTR;
  return task.call == CALL_MSGSND ? goOnSending(task) : goOnReceiving(task);
}

function deliverHanded(task: Task): i32 {
  const message: u32 = task.d;
  task.d = 0;
  const length = deliver(messageAt(message), task.c);
  freeMessage(message);
  return length;
}

function tryToReceive(task: Task, queue: SysvQueue): i32 {
  const process = callerOf(task);
  if (!mayAccessIpc(process, queue, MAY_RECEIVE)) return -EACCES;
  const index = task.b & MSG_COPY ? messageAtPlace(queue, task.long) : findMessage(queue, task.long, task.b);
  if (!index) return task.b & IPC_NOWAIT ? -ENOMSG : waitInLine(task, queue.receivers);
  const message = messageAt(index);
  if (message.length > <u32>task.c && !(task.b & MSG_NOERROR)) return -E2BIG;
  // copy_msg does not cut off.
  if (task.b & MSG_COPY) return message.length > <u32>task.c ? -EINVAL : deliver(message, task.c);
  takeOut(queue, index);
  queue.receiveTime = realSeconds();
  queue.lastReceiver = process.pid;
  wakeSenders(queue);
  const length = deliver(message, task.c);
  freeMessage(index);
  return length;
}

/** Puts a message into the window and OUT, as far as there is room. */
function deliver(message: Message, room: u32): i32 {
  const length = min(message.length, room);
  copyMessage(message, WINDOW, length);
  store<i64>(OUT, message.type);
  return length;
}

/** Whether a receiver wants a message: convert_mode, testmsg. */
function isWanted(type: i64, wanted: i64, flags: i32): bool {
  if (wanted == 0) return true;
  if (wanted < 0) return type <= (wanted == i64.MIN_VALUE ? i64.MAX_VALUE : -wanted);
  return flags & MSG_EXCEPT ? type != wanted : type == wanted;
}

/** The first message that is wanted, or of several types the first of the least; plus 1, or 0. */
function findMessage(queue: SysvQueue, wanted: i64, flags: i32): u32 {
  let found: u32 = 0;
  for (let index = queue.first; index; index = messageAt(index).next) {
    const type = messageAt(index).type;
    if (!isWanted(type, wanted, flags)) continue;
    if (wanted >= 0) return index;
    if (!found || type < messageAt(found).type) found = index;
  }
  return found;
}

function messageAtPlace(queue: SysvQueue, place: i64): u32 {
  if (place < 0 || place >= <i64>queue.count) return 0;
  let index = queue.first;
  for (let left = place; left > 0; left--) index = messageAt(index).next;
  return index;
}

function takeOut(queue: SysvQueue, index: u32): void {
  const message = messageAt(index);
  let before: u32 = 0;
  for (let at = queue.first; at != index; at = messageAt(at).next) before = at;
  if (before) messageAt(before).next = message.next;
  else queue.first = message.next;
  if (queue.last == index) queue.last = before;
  message.next = 0;
  queue.bytes -= message.length;
  queue.count--;
}

/**
 * ss_wakeup: wakes every sender whose message has room now, each on its own. Those whose has none go behind all others, and
 * when the first of them comes round the line is through.
 */
function wakeSenders(queue: SysvQueue): void {
  let firstLeft: Wait | null = null;
  let wait = firstInQueue(queue.senders);
  while (wait && wait !== firstLeft) {
    const next = nextInQueue(wait);
    const task = waitingTask(wait);
    if (queue.hasRoom(task.c)) {
      wakeTask(task);
    } else {
      if (!firstLeft) firstLeft = wait;
      moveToEnd(wait);
    }
    wait = next;
  }
}

/** expunge_all: all receivers look again. */
function wakeReceivers(queue: SysvQueue): void {
  let wait = firstInQueue(queue.receivers);
  while (wait) {
    wakeTask(waitingTask(wait));
    wait = nextInQueue(wait);
  }
}

/** Waits as the last in line; an awaited call first goes to a thread of its own, where it makes the plain call. */
function waitInLine(task: Task, line: WaitQueue): i32 {
  if (task.isAwaited && !task.has(TASK_FLAG_IN_LANE)) {
    // That begins a step later: what the program calls meanwhile may come first.
    task.set(TASK_FLAG_IN_LANE);
    task.state = TASK_WOKEN;
    return BLOCKED;
  }
  if (!hasWaits(1)) return -ENOMEM;
  waitExclusively(line, task);
  task.set(TASK_FLAG_PARKED);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

function leaveLine(task: Task): void {
  const wait = firstWaitOf(task);
  if (wait) stopWait(task, wait);
}

/** msgctl(2): a result >= 0, with what it tells in OUT, or -errno. The last four are the argument of IPC_SET. */
export function controlQueue(
  process: Process,
  id: i32,
  command: i32,
  uid: u32,
  gid: u32,
  mode: u32,
  maxBytes: i32,
): i32 {
  if (id < 0 || command < 0) return -EINVAL;
  switch (command) {
    case IPC_INFO:
    case MSG_INFO:
      return answerLimits(command == MSG_INFO);
    case IPC_STAT:
    case MSG_STAT:
    case MSG_STAT_ANY:
      return answerQueue(process, id, command);
    case IPC_SET:
    case IPC_RMID: {
      const queue = queueById(id);
      if (!queue) return -EINVAL;
      if (!mayControlIpc(process, queue)) return -EPERM;
      if (command == IPC_SET) return changeQueue(process, queue, uid, gid, mode, maxBytes);
      removeQueue(queue);
      return 0;
    }
    default:
      return -EINVAL;
  }
}

/** IPC_SET. Of the bytes the kernel takes an int, and compares it as unsigned. */
function changeQueue(process: Process, queue: SysvQueue, uid: u32, gid: u32, mode: u32, maxBytes: i32): i32 {
  if (<u32>maxBytes > machine.msgmnb && !process.can(CAP_SYS_RESOURCE)) return -EPERM;
  const mistake = changeIpcOwner(queue, uid, gid, mode);
  if (mistake) return mistake;
  queue.maxBytes = <u64>(<i64>maxBytes);
  queue.changeTime = realSeconds();
  wakeReceivers(queue);
  wakeSenders(queue);
  return 0;
}

/** freeque: who waits finds that the queue is gone. */
function removeQueue(queue: SysvQueue): void {
  dismiss(queue.receivers);
  dismiss(queue.senders);
  for (let index = queue.first; index; ) {
    const next = messageAt(index).next;
    freeMessage(index);
    index = next;
  }
  removeIpcObject(SYSV_QUEUE_POOL, ids(), queue);
}

function dismiss(line: WaitQueue): void {
  let wait = firstInQueue(line);
  while (wait) {
    const task = waitingTask(wait);
    stopWait(task, wait);
    wakeTask(task);
    wait = firstInQueue(line);
  }
}

function answer(place: u32, value: u32): void {
  store<u32>(OUT + place * 4, value);
}

/** msgctl_info: struct msginfo, in its order. */
function answerLimits(ofUse: bool): i32 {
  let messages: u32 = 0;
  let bytes: u32 = 0;
  for (let index: u32 = 0; index < pool(SYSV_QUEUE_POOL).high; index++) {
    messages += sysvQueueAt(index).count;
    bytes += sysvQueueAt(index).bytes;
  }
  answer(0, ofUse ? ids().inUse : MSGPOOL);
  answer(1, ofUse ? messages : MSGMNB_DEFAULT);
  answer(2, machine.msgmax);
  answer(3, machine.msgmnb);
  answer(4, machine.msgmni);
  answer(5, MSGSSZ);
  answer(6, ofUse ? bytes : MSGMNB_DEFAULT);
  answer(7, MSGSEG);
  return ids().highest ? ids().highest - 1 : 0;
}

/** msgctl_stat. Of the identifier MSG_STAT and MSG_STAT_ANY take the index alone, and they give the whole one. */
function answerQueue(process: Process, id: i32, command: i32): i32 {
  const isByIndex = command != IPC_STAT;
  const found = isByIndex
    ? objectByIndex(SYSV_QUEUE_POOL, id & (IPCMNI - 1))
    : objectById(SYSV_QUEUE_POOL, id);
  if (!found) return -EINVAL;
  if (command != MSG_STAT_ANY && !mayAccessIpc(process, found, MAY_RECEIVE)) return -EACCES;
  const queue = changetype<SysvQueue>(found);
  answer(0, queue.key);
  answer(1, queue.uid);
  answer(2, queue.gid);
  answer(3, queue.cuid);
  answer(4, queue.cgid);
  answer(5, queue.mode);
  answer(6, queue.sequence);
  answer(7, queue.count);
  answer(8, queue.bytes);
  answer(9, queue.lastSender);
  answer(10, queue.lastReceiver);
  store<u64>(OUT + 48, queue.maxBytes);
  store<u64>(OUT + 56, queue.sendTime);
  store<u64>(OUT + 64, queue.receiveTime);
  store<u64>(OUT + 72, queue.changeTime);
  return isByIndex ? queue.id : 0;
}
