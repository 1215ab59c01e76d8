// Runs generated steps on the model alone, under a schedule of its own: for the properties of the model that need no kernel.
import { normalize } from "node:path";
import { BLOCKED, PROCESS_ALIVE, TASK_BLOCKED, TASK_EXITING } from "../assembly/abi/model.js";
import type { Form, Machine } from "../backends/wasm/machine.js";
import type { Call } from "../src/call.js";
import type { SyscallName } from "../src/linux.js";
import { refusal } from "../src/refusals.js";
import { type ActionArgument, callOf } from "./action.js";
import { modelOutcome, outcomeText } from "./outcome.js";
import { callerOf, resolve, type Setting } from "./resolve.js";
import type { Step } from "./step.js";

/** Calls that may be under way at once. */
const MOST_UNDER_WAY = 12;

export class ModelRun {
  readonly machine: Machine;
  readonly form: Form;
  /** What every step and every attempt came to. */
  readonly log: string[] = [];
  readonly #calls: Map<number, Call>;
  /** Paths of what was made, the oldest first. */
  readonly #made: string[] = [];
  #stepNumber: number;

  constructor(machine: Machine, form: Form, calls: ReadonlyMap<number, Call> = new Map(), stepNumber = 0) {
    this.machine = machine;
    this.form = form;
    this.#calls = new Map(calls);
    this.#stepNumber = stepNumber;
  }

  /** A run that goes on from here, on a machine in the same state. */
  fork(machine: Machine): ModelRun {
    return new ModelRun(machine, this.form, this.#calls, this.#stepNumber);
  }

  /** Starts the step's call, if it can be made. */
  start(step: Step): void {
    const number = this.#stepNumber++;
    const { machine } = this;
    const alive = machine.processes().filter(({ state }) => state === PROCESS_ALIVE);
    if (alive.length === 0 || this.#calls.size >= MOST_UNDER_WAY) return;
    const processes = alive.map(({ process }) => process);
    const setting: Setting = {
      machine,
      processes,
      pids: alive.map(({ pid }) => pid),
      queues: machine.sysvQueues().map(({ id }) => id),
      sets: machine.semaphoreSets().map(({ id }) => id),
      segments: machine.sharedSegments().map(({ id }) => id),
      firstDescriptor: 3,
      rlimitNofile: 27,
      stepNumber: number,
      blocked: (process) => [...this.#calls.keys()].filter((task) => this.#isBlocked(process, task)),
      canShare: () => true,
    };
    const caller = callerOf(step, setting);
    if (caller === undefined) return;
    const action = resolve(step, caller, setting);
    if (action === undefined) return;
    if (action.call === "interrupt") {
      machine.interrupt(action.args[0] as number);
      return;
    }
    if (action.call === "share") {
      const [from, fd] = action.args as [number, number];
      this.log.push(`share ${machine.shareDescriptor(from, fd, caller)}`);
      return;
    }
    const call = callOf(action);
    if (refusal(call) === 0) this.#calls.set(machine.createTask(caller, this.form), call);
  }

  #isBlocked(process: number, task: number): boolean {
    return this.machine.taskProcess(task) === process && this.machine.taskState(task) === TASK_BLOCKED;
  }

  /** Lets one task take its step: the `choice`-th of those that can, modulo how many there are. @returns false if none can */
  move(choice: number): boolean {
    const { machine } = this;
    const runnable: number[] = [];
    const count = machine.runnable(runnable);
    if (count === 0) {
      if (!machine.hasTimer()) return false;
      machine.fireTimer();
      return true;
    }
    const task = runnable[choice % count] as number;
    if (machine.taskState(task) === TASK_EXITING) {
      machine.exitStep(task);
      return true;
    }
    const call = this.#calls.get(task) as Call;
    const result = machine.attempt(task, call);
    if (result === BLOCKED) return true;
    this.#calls.delete(task);
    if (result === 0 && /^mk(fifo|dir)$/.test(call.syscall.name)) this.#made.push(call.payload as string);
    this.log.push(
      `${task} ${call.syscall.name} ${outcomeText(call.syscall.name, modelOutcome(call, result))}`,
    );
    return true;
  }

  /** Steps until nothing moves any more. */
  settle(): void {
    while (this.move(0));
  }

  /** Ends what is under way, closes all descriptors, removes all files, and sets back what processes have set. */
  closeAll(): void {
    for (const task of this.#calls.keys()) this.machine.cancel(task);
    this.#calls.clear();
    this.settle();
    for (const { process } of this.machine.processes()) {
      for (const { fd } of this.machine.descriptors(process)) this.#call(process, "close", fd);
      this.#call(process, "umask", 0o022);
    }
    const [first] = this.machine.processes();
    for (const path of this.#made.splice(0).reverse()) {
      // Its own name, for what it was reached through may be gone.
      const name = { path: normalize(path) };
      this.#call(first?.process as number, "unlink", name);
      this.#call(first?.process as number, "rmdir", name);
    }
    this.#call(first?.process as number, "chmod", { path: "." }, 0o1777);
    this.settle();
  }

  #call(process: number, call: SyscallName, ...args: ActionArgument[]): void {
    const task = this.machine.createTask(process, this.form);
    this.machine.attempt(task, callOf({ call, args }));
  }
}
