// Wait queues, as include/linux/wait.h has them: those who wait for the same thing, in line. An exclusive waiter joins at
// the end and leaves the queue when it is woken; a wake-up stops after one of them. A poll joins at the front and stays
// until it has looked again; every wake-up of its events reaches it.
import { WAIT_SIZE, WAITS } from "./memory";
import { pool, WAIT_POOL } from "./pool";
import { Task, taskAt, taskIndex, wakeTask } from "./task";

@unmanaged
export class WaitQueue {
  /** The first and the last entry, plus 1; 0 if the queue is empty. */
  first: u32;
  last: u32;
}

@unmanaged
export class Wait {
  /** The waiting task, plus 1: 0 only in a free entry. */
  taskPlus1: u32;
  /** Address of the queue. */
  queue: u32;
  /** Neighbours in the queue, plus 1. */
  next: u32;
  previous: u32;
  /** The next entry of the same task, plus 1. */
  nextOfTask: u32;
  /** Poll events that reach it; 0: every wake-up does. */
  events: u32;
  isExclusive: u32;
  /** The descriptor that is waited on; -1 if none. */
  fd: i32;
  /** The open file that a poll holds, plus 1. */
  file: u32;
}

function waitAt(indexPlus1: u32): Wait {
  return changetype<Wait>(WAITS + (indexPlus1 - 1) * WAIT_SIZE);
}

/** The first entry of a task, or null. */
export function firstWaitOf(task: Task): Wait | null {
  return task.firstWait ? waitAt(task.firstWait) : null;
}

/** The entry of the same task after this one, or null. */
export function nextWaitOfTask(wait: Wait): Wait | null {
  return wait.nextOfTask ? waitAt(wait.nextOfTask) : null;
}

/** The first entry in a queue, or null. */
export function firstInQueue(queue: WaitQueue): Wait | null {
  return queue.first ? waitAt(queue.first) : null;
}

/** The entry after one in its queue, or null. */
export function nextInQueue(wait: Wait): Wait | null {
  return wait.next ? waitAt(wait.next) : null;
}

/** The task that an entry is of. */
export function waitingTask(wait: Wait): Task {
  return taskAt(wait.taskPlus1 - 1);
}

/** Puts an entry behind all others of its queue. */
export function moveToEnd(wait: Wait): void {
  if (wait.next) moveToQueue(wait, changetype<WaitQueue>(<usize>wait.queue));
}

/** Puts an entry behind all others of a queue, which may be another than its own. */
export function moveToQueue(wait: Wait, to: WaitQueue): void {
  const from = changetype<WaitQueue>(<usize>wait.queue);
  const index = <u32>((changetype<usize>(wait) - WAITS) / WAIT_SIZE) + 1;
  if (wait.previous) waitAt(wait.previous).next = wait.next;
  else from.first = wait.next;
  if (wait.next) waitAt(wait.next).previous = wait.previous;
  else from.last = wait.previous;
  wait.queue = <u32>changetype<usize>(to);
  wait.previous = to.last;
  wait.next = 0;
  if (to.last) waitAt(to.last).next = index;
  else to.first = index;
  to.last = index;
}

/** Puts all entries of a queue before those of another: list_splice. */
export function moveAllBefore(from: WaitQueue, to: WaitQueue): void {
  if (!from.first) return;
  for (let index = from.first; index; index = waitAt(index).next) {
    waitAt(index).queue = <u32>changetype<usize>(to);
  }
  waitAt(from.last).next = to.first;
  if (to.first) waitAt(to.first).previous = from.last;
  else to.last = from.last;
  to.first = from.first;
  from.first = 0;
  from.last = 0;
}

/** Whether `count` more entries can be made. */
export function hasWaits(count: u32): bool {
  const waits = pool(WAIT_POOL);
  if (waits.high + count <= waits.capacity) return true;
  let free: u32 = 0;
  for (let index: u32 = 0; index < waits.capacity && free < count; index++) {
    if (!waits.isUsed(index)) free++;
  }
  return free >= count;
}

