// The real kernel and the model number their processes differently: pids are translated on the way in and on the way out.
import { readFileSync } from "node:fs";
import { FUTEX_TID_MASK } from "../assembly/abi/futex.js";
import type { Action, ActionArgument } from "./action.js";
import { HarnessError } from "./executor.js";
import type { Outcome } from "./outcome.js";

/** No kernel has pids from here on: PID_MAX_LIMIT, proc_sys_kernel(5). */
const PID_MAX = 4194304;
const INIT = 1;

export class Pids {
  readonly #real = new Map<number, number>();
  readonly #model = new Map<number, number>();
  /** Pids in the model by the numbers of real threads. */
  readonly #threads = new Map<number, number>();

  /** @param controller the real parent of the first processes: the model's init */
  constructor(controller: number) {
    this.add(INIT, controller);
  }

  add(model: number, real: number): void {
    this.#real.set(model, real);
    this.#model.set(real, model);
  }

  hasModel(pid: number): boolean {
    return this.#real.has(pid);
  }

  /** The pids in the model of all processes ever made but init, the oldest first. */
  known(): number[] {
    return [...this.#real.keys()].filter((pid) => pid !== INIT);
  }

  /** Pairs the thread of a real process that takes its calls. @param model its pid */
  addThread(model: number, real: number): void {
    this.#threads.set(real, model);
  }

  /** A word as the model has it: where a lock's word has the number of a thread, the model has its process's. */
  wordInModel(word: number): number {
    const model = this.#threads.get(word & FUTEX_TID_MASK);
    return model === undefined ? word : (word & ~FUTEX_TID_MASK) | model;
  }

  #threadOf(model: number): number {
    for (const [real, pid] of this.#threads) if (pid === model) return real;
    throw new HarnessError(`pid ${model} of the model has no thread`);
  }

  /** An action on the model's pids as one on real pids. */
  toReal(made: Action): Action {
    const action = { call: made.call, args: made.args.map((argument) => this.#ownerToReal(argument)) };
    if (action.call !== "kill" && action.call !== "waitpid") return action;
    const [pid, ...rest] = action.args as [number, ...number[]];
    if (pid <= 0 || pid > PID_MAX) return action;
    const real = this.#real.get(pid);
    // Nothing but what the case made may ever be signalled.
    if (real === undefined) throw new HarnessError(`pid ${pid} of the model is no process of this case`);
    return { call: action.call, args: [real, ...rest] };
  }

  #ownerToReal(argument: ActionArgument): ActionArgument {
    if (typeof argument !== "object" || argument === null || !("owner" in argument)) return argument;
    return { owner: this.#threadOf(argument.owner), bits: argument.bits };
  }

  /** What a call came to, on the model's pids. */
  toModel(call: string, outcome: Outcome): Outcome {
    if (outcome.result < 0) return outcome;
    switch (call) {
      case "getpid":
      case "getppid":
        return { ...outcome, result: this.#modelPid(outcome.result) };
      case "memory_load":
      case "memory_add":
      case "memory_compare_exchange":
        return { ...outcome, values: outcome.values.map((word) => this.wordInModel(word)) };
      case "gettid":
        return { ...outcome, result: this.modelPidOf(outcome.result) };
      case "spawn":
        // It is new: nobody knows it by a number of the model yet.
        return { ...outcome, values: [] };
      case "waitpid": {
        const [pid, status] = outcome.values as [number, number];
        return pid === 0 ? outcome : { ...outcome, values: [this.#modelPid(pid), status] };
      }
      default:
        return outcome;
    }
  }

  /** The model's pid of a process that the kernel knows by the number of one of its threads; 0 for 0. */
  modelPidOf(thread: number): number {
    if (thread === 0) return 0;
    return this.#model.get(thread) ?? this.#modelPid(processOf(thread));
  }

  #modelPid(real: number): number {
    return this.#model.get(real) ?? -real;
  }
}

/** The process that a thread belongs to; the thread itself if it is gone. */
function processOf(thread: number): number {
  try {
    const [, process] = /^Tgid:\s*(\d+)/m.exec(readFileSync(`/proc/${thread}/status`, "latin1")) ?? [];
    return Number(process ?? thread);
  } catch {
    return thread;
  }
}
