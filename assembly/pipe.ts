// Pipes. A pipe is a ring of page slots, not of bytes: a slot is freed when its last byte is read, and a write joins the
// newest slot only if its odd tail (its length modulo the page size) fits there whole. So a 65,536-byte pipe can be full
// holding 32,784 bytes, and a write of one byte can block while most of the capacity is unused.
//
// Models fs/pipe.c of Linux 6.18: anon_pipe_read, anon_pipe_write, pipe_poll, pipe_release, pipe_ioctl; pipe(7), pipe(2).
import { CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from "./abi/capability";
import { EAGAIN, EINVAL, EMFILE, ENFILE, ENOMEM, EPIPE } from "./abi/errno";
import { O_CLOEXEC, O_DIRECT, O_NONBLOCK, O_RDONLY, O_WRONLY } from "./abi/fcntl";
import { PIPE_MIN_DEF_BUFFERS } from "./abi/limits";
import { BLOCKED, FILE_PIPE, MORE, TASK_BLOCKED, WINDOW_SIZE } from "./abi/model";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./abi/poll";
import { canInstall, install, lowestFree } from "./core/descriptor";
import { canOpenFiles, OpenFile, takeOpenFile } from "./core/file";
import { frameBytes, hasFrame, takeFrame } from "./core/frame";
import { freeIfUnused, inodeAt } from "./core/inode";
import { machine } from "./core/machine";
import { PIPE_SIZE, PIPES, WINDOW } from "./core/memory";
import { CHUNK_POOL, PIPE_POOL, pool } from "./core/pool";
import { Process } from "./core/process";
import {
  TASK_FLAG_PARKED,
  TASK_FLAG_STARTED,
  TASK_FLAG_WAKE_NEXT,
  TASK_FLAG_WAKE_WRITER,
  TASK_FLAG_WAS_EMPTY,
  Task,
} from "./core/task";
import { addPipeOf, findUser, removePipeOf } from "./core/user";
import { hasWaits, WaitQueue, waitExclusively, wake, wakeAll } from "./core/wait";
import {
  addSlot,
  consume,
  freeOldest,
  hasSlot,
  SLOT_CAN_MERGE,
  SLOT_PACKET,
  Slot,
  SlotRing,
  slotAt,
} from "./slot";

@unmanaged
export class Pipe {
  /** Open files on it: 0 only in a free record. */
  files: u32;
  /** Open files that can read, and that can write. */
  readers: u32;
  writers: u32;
  /** Slots that it may use (max_usage), and that it uses. */
  slotCount: u32;
  slotsUsed: u32;
  /** The oldest and the newest slot in use, plus 1. */
  oldest: u32;
  newest: u32;
  /** Whether it was ever polled: then every write wakes readers, not only one to an empty pipe (poll_usage). */
  wasPolled: u32;
  readFirst: u32;
  readLast: u32;
  writeFirst: u32;
  writeLast: u32;
  /** How often it was opened for reading and for writing, which those who wait to open a FIFO look at. */
  readOpens: u32;
  writeOpens: u32;
  /** The FIFO that it belongs to, plus 1; 0 if it is anonymous. */
  inode: u32;
  /** Index of the user whose pages it takes. */
  user: u32;
  /** Owner and group, if it is anonymous. */
  uid: u32;
  gid: u32;

  /** What is in it. */
  get slots(): SlotRing {
    return changetype<SlotRing>(changetype<usize>(this) + offsetof<Pipe>("slotsUsed"));
  }

  /** Where readers wait. */
  get readWait(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Pipe>("readFirst"));
  }

  /** Where writers wait. */
  get writeWait(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Pipe>("writeFirst"));
  }

  get isEmpty(): bool {
    return this.slotsUsed == 0;
  }

  get isFull(): bool {
    return this.slotsUsed >= this.slotCount;
  }
}

export function pipeAt(index: u32): Pipe {
  return changetype<Pipe>(PIPES + index * PIPE_SIZE);
}

