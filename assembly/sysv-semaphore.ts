// System V semaphores. A set's operations are done all at once or not at all, and whoever makes a waiting call's operations
// possible does them on its behalf: the one who waited has nothing left to do when it is woken, and one that is dying, or
// whose time is over, may still be given what it waited for until it has left the line.
//
// Who stands in line where decides who is served: a call of one operation waits at its semaphore, and a call of several at
// the set; while one of several waits, all that alter something wait in one line at the set. Those that only wait for 0 wait
// apart, and come first. A waiting call is counted (GETNCNT, GETZCNT) at the operation that stopped it when it was last tried.
//
// Models ipc/sem.c of Linux 6.18: newary, perform_atomic_semop, update_queue, check_restart, do_smart_update,
// do_smart_wakeup_zero, wake_const_ops, merge_queues, unmerge_queues, count_semcnt, do_semtimedop, exit_sem, freeary,
// semctl_setval, semctl_main, semctl_down, semctl_stat, semctl_info; semget(2), semop(2), semctl(2).
import { CALL_SEMOP, CALL_SEMTIMEDOP } from "./abi/calls";
import {
  E2BIG,
  EACCES,
  EAGAIN,
  EFAULT,
  EFBIG,
  EIDRM,
  EINTR,
  EINVAL,
  ENOMEM,
  ENOSPC,
  EPERM,
  ERANGE,
} from "./abi/errno";
import { IPC_INFO, IPC_NOWAIT, IPC_RMID, IPC_SET, IPC_STAT, IPCMNI } from "./abi/ipc";
import { BLOCKED, TASK_BLOCKED, TASK_WOKEN } from "./abi/model";
import {
  GETALL,
  GETNCNT,
  GETPID,
  GETVAL,
  GETZCNT,
  SEM_INFO,
  SEM_STAT,
  SEM_STAT_ANY,
  SEM_UNDO,
  SEMAEM,
  SEMMNS_DEFAULT,
  SEMOPM_DEFAULT,
  SEMVMX,
  SETALL,
  SETVAL,
} from "./abi/sem";
import { callerOf } from "./calls";
import { realSeconds, setTimer } from "./core/clock";
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
  objectByKey,
  removeIpcObject,
} from "./core/ipc";
import { Machine, machine } from "./core/machine";
import { OUT, SEMAPHORE_SET_SIZE, SEMAPHORE_SIZE, SEMAPHORES, WINDOW } from "./core/memory";
import { pool, SEMAPHORE_POOL, SEMAPHORE_SET_POOL } from "./core/pool";
import { Process, processAt } from "./core/process";
import { keepOperations, operationAt, operationsOf } from "./core/semaphore-operation";
import {
  clearAdjustments,
  dropUndo,
  dropUndosOf,
  findUndo,
  SemaphoreUndo,
  takeUndo,
  undoAt,
} from "./core/semaphore-undo";
import {
  TASK_FLAG_HANDED,
  TASK_FLAG_IN_LANE,
  TASK_FLAG_PARKED,
  TASK_FLAG_TIMED_OUT,
  Task,
  wakeTask,
} from "./core/task";
import {
  firstInQueue,
  firstWaitOf,
  hasWaits,
  moveAllBefore,
  moveToQueue,
  nextInQueue,
  stopWait,
  Wait,
  WaitQueue,
  waitExclusively,
  waitingTask,
} from "./core/wait";

/** A semaphore: those of a set stand side by side. */
@unmanaged
export class Semaphore {
  /** Index of the set's record, plus 1: 0 only in a free record. */
  setPlus1: u32;
  value: i32;
  /** Pid of who did the last operation on it, or set it; 0 before. */
  lastPid: u32;
  alterFirst: u32;
  alterLast: u32;
  zeroFirst: u32;
  zeroLast: u32;

  /** Calls of one operation that alter it. */
  get alterLine(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Semaphore>("alterFirst"));
  }

  /** Calls of one operation that wait until it is 0. */
  get zeroLine(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Semaphore>("zeroFirst"));
  }
}

@unmanaged
export class SemaphoreSet extends IpcObject {
  /** Seconds of CLOCK_REALTIME; 0 before the first operation. */
  operationTime: u64;
  changeTime: u64;
  /** Semaphores, and the first of them. */
  count: u32;
  first: u32;
  /** Calls of several operations that wait. */
  complexCount: u32;
  alterFirst: u32;
  alterLast: u32;
  zeroFirst: u32;
  zeroLast: u32;

