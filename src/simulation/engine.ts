// Runs one schedule at a time: asks the scheduler, takes the step, lets the programs' code run, asks again.
//
// A step is one atomic step of the model: a call's attempt, an ended process giving up one thing, time passing. A step that
// settles a call lets code run, and the next choice comes a turn later, after all microtasks (quiescence.ts); one that does
// not (the call blocks) is followed by the next choice at once. The machine is the same for all schedules: its first state
// is put back before each.
import {
  CALL_CLOCK_NANOSLEEP,
  CALL_EXIT,
  CALL_FUTEX,
  CALL_FUTEX_WAITV,
  CALL_KILL,
  CALL_MEMORY_WAIT,
  CALL_MSGRCV,
  CALL_MSGSND,
  CALL_POLL,
  CALL_SEM_CLOCKWAIT,
  CALL_SEM_TIMEDWAIT,
  CALL_SEM_WAIT,
  CALL_SEMOP,
  CALL_SEMTIMEDOP,
  CALL_SPAWN,
  CALL_WAITPID,
} from "../../assembly/abi/calls.js";
import { EINTR } from "../../assembly/abi/errno.js";
import {
  BLOCKED,
  FORM_AWAITED,
  GONE,
  MAX_PROCESSES,
  MAX_TASKS,
  TASK_BLOCKED,
  TASK_FREE,
  TASK_WOKEN,
} from "../../assembly/abi/model.js";
import { SIGKILL } from "../../assembly/abi/signal.js";
import { CLOCK_REALTIME } from "../../assembly/abi/time.js";
import {
  type DescriptorFacts,
  Machine,
  type MachineOptions,
  type Snapshot,
} from "../../backends/wasm/machine.js";
import type { Spawned } from "../../backends/wasm/process.js";
import {
  Call,
  type FutexRequest,
  type FutexVector,
  type MemoryWord,
  type SemaphoreOperations,
  type SpawnRequest,
  type SysvMessage,
} from "../call.js";
import { resultOf } from "../calls.js";
import { abortError, argumentMistake } from "../errors.js";
import type { WaitResult } from "../linux.js";
import { type Json, type Main, mainOf, type Startable } from "../program.js";
import { refusal } from "../refusals.js";
import { syscalls } from "../syscalls.js";
import type { ReceivedSysvMessage } from "../sysv-queue.js";
import { callError } from "./call-error.js";
import { CALL_EXITING, CALL_TIMER } from "./choice.js";
import type { Finding } from "./finding.js";
import type { GlobalsHost } from "./globals.js";
import { type PendingCall, type ProcessHost, SimulatedProcess } from "./process.js";
import { Turns } from "./quiescence.js";
import type { Recording } from "./recording.js";
import type { Choices, Scheduler } from "./scheduler/scheduler.js";
import { StepLog } from "./steps.js";

/** How one schedule is run. */
export interface Run {
  readonly main: Main<[]>;
  /** What people call the first process. */
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly maxSteps: number;
  /** Whether descriptors, children and calls that are left are looked for. */
  readonly leaks: "report" | "fail" | "ignore";
  /** Takes down what people want to read; slow. Undefined in a search. */
  readonly recording: Recording | undefined;
}

/** What a program left behind. */
export type Leftover =
  | { readonly kind: "descriptor"; readonly process: SimulatedProcess; readonly facts: DescriptorFacts }
  | { readonly kind: "child"; readonly process: SimulatedProcess; readonly child: SimulatedProcess }
  | { readonly kind: "call"; readonly process: SimulatedProcess; readonly pending: PendingCall };

// How often a process that has no call outstanding is given a turn of the event loop before others go on without it, and
// before it is said that it awaits something outside. Streams need one or two.
const ROUNDS_BEFORE_GOING_ON = 3;
const ROUNDS_BEFORE_GIVING_UP = 10;

