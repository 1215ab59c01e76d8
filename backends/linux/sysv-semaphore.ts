// System V semaphores. They have no descriptor to be watched: a call that must wait is made in a lane (lanes.ts), whose thread shares
// the process's list of what is to be undone (SEM_UNDO), as all threads that pthread_create(3) makes do. An attempt never waits, by
// IPC_NOWAIT on all its operations: which of them stopped it is then unknown, so where some may wait and some not the plain
// call in a lane is to find out.
import { EAGAIN, EFAULT } from "../../assembly/abi/errno.js";
import { IPC_INFO, IPC_NOWAIT, IPC_RMID, IPC_SET, IPC_STAT } from "../../assembly/abi/ipc.js";
import { BLOCKED } from "../../assembly/abi/model.js";
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
import { allocate } from "./ffi.js";
import { withGuardedMemory } from "./guarded.js";
import { clearStatus, permissionsIn, setSettings } from "./ipc.js";
import * as libc from "./libc.js";
import { operatePlainly } from "./semop.js";

export const semget = (call: Call): number => libc.resultOrErrno(libc.semget(call.a, call.b, call.c));

/** One attempt at semop(2) or semtimedop(2). */
export function semop({ a, payload }: Call): number {
  const { operations, timeout } = payload as SemaphoreOperations;
  const result = operatePlainly(a, operations, timeout, IPC_NOWAIT);
  if (result !== -EAGAIN || timeout === 0n) return result;
  return neverWaits(payload as SemaphoreOperations) ? result : BLOCKED;
}

/** Whether none of the operations is one to wait for: what adds never waits. */
export const neverWaits = ({ operations }: SemaphoreOperations): boolean =>
  operations.every(({ op, flg }) => op > 0 || (flg & IPC_NOWAIT) !== 0);

/** The plain semop(2) or semtimedop(2), on this thread. */
export function semopBlocking({ a, payload }: Call): number {
  const { operations, timeout } = payload as SemaphoreOperations;
  return operatePlainly(a, operations, timeout);
}

export function semctl(call: Call): number {
  const { a, b, c, payload } = call;
  const { address } = libc.scratch;
  switch (c) {
    case SETVAL:
      return libc.resultOrErrno(libc.semctl(a, b, c, payload as number));
    case SETALL:
      return setAll(a, payload as readonly number[]);
    case GETALL:
      return getAll(call);
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
      return withValue(call, libc.resultOrErrno(libc.semctl(a, b, c, 0)), (result) => result);
    case IPC_SET:
      clearStatus();
      setSettings(payload as SemaphoreSetSettings);
      return libc.resultOrErrno(libc.semctl(a, b, c, address));
    case IPC_RMID:
      return libc.resultOrErrno(libc.semctl(a, b, c, 0));
    case IPC_INFO:
    case SEM_INFO:
      return withValue(call, libc.resultOrErrno(libc.semctl(a, b, c, address)), limits);
    default:
      clearStatus();
      return withValue(call, libc.resultOrErrno(libc.semctl(a, b, c, address)), (result) =>
        status(c, result),
      );
  }
}

function withValue(call: Call, result: number, told: (result: number) => SemctlValue): number {
  if (result >= 0) call.value = told(result);
  return result;
}

const VALUE_SIZE = 2;

/** The kernel takes as many values as the set has semaphores, and is not told how many there are. */
function setAll(semid: number, values: readonly number[]): number {
  const size = values.length * VALUE_SIZE;
  const memory = size <= libc.scratch.bytes.length ? libc.scratch : allocate(size);
  for (let index = 0; index < values.length; index++) {
    memory.view.setUint16(index * VALUE_SIZE, values[index] as number, true);
  }
  return withGuardedMemory(size, (address) => {
    libc.memcpy(address, memory.address, size);
    return libc.resultOrErrno(libc.semctl(semid, 0, SETALL, address));
  });
}

/** How many values there are the status tells, which may be read by whom they may; and not for ever. */
function getAll(call: Call): number {
  for (;;) {
    const found = libc.resultOrErrno(libc.semctl(call.a, 0, IPC_STAT, libc.scratch.address));
    if (found < 0) return found;
    const { nsems } = status(IPC_STAT, found);
    const size = nsems * VALUE_SIZE;
    const { address, view } = size <= libc.scratch.bytes.length ? libc.scratch : allocate(size);
    const result = withGuardedMemory(size, (guarded) => {
      const copied = libc.resultOrErrno(libc.semctl(call.a, 0, GETALL, guarded));
      if (copied >= 0) libc.memcpy(address, guarded, size);
      return copied;
    });
    if (result === -EFAULT) continue;
    return withValue(call, result, () =>
      Array.from({ length: nsems }, (_, index) => view.getUint16(index * VALUE_SIZE, true)),
    );
  }
}

/** struct seminfo { int semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem; } */
function limits(index: number): SemaphoreLimits {
  const { view } = libc.scratch;
  const int = (place: number): number => view.getInt32(4 * place, true);
  return {
    index,
    semmap: int(0),
    semmni: int(1),
    semmns: int(2),
    semmnu: int(3),
    semmsl: int(4),
    semopm: int(5),
    semume: int(6),
    semusz: int(7),
    semvmx: int(8),
    semaem: int(9),
  };
}

// struct semid_ds: struct ipc_perm, two times and a count, all longs. On x64 a word follows each time that is not used: asm/sembuf.h.
const OTIME = 48;
const CTIME = process.arch === "x64" ? 64 : 56;
const NSEMS = process.arch === "x64" ? 80 : 64;

function status(command: number, result: number): SemaphoreSetStatus {
  const { view } = libc.scratch;
  return {
    ...(command !== IPC_STAT && { id: result }),
    perm: permissionsIn(view),
    otime: view.getBigInt64(OTIME, true),
    ctime: view.getBigInt64(CTIME, true),
    nsems: Number(view.getBigUint64(NSEMS, true)),
  };
}