  /** All calls that alter something, while one of several operations waits. */
  get alterLine(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<SemaphoreSet>("alterFirst"));
  }

  /** Calls of several operations that alter nothing. */
  get zeroLine(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<SemaphoreSet>("zeroFirst"));
  }

  /** Index of its record. */
  get index(): u32 {
    const sets = pool(SEMAPHORE_SET_POOL);
    return <u32>((changetype<usize>(this) - sets.base) / sets.itemSize);
  }

  semaphore(num: u32): Semaphore {
    return changetype<Semaphore>(SEMAPHORES + (this.first + num) * SEMAPHORE_SIZE);
  }
}

// What flags ask of a set's permissions, for its owner, its group and others alike.
const MAY_ALTER = 0o222;
const MAY_READ = 0o444;

/** `task.long` of a call that waits for ever. */
export const NO_TIMEOUT: i64 = i64.MIN_VALUE;

/** What no timer is set to: KTIME_MAX. */
const NEVER: u64 = i64.MAX_VALUE;

// What IPC_INFO tells of limits that there are no longer: include/uapi/linux/sem.h.
const SEMUSZ: u32 = 20;

/** Stands for all semaphores of a set. */
const ALL: i32 = -1;

function ids(): IpcIds {
  return changetype<IpcIds>(changetype<usize>(machine) + offsetof<Machine>("setsInUse"));
}

function setById(id: i32): SemaphoreSet | null {
  return changetype<SemaphoreSet | null>(objectById(SEMAPHORE_SET_POOL, id));
}

export function semaphoreSetAt(index: u32): SemaphoreSet {
  return changetype<SemaphoreSet>(pool(SEMAPHORE_SET_POOL).address(index));
}

/** Semaphores of all sets. */
function semaphoresInUse(): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < pool(SEMAPHORE_SET_POOL).high; index++)
    count += semaphoreSetAt(index).count;
  return count;
}

/** semget(2): an identifier or -errno. */
export function getSet(process: Process, key: i32, count: i32, flags: i32): i32 {
  if (count < 0 || <u32>count > machine.semmsl) return -EINVAL;
  const found = ipcGet(process, SEMAPHORE_SET_POOL, key, flags);
  if (found == MAKE_NEW) return makeSet(process, key, count, flags);
  // sem_more_checks comes before the permissions.
  if ((found >= 0 || found == -EACCES) && hasFewer(key, count)) return -EINVAL;
  return found;
}

function hasFewer(key: i32, count: u32): bool {
  return changetype<SemaphoreSet>(objectByKey(SEMAPHORE_SET_POOL, key)).count < count;
}

function makeSet(process: Process, key: i32, count: u32, flags: i32): i32 {
  if (offsetof<SemaphoreSet>() != SEMAPHORE_SET_SIZE)
    ERROR("SEMAPHORE_SET_SIZE is not the size of SemaphoreSet");
  if (offsetof<Semaphore>() != SEMAPHORE_SIZE) ERROR("SEMAPHORE_SIZE is not the size of Semaphore");
  if (!count) return -EINVAL;
  if (semaphoresInUse() + count > machine.semmns) return -ENOSPC;
  const semaphores = pool(SEMAPHORE_POOL);
  const first = semaphores.findRun(count);
  if (first == semaphores.capacity) return -ENOSPC;
  const index = makeIpcObject(process, SEMAPHORE_SET_POOL, ids(), machine.semmni, key, flags);
  if (index < 0) return index;
  for (let place: u32 = 0; place < count; place++) store<u32>(semaphores.address(first + place), index + 1);
  semaphores.takeRun(first, count);
  const set = semaphoreSetAt(index);
  set.changeTime = realSeconds();
  set.count = count;
  set.first = first;
  return set.id;
}

/** Whether a call may wait for semaphores. */
export function isSemaphoreCall(task: Task): bool {
  return task.call == CALL_SEMOP || task.call == CALL_SEMTIMEDOP;
}

/** Whether a call is in line: until it has left it, its operations may be done for it. */
export function isInSemaphoreLine(task: Task): bool {
  return isSemaphoreCall(task) && task.has(TASK_FLAG_PARKED);
}

