// System V semaphores of a case: the identifiers and keys of an action, and of what it came to, are translated
// (ipc-identifiers.ts); so is the pid of who used a semaphore last.
import { readFileSync, writeFileSync } from "node:fs";
import { IPC_RMID, IPC_STAT } from "../assembly/abi/ipc.js";
import { GETPID, SEM_STAT, SEM_STAT_ANY } from "../assembly/abi/sem.js";
import * as libc from "../backends/linux/libc.js";
import type { MachineOptions } from "../backends/wasm/machine.js";
import type { Action } from "./action.js";
import { IpcIdentifiers, modelKey, realKey } from "./ipc-identifiers.js";
import { type Outcome, SET_PLACES } from "./outcome.js";
import { hasOwnQueues } from "./queues.js";

const LIMITS = "/proc/sys/kernel/sem";
/** Semaphores of a set, of all sets, operations of a call, sets: small enough that cases run into them. */
const LOW_LIMITS = "6 14 5 5";

/** Lowers the limits of the campaign's namespace, where that is allowed. */
export function lowerSemaphoreLimits(): void {
  if (!hasOwnQueues()) return;
  try {
    writeFileSync(LIMITS, LOW_LIMITS);
  } catch {
    // Then they stay what they are.
  }
}

/** The machine's limits on System V semaphores. */
export function semaphoreLimits(): Pick<MachineOptions, "semmsl" | "semmns" | "semopm" | "semmni"> {
  const [semmsl = 0, semmns = 0, semopm = 0, semmni = 0] = readFileSync(LIMITS, "latin1")
    .trim()
    .split(/\s+/)
    .map(Number);
  return { semmsl, semmns, semopm, semmni };
}

/** Removes all semaphores of the campaign's namespace. */
export function removeSemaphores(): void {
  if (!hasOwnQueues()) return;
  const [, ...lines] = readFileSync("/proc/sysvipc/sem", "latin1").trimEnd().split("\n");
  for (const line of lines) libc.semctl(Number(line.trim().split(/\s+/)[1]), 0, IPC_RMID, 0);
}

const semaphoreCalls: ReadonlySet<string> = new Set(["semget", "semop", "semtimedop", "semctl"]);

export class Semaphores {
  readonly #identifiers = new IpcIdentifiers();
  /** Translates the number of a real process. */
  readonly #pidOf: (process: number) => number;

  constructor(pidOf: (process: number) => number) {
    this.#pidOf = pidOf;
  }

  /** The model's identifiers of all sets ever made, the oldest first. */
  known(): number[] {
    return this.#identifiers.known();
  }

  /** An action on the model's identifiers and keys as one on real ones. */
  toReal(action: Action): Action {
    if (!semaphoreCalls.has(action.call)) return action;
    const [first, ...rest] = action.args as [number, ...Action["args"]];
    const real = action.call === "semget" ? realKey(first) : this.#identifiers.toReal(first);
    return { call: action.call, args: [real, ...rest] };
  }

  /**
   * What a call came to, on the model's identifiers and keys.
   * @param predicted what a semget gives on the model
   */
  toModel({ call, args }: Action, outcome: Outcome, predicted: number | undefined): Outcome {
    if (outcome.result < 0 || !semaphoreCalls.has(call)) return outcome;
    if (call === "semget") return { ...outcome, result: this.#identifiers.meet(outcome.result, predicted) };
    const values = [...outcome.values];
    switch (call === "semctl" ? args[2] : undefined) {
      case GETPID:
        return { ...outcome, values: values.map(this.#pidOf) };
      case IPC_STAT:
      case SEM_STAT:
      case SEM_STAT_ANY:
        values[SET_PLACES.id] = this.#identifiers.toModel(values[SET_PLACES.id] as number);
        values[SET_PLACES.key] = modelKey(values[SET_PLACES.key] as number);
        return { ...outcome, values };
      default:
        return outcome;
    }
  }
}
