// Robust locks: set_robust_list(2). A process keeps a list of the locks that it holds in its own memory. When it dies, each word on it
// that still has its number gets FUTEX_OWNER_DIED in place of that, and one who waits is woken: one lock a step, for others run in
// between. A list that goes wrong anywhere ends there.
//
// Models set_robust_list, get_robust_list (kernel/futex/syscalls.c), exit_robust_list, fetch_robust_entry and handle_futex_death
// (kernel/futex/core.c) of Linux 6.18. What is at the head is read anew for each lock.
import { EINVAL } from "./abi/errno";
import {
  FUTEX_OWNER_DIED,
  FUTEX_TID_MASK,
  FUTEX_WAITERS,
  ROBUST_LIST_HEAD_SIZE,
  ROBUST_LIST_LIMIT,
} from "./abi/futex";
import { PROT_WRITE } from "./abi/mman";
import { OUT } from "./core/memory";
import { Process, processIndex } from "./core/process";
import { Task } from "./core/task";
import { READABLE, wakeShared } from "./futex";
import { placeOf } from "./mapping";

// Fields of struct robust_list_head, and of an entry, which is its first.
const NEXT: i64 = 0;
const OFFSET: i64 = 8;
const PENDING: i64 = 16;

/** Bit 0 of a link: the word is a lock with priority inheritance. */
const PI: i64 = 1;

// Where the walk along a list stands: `a` of the task that ends the process. `long` is the entry, `b` how many are left to be looked at.
const WALKS = 1;
const IS_DONE = 2;

/** set_robust_list(2): that there is no list there is seen when the process dies. */
export function setRobustList(process: Process, head: i64, length: i64): i32 {
  if (length != ROBUST_LIST_HEAD_SIZE) return -EINVAL;
  process.robustList = head;
  return 0;
}

/** get_robust_list(2) of the caller: its address, in OUT, and the process. */
export function getRobustList(process: Process): i32 {
  store<i64>(OUT, process.robustList);
  store<u32>(OUT + 8, processIndex(process));
  return 0;
}

/** What a long that a process may read has; -1 if it may not, which no link is. */
function longAt(process: Process, address: i64): i64 {
  const place = placeOf(process, address, 8, READABLE);
  return place ? load<i64>(place) : -1;
}

function isLink(value: i64): bool {
  return value != -1;
}

/** Releases the next lock on the list of a process that ends. Returns whether there was one. */
export function releaseNextRobust(process: Process, task: Task): bool {
  const head = process.robustList;
  if (!head || task.a == IS_DONE) return false;
  if (task.a != WALKS) begin(process, task, head);
  let released = false;
  while (!released && task.a == WALKS) released = releaseEntry(process, task, head);
  return released;
}

function begin(process: Process, task: Task, head: i64): void {
  task.a = WALKS;
  task.b = ROBUST_LIST_LIMIT;
  task.long = longAt(process, head + NEXT);
  const canRead = isLink(task.long) && isThere(process, head + OFFSET) && isThere(process, head + PENDING);
  if (!canRead) task.a = IS_DONE;
}

function isThere(process: Process, address: i64): bool {
  return placeOf(process, address, 8, READABLE) != 0;
}

/** Looks at one entry, or after all of them at that which was being changed. Returns whether its lock was released. */
function releaseEntry(process: Process, task: Task, head: i64): bool {
  const entry = task.long & ~PI;
  const pending = longAt(process, head + PENDING);
  const offset = longAt(process, head + OFFSET);
  if (entry == head || !task.b) {
    task.a = IS_DONE;
    const isSet = (pending & ~PI) != 0;
    return isSet && markDead(process, (pending & ~PI) + offset, (pending & PI) != 0, true) > 0;
  }
  const next = longAt(process, entry + NEXT);
  // That which was being changed comes last.
  const result =
    entry == (pending & ~PI) ? 0 : markDead(process, entry + offset, (task.long & PI) != 0, false);
  task.long = next;
  task.b--;
  if (result < 0 || !isLink(next)) task.a = IS_DONE;
  return result > 0;
}

/**
 * handle_futex_death: tells who waits for a lock that its owner has died. Returns 1 if it did anything, 0 if the lock is another's, -1
 * if there is no such word.
 */
function markDead(process: Process, address: i64, isPi: bool, isPending: bool): i32 {
  if (address & 3) return -1;
  const place = placeOf(process, address, 4, READABLE);
  if (!place) return -1;
  const word = load<u32>(place);
  const owner = word & FUTEX_TID_MASK;
  // It had unlocked, and may not have woken anybody yet.
  if (isPending && !isPi && !owner) return wakeShared(process, address, 1) > 0 ? 1 : 0;
  if (owner != process.pid) return 0;
  if (!placeOf(process, address, 4, PROT_WRITE)) return -1;
  store<u32>(place, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
  if (!isPi && word & FUTEX_WAITERS) wakeShared(process, address, 1);
  return 1;
}