/**
 * One attempt at semtimedop(2): 0, -errno or BLOCKED. `task.a` is the set, `task.c` how many operations there are, which are in
 * the window at the first attempt (core/semaphore-operation.ts), `task.long` the timeout in nanoseconds or NO_TIMEOUT. Of one
 * that waits `task.d` is the operation that stopped it; of one that was served what it came to.
 */
export function operateOnSet(task: Task): i32 {
  if (task.has(TASK_FLAG_PARKED)) return leaveWoken(task);
  if (task.interrupted) return -EINTR;
  const isBegun = task.has(TASK_FLAG_IN_LANE);
  const mistake = isBegun ? 0 : requestMistake(task);
  return mistake ? mistake : tryOperations(task);
}

/** What can be wrong before any set is looked for; sets the time at which the wait ends. */
function requestMistake(task: Task): i32 {
  if (<u32>task.c > machine.semopm) return -E2BIG;
  if (task.c < 1 || task.a < 0) return -EINVAL;
  if (task.long == NO_TIMEOUT) return 0;
  if (task.long < 0) return -EINVAL;
  setTimer(task, <u64>task.long);
  if (task.deadline >= NEVER) task.deadline = 0;
  return 0;
}

function tryOperations(task: Task): i32 {
  const process = callerOf(task);
  const operations = operationsOf(task);
  const found = survey(operations, task.c);
  const alters = (found & ALTERS) != 0;
  const set = setById(task.a);
  if (!set) return -EINVAL;
  let undo: SemaphoreUndo | null = null;
  if (found & UNDOES) {
    // The list of what is to be undone has the set from here on, whatever comes of the call.
    undo = takeUndo(process, set.index, set.count);
    if (!undo) return -ENOMEM;
  }
  if ((found & NUM_MASK) >= set.count) return -EFBIG;
  if (!mayAccessIpc(process, set, alters ? MAY_ALTER : MAY_READ)) return -EACCES;
  const result = perform(set, operations, task.c, process.pid, undo);
  if (result > 0 || (result == -EAGAIN && isUndecided(task, operations))) {
    return mustWait(task, set, result - 1, alters);
  }
  if (result < 0) return result;
  if (alters) serveWaiting(set, operations, task.c, true);
  else set.operationTime = realSeconds();
  separateLines(set);
  return 0;
}

// What `survey` finds, above the highest number of a semaphore.
const NUM_MASK: u32 = 0xffff;
const ALTERS: u32 = 0x10000;
const UNDOES: u32 = 0x20000;

/** One look at all operations: the highest number of a semaphore, whether any alters it, whether any is to be undone. */
function survey(operations: usize, count: u32): u32 {
  let highest: u32 = 0;
  let found: u32 = 0;
  for (let place: u32 = 0; place < count; place++) {
    const operation = operationAt(operations, place);
    highest = max(highest, <u32>operation.num);
    if (operation.op) found |= ALTERS;
    if (operation.flags & SEM_UNDO) found |= UNDOES;
  }
  return highest | found;
}

/** Whether none of the operations is one to wait for: what adds never waits. */
function isInstant(operations: usize, count: u32): bool {
  for (let place: u32 = 0; place < count; place++) {
    const operation = operationAt(operations, place);
    if (operation.op <= 0 && !(operation.flags & IPC_NOWAIT)) return false;
  }
  return true;
}

/**
 * Whether an awaited call cannot tell yet that it is not to wait: its first attempt never waits, and does not learn which
 * operation stopped it.
 */
function isUndecided(task: Task, operations: usize): bool {
  return task.isAwaited && !task.has(TASK_FLAG_IN_LANE) && !isInstant(operations, task.c);
}

/** perform_atomic_semop: all operations, or none. Returns 0, -errno, or the place of the one to wait for, plus 1. */
function perform(
  set: SemaphoreSet,
  operations: usize,
  count: u32,
  pid: u32,
  undo: SemaphoreUndo | null,
): i32 {
  for (let place: u32 = 0; place < count; place++) {
    const result = performOne(set, operations, place, undo);
    if (!result) continue;
    takeBack(set, operations, place, undo);
    return result;
  }
  for (let place: u32 = 0; place < count; place++) {
    set.semaphore(operationAt(operations, place).num).lastPid = pid;
  }
  return 0;
}

