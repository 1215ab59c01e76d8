// tee(2) and splice(2) between two pipes: page slots are shared or moved, bytes are not copied. What tee shows in the other
// pipe, and a part that splice cuts off, is no slot that a write may join; a whole slot that splice moves stays one.
//
// Both first wait for something to read, then for a free slot, and are done with one round: they give less than was asked
// for rather than wait again. Nothing is held between the waits and the round, so a tee that had to wait may find its input
// empty or its output full by then, and gives 0 as at the end of file; splice starts over. The copying of a tee that was
// parked is a step of its own for that. One that finds all in place at its first attempt could lose it too, to another
// process; the model does not show that.
//
// Models fs/splice.c of Linux 6.18: do_splice, splice_pipe_to_pipe, do_tee, link_pipe, ipipe_prep, opipe_prep,
// wait_for_space; splice(2), tee(2).
import { EAGAIN, EBADF, EINVAL, ENOMEM, EPIPE, ESPIPE } from "./abi/errno";
import { BLOCKED, FILE_PIPE, TASK_BLOCKED } from "./abi/model";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./abi/poll";
import { SPLICE_F_GIFT, SPLICE_F_MORE, SPLICE_F_MOVE, SPLICE_F_NONBLOCK } from "./abi/splice";
import { callerOf } from "./calls";
import { fileOf } from "./core/descriptor";
import { OpenFile, openFileAt } from "./core/file";
import { TASK_FLAG_AWAITS, TASK_FLAG_HAD_INPUT, TASK_FLAG_HAD_ROOM, Task } from "./core/task";
import { hasWaits, WaitQueue, waitForEvents, wake } from "./core/wait";
import { awaitEvents, fileOfCall } from "./file";
import { pollObject, readQueueOf } from "./kinds";
import { Pipe, pipeAt } from "./pipe";
import { holdFile, holdOtherFile, stopWaiting } from "./release";
import { addCopy, hasSlot, moveOldest, slotAt } from "./slot";

export const SPLICE_F_ALL = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT;

const READABLE: u32 = POLLIN | POLLRDNORM | POLLERR | POLLHUP;
const WRITABLE: u32 = POLLOUT | POLLWRNORM | POLLERR | POLLHUP;

// The task of both: a and b are the descriptors, c is the flags, d the size.

/** One attempt at tee(2): bytes that are in both pipes, -errno, or BLOCKED with `task` queued. */
export function teePipe(task: Task): i32 {
  if (task.c & ~SPLICE_F_ALL) return -EINVAL;
  if (!task.d) return 0;
  const input = fileOfCall(task, task.a);
  const output = otherFileOfCall(task, task.b);
  if (!input || !output) return waitOnAlone(task, input, output);
  if (!input.isReadable || !output.isWritable) return -EBADF;
  if (input.kind != FILE_PIPE || output.kind != FILE_PIPE || input.object == output.object) return -EINVAL;
  const from = pipeAt(input.object);
  const to = pipeAt(output.object);
  if (!task.has(TASK_FLAG_HAD_ROOM)) {
    const mustNotWait = task.isAwaited || asksNotToWait(task, input, output);
    const waits = waitForBoth(task, from, to, mustNotWait);
    if (waits) return waitOrEnd(task, input, output, waits);
    if (task.firstWait) {
      stopWaiting(task);
      task.set(TASK_FLAG_HAD_ROOM);
      return BLOCKED;
    }
  }
  return waitOrEnd(task, input, output, copySlots(from, to, task.d));
}

/** One attempt at splice(2): bytes moved, -errno, or BLOCKED with `task` queued. */
export function splicePipe(task: Task): i32 {
  if (!task.d) return 0;
  if (task.c & ~SPLICE_F_ALL) return -EINVAL;
  const input = fileOfCall(task, task.a);
  const output = otherFileOfCall(task, task.b);
  if (!input || !output) return waitOnAlone(task, input, output);
  if (!input.isReadable || !output.isWritable) return -EBADF;
  // A message queue cannot be spliced to.
  if (output.kind != FILE_PIPE) return -EINVAL;
  const to = pipeAt(output.object);
  const mustNotWait = task.isAwaited || asksNotToWait(task, input, output);
  if (input.kind != FILE_PIPE) {
    // splice_file_to_pipe: that a directory or a message queue has nothing to splice comes out last.
    const waits = waitForSpace(to, task, mustNotWait);
    return waitOrEnd(task, input, output, waits ? waits : -EINVAL);
  }
  if (input.object == output.object) return -EINVAL;
  const from = pipeAt(input.object);
  let result = moveOnceReady(task, from, to, mustNotWait);
  if (result == -EAGAIN && !mustNotWait) {
    // The input was emptied while this call waited for room: it starts over.
    task.clear(TASK_FLAG_HAD_INPUT);
    result = moveOnceReady(task, from, to, mustNotWait);
  }
  return waitOrEnd(task, input, output, result);
}

function moveOnceReady(task: Task, from: Pipe, to: Pipe, mustNotWait: bool): i32 {
  const waits = waitForBoth(task, from, to, mustNotWait);
  return waits ? waits : moveSlots(from, to, task.d);
}

/** Whether offsets come with descriptors of pipes, which have none: -ESPIPE before anything else about the files. */
export function offsetMistake(task: Task, hasInputOffset: bool, hasOutputOffset: bool): i32 {
  const input = fileOf(callerOf(task), task.a);
  const output = fileOf(callerOf(task), task.b);
  if (!task.d || task.c & ~SPLICE_F_ALL || !input || !output) return 0;
  if (hasInputOffset && input.kind == FILE_PIPE) return -ESPIPE;
  return hasOutputOffset && output.kind == FILE_PIPE ? -ESPIPE : 0;
}

