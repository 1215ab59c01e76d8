// System V shared memory. A segment is attached over memory that is reserved for it (mapping.ts), so that its arrays are the attachment
// itself: the kernel counts it once. How much is to be reserved its status tells, which may be read by whom it may be attached.
import { EINVAL } from "../../assembly/abi/errno.js";
import { IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT } from "../../assembly/abi/ipc.js";
import { PROT_READ, PROT_WRITE } from "../../assembly/abi/mman.js";
import { SHM_INFO, SHM_LOCK, SHM_RDONLY, SHM_REMAP, SHM_RND, SHM_UNLOCK } from "../../assembly/abi/shm.js";
import type { Call } from "../../src/call.js";
import type {
  SegmentLimits,
  SegmentSettings,
  SegmentStatus,
  SegmentUse,
  ShmctlValue,
} from "../../src/sysv-shared-memory.js";
import { clearStatus, permissionsIn, setSettings } from "./ipc.js";
import * as libc from "./libc.js";
import { attachAnywhere, attachAt, detach } from "./mapping.js";

export const shmget = (call: Call): number =>
  libc.resultOrErrno(libc.shmget(call.a, call.payload as number, call.c));

export function shmat(call: Call): number {
  const { a: shmid, c: flags, payload } = call;
  const address = payload as number;
  const place = Math.floor(address / libc.pageSize) * libc.pageSize;
  if (place !== address && (flags & SHM_RND) === 0) return -EINVAL;
  if (place === 0 && (flags & SHM_REMAP) !== 0) return -EINVAL;
  const length = sizeOf(shmid);
  if (length < 0) return length;
  const readOnly = flags & SHM_RDONLY;
  const prot = readOnly !== 0 ? PROT_READ : PROT_READ | PROT_WRITE;
  const attach = (to: number): number => libc.shmat(shmid, to, readOnly | SHM_REMAP);
  const attached =
    address === 0
      ? attachAnywhere(length, prot, attach)
      : attachAt(place, length, prot, (flags & SHM_REMAP) !== 0, attach);
  if (attached === undefined) return refuse(shmid, readOnly);
  if (typeof attached === "number") return attached;
  call.value = attached;
  return 0;
}

/** Bytes of a segment, or -errno. */
function sizeOf(shmid: number): number {
  const result = libc.resultOrErrno(libc.shmctl(shmid, IPC_STAT, libc.scratch.address));
  return result < 0 ? result : status(IPC_STAT, result).segsz;
}

/** What the kernel says of an attachment where something is already: whether it is allowed comes first. */
function refuse(shmid: number, readOnly: number): number {
  const { address } = libc.scratch;
  return libc.resultOrErrno(libc.shmat(shmid, address - (address % libc.pageSize), readOnly));
}

export const shmdt = (call: Call): number => detach(call.payload as number);

export function shmctl(call: Call): number {
  const { a: shmid, b: command, payload } = call;
  const { address } = libc.scratch;
  clearStatus();
  if (command === IPC_SET) setSettings(payload as SegmentSettings);
  const result = libc.resultOrErrno(libc.shmctl(shmid, command, address));
  if (result >= 0) call.value = told(command, result);
  return result;
}

function told(command: number, result: number): ShmctlValue {
  switch (command) {
    case IPC_SET:
    case IPC_RMID:
    case SHM_LOCK:
    case SHM_UNLOCK:
      return undefined;
    case IPC_INFO:
      return limits(result);
    case SHM_INFO:
      return use(result);
    default:
      return status(command, result);
  }
}

const long = (at: number): bigint => libc.scratch.view.getBigUint64(at, true);

/** struct shminfo: five longs, and some that mean nothing. */
const limits = (index: number): SegmentLimits => ({
  index,
  shmmax: long(0),
  shmmin: long(8),
  shmmni: Number(long(16)),
  shmseg: Number(long(24)),
  shmall: long(32),
});

/** struct shm_info: an int, and five longs. */
const use = (index: number): SegmentUse => ({
  index,
  used_ids: libc.scratch.view.getInt32(0, true),
  shm_tot: Number(long(8)),
  shm_rss: Number(long(16)),
  shm_swp: Number(long(24)),
  swap_attempts: Number(long(32)),
  swap_successes: Number(long(40)),
});

// struct shmid_ds of 64-bit machines, after its struct ipc_perm: asm-generic/shmbuf.h.
const SEGSZ = 48;
const ATIME = 56;
const DTIME = 64;
const CTIME = 72;
const CPID = 80;
const LPID = 84;
const NATTCH = 88;

function status(command: number, result: number): SegmentStatus {
  const { view } = libc.scratch;
  return {
    ...(command !== IPC_STAT && { id: result }),
    perm: permissionsIn(view),
    segsz: Number(long(SEGSZ)),
    nattch: Number(long(NATTCH)),
    cpid: view.getInt32(CPID, true),
    lpid: view.getInt32(LPID, true),
    atime: view.getBigInt64(ATIME, true),
    dtime: view.getBigInt64(DTIME, true),
    ctime: view.getBigInt64(CTIME, true),
  };
}
