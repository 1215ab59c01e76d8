// System V queues of a case: the identifiers and keys of an action, and of what it came to, are translated (ipc-identifiers.ts).
import { readFileSync, writeFileSync } from "node:fs";
import { IPC_RMID } from "../assembly/abi/ipc.js";
import * as libc from "../backends/linux/libc.js";
import type { MachineOptions } from "../backends/wasm/machine.js";
import type { Action } from "./action.js";
import { IpcIdentifiers, modelKey, realKey } from "./ipc-identifiers.js";
import { ISOLATED } from "./isolated.js";
import { type Outcome, STATUS_PLACES } from "./outcome.js";

/** Whether the IPC namespace is the campaign's own: whatever is left in it ends with it. */
export const hasOwnQueues = (): boolean => process.env[ISOLATED] === "1";

const limitNames = ["msgmax", "msgmnb", "msgmni"] as const;
const limitFile = (name: string): string => `/proc/sys/kernel/${name}`;

/** Small enough that cases run into them. */
const lowLimits: Readonly<Record<(typeof limitNames)[number], number>> = {
  msgmax: 300,
  msgmnb: 400,
  msgmni: 5,
};

/** Lowers the limits of the campaign's namespace, where that is allowed. */
export function lowerQueueLimits(): void {
  if (!hasOwnQueues()) return;
  for (const name of limitNames) {
    try {
      writeFileSync(limitFile(name), String(lowLimits[name]));
    } catch {
      // Then they stay what they are.
    }
  }
}

/** The machine's limits on System V queues. */
export const queueLimits = (): Pick<MachineOptions, "msgmax" | "msgmnb" | "msgmni"> =>
  Object.fromEntries(limitNames.map((name) => [name, Number(readFileSync(limitFile(name), "latin1"))]));

/** Removes all queues of the campaign's namespace. */
export function removeQueues(): void {
  if (!hasOwnQueues()) return;
  const [, ...lines] = readFileSync("/proc/sysvipc/msg", "latin1").trimEnd().split("\n");
  for (const line of lines) libc.msgctl(Number(line.trim().split(/\s+/)[1]), IPC_RMID, 0);
}

const sysvCalls: ReadonlySet<string> = new Set(["msgget", "msgsnd", "msgrcv", "msgctl"]);

export class Queues {
  readonly #identifiers = new IpcIdentifiers();
  /** Translates the number of a real thread. */
  readonly #pidOf: (thread: number) => number;

  constructor(pidOf: (thread: number) => number) {
    this.#pidOf = pidOf;
  }

  /** The model's identifiers of all queues ever made, the oldest first. */
  known(): number[] {
    return this.#identifiers.known();
  }

  /** An action on the model's identifiers and keys as one on real ones. */
  toReal(action: Action): Action {
    if (!sysvCalls.has(action.call)) return action;
    const [first, ...rest] = action.args as [number, ...Action["args"]];
    const real = action.call === "msgget" ? realKey(first) : this.#identifiers.toReal(first);
    return { call: action.call, args: [real, ...rest] };
  }

  /**
   * What a call came to, on the model's identifiers and keys.
   * @param predicted what a msgget gives on the model
   */
  toModel({ call }: Action, outcome: Outcome, predicted: number | undefined): Outcome {
    if (outcome.result < 0 || !sysvCalls.has(call)) return outcome;
    if (call === "msgget") return { ...outcome, result: this.#identifiers.meet(outcome.result, predicted) };
    if (call !== "msgctl" || outcome.values.length !== STATUS_PLACES.count) return outcome;
    const values = [...outcome.values];
    const translate = (place: number, to: (value: number) => number): void => {
      values[place] = to(values[place] as number);
    };
    translate(STATUS_PLACES.id, (id) => this.#identifiers.toModel(id));
    translate(STATUS_PLACES.key, modelKey);
    translate(STATUS_PLACES.lspid, this.#pidOf);
    translate(STATUS_PLACES.lrpid, this.#pidOf);
    return { ...outcome, values };
  }
}
