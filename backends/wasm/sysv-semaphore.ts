// Calls on System V semaphores on the model: semget(2), semop(2), semctl(2). Operations go through the window as the model keeps
// them: a mark and the semaphore in one word, what is done and the flags in the next.
import { IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT } from "../../assembly/abi/ipc.js";
import { MAX_SEMAPHORE_OPERATIONS, MAX_SEMAPHORES } from "../../assembly/abi/model.js";
import {
  GETALL,
  GETNCNT,
  GETPID,
  GETVAL,
  GETZCNT,
  SEM_INFO,
  SETALL,
  SETVAL,
} from "../../assembly/abi/sem.js";
import type { Call, SemaphoreOperations } from "../../src/call.js";
import type {
  SemaphoreLimits,
  SemaphoreSetSettings,
  SemaphoreSetStatus,
  SemctlValue,
} from "../../src/sysv-semaphore.js";
import { permissionsIn } from "./ipc.js";
import type { Attempt, Memory } from "./memory.js";

export const semget: Attempt = ({ kernel }, task, call) => kernel.semget(task, call.a, call.b, call.c);

/** Puts operations into the window: no more than it holds, who has more is refused by their count. @returns the count */
function fillOperations({ words, window }: Memory, { payload }: Call): number {
  const { operations } = payload as SemaphoreOperations;
  const count = Math.min(operations.length, MAX_SEMAPHORE_OPERATIONS);
  let at = window >> 2;
  for (let index = 0; index < count; index++) {
    const { num, op, flg } = operations[index] as (typeof operations)[number];
    words[at++] = 1 | (num << 16);
    words[at++] = (op & 0xffff) | (flg << 16);
  }
  return operations.length;
}

// The model has the operations from the first attempt on.
export const semop: Attempt = (memory, task, call, isNew) => {
  if (!isNew) return memory.kernel.resume(task);
  return memory.kernel.semop(task, call.a, fillOperations(memory, call));
};

export const semtimedop: Attempt = (memory, task, call, isNew) => {
  if (!isNew) return memory.kernel.resume(task);
  const { timeout } = call.payload as SemaphoreOperations;
  const count = fillOperations(memory, call);
  const [low, high] = timeout === undefined ? [0, 0] : [lowOf(timeout), highOf(timeout)];
  return memory.kernel.semtimedop(task, call.a, count, timeout === undefined ? 0 : 1, low, high);
};

const lowOf = (time: bigint): number => Number(BigInt.asIntN(32, time));
const highOf = (time: bigint): number => Number(time >> 32n);

export const semctl: Attempt = (memory, task, call) => {
  const { kernel } = memory;
  const { a, b, c, payload } = call;
  const value = c === SETVAL ? (payload as number) : 0;
  const count = c === SETALL ? fillValues(memory, payload as readonly number[]) : 0;
  const { uid, gid, mode } = c === IPC_SET ? (payload as SemaphoreSetSettings) : nothing;
  const result = kernel.semctl(task, a, b, c, value, count, uid, gid, mode);
  if (result >= 0) call.value = told(memory, c, result);
  return result;
};

const nothing: SemaphoreSetSettings = { uid: 0, gid: 0, mode: 0 };

/** Puts values into the window: no set has more of them. @returns how many there are */
function fillValues({ words, window }: Memory, values: readonly number[]): number {
  const count = Math.min(values.length, MAX_SEMAPHORES);
  for (let index = 0; index < count; index++) words[(window >> 2) + index] = values[index] as number;
  return count;
}

function told(memory: Memory, command: number, result: number): SemctlValue {
  switch (command) {
    case SETVAL:
    case SETALL:
    case IPC_SET:
    case IPC_RMID:
      return undefined;
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
      return result;
    case GETALL:
      return valuesIn(memory);
    case IPC_INFO:
    case SEM_INFO:
      return limitsIn(memory, result);
    default:
      return statusIn(memory, command, result);
  }
}

function valuesIn({ words, window, out }: Memory): readonly number[] {
  const first = window >> 2;
  return Array.from(words.subarray(first, first + (words[out] as number)));
}

function limitsIn({ words, out }: Memory, index: number): SemaphoreLimits {
  const [semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem] = words.subarray(
    out,
    out + 10,
  ) as unknown as TenNumbers;
  return { index, semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem };
}

type TenNumbers = [number, number, number, number, number, number, number, number, number, number];

function statusIn({ words, times, out }: Memory, command: number, result: number): SemaphoreSetStatus {
  const word = (place: number): number => words[out + place] as number;
  return {
    ...(command !== IPC_STAT && { id: result }),
    perm: permissionsIn(word),
    otime: times[(out >> 1) + 4] as bigint,
    ctime: times[(out >> 1) + 5] as bigint,
    nsems: word(7),
  };
}
