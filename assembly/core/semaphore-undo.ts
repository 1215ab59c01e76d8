// What is to be undone when a process ends: of each set that it has used with SEM_UNDO an adjustment for each semaphore, 0 as
// long as nothing is. The list is the process's, all its threads share it.
//
// Models struct sem_undo of ipc/sem.c of Linux 6.18: lookup_undo, find_alloc_undo.
import { SEMAPHORE_ADJUSTMENT_SIZE, SEMAPHORE_UNDO_SIZE } from "./memory";
import { pool, SEMAPHORE_ADJUSTMENT_POOL, SEMAPHORE_UNDO_POOL } from "./pool";
import { Process, processAt, processIndex } from "./process";

@unmanaged
export class SemaphoreUndo {
  /** Index of the process, plus 1: 0 only in a free record. */
  processPlus1: u32;
  /** Index of the set's record in its pool. */
  set: u32;
  /** The first of its adjustments. */
  first: u32;
  /** The next one of the process, plus 1. */
  next: u32;

  adjustment(num: u32): i32 {
    return this.record(num).value;
  }

  adjust(num: u32, value: i32): void {
    this.record(num).value = value;
  }

  private record(num: u32): SemaphoreAdjustment {
    return changetype<SemaphoreAdjustment>(pool(SEMAPHORE_ADJUSTMENT_POOL).address(this.first + num));
  }
}

@unmanaged
class SemaphoreAdjustment {
  /** Always 1 in use: 0 only in a free record. */
  used: u32;
  value: i32;
}

export function undoAt(indexPlus1: u32): SemaphoreUndo {
  return changetype<SemaphoreUndo>(pool(SEMAPHORE_UNDO_POOL).address(indexPlus1 - 1));
}

/** What a process has to undo of a set, or null. */
export function findUndo(process: Process, set: u32): SemaphoreUndo | null {
  for (let index = process.firstUndo; index; index = undoAt(index).next) {
    if (undoAt(index).set == set) return undoAt(index);
  }
  return null;
}

/** The same, first in the process's list from now on, and made if there is none; null if the model has no room. */
export function takeUndo(process: Process, set: u32, semaphoreCount: u32): SemaphoreUndo | null {
  const index = indexOfUndo(process, set);
  if (index) {
    unlink(process, index);
    link(process, index);
    return undoAt(index);
  }
  return makeUndo(process, set, semaphoreCount);
}

function indexOfUndo(process: Process, set: u32): u32 {
  let index = process.firstUndo;
  while (index && undoAt(index).set != set) index = undoAt(index).next;
  return index;
}

function makeUndo(process: Process, set: u32, count: u32): SemaphoreUndo | null {
  if (offsetof<SemaphoreUndo>() != SEMAPHORE_UNDO_SIZE)
    ERROR("SEMAPHORE_UNDO_SIZE is not the size of SemaphoreUndo");
  if (offsetof<SemaphoreAdjustment>() != SEMAPHORE_ADJUSTMENT_SIZE) {
    ERROR("SEMAPHORE_ADJUSTMENT_SIZE is not the size of SemaphoreAdjustment");
  }
  const adjustments = pool(SEMAPHORE_ADJUSTMENT_POOL);
  const first = adjustments.findRun(count);
  if (pool(SEMAPHORE_UNDO_POOL).isFull() || first == adjustments.capacity) return null;
  for (let place: u32 = 0; place < count; place++) store<u32>(adjustments.address(first + place), 1);
  adjustments.takeRun(first, count);
  const index = pool(SEMAPHORE_UNDO_POOL).take() + 1;
  const undo = undoAt(index);
  undo.processPlus1 = processIndex(process) + 1;
  undo.set = set;
  undo.first = first;
  link(process, index);
  return undo;
}

function link(process: Process, index: u32): void {
  undoAt(index).next = process.firstUndo;
  process.firstUndo = index;
}

function unlink(process: Process, index: u32): void {
  const next = undoAt(index).next;
  if (process.firstUndo == index) {
    process.firstUndo = next;
    return;
  }
  let before = process.firstUndo;
  while (undoAt(before).next != index) before = undoAt(before).next;
  undoAt(before).next = next;
}

/** Forgets one. @param count semaphores of its set */
export function dropUndo(undo: SemaphoreUndo, count: u32): void {
  const undos = pool(SEMAPHORE_UNDO_POOL);
  const index = <u32>((changetype<usize>(undo) - undos.base) / undos.itemSize) + 1;
  unlink(processAt(undo.processPlus1 - 1), index);
  pool(SEMAPHORE_ADJUSTMENT_POOL).freeRun(undo.first, count);
  undos.free(index - 1);
}

/** Forgets what all processes have to undo of one semaphore of a set. */
export function clearAdjustments(set: u32, num: u32): void {
  const undos = pool(SEMAPHORE_UNDO_POOL);
  for (let index: u32 = 1; index <= undos.high; index++) {
    const undo = undoAt(index);
    if (undo.processPlus1 && undo.set == set) undo.adjust(num, 0);
  }
}

/** Forgets what all processes have to undo of a set that is gone. */
export function dropUndosOf(set: u32, count: u32): void {
  const undos = pool(SEMAPHORE_UNDO_POOL);
  for (let index = undos.high; index > 0; index--) {
    const undo = undoAt(index);
    if (undo.processPlus1 && undo.set == set) dropUndo(undo, count);
  }
}