// Timers may fire early so often in a schedule: a program that asks again after every timeout could go on for ever.
const EARLY_TIMERS = 32;

/** In place of the exit status of a process that was killed. */
export const KILLED = -1;

const nothing = (): void => {};

// What stands for the timer among the choices.
const TIMER = -0x8000_0000;

/**
 * What can happen next, as the scheduler sees it. A choice is kept as an integer, for it is made anew at every step: the
 * place of a live process whose oldest call is to be attempted, or -1 - task for a task that was attempted before or that
 * ends a process.
 */
class NextSteps implements Choices {
  count = 0;
  hasTimer = false;
  readonly slots = new Int32Array(MAX_PROCESSES + MAX_TASKS + 1);

  constructor(
    readonly live: readonly SimulatedProcess[],
    readonly parked: readonly (PendingCall | undefined)[],
    readonly processOf: (task: number) => SimulatedProcess,
  ) {}

  /** The call that a choice attempts; undefined if it is none. */
  pending(choice: number): PendingCall | undefined {
    const slot = this.slots[choice] as number;
    return slot >= 0 ? this.live[slot]?.fresh : this.parked[-1 - slot];
  }

  /** The task of a choice that was attempted before or ends a process; -1 for any other. */
  task(choice: number): number {
    const slot = this.slots[choice] as number;
    return slot >= 0 || slot === TIMER ? -1 : -1 - slot;
  }

  pid(choice: number): number {
    const pending = this.pending(choice);
    if (pending !== undefined) return pending.process.pid;
    const task = this.task(choice);
    return task < 0 ? 0 : this.processOf(task).pid;
  }

  call(choice: number): number {
    const pending = this.pending(choice);
    if (pending !== undefined) return pending.call.syscall.number;
    return this.task(choice) < 0 ? CALL_TIMER : CALL_EXITING;
  }

  nth(choice: number): number {
    const pending = this.pending(choice);
    return pending === undefined ? 0 : nthOf(pending);
  }
}

/** Which of the outstanding calls of its name a call is. */
function nthOf(pending: PendingCall): number {
  const { process } = pending;
  return process.outstanding === 1 ? 0 : process.nthOf(pending);
}

export class Engine implements ProcessHost, GlobalsHost {
  readonly machine: Machine;
  readonly steps = new StepLog();
  readonly #start: Snapshot;
  readonly #rootIndex: number;
  readonly #rootPid: number;
  readonly #turns: Turns;
  /** Processes whose code may run, in the order of their birth. */
  readonly #live: SimulatedProcess[] = [];
  /** All processes of the schedule, in the order of their birth. */
  readonly #all: SimulatedProcess[] = [];
  /** The calls that wait, by task. */
  readonly #parked: (PendingCall | undefined)[] = [];
  /** Where the machine lists the tasks that can go on. */
  readonly #tasks: number[] = [];
  readonly #choices = new NextSteps(this.#live, this.#parked, (task) => this.#processOf(task));
  #parkedCount = 0;
  /** Waiting calls among them that a timer may end. */
  #timedCount = 0;
  /** Processes that have ended and still hold something. */
  #exitingCount = 0;
  #earlyTimers = 0;
  /** Whose code a step let go on last, by pid: a reference to it would cost a step as much as its bookkeeping. */
  #resumed = 0;
  /** Whose calls failed with which errors. */
  readonly #errors = new WeakMap<object, SimulatedProcess>();
  /** Rounds of the event loop that programs were given since the last step. */
  #rounds = 0;
  #finding: Finding | undefined;
  #run: Run | undefined;
  #done: (finding: Finding | undefined) => void = nothing;
  #isRunning = false;
  /** Something went wrong that is not the programs' fault: the machine cannot be used again. */
  isBroken = false;
  leftovers: Leftover[] = [];
  /** The exit status of the first process; KILLED if it has none. */
  status = 0;
  /** CLOCK_MONOTONIC at the beginning. */
  readonly #startTime: bigint;
  readonly #realtimeOffset: bigint;
  /** How many schedules have begun. */
  schedule = 0;