/** pipe2(2): two open files and two descriptors, or none. The descriptors are given back through `out`. */
export function createPipe(process: Process, flags: i32, out: usize): i32 {
  if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) return -EINVAL;
  const index = newPipe(process, 1);
  if (index < 0) return -ENFILE;
  const result = openBothEnds(process, index, flags, out);
  if (result < 0) leavePipe(pipeAt(index));
  return result;
}

function openBothEnds(process: Process, index: u32, flags: i32, out: usize): i32 {
  if (!canOpenFiles(2, process.can(CAP_SYS_ADMIN))) return -ENFILE;
  const readEnd = lowestFree(process, 0);
  if (readEnd < 0) return -EMFILE;
  const writeEnd = lowestFree(process, readEnd + 1);
  if (writeEnd < 0) return -EMFILE;
  if (!canInstall(process, readEnd) || !canInstall(process, writeEnd) || pool(CHUNK_POOL).isFull())
    return -ENOMEM;

  const pipe = pipeAt(index);
  pipe.files = 2;
  pipe.readers = 1;
  pipe.writers = 1;
  // create_pipe_files: only the write end takes O_DIRECT.
  const reader = takeOpenFile(FILE_PIPE, O_RDONLY | (flags & O_NONBLOCK), index)!;
  const writer = takeOpenFile(FILE_PIPE, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)), index)!;
  const closeOnExec = (flags & O_CLOEXEC) != 0;
  install(process, readEnd, reader, closeOnExec);
  install(process, writeEnd, writer, closeOnExec);
  store<i32>(out, readEnd);
  store<i32>(out + 4, writeEnd);
  return 0;
}

/**
 * Makes a pipe that `files` open files will share, with as many page slots as its user may have: alloc_pipe_info. Returns
 * its index, or -1 if he may have none.
 */
export function newPipe(process: Process, files: u32): i32 {
  if (offsetof<Pipe>() != PIPE_SIZE) ERROR("PIPE_SIZE is not the size of Pipe");
  if (pool(PIPE_POOL).isFull()) return -1;
  const isUnprivileged = !process.can(CAP_SYS_RESOURCE) && !process.can(CAP_SYS_ADMIN);
  let slotCount = machine.pipeSlots;
  if (!process.can(CAP_SYS_RESOURCE)) slotCount = min(slotCount, machine.pipeMaxSize / machine.pageSize);
  const owned = pipePagesOf(process);
  if (isUnprivileged && exceeds(owned + slotCount, machine.pipeUserPagesSoft))
    slotCount = PIPE_MIN_DEF_BUFFERS;
  if (isUnprivileged && exceeds(owned + slotCount, machine.pipeUserPagesHard)) return -1;
  const user = addPipeOf(process.ruid, slotCount);
  if (user < 0) return -1;
  const index = pool(PIPE_POOL).take();
  const pipe = pipeAt(index);
  pipe.files = files;
  pipe.slotCount = slotCount;
  pipe.user = user;
  pipe.uid = process.euid;
  pipe.gid = process.egid;
  return index;
}

function pipePagesOf(process: Process): u32 {
  const user = findUser(process.ruid);
  return user ? user.pipePages : 0;
}

/** Whether pages are beyond a limit, of which 0 is none: too_many_pipe_buffers_soft. */
export function exceeds(pages: u32, limit: u32): bool {
  return limit != 0 && pages > limit;
}

/**
 * One attempt at read(2): bytes read, -errno, MORE if the window is full, or BLOCKED with `task` queued.
 * anon_pipe_read.
 */
