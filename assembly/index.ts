// The border of the model: exports only. Integers in, integers out; a call's first argument is its task. A call returns a
// result >= 0, -errno, BLOCKED, MORE or GONE (abi/model.ts).
import * as number from "./abi/calls";
import { TASK_EXITING, TASK_FREE, TASK_RESERVED } from "./abi/model";
import * as calls from "./calls";
import { callerOf, enter, leave, reenter } from "./calls";
import * as clock from "./clock";
import * as clocks from "./core/clock";
import { nextOpen } from "./core/descriptor";
import { hashBytes } from "./core/hash";
import { machine, resetMachine, setMachineParameter } from "./core/machine";
import { OUT, STAGE, TASK_SIZE, TASKS, WINDOW } from "./core/memory";
import { PIPE_POOL, PROCESS_POOL, pool, TASK_POOL } from "./core/pool";
import { findProcess, processAt, processIndex } from "./core/process";
import * as snapshots from "./core/snapshot";
import { Task, taskAt, taskIndex } from "./core/task";
import * as files from "./file";
import { createPipe } from "./pipe";
import { pollDescriptors } from "./poll";
import * as processes from "./process";
import { complete } from "./release";

export { inspectDescriptor, inspectPipe, inspectProcess, inspectTask } from "./inspect";

export function pipe2(index: u32, flags: i32): i32 {
  const task = enter(index, number.CALL_PIPE2, flags, 0, 0);
  return leave(task, createPipe(callerOf(task), flags, OUT));
}

export function read(index: u32, fd: i32, length: u32): i32 {
  return attempt(enter(index, number.CALL_READ, fd, length, 0));
}

export function write(index: u32, fd: i32, length: u32): i32 {
  return attempt(enter(index, number.CALL_WRITE, fd, length, 0));
}

export function close(index: u32, fd: i32): i32 {
  const task = enter(index, number.CALL_CLOSE, fd, 0, 0);
  return leave(task, files.closeDescriptor(callerOf(task), fd));
}

export function dup(index: u32, oldfd: i32): i32 {
  const task = enter(index, number.CALL_DUP, oldfd, 0, 0);
  return leave(task, files.duplicate(callerOf(task), oldfd, 0, false));
}

export function dup2(index: u32, oldfd: i32, newfd: i32): i32 {
  const task = enter(index, number.CALL_DUP2, oldfd, newfd, 0);
  return leave(task, files.duplicateOnto(callerOf(task), oldfd, newfd));
}

export function dup3(index: u32, oldfd: i32, newfd: i32, flags: i32): i32 {
  const task = enter(index, number.CALL_DUP3, oldfd, newfd, flags);
  return leave(task, files.duplicateWithFlags(callerOf(task), oldfd, newfd, flags));
}

export function fcntl(index: u32, fd: i32, command: i32, argument: i32): i32 {
  const task = enter(index, number.CALL_FCNTL, fd, command, argument);
  return leave(task, files.control(callerOf(task), fd, command, argument));
}

export function ioctl(index: u32, fd: i32, request: i32): i32 {
  const task = enter(index, number.CALL_IOCTL, fd, request, 0);
  return leave(task, files.requestOf(callerOf(task), fd, request));
}

export function poll(index: u32, count: u32, timeout: i32): i32 {
  return attempt(enter(index, number.CALL_POLL, -1, count, timeout));
}

export function clock_gettime(index: u32, clockid: i32): i32 {
  return leave(enter(index, number.CALL_CLOCK_GETTIME, clockid, 0, 0), clock.readClock(clockid));
}

export function clock_nanosleep(index: u32, clockid: i32, flags: i32, low: u32, high: i32): i32 {
  const task = enter(index, number.CALL_CLOCK_NANOSLEEP, clockid, flags, 0);
  return leave(task, clock.sleepOn(task, clockid, flags, ((<i64>high) << 32) | <i64>low));
}

export function getpid(index: u32): i32 {
  const task = enter(index, number.CALL_GETPID, -1, 0, 0);
  return leave(task, callerOf(task).pid);
}

export function getppid(index: u32): i32 {
  const task = enter(index, number.CALL_GETPPID, -1, 0, 0);
  return leave(task, processAt(callerOf(task).parent).pid);
}

export function spawn(index: u32, count: u32): i32 {
  const task = enter(index, number.CALL_SPAWN, -1, count, 0);
  return leave(task, processes.spawnProcess(callerOf(task), count));
}

export function waitpid(index: u32, pid: i32, options: i32): i32 {
  return attempt(enter(index, number.CALL_WAITPID, pid, options, 0));
}

export function exit(index: u32, status: i32): i32 {
  const task = enter(index, number.CALL_EXIT, status, 0, 0);
  processes.endProcess(callerOf(task), (status & 0xff) << 8, task);
  return leave(task, 0);
}