  /** @throws TypeError for an option of the machine that is out of range */
  constructor(options: MachineOptions) {
    this.machine = new Machine(options);
    this.#rootIndex = this.machine.createProcess();
    this.#rootPid = this.machine.processes().find(({ process }) => process === this.#rootIndex)?.pid ?? 0;
    this.#start = this.machine.snapshot();
    this.#startTime = this.machine.monotonic();
    const question = syscalls.clock_gettime.marshal(CLOCK_REALTIME, undefined, undefined);
    this.machine.attempt(this.machine.createTask(this.#rootIndex, FORM_AWAITED), question);
    this.#realtimeOffset = (question.value as bigint) - this.#startTime;
    this.#turns = new Turns(() => this.#choose());
  }

  /** The process whose code a step let go on last; undefined between schedules. */
  get running(): SimulatedProcess | undefined {
    return this.#isRunning ? this.#byPid(this.#resumed) : undefined;
  }

  /** Nanoseconds of CLOCK_REALTIME. */
  get realtime(): bigint {
    return this.machine.monotonic() + this.#realtimeOffset;
  }

  /** Nanoseconds that have passed in the schedule. */
  get elapsed(): bigint {
    return this.machine.monotonic() - this.#startTime;
  }

  /** All processes of the schedule, in the order of their birth. */
  get processes(): readonly SimulatedProcess[] {
    return this.#all;
  }

  get recordsStacks(): boolean {
    return this.#run?.recording !== undefined;
  }

  /**
   * Runs one schedule.
   * @param done is called once it has ended, with what is wrong; another may be run from there
   */
  run(run: Run, done: (finding: Finding | undefined) => void): void {
    if (this.#isRunning) throw new Error("a schedule is running");
    this.#isRunning = true;
    this.schedule++;
    this.#run = run;
    this.#done = done;
    this.machine.restore(this.#start);
    this.steps.clear();
    empty(this.#live);
    empty(this.#all);
    if (this.#parkedCount > 0) this.#parked.fill(undefined);
    this.#parkedCount = 0;
    this.#timedCount = 0;
    this.#exitingCount = 0;
    this.#earlyTimers = 0;
    this.#resumed = this.#rootPid;
    this.#rounds = 0;
    this.#finding = undefined;
    this.leftovers = [];
    this.status = 0;
    run.scheduler.begin();
    const root = this.#born(this.#rootIndex, this.#rootPid, run.name, undefined, {});
    this.#runMain(root, run.main, []);
    this.#turns.start();
  }

  /** The calls that wait now. For diagnoses. */
  waiting(): PendingCall[] {
    return this.#live
      .flatMap((process) => process.calls())
      .filter((pending) => this.#hasState(pending, TASK_BLOCKED));
  }

  /** Whether a call that waited can look again. */
  isWoken(pending: PendingCall): boolean {
    return this.#hasState(pending, TASK_WOKEN);
  }

  #hasState({ task, process }: PendingCall, state: number): boolean {
    const isInMachine = task >= 0 && process.isLive && this.#parked[task] !== undefined;
    return isInMachine && this.machine.taskState(task) === state;
  }

  isReadEnd(process: SimulatedProcess, fd: number): boolean {
    return this.machine.descriptors(process.index).some((one) => one.fd === fd && one.end === "read");
  }

  /** Ends a call because its AbortSignal fired: as a signal would, so a write gives the count of what it has moved. */
  abort(pending: PendingCall): void {
    const { process, call } = pending;
    if (!process.isLive) return;
    if (pending.task >= 0 && waitsInLine(pending)) {
      // The thread leaves the kernel in a step of its own, and may be handed a message until then.
      pending.isAborted = true;
      this.machine.interrupt(pending.task);
      return;
    }
    const moved = pending.task < 0 ? 0 : this.#cancel(pending);
    process.remove(pending);
    this.#run?.recording?.ended(this, pending, moved > 0 ? `${moved}` : "AbortError");
    if (moved > 0) pending.resolve(resultOf(call, moved));
    else pending.reject(abortError(call.syscall.name, pending.abort?.signal.reason));
  }

  /** Takes back a call as if it had never been made. */
  forget(pending: PendingCall): void {
    if (!pending.process.isLive) return;
    if (pending.task >= 0) this.#cancel(pending);
    pending.process.remove(pending);
  }

  #cancel(pending: PendingCall): number {
    this.#unpark(pending);
    return this.machine.cancel(pending.task);
  }

  #born(
    index: number,
    pid: number,
    program: Startable | string,
    parent: SimulatedProcess | undefined,
    fds: Readonly<Record<string, number>>,
  ): SimulatedProcess {
    const process = new SimulatedProcess(this, index, pid, program, parent, fds);
    this.#live.push(process);
    this.#all.push(process);
    return process;
  }

  #runMain(process: SimulatedProcess, main: Main, args: readonly Json[]): void {
    const parent = this.#resumed;
    this.#resumed = process.pid;
    const failed = (error: unknown): void => this.threw(process, error);
    try {
      // A main that is no async function may return anything.
      Promise.resolve(main(process.linux, ...args)).then((value) => this.#returned(process, value), failed);
    } catch (error) {
      failed(error);
    }
    this.#resumed = parent;
  }

  #returned(process: SimulatedProcess, value: unknown): void {
    if (!process.isLive || process.isLeaving) return;
    const status = typeof value === "number" ? value | 0 : 0;
    const looksForLeaks = this.#run?.leaks !== "ignore";
    for (let pending = process.first; pending !== undefined; pending = pending.next) {
      if (looksForLeaks) this.leftovers.push({ kind: "call", process, pending });
      process.remove(pending);
      if (pending.task >= 0) this.#cancel(pending);
    }
    if (process.parent === undefined && looksForLeaks) this.#findLeftovers(process);
    process.start(syscalls.exit.marshal(status, undefined, undefined), undefined, nothing, nothing);
  }

  /** Notes what a program threw. */
  threw(process: SimulatedProcess, error: unknown): void {
    if (process.isLive) this.#finding ??= { kind: "throw", process, error };
  }

  /**
   * Is told of a promise that was rejected and that nobody handles: a real process would end.
   * @returns whether it is a program's
   */
  unhandled(reason: unknown): boolean {
    if (!this.#isRunning) return false;
    const failed = this.#errors.get(reason as object);
    // Of other errors it is only known whose code ran last.
    const { running } = this;
    const process = failed?.isLive ? failed : running;
    if (process !== undefined) this.threw(process, reason);
    return true;
  }

  #findLeftovers(root: SimulatedProcess): void {
    for (const facts of this.machine.descriptors(root.index)) {
      this.leftovers.push({ kind: "descriptor", process: root, facts });
    }
    for (const child of this.#all) {
      if (child.parent === root && !child.isReaped)
        this.leftovers.push({ kind: "child", process: root, child });
    }
  }

  #choose(): void {
    let isOver: boolean;
    try {
      isOver = this.#takeSteps();
    } catch (error) {
      // An assertion of the model, or a fault of ours.
      this.#finding = { kind: "internal", error };
      this.isBroken = true;
      isOver = true;
    }
    if (isOver) this.#finish(this.#finding);
  }

  /** Takes steps until one of them lets code run. @returns whether the schedule is over */
  #takeSteps(): boolean {
    const { scheduler, maxSteps } = this.#run as Run;
    const choices = this.#choices;
    for (;;) {
      if (this.#finding !== undefined) return true;
      if (this.#gather()) return this.#giveTime();
      if (choices.count === 0) {
        const live = this.#live;
        // Also a process that waits in a call may have a stream that goes on.
        if (live.length > 0 && this.#rounds < ROUNDS_BEFORE_GIVING_UP) return this.#giveTime();
        this.#finding =
          live.length === 0 ? this.#verdict() : { kind: isDeadlock(live) ? "deadlock" : "outside" };
        return true;
      }
      if (this.steps.length === maxSteps) {
        this.#finding = { kind: "steps" };
        return true;
      }
      if (this.#take(scheduler.choose(choices))) return false;
    }
  }

  /** All have ended. A first process that says by its exit status that something is wrong is believed. */
  #verdict(): Finding | undefined {
    if (this.status !== 0) return { kind: "status", status: this.status };
    return this.leftovers.length > 0 && this.#run?.leaks === "fail" ? { kind: "leak" } : undefined;
  }

  /** @returns false: the schedule is not over */
  #giveTime(): false {
    this.#rounds++;
    this.#turns.skipToNextLoop();
    return false;
  }

  /** Lists what can happen next. @returns whether a process is to be given a round of the event loop first */
  #gather(): boolean {
    const choices = this.#choices;
    const { slots } = choices;
    const live = this.#live;
    let count = 0;
    let isIdle = false;
    for (let i = 0; i < live.length; i++) {
      const process = live[i] as SimulatedProcess;
      if (process.fresh !== undefined) slots[count++] = i;
      else if (process.outstanding === 0 && !process.isElsewhere) isIdle = true;
    }
    if (isIdle) {
      if (this.#rounds < ROUNDS_BEFORE_GOING_ON) return true;
      for (const process of live) if (process.outstanding === 0) process.isElsewhere = true;
    }
    if (this.#parkedCount > 0 || this.#exitingCount > 0) {
      const tasks = this.#tasks;
      const runnable = this.machine.runnable(tasks);
      for (let i = 0; i < runnable; i++) slots[count++] = -1 - (tasks[i] as number);
    }
    const mayFire = this.#timedCount > 0 && (count === 0 || this.#earlyTimers < EARLY_TIMERS);
    choices.hasTimer = mayFire && this.machine.hasTimer();
    if (choices.hasTimer) slots[count++] = TIMER;
    choices.count = count;
    return false;
  }

  #processOf(task: number): SimulatedProcess {
    const index = this.machine.taskProcess(task);
    // The machine gives a place again once it is free: the youngest has it.
    for (let i = this.#all.length - 1; i >= 0; i--) {
      const process = this.#all[i] as SimulatedProcess;
      if (process.index === index) return process;
    }
    throw new Error(`task ${task} belongs to no process`);
  }

  /** Takes a step. @returns whether it settled a call, so that code is to run */
  #take(choice: number): boolean {
    const choices = this.#choices;
    this.#rounds = 0;
    const pending = choices.pending(choice);
    if (pending !== undefined) return this.#attempt(pending);
    const task = choices.task(choice);
    if (task < 0) this.#fireTimer(choices.count > 1);
    else this.#exitStep(this.#processOf(task), task);
    return false;
  }

  #fireTimer(isEarly: boolean): void {
    if (isEarly) this.#earlyTimers++;
    this.steps.begin(0, CALL_TIMER, 0);
    this.#run?.recording?.before(this);
    this.machine.fireTimer();
    this.steps.end(0);
    this.#run?.recording?.timer(this);
  }

  #exitStep(process: SimulatedProcess, task: number): void {
    this.steps.begin(process.pid, CALL_EXITING, 0);
    this.#run?.recording?.beforeExit(this, process);
    const isDone = this.machine.exitStep(task);
    if (isDone) this.#exitingCount--;
    this.steps.end(isDone ? 1 : 0);
    this.#run?.recording?.exiting(this, process, isDone);
  }

