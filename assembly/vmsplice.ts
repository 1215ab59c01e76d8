// vmsplice(2). On an end that can write it puts pages of buffers into the pipe as slots of their own, which no write joins;
// on a read end it fills buffers, and unlike read(2) does not care for packets. O_NONBLOCK of the open file means nothing to
// it, only SPLICE_F_NONBLOCK does.
//
// Each buffer lies at the start of a page here, as the real backend lays it: so each begins a slot, and takes one more for
// every page that it goes on. The kernel shows the pages themselves, where later writes to them would be seen; what is
// modelled is the use of vmsplice that copies before.
//
// Models fs/splice.c of Linux 6.18: vmsplice_to_pipe, iter_to_pipe, add_to_pipe, vmsplice_to_user, __splice_from_pipe.
import { EAGAIN, EBADF, EINVAL, ENOMEM } from "./abi/errno";
import { IOV_MAX } from "./abi/limits";
import { BLOCKED, FILE_PIPE, FILLS_BUFFERS, MORE } from "./abi/model";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./abi/poll";
import { SPLICE_F_NONBLOCK } from "./abi/splice";

import { hasFrame } from "./core/frame";
import { machine } from "./core/machine";
import { OUT, OUT_SIZE } from "./core/memory";
import { TASK_FLAG_WAKE_WRITER, Task } from "./core/task";
import { wake } from "./core/wait";
import { awaitEvents, fileOfCall } from "./file";
import { addBytes, Pipe, pipeAt, takeBytes, windowEnd } from "./pipe";
import { holdFile } from "./release";
import { freeOldest, hasSlot, slotAt } from "./slot";
import { park, SPLICE_F_ALL, waitForSpace } from "./splice";

/**
 * One attempt at vmsplice(2): bytes moved, -errno, MORE if the window is used up, or BLOCKED with `task` queued. The task: a
 * is the descriptor, b the flags, c how many buffers there are, d their length together. OUT holds the length of each.
 */
export function vmspliceBuffers(task: Task): i32 {
  if (<u32>IOV_MAX * 4 > OUT_SIZE) ERROR("OUT holds no IOV_MAX lengths");
  if (task.b & ~SPLICE_F_ALL) return -EINVAL;
  const file = fileOfCall(task, task.a);
  if (!file) return -EBADF;
  if (<u32>task.c > <u32>IOV_MAX) return -EINVAL;
  if (!task.d) return 0;
  if (file.kind != FILE_PIPE) return -EBADF;
  const pipe = pipeAt(file.object);
  const asksNotToWait = (task.b & SPLICE_F_NONBLOCK) != 0;
  const mustNotWait = task.isAwaited || asksNotToWait;
  const isWritable = file.isWritable;
  const result = isWritable ? putPages(pipe, task, mustNotWait) : fillBuffers(pipe, task, mustNotWait);
  if (result == BLOCKED) holdFile(task, file);
  if (result != -EAGAIN || asksNotToWait || !task.isAwaited) return result;
  return isWritable
    ? awaitEvents(task, file, pipe.writeWait, task.a, POLLOUT | POLLWRNORM | POLLERR | POLLHUP)
    : awaitEvents(task, file, pipe.readWait, task.a, POLLIN | POLLRDNORM | POLLERR | POLLHUP);
}

/** vmsplice_to_pipe: waits for one free slot, then fills all that are free by then. */
function putPages(pipe: Pipe, task: Task, mustNotWait: bool): i32 {
  const waits = waitForSpace(pipe, task, mustNotWait);
  if (waits) return waits;
  // The buffer that is next, and how many bytes the buffers before it have.
  let buffer: u32 = 0;
  let start: u32 = 0;
  while (task.done < <u32>task.d && !pipe.isFull) {
    while (start + lengthOf(buffer) <= task.done) start += lengthOf(buffer++);
    const end = start + lengthOf(buffer);
    const count = min(machine.pageSize, end - task.done);
    if (windowEnd(task) - task.done < count) return MORE;
    if (!hasFrame() || !hasSlot()) {
      if (!task.done) return -ENOMEM;
      break;
    }
    addBytes(pipe, task, count, 0);
  }
  wake(pipe.readWait, 0);
  return task.done;
}

function lengthOf(buffer: u32): u32 {
  return load<u32>(OUT + buffer * 4);
}

/** vmsplice_to_user. */
function fillBuffers(pipe: Pipe, task: Task, mustNotWait: bool): i32 {
  store<i32>(OUT, FILLS_BUFFERS);
  if (pipe.isEmpty && !task.done) {
    if (!pipe.writers) return 0;
    if (mustNotWait) return -EAGAIN;
    return task.interrupted ? -(<i32>task.interrupted) : park(pipe.readWait, task);
  }
  while (!pipe.isEmpty && task.done < <u32>task.d) {
    const slot = slotAt(pipe.oldest);
    const count = min(slot.length, <u32>task.d - task.done);
    if (windowEnd(task) - task.done < count) return MORE;
    takeBytes(slot, task, count);
    if (slot.length) break;
    freeOldest(pipe.slots);
    task.set(TASK_FLAG_WAKE_WRITER);
  }
  if (task.has(TASK_FLAG_WAKE_WRITER)) wake(pipe.writeWait, 0);
  return task.done;
}