export function kill(index: u32, pid: i32, signal: i32): i32 {
  const task = enter(index, number.CALL_KILL, pid, signal, 0);
  return leave(task, processes.killProcess(task, pid, signal));
}

/** Goes on with a task that was woken. */
export function resume(index: u32): i32 {
  return attempt(reenter(index));
}

/** Goes on after MORE, the window moved on: the same step. */
export function proceed(index: u32): i32 {
  const task = taskAt(index);
  task.windowStart = task.done;
  return attempt(task);
}

/** One attempt at a call that can be parked. */
function attempt(task: Task): i32 {
  return leave(task, attemptOf(task));
}

function attemptOf(task: Task): i32 {
  switch (task.call) {
    case number.CALL_READ: {
      const ended = task.isAwaited ? files.retryAwaited(task) : 0;
      return ended ? ended : files.readFile(task, task.a, task.b);
    }
    case number.CALL_WRITE: {
      const ended = task.isAwaited ? files.retryAwaited(task) : 0;
      return ended ? ended : files.writeFile(task, task.a, task.b);
    }
    case number.CALL_POLL:
      return pollDescriptors(task, task.b, task.c);
    case number.CALL_CLOCK_NANOSLEEP:
      return clock.sleepOn(task, task.a, task.b, 0);
    case number.CALL_WAITPID:
      return processes.waitForChild(task, task.a, task.b);
    default:
      assert(false, "a call that is never parked");
      return 0;
  }
}

/** Bytes of a read or write that have been moved so far, in all its attempts. */
export function transferred(index: u32): i32 {
  const task = taskAt(index);
  return task.transferred + task.done;
}

/** Ends a call early, as a signal would: -EINTR, or the bytes that it moved. */
export function cancel(index: u32): i32 {
  const task = taskAt(index);
  assert(isCall(task), "cancel of a task that is no call in flight");
  return complete(task, processes.interruptedResult(task));
}

/** One step of a process that ends. Returns 0 when it has ended. */
export function exitStep(index: u32): i32 {
  return processes.exitStep(taskAt(index));
}

/** Creates a process, a child of the one with index `parent`. Returns its index, or -1. */
export function createProcess(parent: u32): i32 {
  const process = processes.createProcess(parent);
  return process ? processIndex(process) : -1;
}

export function createInit(): void {
  processes.createInit();
}

/** Creates a task of a live process. Returns it, or -1. */
export function createTask(process: u32, form: u32): i32 {
  const task = calls.createTask(process, form);
  return task ? taskIndex(task) : -1;
}

export function shareDescriptor(from: u32, fd: i32, to: u32): i32 {
  return processes.shareDescriptor(processAt(from), fd, processAt(to));
}

/** The index of the process with a pid, or -1. */
export function processByPid(pid: u32): i32 {
  const process = findProcess(pid);
  return process ? processIndex(process) : -1;
}

export function reset(): void {
  resetMachine();
}

/** Sets a parameter of an empty machine. Returns 0 if the value is out of range. */
export function setParameter(parameter: i32, value: u32): i32 {
  return setMachineParameter(parameter, value) ? 1 : 0;
}

export function hasTimer(): i32 {
  return clocks.hasTimer() ? 1 : 0;
}

export function fireTimer(): void {
  clocks.fireTimer();
}

/** CLOCK_MONOTONIC in nanoseconds, in OUT. */
export function readMonotonic(): void {
  store<u64>(OUT, machine.monotonic);
}

/** Copies the state to the stage. Returns its length in bytes. */
export function save(): u32 {
  return snapshots.save();
}

/** Takes the state over from the stage. */
export function load(): void {
  snapshots.restore();
}

/** The hash of the state, in OUT. The stage is overwritten. */
export function hash(): void {
  store<u64>(OUT, hashBytes(STAGE, snapshots.save()));
}

export function windowAddress(): usize {
  return WINDOW;
}

export function outAddress(): usize {
  return OUT;
}

export function stageAddress(): usize {
  return STAGE;
}

export function tasksAddress(): usize {
  return TASKS;
}

export function taskSize(): usize {
  return TASK_SIZE;
}

/** Where it stands which task is the highest in use, plus 1, and in the next word, which free one is the lowest. */
export function taskPoolAddress(): usize {
  return changetype<usize>(pool(TASK_POOL));
}

/** One more than the highest process or pipe in use. */
export function processHigh(): u32 {
  return pool(PROCESS_POOL).high;
}

export function pipeHigh(): u32 {
  return pool(PIPE_POOL).high;
}

/** One more than the highest open descriptor of a process. */
export function descriptorHigh(index: u32): u32 {
  const process = processAt(index);
  let high: u32 = 0;
  for (let fd = nextOpen(process, 0); fd >= 0; fd = nextOpen(process, fd + 1)) high = fd + 1;
  return high;
}

function isCall(task: Task): bool {
  return task.state != TASK_FREE && task.state != TASK_RESERVED && task.state != TASK_EXITING;
}