  #attempt(pending: PendingCall): boolean {
    const { process, call } = pending;
    const { syscall } = call;
    const { machine, steps } = this;
    const recording = this.#run?.recording;
    steps.begin(process.pid, syscall.number, nthOf(pending));
    recording?.before(this);
    const isFirst = pending.task < 0;
    if (pending.isSpoiled) return this.#spoil(pending);
    let result: number;
    if (isFirst) {
      process.attempted();
      const refused = refusal(call);
      if (refused !== 0) {
        result = -refused;
      } else {
        const task = machine.nextTask;
        if (task < 0) {
          this.#finding = {
            kind: "internal",
            error: new Error(`more than ${MAX_TASKS} calls are outstanding at once`),
          };
          return true;
        }
        pending.task = task;
        result = machine.attemptNext(task, process.index, FORM_AWAITED, call);
      }
    } else {
      result = machine.attempt(pending.task, call);
    }
    steps.end(result);
    if (result === BLOCKED) {
      steps.blocked++;
      if (isFirst) this.#park(pending);
      recording?.call(this, pending, isFirst, result);
      return false;
    }
    if (!isFirst) this.#unpark(pending);
    if (result === GONE) {
      recording?.call(this, pending, isFirst, result);
      this.#ended(process, syscall.number === CALL_EXIT ? call.a & 0xff : KILLED);
      return false;
    }
    process.lastStep = steps.length;
    this.#resumed = process.pid;
    process.remove(pending);
    if (result === -EINTR && pending.isAborted) {
      recording?.ended(this, pending, "AbortError");
      pending.reject(abortError(syscall.name, pending.abort?.signal.reason));
      return true;
    }
    if (result < 0) {
      recording?.call(this, pending, isFirst, result);
      const error = callError(call, -result, pending.madeAt);
      this.#errors.set(error, process);
      pending.reject(error);
      return true;
    }
    const value = resultOf(call, result);
    this.#changeProcesses(pending, result);
    recording?.call(this, pending, isFirst, result);
    pending.resolve(value);
    return true;
  }

  /** Ends a read whose buffer is not what it was: as src/waiting.ts does. @returns true: code is to run */
  #spoil(pending: PendingCall): true {
    const { process, call } = pending;
    const received = waitsInLine(pending) ? this.#rescue(pending) : undefined;
    if (pending.task >= 0 && this.machine.taskState(pending.task) !== TASK_FREE) this.#cancel(pending);
    this.steps.end(0);
    process.lastStep = this.steps.length;
    this.#resumed = process.pid;
    process.remove(pending);
    this.#run?.recording?.ended(this, pending, "TypeError");
    const { name } = call.syscall;
    const mistake = argumentMistake(
      name,
      "buffer",
      "left as it is while the call waits",
      "detached or resized",
    );
    pending.reject(received === undefined ? mistake : Object.assign(mistake, { received }));
    return true;
  }

  /** The message that a receiver was handed whose buffer is gone: it is out of its queue, and the error is to carry it. */
  #rescue(pending: PendingCall): { bytes: Uint8Array; type: bigint } | undefined {
    const { task, call, length } = pending;
    if (task < 0 || call.syscall.number !== CALL_MSGRCV) return undefined;
    const { type } = call.payload as SysvMessage;
    const bytes = new Uint8Array(length);
    const rescue = new Call(call.syscall, call.a, call.b, call.c, { type, bytes });
    this.machine.interrupt(task);
    const result = this.machine.attempt(task, rescue);
    this.#unpark(pending);
    if (result < 0) return undefined;
    return { bytes: bytes.subarray(0, result), type: (rescue.value as ReceivedSysvMessage).type };
  }

  #park(pending: PendingCall): void {
    pending.blockedSince = this.steps.length;
    this.#parked[pending.task] = pending;
    this.#parkedCount++;
    if (isTimed(pending)) this.#timedCount++;
  }

  #unpark(pending: PendingCall): void {
    this.#parked[pending.task] = undefined;
    this.#parkedCount--;
    if (isTimed(pending)) this.#timedCount--;
  }

  /** What a completed call changed in the family of processes. */
  #changeProcesses({ process, call }: PendingCall, result: number): void {
    switch (call.syscall.number) {
      case CALL_SPAWN:
        this.#spawn(process, call.payload as SpawnRequest, result, call.value as Spawned);
        break;
      case CALL_WAITPID: {
        const { pid } = call.value as WaitResult;
        const child = pid === 0 ? undefined : this.#byPid(pid);
        if (child !== undefined) child.isReaped = true;
        break;
      }
      case CALL_KILL: {
        const victim = call.b === SIGKILL ? this.#byPid(call.a) : undefined;
        if (victim !== undefined) this.#ended(victim, KILLED);
        break;
      }
    }
  }

  #byPid(pid: number): SimulatedProcess | undefined {
    return this.#all.find((process) => process.pid === pid);
  }

  #spawn(parent: SimulatedProcess, { program, args }: SpawnRequest, pid: number, spawned: Spawned): void {
    const child = this.#born(spawned.process, pid, program, parent, spawned.fds);
    this.#runMain(child, mainOf(program) as Main, args);
  }

  /** Ends the code of a process that called exit(3) or was killed. What it held goes in steps of its own. */
  #ended(process: SimulatedProcess, status: number): void {
    if (!process.isLive) return;
    if (process.parent === undefined) this.status = status;
    process.end();
    process.isAwake = false;
    // The machine has ended the calls that waited.
    for (let pending = process.first; pending !== undefined; pending = pending.next) {
      if (pending.task >= 0 && this.#parked[pending.task] === pending) this.#unpark(pending);
    }
    this.#exitingCount++;
    const live = this.#live;
    let at = live.indexOf(process);
    for (; at < live.length - 1; at++) live[at] = live[at + 1] as SimulatedProcess;
    live.pop();
  }

  #finish(finding: Finding | undefined): void {
    this.#isRunning = false;
    this.#turns.stop();
    for (const process of this.#live) process.end();
    this.#done(finding);
  }
}