function otherFileOfCall(task: Task, fd: i32): OpenFile | null {
  return task.otherFile ? openFileAt(task.otherFile - 1) : fileOf(callerOf(task), fd);
}

/** O_NONBLOCK of either pipe counts as SPLICE_F_NONBLOCK: when the call is made, and no more once it waits. */
function asksNotToWait(task: Task, input: OpenFile, output: OpenFile): bool {
  if (task.file) return false;
  if ((task.c & SPLICE_F_NONBLOCK) != 0 || output.isNonblocking) return true;
  return input.kind == FILE_PIPE && input.isNonblocking;
}

/** What a parked call holds; what an awaited one waits for. */
function waitOrEnd(task: Task, input: OpenFile, output: OpenFile, result: i32): i32 {
  if (result == BLOCKED) {
    holdFile(task, input);
    holdOtherFile(task, output);
    return BLOCKED;
  }
  if (result != -EAGAIN || !task.isAwaited) return result;
  if (!task.has(TASK_FLAG_AWAITS) && asksNotToWait(task, input, output)) return result;
  return pollObject(input) & READABLE ? awaitRoom(task, output) : awaitInput(task, input);
}

function awaitInput(task: Task, input: OpenFile): i32 {
  return awaitEvents(task, input, readQueueOf(input)!, task.a, READABLE);
}

function awaitRoom(task: Task, output: OpenFile): i32 {
  return awaitEvents(task, output, pipeAt(output.object).writeWait, task.b, WRITABLE);
}

/**
 * A descriptor is not open. An awaited call that waits on the other one learns of that when the other is ready, and not
 * before.
 */
function waitOnAlone(task: Task, input: OpenFile | null, output: OpenFile | null): i32 {
  if (!task.has(TASK_FLAG_AWAITS)) return -EBADF;
  if (input && !(pollObject(input) & READABLE)) return awaitInput(task, input);
  if (output && !(pollObject(output) & WRITABLE)) return awaitRoom(task, output);
  return -EBADF;
}

/** Waits for input, then for room: 0 once there was each, -errno or BLOCKED. */
function waitForBoth(task: Task, from: Pipe, to: Pipe, mustNotWait: bool): i32 {
  if (!task.has(TASK_FLAG_HAD_INPUT)) {
    const waits = waitForInput(from, task, mustNotWait);
    if (waits) return waits;
    task.set(TASK_FLAG_HAD_INPUT);
  }
  return waitForRoom(to, task, mustNotWait);
}

/** ipipe_prep. A signal counts here even when no writer is left. */
function waitForInput(pipe: Pipe, task: Task, mustNotWait: bool): i32 {
  if (!pipe.isEmpty) return 0;
  if (task.interrupted) return -(<i32>task.interrupted);
  if (!pipe.writers) return 0;
  return mustNotWait ? -EAGAIN : park(pipe.readWait, task);
}

/** opipe_prep. Readers are looked for only while the pipe is full. */
function waitForRoom(pipe: Pipe, task: Task, mustNotWait: bool): i32 {
  return pipe.isFull ? waitForSpace(pipe, task, mustNotWait) : 0;
}

/** Waits for a free slot: 0 if there is one, -errno or BLOCKED. wait_for_space. */
export function waitForSpace(pipe: Pipe, task: Task, mustNotWait: bool): i32 {
  if (!pipe.readers) return -EPIPE;
  if (!pipe.isFull) return 0;
  if (mustNotWait) return -EAGAIN;
  return task.interrupted ? -(<i32>task.interrupted) : park(pipe.writeWait, task);
}

/** Not exclusively, unlike read and write: every wake-up reaches it. pipe_wait_readable, pipe_wait_writable. */
export function park(queue: WaitQueue, task: Task): i32 {
  stopWaiting(task);
  if (!hasWaits(1)) return -ENOMEM;
  waitForEvents(queue, task, 0, -1, 0);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

/** Lets a pipe show what another holds, as far as it has room: link_pipe. */
function copySlots(from: Pipe, to: Pipe, size: u32): i32 {
  if (!to.readers) return -EPIPE;
  let copied: u32 = 0;
  let index = from.oldest;
  while (copied < size && index && !to.isFull) {
    if (!hasSlot()) {
      if (!copied) return -ENOMEM;
      break;
    }
    const slot = slotAt(index);
    const count = min(slot.length, size - copied);
    addCopy(to.slots, slot, count);
    copied += count;
    index = slot.next;
  }
  if (copied) wake(to.readWait, 0);
  return copied;
}

/**
 * Moves slots from one pipe to another, as far as there is room; the last one in part if it is longer than what is left to
 * move. -EAGAIN if the one is empty, though not at its end, or the other full. splice_pipe_to_pipe.
 */
function moveSlots(from: Pipe, to: Pipe, size: u32): i32 {
  if (!to.readers) return -EPIPE;
  let moved: u32 = 0;
  let freed = false;
  while (moved < size && !from.isEmpty && !to.isFull) {
    const slot = slotAt(from.oldest);
    const count = min(slot.length, size - moved);
    if (count == slot.length) {
      moveOldest(from.slots, to.slots);
      freed = true;
    } else {
      if (!hasSlot()) {
        if (!moved) return -ENOMEM;
        break;
      }
      addCopy(to.slots, slot, count);
      // The other pipe shows them now.
      slot.offset += count;
      slot.length -= count;
    }
    moved += count;
  }
  if (!moved) return from.isEmpty && !from.writers ? 0 : -EAGAIN;
  wake(to.readWait, 0);
  if (freed) wake(from.writeWait, 0);
  return moved;
}