function performOne(set: SemaphoreSet, operations: usize, place: u32, undo: SemaphoreUndo | null): i32 {
  const operation = operationAt(operations, place);
  const semaphore = set.semaphore(operation.num);
  const op: i32 = operation.op;
  const value = semaphore.value + op;
  if (value < 0 || (!op && value)) return operation.flags & IPC_NOWAIT ? -EAGAIN : place + 1;
  if (value > SEMVMX) return -ERANGE;
  if (operation.flags & SEM_UNDO) {
    const adjustment = undo!.adjustment(operation.num) - op;
    if (adjustment < -SEMAEM - 1 || adjustment > SEMAEM) return -ERANGE;
    undo!.adjust(operation.num, adjustment);
  }
  semaphore.value = value;
  return 0;
}

/** Takes back the first `count` operations, which were done. */
function takeBack(set: SemaphoreSet, operations: usize, count: u32, undo: SemaphoreUndo | null): void {
  for (let place: u32 = 0; place < count; place++) {
    const operation = operationAt(operations, place);
    set.semaphore(operation.num).value -= operation.op;
    if (operation.flags & SEM_UNDO) {
      undo!.adjust(operation.num, undo!.adjustment(operation.num) + operation.op);
    }
  }
}

/** Waits in line; an awaited call first goes to a thread of its own, where it makes the plain call. */
function mustWait(task: Task, set: SemaphoreSet, stoppedAt: i32, alters: bool): i32 {
  const isFirst = task.isAwaited && !task.has(TASK_FLAG_IN_LANE);
  if (isFirst && !task.long) return -EAGAIN;
  if (!keepOperations(task)) return -ENOMEM;
  if (isFirst) {
    // That begins a step later: what the program calls meanwhile may come first.
    task.set(TASK_FLAG_IN_LANE);
    task.state = TASK_WOKEN;
    return BLOCKED;
  }
  if (!hasWaits(1)) return -ENOMEM;
  task.d = stoppedAt;
  waitExclusively(lineFor(task, set, alters), task);
  task.set(TASK_FLAG_PARKED);
  task.state = TASK_BLOCKED;
  return BLOCKED;
}

function lineFor(task: Task, set: SemaphoreSet, alters: bool): WaitQueue {
  if (task.c == 1) {
    const semaphore = set.semaphore(operationAt(operationsOf(task), 0).num);
    if (!alters) return semaphore.zeroLine;
    return set.complexCount ? set.alterLine : semaphore.alterLine;
  }
  if (!set.complexCount++) joinLines(set);
  return alters ? set.alterLine : set.zeroLine;
}

/** merge_queues: whose line is joined last comes first. */
function joinLines(set: SemaphoreSet): void {
  for (let num: u32 = 0; num < set.count; num++) moveAllBefore(set.semaphore(num).alterLine, set.alterLine);
}

/** unmerge_queues: with no call of several operations left, the others go back to their semaphores. */
function separateLines(set: SemaphoreSet): void {
  if (set.complexCount) return;
  let wait = firstInQueue(set.alterLine);
  while (wait) {
    const next = nextInQueue(wait);
    const operation = operationAt(operationsOf(waitingTask(wait)), 0);
    moveToQueue(wait, set.semaphore(operation.num).alterLine);
    wait = next;
  }
}

/** unlink_queue */
function leaveLine(task: Task, set: SemaphoreSet): void {
  stopWait(task, firstWaitOf(task)!);
  if (task.c > 1) set.complexCount--;
}

/** Woken: it was served, or it leaves. A time that is over counts before a signal: schedule_hrtimeout. */
function leaveWoken(task: Task): i32 {
  if (task.has(TASK_FLAG_HANDED)) return task.d;
  const set = setById(task.a)!;
  leaveLine(task, set);
  separateLines(set);
  return task.has(TASK_FLAG_TIMED_OUT) ? -EAGAIN : -EINTR;
}

/** What a call comes to that a signal ends: one that was served has done its work. */
export function interruptSemaphoreCall(task: Task): i32 {
  task.interrupted = EINTR;
  return task.has(TASK_FLAG_PARKED) ? leaveWoken(task) : -EINTR;
}

