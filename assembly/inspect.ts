// What a diagnosis wants to know of a machine. Each function writes its answer to OUT and returns 1, or 0 if there is
// nothing at that index. Nothing here changes the state.
import { PATH_MAX } from "./abi/limits";
import { TASK_RESERVED } from "./abi/model";
import { fileOf, isCloseOnExec } from "./core/descriptor";
import { futexAt, isPrivateKey, ownerOfKey, placeOfKey } from "./core/futex";
import { copyName, inodeAt, ROOT } from "./core/inode";
import { objectById } from "./core/ipc";
import { machine } from "./core/machine";
import { OUT, WINDOW } from "./core/memory";
import { isSemaphoreWait } from "./core/memory-wait";
import {
  FUTEX_POOL,
  MAPPED_PART_POOL,
  MESSAGE_QUEUE_POOL,
  PIPE_POOL,
  PROCESS_POOL,
  pool,
  SEMAPHORE_SET_POOL,
  SHARED_OBJECT_POOL,
  SYSV_QUEUE_POOL,
  TASK_POOL,
} from "./core/pool";
import { processAt } from "./core/process";
import { operationAt, operationsOf } from "./core/semaphore-operation";
import { findUndo } from "./core/semaphore-undo";
import { bytesOf, sharedObjectAt } from "./core/shared-object";
import { TASK_FLAG_PARKED, taskAt, taskIndex } from "./core/task";
import { firstInQueue, nextInQueue, waitingTask } from "./core/wait";
import { READABLE } from "./futex";
import { partAt, partOf, placeOf } from "./mapping";
import { messageQueueAt } from "./message-queue";
import { pipeAt, pipeSize } from "./pipe";
import { placeInLine } from "./posix-semaphore";
import { sysvQueueAt } from "./sysv-queue";
import { SemaphoreSet, semaphoreSetAt, waiterAt } from "./sysv-semaphore";

function answer(place: u32, value: u32): void {
  store<u32>(OUT + place * 4, value);
}

/** State, process, call number, subject. */
export function inspectTask(index: u32): i32 {
  if (!pool(TASK_POOL).isUsed(index) || taskAt(index).state == TASK_RESERVED) return 0;
  const task = taskAt(index);
  answer(0, task.state);
  answer(1, task.process);
  answer(2, task.call);
  answer(3, task.a);
  return 1;
}

/** State, pid, index of the parent, pending signals. */
export function inspectProcess(index: u32): i32 {
  if (!pool(PROCESS_POOL).isUsed(index)) return 0;
  const process = processAt(index);
  answer(0, process.state);
  answer(1, process.pid);
  answer(2, process.parent);
  answer(3, process.pendingSignals);
  return 1;
}

/** FD_CLOEXEC, FILE_*, index of the pipe, the directory, the message queue or the shared memory, readable, writable. */
export function inspectDescriptor(process: u32, fd: i32): i32 {
  const file = fileOf(processAt(process), fd);
  if (!file) return 0;
  answer(0, isCloseOnExec(processAt(process), fd) ? 1 : 0);
  answer(1, file.kind);
  answer(2, file.object);
  answer(3, file.isReadable ? 1 : 0);
  answer(4, file.isWritable ? 1 : 0);
  return 1;
}

/** Bytes, slots in use, slots, readers, writers, the inode of a FIFO plus 1. */
export function inspectPipe(index: u32): i32 {
  if (!pool(PIPE_POOL).isUsed(index)) return 0;
  const pipe = pipeAt(index);
  answer(0, pipeSize(pipe));
  answer(1, pipe.slotsUsed);
  answer(2, pipe.slotCount);
  answer(3, pipe.readers);
  answer(4, pipe.writers);
  answer(5, pipe.inode);
  return 1;
}

/** Identifier, key, messages, bytes, bytes it may hold (at most 2^32 - 1). */
export function inspectSysvQueue(index: u32): i32 {
  if (!pool(SYSV_QUEUE_POOL).isUsed(index)) return 0;
  const queue = sysvQueueAt(index);
  answer(0, queue.id);
  answer(1, queue.key);
  answer(2, queue.count);
  answer(3, queue.bytes);
  answer(4, queue.maxBytes > u32.MAX_VALUE ? u32.MAX_VALUE : <u32>queue.maxBytes);
  return 1;
}

/** Identifier, key, semaphores. */
export function inspectSemaphoreSet(index: u32): i32 {
  if (!pool(SEMAPHORE_SET_POOL).isUsed(index)) return 0;
  const set = semaphoreSetAt(index);
  answer(0, set.id);
  answer(1, set.key);
  answer(2, set.count);
  return 1;
}

/** Value, pid of the last operation, of a semaphore that there is. */
export function inspectSemaphore(set: u32, num: u32): i32 {
  const semaphore = semaphoreSetAt(set).semaphore(num);
  answer(0, semaphore.value);
  answer(1, semaphore.lastPid);
  return 1;
}

/** The `place`-th who waits at a set: task, process, operations, the semaphore and the operation that stopped it. */
export function inspectSemaphoreWaiter(set: u32, place: u32): i32 {
  const task = waiterAt(semaphoreSetAt(set), place);
  if (!task) return 0;
  const operation = operationAt(operationsOf(task), task.d);
  answer(0, taskIndex(task));
  answer(1, task.process);
  answer(2, task.c);
  answer(3, operation.num);
  answer(4, operation.op);
  return 1;
}

