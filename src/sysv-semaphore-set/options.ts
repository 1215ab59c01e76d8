// What sets of System V semaphores are made and operated on with, checked before anything is touched.
import { IPC_NOWAIT } from "../../assembly/abi/ipc.js";
import { SEM_UNDO, SEMVMX } from "../../assembly/abi/sem.js";
import { int, short } from "../arguments.js";
import { argumentError } from "../errors.js";
import { flag, optionsOf } from "../options.js";
import type { SemaphoreOperation } from "../sysv-semaphore.js";
import { checkWait, type TimedWaitOptions } from "../timeout.js";

/** Options of a new set. */
export interface SemaphoreSetCreateOptions {
  /** What the semaphores are at first, each 0 to 32767: as many as there are to be. */
  readonly values: readonly number[];
  /** Permissions of a new set: 0o600 if left out. */
  readonly mode?: number;
  /** `close` removes the set, if this object made it. */
  readonly removeOnClose?: boolean;
}

/** Options of finding a set. `signal` and `timeout`: of the wait for its maker. */
export interface SemaphoreSetOpenOptions extends TimedWaitOptions {
  /**
   * Waits until the set has the values that its maker gives it: until a first `semop` was done on it. true if left out. false: takes
   * it as it is, for sets whose makers never do one.
   */
  readonly waitForMaker?: boolean;
}

/** One operation of an array that is done at once or not at all: semop(2). */
export interface SetOperation {
  /** Which of the set: the first is 0. */
  readonly semaphore: number;
  /** Above 0: is added. Below 0: is taken, as soon as there is that much. 0: waits until the semaphore is 0. */
  readonly operation: number;
  /** Is undone when the process ends, however it ends: SEM_UNDO. */
  readonly undo?: boolean;
  /** If it had to wait, the whole array fails with EAGAIN: IPC_NOWAIT. */
  readonly noWait?: boolean;
}

/** Options of taking and of giving back. */
export interface PermitOptions {
  /** How many: 1 if left out. */
  readonly count?: number;
  /** Is undone when the process ends, however it ends: SEM_UNDO. false if left out. */
  readonly undo?: boolean;
}

/** How a set is made. */
export interface SetCreation {
  readonly values: readonly number[];
  /** Nine bits of permissions. */
  readonly permissions: number;
  readonly removeOnClose: boolean;
}

/** @throws TypeError naming the option */
export function creationOf(caller: string, options: SemaphoreSetCreateOptions): SetCreation {
  const { values, mode = 0o600, removeOnClose } = optionsOf(caller, options);
  const copied = valuesOf(caller, "options.values", values);
  if (copied.length === 0) throw argumentError(caller, "options.values", "of at least one semaphore", values);
  return {
    values: copied,
    permissions: int(caller, "options.mode", mode) & 0o777,
    removeOnClose: flag(caller, "removeOnClose", removeOnClose),
  };
}

/** @throws TypeError naming the option */
export function waitsForMaker(caller: string, options: SemaphoreSetOpenOptions | undefined): boolean {
  const { waitForMaker = true } = optionsOf<SemaphoreSetOpenOptions>(caller, options);
  checkWait(caller, options);
  return flag(caller, "waitForMaker", waitForMaker);
}

/** The values of semaphores, copied. */
export function valuesOf(caller: string, argument: string, values: unknown): readonly number[] {
  if (!Array.isArray(values)) throw argumentError(caller, argument, "an array of values", values);
  return Array.from(values, (value: unknown, index) =>
    semaphoreValue(caller, `${argument}[${index}]`, value),
  );
}

/** @throws TypeError it is no value of a semaphore */
export function semaphoreValue(caller: string, argument: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= SEMVMX) return value;
  throw argumentError(caller, argument, `an integer from 0 to ${SEMVMX}`, value);
}

/** A semaphore of a set. Whether the set has it the kernel knows. */
export const semaphoreOf = (caller: string, semaphore: unknown): number =>
  short(caller, "semaphore", semaphore, false);

/** What semop(2) is to do. */
export function operationsOf(caller: string, operations: readonly SetOperation[]): SemaphoreOperation[] {
  if (!Array.isArray(operations)) {
    throw argumentError(caller, "operations", "an array of { semaphore, operation }", operations);
  }
  return Array.from(operations, (each: unknown, index): SemaphoreOperation => {
    const place = `operations[${index}]`;
    if (typeof each !== "object" || each === null) {
      throw argumentError(caller, place, "{ semaphore, operation }", each);
    }
    const { semaphore, operation, undo, noWait } = each as Record<keyof SetOperation, unknown>;
    return {
      num: short(caller, `${place}.semaphore`, semaphore, false),
      op: short(caller, `${place}.operation`, operation, true),
      flg: flagsOf(isSet(caller, `${place}.undo`, undo), isSet(caller, `${place}.noWait`, noWait)),
    };
  });
}

function isSet(caller: string, argument: string, value: unknown): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw argumentError(caller, argument, "a boolean", value);
}

const flagsOf = (undo: boolean, noWait: boolean): number => (undo ? SEM_UNDO : 0) | (noWait ? IPC_NOWAIT : 0);

/**
 * One operation of taking, or of giving back.
 * @param sign -1: takes
 * @param noWait whether it is not to wait
 */
export function permitsOf(
  caller: string,
  sign: 1 | -1,
  semaphore: number,
  options: PermitOptions | undefined,
  noWait: boolean,
): SemaphoreOperation {
  const { count = 1, undo } = optionsOf<PermitOptions>(caller, options);
  if (!(Number.isInteger(count) && count >= 1 && count <= SEMVMX)) {
    throw argumentError(caller, "options.count", `an integer from 1 to ${SEMVMX}`, count);
  }
  return {
    num: semaphoreOf(caller, semaphore),
    op: sign * count,
    flg: flagsOf(flag(caller, "undo", undo), noWait),
  };
}
