// poll(2): looks at every descriptor, and waits in all their queues at once. Models do_poll and pollwake (fs/select.c).
import { EINTR, EINVAL, ENOMEM } from "./abi/errno";
import { BLOCKED, TASK_BLOCKED } from "./abi/model";
import { POLLERR, POLLHUP, POLLNVAL } from "./abi/poll";
import { callerOf } from "./calls";
import { setTimer } from "./core/clock";
import { fileOf } from "./core/descriptor";
import { OpenFile, openFileIndex } from "./core/file";
import { WINDOW } from "./core/memory";
import { TASK_FLAG_PARKED, TASK_FLAG_TIMED_OUT, Task } from "./core/task";
import { hasWaits, WaitQueue, waitForEvents } from "./core/wait";
import { pollObject, readQueueOf, writeQueueOf } from "./kinds";
import { stopWaiting } from "./release";

const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;

// The window holds an entry each as two words: the descriptor, and its events; the answer stands in place of the events.
function entryFd(index: u32): i32 {
  return load<i32>(WINDOW + index * 8);
}

function entryEvents(index: u32): u32 {
  return load<u32>(WINDOW + index * 8 + 4);
}

function setResult(index: u32, events: u32): void {
  store<u32>(WINDOW + index * 8 + 4, events);
}

/** One attempt at poll(2): how many entries have events, -errno, or BLOCKED. `timeout` is in milliseconds. */
export function pollDescriptors(task: Task, count: u32, timeout: i32): i32 {
  const process = callerOf(task);
  if (count > process.rlimitNofile) return -EINVAL;
  const wasParked = task.has(TASK_FLAG_PARKED);
  const waits = timeout != 0 && !task.has(TASK_FLAG_TIMED_OUT) && !task.interrupted;
  // Who was parked and still waits on what it asked for has kept its places.
  const keepsPlaces = wasParked && !task.isAwaited;
  if (wasParked && !keepsPlaces) stopWaiting(task);
  if (waits && !keepsPlaces && !hasWaits(2 * count)) return -ENOMEM;

  const ready = look(task, count);
  if (ready) return ready;
  if (task.interrupted) return -EINTR;
  if (!waits) {
    for (let index: u32 = 0; index < count; index++) setResult(index, 0);
    return 0;
  }
  if (!keepsPlaces) joinQueues(task, count);
  if (!wasParked && timeout > 0) setTimer(task, <u64>timeout * NANOSECONDS_PER_MILLISECOND);
  task.set(TASK_FLAG_PARKED);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

/** Counts the entries that have events; if there are any, all answers are written. */
function look(task: Task, count: u32): u32 {
  let ready: u32 = 0;
  for (let index: u32 = 0; index < count; index++) if (eventsOf(task, index)) ready++;
  if (!ready) return 0;
  for (let index: u32 = 0; index < count; index++) setResult(index, eventsOf(task, index));
  return ready;
}

function eventsOf(task: Task, index: u32): u32 {
  const fd = entryFd(index);
  if (fd < 0) return 0;
  const file = fileOf(callerOf(task), fd);
  // An awaited poll learns of a close of its own process, though the number may be open again by then.
  if (!file || (task.isAwaited && fd == task.a)) return POLLNVAL;
  return pollObject(file) & (entryEvents(index) | POLLERR | POLLHUP);
}

/** A file that is open both ways is waited for in both its queues: pipe_poll. */
function joinQueues(task: Task, count: u32): void {
  for (let index: u32 = 0; index < count; index++) {
    const fd = entryFd(index);
    const file = fileOf(callerOf(task), fd);
    if (!file) continue;
    joinQueue(task, index, file, readQueueOf(file));
    joinQueue(task, index, file, writeQueueOf(file));
  }
}

function joinQueue(task: Task, index: u32, file: OpenFile, queue: WaitQueue | null): void {
  if (!queue) return;
  const events = entryEvents(index) | POLLERR | POLLHUP;
  waitForEvents(queue, task, events, entryFd(index), task.isAwaited ? 0 : hold(file));
}

/** A poll of a thread holds what it polls: another thread may close the descriptor meanwhile. */
function hold(file: OpenFile): u32 {
  file.count++;
  return openFileIndex(file) + 1;
}