/** What the end of a process will add to a semaphore, because of SEM_UNDO; 0 if there is no such set. */
export function semaphoreAdjustment(process: u32, id: i32, num: u32): i32 {
  const set = objectById(SEMAPHORE_SET_POOL, id);
  if (!set) return 0;
  const undo = findUndo(processAt(process), changetype<SemaphoreSet>(set).index);
  return undo ? undo.adjustment(num) : 0;
}

/**
 * Messages, messages at most, bytes of each at most, process that is to be told plus 1, bytes of the name, which is in the
 * window, the signal by which it is told.
 */
export function inspectMessageQueue(index: u32): i32 {
  if (!pool(MESSAGE_QUEUE_POOL).isUsed(index)) return 0;
  const queue = messageQueueAt(index);
  answer(0, queue.count);
  answer(1, queue.maxMessages);
  answer(2, queue.maxBytes);
  answer(3, queue.notified);
  answer(4, queue.file.nameLength);
  answer(5, queue.signal);
  copyName(queue.file, WINDOW);
  return 1;
}

/** Bytes, seals, mappings, bytes of the name, which is in the window. */
export function inspectSharedObject(index: u32): i32 {
  if (!pool(SHARED_OBJECT_POOL).isUsed(index)) return 0;
  const object = sharedObjectAt(index);
  answer(0, object.size);
  answer(1, object.seals);
  answer(2, object.mappings);
  answer(3, 0);
  if (!object.inode) return 1;
  const inode = inodeAt(object.inode - 1);
  answer(3, inode.nameLength);
  copyName(inode, WINDOW);
  return 1;
}

/** The words of a POSIX semaphore at a place of an object: its value, how many are counted as waiting. */
export function inspectPosixSemaphore(object: u32, offset: u32): i32 {
  if (!pool(SHARED_OBJECT_POOL).isUsed(object)) return 0;
  const place = bytesOf(sharedObjectAt(object)) + offset;
  answer(0, load<u32>(place));
  answer(1, load<u32>(place + 4));
  return 1;
}

/** Where a task waits for a POSIX semaphore: the object, the place in it, how many stand before it in line, -1 for one that was woken. */
export function inspectSemaphoreWait(index: u32): i32 {
  if (!pool(TASK_POOL).isUsed(index)) return 0;
  const task = taskAt(index);
  if (!isSemaphoreWait(task) || !task.has(TASK_FLAG_PARKED)) return 0;
  const part = partOf(processAt(task.process), task.long);
  if (!part) return 0;
  answer(0, part.object);
  answer(1, part.objectPage * machine.pageSize + <u32>(task.long - <i64>part.start * machine.pageSize));
  answer(2, placeInLine(task));
  return 1;
}

/** Process, pages of the mapping from which on and how many, its own, the object, the protection, PART_*, openings as a semaphore. */
export function inspectMappedPart(index: u32): i32 {
  if (!pool(MAPPED_PART_POOL).isUsed(index)) return 0;
  const part = partAt(index);
  answer(0, part.process - 1);
  answer(1, part.origin);
  answer(2, part.originPages);
  answer(3, part.start);
  answer(4, part.pages);
  answer(5, part.object);
  answer(6, part.protection);
  answer(7, part.flags);
  answer(8, part.opens);
  return 1;
}

/** Whether it is a process's own, the object or that process, its place there in two words, and what the word has. */
export function inspectFutex(index: u32): i32 {
  if (!pool(FUTEX_POOL).isUsed(index)) return 0;
  const key = futexAt(index).key;
  const place = placeOfKey(key);
  answer(0, isPrivateKey(key) ? 1 : 0);
  answer(1, ownerOfKey(key));
  store<i64>(OUT + 8, place);
  const word = isPrivateKey(key)
    ? placeOf(processAt(ownerOfKey(key)), place, 4, READABLE)
    : bytesOf(sharedObjectAt(ownerOfKey(key))) + <usize>place;
  // Who waits where nothing can be read any more sees nothing.
  answer(4, word ? load<u32>(word) : 0);
  return 1;
}

/** The `place`-th who waits at a word: task, process, bitset. */
export function inspectFutexWaiter(index: u32, place: u32): i32 {
  let wait = firstInQueue(futexAt(index).line);
  for (let left = place; wait && left; left--) wait = nextInQueue(wait);
  if (!wait) return 0;
  const task = waitingTask(wait);
  answer(0, taskIndex(task));
  answer(1, task.process);
  answer(2, wait.events);
  return 1;
}

/** Writes the path of an inode to the window, from the root on. Returns its length in bytes; 0 if it has no name any more. */
export function inspectPath(index: u32): u32 {
  if (inodeAt(index).isRemoved) return 0;
  let length: u32 = 0;
  for (let at = index; at != ROOT; at = inodeAt(at).parent) {
    const inode = inodeAt(at);
    const added = inode.nameLength + 1;
    if (length + added > <u32>PATH_MAX) return 0;
    memory.copy(WINDOW + added, WINDOW, length);
    store<u8>(WINDOW, 0x2f);
    copyName(inode, WINDOW + 1);
    length += added;
  }
  return length;
}