/** Tries the operations of one who waits: 0 if they are done or -errno, and it is out of line then; 1 if it waits on. */
function serve(set: SemaphoreSet, task: Task): i32 {
  const operations = operationsOf(task);
  const process = processAt(task.process);
  const undo = survey(operations, task.c) & UNDOES ? findUndo(process, set.index) : null;
  const result = perform(set, operations, task.c, process.pid, undo);
  if (result > 0) {
    task.d = result - 1;
    return 1;
  }
  leaveLine(task, set);
  return result;
}

/** wake_up_sem_queue_prepare */
function handOver(task: Task, result: i32): void {
  task.set(TASK_FLAG_HANDED);
  task.d = result;
  wakeTask(task);
}

/** wake_const_ops. Returns whether any was served. */
function serveZeroLine(set: SemaphoreSet, line: WaitQueue): bool {
  let isAny = false;
  let wait = firstInQueue(line);
  while (wait) {
    const next = nextInQueue(wait);
    const task = waitingTask(wait);
    const result = serve(set, task);
    if (result <= 0) handOver(task, result);
    if (!result) isAny = true;
    wait = next;
  }
  return isAny;
}

/** do_smart_wakeup_zero, after some operations, or with 0 for them after a change of any semaphores. */
function serveZeroLines(set: SemaphoreSet, operations: usize, count: u32): bool {
  let isAny = false;
  let isZero = false;
  const end = operations ? count : set.count;
  for (let place: u32 = 0; place < end; place++) {
    const semaphore = set.semaphore(operations ? operationAt(operations, place).num : place);
    if (semaphore.value) continue;
    isZero = true;
    if (serveZeroLine(set, semaphore.zeroLine)) isAny = true;
  }
  if (isZero && serveZeroLine(set, set.zeroLine)) isAny = true;
  return isAny;
}

/** update_queue: in the line of one semaphore, or of the set (ALL). Returns whether any was served. */
function serveAlterLine(set: SemaphoreSet, num: i32): bool {
  const line = num == ALL ? set.alterLine : set.semaphore(num).alterLine;
  let isAny = false;
  let wait = firstInQueue(line);
  while (wait) {
    // Who waits at one semaphore wants to take.
    if (num != ALL && !set.semaphore(num).value) break;
    const next = nextInQueue(wait);
    const task = waitingTask(wait);
    const result = serve(set, task);
    if (result <= 0) {
      let again = false;
      if (!result) {
        isAny = true;
        serveZeroLines(set, operationsOf(task), task.c);
        // check_restart: what it did may be what one before it in line waits for.
        again = set.alterFirst != 0 || task.c > 1;
      }
      handOver(task, result);
      wait = again ? firstInQueue(line) : next;
    } else {
      wait = next;
    }
  }
  return isAny;
}

/**
 * do_smart_update: serves those who can go on, after some operations, or with 0 for them after a change of any semaphores.
 * @param isOperation whether that was an operation itself
 */
function serveWaiting(set: SemaphoreSet, operations: usize, count: u32, isOperation: bool): void {
  let isAny = serveZeroLines(set, operations, count) || isOperation;
  if (set.alterFirst) {
    if (serveAlterLine(set, ALL)) isAny = true;
  } else if (!operations) {
    for (let num: u32 = 0; num < set.count; num++) if (serveAlterLine(set, num)) isAny = true;
  } else {
    for (let place: u32 = 0; place < count; place++) {
      const operation = operationAt(operations, place);
      if (operation.op > 0 && serveAlterLine(set, operation.num)) isAny = true;
    }
  }
  if (isAny) set.operationTime = realSeconds();
}

/** A thread that dies leaves its line, in a step of its own. */
export function leaveDying(task: Task): void {
  if (task.has(TASK_FLAG_HANDED)) return;
  const set = setById(task.a)!;
  leaveLine(task, set);
  separateLines(set);
}

/** exit_sem: undoes what a process that ends has to undo of one set, the one that it used last. Returns whether there was one. */
export function undoNext(process: Process): bool {
  if (!process.firstUndo) return false;
  const undo = undoAt(process.firstUndo);
  const set = semaphoreSetAt(undo.set);
  for (let num: u32 = 0; num < set.count; num++) {
    const adjustment = undo.adjustment(num);
    if (!adjustment) continue;
    const semaphore = set.semaphore(num);
    semaphore.value = max(0, min(SEMVMX, semaphore.value + adjustment));
    semaphore.lastPid = process.pid;
  }
  dropUndo(undo, set.count);
  serveWaiting(set, 0, 0, true);
  separateLines(set);
  return true;
}