/** Queues a task as an exclusive waiter: at the end. */
export function waitExclusively(queue: WaitQueue, task: Task): void {
  const entry = newEntry(queue, task);
  entry.isExclusive = 1;
  entry.fd = -1;
  const index = task.firstWait;
  entry.previous = queue.last;
  if (queue.last) waitAt(queue.last).next = index;
  else queue.first = index;
  queue.last = index;
}

/** Queues a task for events, as poll does: at the front. */
export function waitForEvents(queue: WaitQueue, task: Task, events: u32, fd: i32, filePlus1: u32): void {
  const entry = newEntry(queue, task);
  entry.events = events;
  entry.fd = fd;
  entry.file = filePlus1;
  const index = task.firstWait;
  entry.next = queue.first;
  if (queue.first) waitAt(queue.first).previous = index;
  else queue.last = index;
  queue.first = index;
}

function newEntry(queue: WaitQueue, task: Task): Wait {
  if (offsetof<Wait>() != WAIT_SIZE) ERROR("WAIT_SIZE is not the size of Wait");
  const waits = pool(WAIT_POOL);
  const index = waits.take();
  assert(index < waits.capacity, "no wait-queue entry left");
  const entry = waitAt(index + 1);
  entry.taskPlus1 = taskIndex(task) + 1;
  entry.queue = <u32>changetype<usize>(queue);
  entry.nextOfTask = task.firstWait;
  task.firstWait = index + 1;
  return entry;
}

/** Takes one entry of a task out of its queue. */
export function stopWait(task: Task, entry: Wait): void {
  const queue = changetype<WaitQueue>(<usize>entry.queue);
  if (entry.previous) waitAt(entry.previous).next = entry.next;
  else queue.first = entry.next;
  if (entry.next) waitAt(entry.next).previous = entry.previous;
  else queue.last = entry.previous;

  const index = <u32>((changetype<usize>(entry) - WAITS) / WAIT_SIZE);
  if (task.firstWait == index + 1) {
    task.firstWait = entry.nextOfTask;
  } else {
    let other = waitAt(task.firstWait);
    while (other.nextOfTask != index + 1) other = waitAt(other.nextOfTask);
    other.nextOfTask = entry.nextOfTask;
  }
  pool(WAIT_POOL).free(index);
}

/** Wakes who waits for `events` (0: for anything), and of the exclusive waiters the first: __wake_up_common. */
export function wake(queue: WaitQueue, events: u32): void {
  wakeSome(queue, events, 1);
}

/** Takes the first who waits out of a line, and wakes it; null if nobody waits. Not for queues that polls wait in. */
export function takeFirst(queue: WaitQueue): Task | null {
  if (!queue.first) return null;
  const entry = waitAt(queue.first);
  const task = taskAt(entry.taskPlus1 - 1);
  stopWait(task, entry);
  wakeTask(task);
  return task;
}

/** Wakes everyone: wake_up_all. */
export function wakeAll(queue: WaitQueue): void {
  wakeSome(queue, 0, u32.MAX_VALUE);
}

function wakeSome(queue: WaitQueue, events: u32, exclusiveCount: u32): void {
  let index = queue.first;
  while (index) {
    const entry = waitAt(index);
    index = entry.next;
    if (events && entry.events && !(entry.events & events)) continue;
    const task = taskAt(entry.taskPlus1 - 1);
    if (!wakeTask(task) || !entry.isExclusive) continue;
    stopWait(task, entry);
    if (--exclusiveCount == 0) return;
  }
}

/** The pool's entries, for whoever looks for those on a descriptor. */
export function waitEntryCount(): u32 {
  return pool(WAIT_POOL).high;
}

/** The entry with an index below `waitEntryCount`; null if it is free. */
export function waitEntry(index: u32): Wait | null {
  return pool(WAIT_POOL).isUsed(index) ? waitAt(index + 1) : null;
}