export function readPipe(pipe: Pipe, file: OpenFile, task: Task, length: u32): i32 {
  if (length == 0) return 0;
  if (task.has(TASK_FLAG_PARKED)) {
    // wait_event looks before it gives up: what has arrived beats the interruption.
    if (pipe.isEmpty && pipe.writers)
      return task.interrupted ? -(<i32>task.interrupted) : park(pipe.readWait, task);
    task.clear(TASK_FLAG_PARKED);
    task.set(TASK_FLAG_WAKE_NEXT);
  }
  while (!pipe.isEmpty) {
    const slot = slotAt(pipe.oldest);
    const rest = length - task.done;
    const count = min(slot.length, rest);
    if (windowEnd(task) - task.done < count) return MORE;
    takeBytes(slot, task, count);
    const isPacket = (slot.flags & SLOT_PACKET) != 0;
    if (isPacket) consume(slot, slot.length);
    if (slot.length == 0) {
      if (pipe.isFull) task.set(TASK_FLAG_WAKE_WRITER);
      freeOldest(pipe.slots);
    }
    if (isPacket || task.done == length) break;
  }
  if (task.done) return finishRead(pipe, task, task.done);
  if (!pipe.writers) return finishRead(pipe, task, 0);
  if (file.isNonblocking || task.isAwaited) return finishRead(pipe, task, -EAGAIN);
  if (task.interrupted) return finishRead(pipe, task, -(<i32>task.interrupted));
  return park(pipe.readWait, task);
}

function finishRead(pipe: Pipe, task: Task, result: i32): i32 {
  if (task.has(TASK_FLAG_WAKE_WRITER)) wake(pipe.writeWait, POLLOUT | POLLWRNORM);
  if (task.has(TASK_FLAG_WAKE_NEXT) && !pipe.isEmpty) wake(pipe.readWait, POLLIN | POLLRDNORM);
  return result;
}

/** Moves bytes from the front of a slot to the window. */
export function takeBytes(slot: Slot, task: Task, count: u32): void {
  memory.copy(WINDOW + (task.done - task.windowStart), frameBytes(slot.frame) + slot.offset, count);
  consume(slot, count);
  task.done += count;
}

/**
 * One attempt at write(2): bytes written, -errno, MORE if the window is used up, or BLOCKED with `task` queued and
 * `task.done` bytes written. anon_pipe_write.
 */
export function writePipe(pipe: Pipe, file: OpenFile, task: Task, length: u32): i32 {
  if (length == 0) return 0;
  if (!task.has(TASK_FLAG_STARTED)) {
    if (!pipe.readers) return -EPIPE;
    task.set(TASK_FLAG_STARTED);
    if (pipe.isEmpty) task.set(TASK_FLAG_WAS_EMPTY);
    else joinNewest(pipe, task, length & (machine.pageSize - 1));
    if (task.done == length) return finishWrite(pipe, task, length);
  }
  if (task.has(TASK_FLAG_PARKED)) {
    if (pipe.isFull && pipe.readers && !task.interrupted) return park(pipe.writeWait, task);
    task.clear(TASK_FLAG_PARKED);
    task.set(TASK_FLAG_WAKE_NEXT);
    if (pipe.isEmpty) task.set(TASK_FLAG_WAS_EMPTY);
    else task.clear(TASK_FLAG_WAS_EMPTY);
  }
  for (;;) {
    if (!pipe.readers) return finishWrite(pipe, task, -EPIPE);
    if (pipe.isFull) break;
    const count = min(machine.pageSize, length - task.done);
    if (windowEnd(task) - task.done < count) return MORE;
    if (!hasFrame() || !hasSlot()) return finishWrite(pipe, task, -ENOMEM);
    addBytes(pipe, task, count, (file.flags & O_DIRECT) != 0 ? SLOT_PACKET : SLOT_CAN_MERGE);
    if (task.done == length) return finishWrite(pipe, task, length);
  }
  if (file.isNonblocking || task.isAwaited) return finishWrite(pipe, task, -EAGAIN);
  if (task.interrupted) return finishWrite(pipe, task, -(<i32>task.interrupted));
  if (task.has(TASK_FLAG_WAS_EMPTY)) wake(pipe.readWait, POLLIN | POLLRDNORM);
  return park(pipe.writeWait, task);
}

/** The odd tail of a write goes to the newest slot if it fits there whole; so the rest is page-aligned. */
function joinNewest(pipe: Pipe, task: Task, tail: u32): void {
  const slot = slotAt(pipe.newest);
  const end = slot.offset + slot.length;
  if (!tail || !(slot.flags & SLOT_CAN_MERGE) || end + tail > machine.pageSize) return;
  // The tail is below a page and the window is fresh: it holds these bytes.
  memory.copy(frameBytes(slot.frame) + end, WINDOW + (task.done - task.windowStart), tail);
  slot.length += tail;
  task.done += tail;
}