/**
 * semctl(2): a result >= 0, with what it tells in OUT, or -errno. The values of SETALL are in the window, `count` of them, and
 * there are those of GETALL put. `value` is SETVAL's, the last three are IPC_SET's.
 */
export function controlSet(
  process: Process,
  id: i32,
  num: i32,
  command: i32,
  value: i32,
  count: u32,
  uid: u32,
  gid: u32,
  mode: u32,
): i32 {
  if (id < 0) return -EINVAL;
  switch (command) {
    case IPC_INFO:
    case SEM_INFO:
      return answerLimits(command == SEM_INFO);
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY:
      return answerSet(process, id, command);
    case GETALL:
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
      return answerSemaphores(process, id, num, command);
    case SETVAL:
      return setValue(process, id, num, value);
    case SETALL:
      return setAllValues(process, id, count);
    case IPC_SET:
    case IPC_RMID: {
      const set = setById(id);
      if (!set) return -EINVAL;
      if (!mayControlIpc(process, set)) return -EPERM;
      return command == IPC_SET ? changeSet(set, uid, gid, mode) : removeSet(set);
    }
    default:
      return -EINVAL;
  }
}

function answerSemaphores(process: Process, id: i32, num: i32, command: i32): i32 {
  const set = setById(id);
  if (!set) return -EINVAL;
  if (!mayAccessIpc(process, set, MAY_READ)) return -EACCES;
  if (command == GETALL) {
    for (let place: u32 = 0; place < set.count; place++) {
      store<i32>(WINDOW + place * 4, set.semaphore(place).value);
    }
    answer(0, set.count);
    return 0;
  }
  if (num < 0 || <u32>num >= set.count) return -EINVAL;
  const semaphore = set.semaphore(num);
  switch (command) {
    case GETVAL:
      return semaphore.value;
    case GETPID:
      return semaphore.lastPid;
    case GETNCNT:
      return lengthOf(semaphore.alterLine) + countStopped(set.alterLine, num, false);
    default:
      return (
        lengthOf(semaphore.zeroLine) +
        countStopped(set.alterLine, num, true) +
        countStopped(set.zeroLine, num, true)
      );
  }
}

function lengthOf(line: WaitQueue): i32 {
  let count = 0;
  let wait = firstInQueue(line);
  while (wait) {
    count++;
    wait = nextInQueue(wait);
  }
  return count;
}

/** check_qop: how many in a line were last stopped by an operation on one semaphore, one that waits for 0 or one that takes. */
function countStopped(line: WaitQueue, num: u32, forZero: bool): i32 {
  let count = 0;
  let wait = firstInQueue(line);
  while (wait) {
    const task = waitingTask(wait);
    const operation = operationAt(operationsOf(task), task.d);
    if (operation.num == num && (operation.op == 0) == forZero) count++;
    wait = nextInQueue(wait);
  }
  return count;
}

function setValue(process: Process, id: i32, num: i32, value: i32): i32 {
  if (value < 0 || value > SEMVMX) return -ERANGE;
  const set = setById(id);
  if (!set || num < 0 || <u32>num >= set.count) return -EINVAL;
  if (!mayAccessIpc(process, set, MAY_ALTER)) return -EACCES;
  putValue(process, set, num, value);
  return changed(set);
}

function setAllValues(process: Process, id: i32, count: u32): i32 {
  const set = setById(id);
  if (!set) return -EINVAL;
  if (!mayAccessIpc(process, set, MAY_ALTER)) return -EACCES;
  if (count < set.count) return -EFAULT;
  for (let num: u32 = 0; num < set.count; num++) if (load<i32>(WINDOW + num * 4) > SEMVMX) return -ERANGE;
  for (let num: u32 = 0; num < set.count; num++) putValue(process, set, num, load<i32>(WINDOW + num * 4));
  return changed(set);
}

/** Sets a semaphore: nobody undoes what was done to it before. */
function putValue(process: Process, set: SemaphoreSet, num: u32, value: i32): void {
  const semaphore = set.semaphore(num);
  semaphore.value = value;
  semaphore.lastPid = process.pid;
  clearAdjustments(set.index, num);
}