/** Whether a timer may end a call's wait. */
function isTimed({ call }: PendingCall): boolean {
  const { number } = call.syscall;
  if (number === CALL_SEMTIMEDOP) return (call.payload as SemaphoreOperations).timeout !== undefined;
  if (isAtMemory(number))
    return (call.payload as FutexRequest | FutexVector | MemoryWord).timeout !== undefined;
  return (
    number === CALL_CLOCK_NANOSLEEP || (number === CALL_POLL && call.a > 0) || call.deadline !== undefined
  );
}

/** Whether a call waits at words of memory. */
const isAtMemory = (number: number): boolean =>
  number === CALL_FUTEX || number === CALL_FUTEX_WAITV || number === CALL_MEMORY_WAIT;

/** Whether a call waits in a line of System V queues or semaphores, or at memory, in the kernel: a thread of its own does. */
function waitsInLine({ call }: PendingCall): boolean {
  switch (call.syscall.number) {
    case CALL_MSGSND:
    case CALL_MSGRCV:
    case CALL_SEMOP:
    case CALL_SEMTIMEDOP:
    case CALL_FUTEX:
    case CALL_SEM_WAIT:
    case CALL_SEM_TIMEDWAIT:
    case CALL_SEM_CLOCKWAIT:
    case CALL_FUTEX_WAITV:
    case CALL_MEMORY_WAIT:
      return true;
    default:
      return false;
  }
}

/** Whether every live process waits in a call; if not, one awaits something that is not ours. */
function isDeadlock(live: readonly SimulatedProcess[]): boolean {
  return live.every(({ outstanding }) => outstanding > 0);
}

/** Takes all out of an array. Setting its length goes through the runtime, and a search does this often. */
function empty(array: unknown[]): void {
  while (array.length > 0) array.pop();
}