/** Moves bytes from the window to a new slot. */
export function addBytes(pipe: Pipe, task: Task, count: u32, flags: u32): void {
  const frame = takeFrame();
  memory.copy(frameBytes(frame), WINDOW + (task.done - task.windowStart), count);
  addSlot(pipe.slots, frame, 0, count, flags);
  task.done += count;
}

/** Ends a write: what it has written counts more than why it stopped. */
function finishWrite(pipe: Pipe, task: Task, result: i32): i32 {
  if (task.has(TASK_FLAG_WAS_EMPTY) || pipe.wasPolled) wake(pipe.readWait, POLLIN | POLLRDNORM);
  if (task.has(TASK_FLAG_WAKE_NEXT) && !pipe.isFull) wake(pipe.writeWait, POLLOUT | POLLWRNORM);
  return task.done ? task.done : result;
}

function park(queue: WaitQueue, task: Task): i32 {
  if (!hasWaits(1)) return -ENOMEM;
  waitExclusively(queue, task);
  task.set(TASK_FLAG_PARKED);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

export function windowEnd(task: Task): u32 {
  return task.windowStart + WINDOW_SIZE;
}

/** The events that hold now: pipe_poll. */
export function pollPipe(pipe: Pipe, file: OpenFile): u32 {
  pipe.wasPolled = 1;
  let events: u32 = 0;
  if (file.isReadable) {
    if (!pipe.isEmpty) events |= POLLIN | POLLRDNORM;
    // Nobody has hung up on a FIFO that nobody has opened for writing since it was opened here without waiting.
    if (!pipe.writers && (!pipe.inode || file.writersSeen != pipe.writeOpens)) events |= POLLHUP;
  }
  if (file.isWritable) {
    if (!pipe.isFull) events |= POLLOUT | POLLWRNORM;
    // As POSIX does not say and most systems do not do: a write end without readers is an error.
    if (!pipe.readers) events |= POLLERR;
  }
  return events;
}

/** Bytes that can be read: FIONREAD. */
export function pipeSize(pipe: Pipe): u32 {
  let size: u32 = 0;
  for (let index = pipe.oldest; index; index = slotAt(index).next) size += slotAt(index).length;
  return size;
}

/** The last use of an open file is gone: pipe_release. */
export function releasePipe(file: OpenFile): void {
  const pipe = pipeAt(file.object);
  if (file.isReadable) pipe.readers--;
  if (file.isWritable) pipe.writers--;
  // Those on the other side learn that nobody is left here; with nobody on either side there is nobody to tell.
  if ((pipe.readers == 0) != (pipe.writers == 0)) {
    wakeAll(pipe.readWait);
    wakeAll(pipe.writeWait);
  }
  leavePipe(pipe);
}

/** An opener of a FIFO who has found no partner gives up. He was not there, and only the last of his kind is missed: fifo_open. */
export function abandonPipe(file: OpenFile): void {
  const pipe = pipeAt(file.object);
  if (file.isReadable) {
    if (--pipe.readers == 0) wake(pipe.writeWait, 0);
  } else if (--pipe.writers == 0) {
    wakeAll(pipe.readWait);
  }
  leavePipe(pipe);
}

/** One open file less shares a pipe. With the last one the pipe goes, and the bytes in it: put_pipe_info. */
export function leavePipe(pipe: Pipe): void {
  if (pipe.files > 1) {
    pipe.files--;
    return;
  }
  if (pipe.inode) {
    const inode = inodeAt(pipe.inode - 1);
    inode.pipe = 0;
    freeIfUnused(inode);
  }
  removePipeOf(pipe.user, pipe.slotCount);
  freePipe(pipe);
}

function freePipe(pipe: Pipe): void {
  while (pipe.oldest) {
    const slot = slotAt(pipe.oldest);
    consume(slot, slot.length);
    freeOldest(pipe.slots);
  }
  pool(PIPE_POOL).free(<u32>((changetype<usize>(pipe) - PIPES) / PIPE_SIZE));
}