function changed(set: SemaphoreSet): i32 {
  set.changeTime = realSeconds();
  serveWaiting(set, 0, 0, false);
  separateLines(set);
  return 0;
}

function changeSet(set: SemaphoreSet, uid: u32, gid: u32, mode: u32): i32 {
  const mistake = changeIpcOwner(set, uid, gid, mode);
  if (!mistake) set.changeTime = realSeconds();
  return mistake;
}

/** freeary: nobody undoes anything of it, and who waits finds that it is gone. */
function removeSet(set: SemaphoreSet): i32 {
  dropUndosOf(set.index, set.count);
  dismiss(set, set.zeroLine);
  dismiss(set, set.alterLine);
  for (let num: u32 = 0; num < set.count; num++) {
    dismiss(set, set.semaphore(num).zeroLine);
    dismiss(set, set.semaphore(num).alterLine);
  }
  pool(SEMAPHORE_POOL).freeRun(set.first, set.count);
  removeIpcObject(SEMAPHORE_SET_POOL, ids(), set);
  return 0;
}

function dismiss(set: SemaphoreSet, line: WaitQueue): void {
  let wait = firstInQueue(line);
  while (wait) {
    const task = waitingTask(wait);
    leaveLine(task, set);
    handOver(task, -EIDRM);
    wait = firstInQueue(line);
  }
}

function answer(place: u32, value: u32): void {
  store<u32>(OUT + place * 4, value);
}

/** semctl_info: struct seminfo, in its order. */
function answerLimits(ofUse: bool): i32 {
  answer(0, SEMMNS_DEFAULT);
  answer(1, machine.semmni);
  answer(2, machine.semmns);
  answer(3, SEMMNS_DEFAULT);
  answer(4, machine.semmsl);
  answer(5, machine.semopm);
  answer(6, SEMOPM_DEFAULT);
  answer(7, ofUse ? ids().inUse : SEMUSZ);
  answer(8, SEMVMX);
  answer(9, ofUse ? semaphoresInUse() : SEMAEM);
  return ids().highest ? ids().highest - 1 : 0;
}

/** semctl_stat. Of the identifier SEM_STAT and SEM_STAT_ANY take the index alone, and they give the whole one. */
function answerSet(process: Process, id: i32, command: i32): i32 {
  const isByIndex = command != IPC_STAT;
  const found = isByIndex
    ? objectByIndex(SEMAPHORE_SET_POOL, id & (IPCMNI - 1))
    : objectById(SEMAPHORE_SET_POOL, id);
  if (!found) return -EINVAL;
  if (command != SEM_STAT_ANY && !mayAccessIpc(process, found, MAY_READ)) return -EACCES;
  const set = changetype<SemaphoreSet>(found);
  answer(0, set.key);
  answer(1, set.uid);
  answer(2, set.gid);
  answer(3, set.cuid);
  answer(4, set.cgid);
  answer(5, set.mode);
  answer(6, set.sequence);
  answer(7, set.count);
  store<u64>(OUT + 32, set.operationTime);
  store<u64>(OUT + 40, set.changeTime);
  return isByIndex ? set.id : 0;
}

/** The `place`-th who waits at a set, in the order in which the lines are gone through; null if there are no more. */
export function waiterAt(set: SemaphoreSet, place: u32): Task | null {
  let left = place;
  for (let num: u32 = 0; num < set.count; num++) {
    const wait = nthIn(set.semaphore(num).zeroLine, left);
    if (wait) return waitingTask(wait);
    left -= lengthOf(set.semaphore(num).zeroLine);
  }
  const atSet = nthIn(set.zeroLine, left);
  if (atSet) return waitingTask(atSet);
  left -= lengthOf(set.zeroLine);
  const altering = nthIn(set.alterLine, left);
  if (altering) return waitingTask(altering);
  left -= lengthOf(set.alterLine);
  for (let num: u32 = 0; num < set.count; num++) {
    const wait = nthIn(set.semaphore(num).alterLine, left);
    if (wait) return waitingTask(wait);
    left -= lengthOf(set.semaphore(num).alterLine);
  }
  return null;
}

function nthIn(line: WaitQueue, place: u32): Wait | null {
  let left = place;
  let wait = firstInQueue(line);
  while (wait && left) {
    wait = nextInQueue(wait);
    left--;
  }
  return wait;
}
