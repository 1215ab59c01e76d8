// Tasks: one call in flight each. A task belongs to a process; it is NEW until its first attempt, then BLOCKED and WOKEN in
// turn until an attempt completes it. The host chooses whose attempt is next.
import { FORM_AWAITED, TASK_BLOCKED, TASK_WOKEN } from "../abi/model";
import { TASK_SIZE, TASKS } from "./memory";
import { pool, TASK_POOL } from "./pool";

@unmanaged
export class Task {
  /** TASK_*, see abi/model.ts. */
  state: u32;
  /** Index of its process. */
  process: u32;
  /** FORM_BLOCKING or FORM_AWAITED. */
  form: u32;
  /** CALL_*; 0 before the first attempt. */
  call: u32;
  /** The call's integer arguments, in C's order. */
  a: i32;
  b: i32;
  c: i32;
  d: i32;
  /** The open file that a blocked call holds, plus 1: closing its descriptor does not end the call. */
  file: u32;
  /** The second one, of a call on two descriptors. */
  otherFile: u32;
  /** Bytes that an awaited write moved in earlier attempts. */
  transferred: u32;
  /** Bytes that this attempt has moved; a blocking write keeps it while it is parked. */
  done: u32;
  /** `done` at the time when the host last moved the I/O window. */
  windowStart: u32;
  /** TASK_FLAG_*. */
  flags: u32;
  /** Its first wait-queue entry, plus 1. */
  firstWait: u32;
  /** The errno that ends its wait early; 0 if nothing does. */
  interrupted: u32;
  /** Nanoseconds of CLOCK_MONOTONIC at which its wait ends; 0 if no time ends it. */
  deadline: u64;
  /** The argument that is a C long: the type of a System V message. */
  long: i64;

  get isAwaited(): bool {
    return this.form == FORM_AWAITED;
  }

  has(flag: u32): bool {
    return (this.flags & flag) != 0;
  }

  set(flag: u32): void {
    this.flags |= flag;
  }

  clear(flag: u32): void {
    this.flags &= ~flag;
  }
}

/** Its wait is over because its time has come. */
export const TASK_FLAG_TIMED_OUT: u32 = 1;
/** A write is past the point where it may join the newest slot. */
export const TASK_FLAG_STARTED: u32 = 2;
/** It has been parked, and looks again at what it waited for. */
export const TASK_FLAG_PARKED: u32 = 4;
/** The pipe was empty when this write began, or went on. */
export const TASK_FLAG_WAS_EMPTY: u32 = 8;
/** It was woken, so it wakes the next of its kind if something is left. */
export const TASK_FLAG_WAKE_NEXT: u32 = 16;
/** This read has freed a slot of a full pipe. */
export const TASK_FLAG_WAKE_WRITER: u32 = 32;

/** An awaited call that has begun to wait. */
export const TASK_FLAG_AWAITS: u32 = 64;
/** An awaited write has seen that there is room: it attempts next, and another may have taken the room by then. */
export const TASK_FLAG_LOOKED: u32 = 128;

/** An awaited open is made by a thread of its own: its next attempt is the plain call. */
export const TASK_FLAG_IN_LANE: u32 = 512;

/** A tee or splice has found something to read, and waits for room. */
export const TASK_FLAG_HAD_INPUT: u32 = 256;
/** A tee that was parked has found room too: it copies next, and another may have taken either by then. */
export const TASK_FLAG_HAD_ROOM: u32 = 512;

/** Another's call has served it: it was handed its message, or its own was put into the queue. */
export const TASK_FLAG_HANDED: u32 = 1024;

/** It waits at a word of memory, or is about to: `long` is the address (core/memory-wait.ts). */
export const TASK_FLAG_AT_MEMORY: u32 = 2048;

/** It waits for a robust lock: if it dies, and nobody has that, another is woken. */
export const TASK_FLAG_ROBUST: u32 = 32768;

export function taskAt(index: u32): Task {
  return changetype<Task>(TASKS + index * TASK_SIZE);
}

export function taskIndex(task: Task): u32 {
  return <u32>((changetype<usize>(task) - TASKS) / TASK_SIZE);
}

/** Creates a task in a state; 0 if all are in use. */
export function takeTask(state: u32, process: u32, form: u32): Task | null {
  if (offsetof<Task>() != TASK_SIZE) ERROR("TASK_SIZE is not the size of Task");
  const index = pool(TASK_POOL).take();
  if (index == pool(TASK_POOL).capacity) return null;
  const task = taskAt(index);
  task.state = state;
  task.process = process;
  task.form = form;
  return task;
}

/** Makes a parked task runnable; one that runs already is left alone. Returns whether it was parked. */
export function wakeTask(task: Task): bool {
  if (task.state != TASK_BLOCKED) return false;
  task.state = TASK_WOKEN;
  return true;
}
