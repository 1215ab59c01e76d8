// Calls on System V shared memory on the model: shmget(2), shmop(2), shmctl(2).
import { IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT } from "../../assembly/abi/ipc.js";
import { SHM_INFO, SHM_LOCK, SHM_UNLOCK } from "../../assembly/abi/shm.js";
import type {
  SegmentLimits,
  SegmentSettings,
  SegmentStatus,
  SegmentUse,
  ShmctlValue,
} from "../../src/sysv-shared-memory.js";
import { permissionsIn } from "./ipc.js";
import { highOf, lowOf } from "./long.js";
import { mappingIn } from "./mapping.js";
import type { Attempt, Memory } from "./memory.js";

export const shmget: Attempt = ({ kernel }, task, call) => {
  const size = BigInt(call.payload as number);
  return kernel.shmget(task, call.a, lowOf(size), highOf(size), call.c);
};

export const shmat: Attempt = (memory, task, call) => {
  const address = BigInt(call.payload as number);
  const result = memory.kernel.shmat(task, call.a, lowOf(address), highOf(address), call.c);
  if (result < 0) return result;
  call.value = mappingIn(memory, "shmat", memory.words[memory.out + 3] as number);
  return result;
};

export const shmdt: Attempt = ({ kernel }, task, call) => {
  const address = BigInt(call.payload as number);
  return kernel.shmdt(task, lowOf(address), highOf(address));
};

export const shmctl: Attempt = (memory, task, call) => {
  const { a, b, payload } = call;
  const { uid, gid, mode } = b === IPC_SET ? (payload as SegmentSettings) : nothing;
  const result = memory.kernel.shmctl(task, a, b, uid, gid, mode);
  if (result >= 0) call.value = told(memory, b, result);
  return result;
};

const nothing: SegmentSettings = { uid: 0, gid: 0, mode: 0 };

function told(memory: Memory, command: number, result: number): ShmctlValue {
  switch (command) {
    case IPC_SET:
    case IPC_RMID:
    case SHM_LOCK:
    case SHM_UNLOCK:
      return undefined;
    case IPC_INFO:
      return limitsIn(memory, result);
    case SHM_INFO:
      return useIn(memory, result);
    default:
      return statusIn(memory, command, result);
  }
}

function limitsIn({ times, out }: Memory, index: number): SegmentLimits {
  const long = (place: number): bigint => BigInt.asUintN(64, times[(out >> 1) + place] as bigint);
  return {
    index,
    shmmax: long(0),
    shmmin: long(1),
    shmmni: Number(long(2)),
    shmseg: Number(long(3)),
    shmall: long(4),
  };
}

function useIn({ words, out }: Memory, index: number): SegmentUse {
  const [used_ids, shm_tot] = words.subarray(out, out + 2) as unknown as [number, number];
  return { index, used_ids, shm_tot, shm_rss: shm_tot, shm_swp: 0, swap_attempts: 0, swap_successes: 0 };
}

function statusIn({ words, times, out }: Memory, command: number, result: number): SegmentStatus {
  const word = (place: number): number => words[out + place] as number;
  const time = (place: number): bigint => times[(out >> 1) + place] as bigint;
  return {
    ...(command !== IPC_STAT && { id: result }),
    perm: permissionsIn(word),
    segsz: word(7),
    nattch: word(8),
    cpid: word(9),
    lpid: word(10),
    atime: time(6),
    dtime: time(7),
    ctime: time(8),
  };
}
