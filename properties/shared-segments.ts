// System V shared memory of a case: the identifiers and keys of an action, and of what it came to, are translated
// (ipc-identifiers.ts); so are the pids of who made a segment, and of who attached or detached it last.
import { readFileSync, writeFileSync } from "node:fs";
import { IPC_RMID } from "../assembly/abi/ipc.js";
import * as libc from "../backends/linux/libc.js";
import type { MachineOptions } from "../backends/wasm/machine.js";
import type { Action } from "./action.js";
import { IpcIdentifiers, modelKey, realKey } from "./ipc-identifiers.js";
import { type Outcome, SEGMENT_PLACES } from "./outcome.js";
import { hasOwnQueues } from "./queues.js";

/** Bytes of a segment, pages of all, segments: small enough that cases run into them. */
const lowLimits = { shmmax: 20_000, shmall: 9, shmmni: 5 } as const;

const fileOf = (limit: keyof typeof lowLimits): string => `/proc/sys/kernel/${limit}`;

/** Lowers the limits of the campaign's namespace, where that is allowed. */
export function lowerSegmentLimits(): void {
  if (!hasOwnQueues()) return;
  try {
    for (const [limit, value] of Object.entries(lowLimits)) {
      writeFileSync(fileOf(limit as keyof typeof lowLimits), String(value));
    }
  } catch {
    // Then they stay what they are.
  }
}

/** The machine's limits on System V shared memory. */
export function segmentLimits(): Pick<MachineOptions, "shmmax" | "shmall" | "shmmni" | "rlimitMemlock"> {
  const long = (limit: keyof typeof lowLimits): bigint =>
    BigInt(readFileSync(fileOf(limit), "latin1").trim());
  const limits = readFileSync("/proc/self/limits", "latin1");
  const [, memlock] = /^Max locked memory +(\d+)/m.exec(limits) ?? [];
  return {
    shmmax: long("shmmax"),
    shmall: long("shmall"),
    shmmni: Number(long("shmmni")),
    rlimitMemlock: Math.min(Number(memlock ?? UNLIMITED), UNLIMITED),
  };
}

/** More than any case locks. */
const UNLIMITED = 0xffffffff;

/** Removes all segments of the campaign's namespace. */
export function removeSegments(): void {
  if (!hasOwnQueues()) return;
  const [, ...lines] = readFileSync("/proc/sysvipc/shm", "latin1").trimEnd().split("\n");
  for (const line of lines) libc.shmctl(Number(line.trim().split(/\s+/)[1]), IPC_RMID, 0);
}

const segmentCalls: ReadonlySet<string> = new Set(["shmget", "shmat", "shmctl"]);

export class SharedSegments {
  readonly #identifiers = new IpcIdentifiers();
  /** Translates the number of a real process. */
  readonly #pidOf: (process: number) => number;

  constructor(pidOf: (process: number) => number) {
    this.#pidOf = pidOf;
  }

  /** The model's identifiers of all segments ever made, the oldest first. */
  known(): number[] {
    return this.#identifiers.known();
  }

  /** An action on the model's identifiers and keys as one on real ones. */
  toReal(action: Action): Action {
    if (!segmentCalls.has(action.call)) return action;
    const [first, ...rest] = action.args as [number, ...Action["args"]];
    const real = action.call === "shmget" ? realKey(first) : this.#identifiers.toReal(first);
    return { call: action.call, args: [real, ...rest] };
  }

  /**
   * What a call came to, on the model's identifiers and keys.
   * @param predicted what a shmget gives on the model
   */
  toModel({ call }: Action, outcome: Outcome, predicted: number | undefined): Outcome {
    if (outcome.result < 0) return outcome;
    if (call === "shmget") return { ...outcome, result: this.#identifiers.meet(outcome.result, predicted) };
    if (call !== "shmctl" || outcome.values.length !== SEGMENT_PLACES.count) return outcome;
    const values = [...outcome.values];
    const translate = (place: number, to: (value: number) => number): void => {
      values[place] = to(values[place] as number);
    };
    translate(SEGMENT_PLACES.id, (id) => this.#identifiers.toModel(id));
    translate(SEGMENT_PLACES.key, modelKey);
    translate(SEGMENT_PLACES.cpid, this.#pidOf);
    translate(SEGMENT_PLACES.lpid, this.#pidOf);
    return { ...outcome, values };
  }
}
