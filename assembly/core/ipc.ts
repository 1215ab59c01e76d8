// What System V queues, semaphores and shared memory have in common: keys, identifiers, permissions. An identifier is an
// index and a sequence number: an index is given again late, the next above the last one first, and the number counts the
// rounds. So a stale identifier is known as one.
//
// Models ipc/util.c of Linux 6.18: ipcget, ipc_addid, ipc_idr_alloc, ipc_rmid, ipc_obtain_object_check, ipcperms,
// ipcctl_obtain_check, ipc_update_perm; sysvipc(7).
import { CAP_IPC_OWNER, CAP_SYS_ADMIN } from "../abi/capability";
import { EACCES, EEXIST, EINVAL, ENOENT, ENOSPC } from "../abi/errno";
import { IPC_CREAT, IPC_EXCL, IPC_PRIVATE, IPCMNI } from "../abi/ipc";
import { isInGroup } from "./credentials";
import { pool } from "./pool";
import { Process } from "./process";

/** How objects of one kind are numbered. */
@unmanaged
export class IpcIds {
  inUse: u32;
  /** Of the next object. */
  sequence: u32;
  /** The index that was given last, plus 1. */
  last: u32;
  /** Where the search for a free index begins. */
  next: u32;
  /** The highest index in use, plus 1. */
  highest: u32;
}

/** What every object begins with. */
@unmanaged
export class IpcObject {
  /** Its index, plus 1: 0 only in a free record. */
  indexPlus1: u32;
  sequence: u32;
  key: i32;
  uid: u32;
  gid: u32;
  /** Whose it was when it was made. */
  cuid: u32;
  cgid: u32;
  /** Permissions, and of a segment of shared memory SHM_*. */
  mode: u32;

  get id(): i32 {
    return this.sequence * IPCMNI + (this.indexPlus1 - 1);
  }
}

/** What `ipcGet` gives if an object is to be made. */
export const MAKE_NEW: i32 = i32.MIN_VALUE;

const PERMISSIONS: u32 = 0o777;
const MAX_SEQUENCE: u32 = 0x7fffffff / IPCMNI;
/** So many indices are gone through before one is given again: ipc_min_cycle. */
const SHORTEST_ROUND: u32 = 64;

/** The object of a pool that a key has, or a new one to be made: an identifier, -errno or MAKE_NEW. */
export function ipcGet(process: Process, poolNumber: u32, key: i32, flags: i32): i32 {
  if (key == IPC_PRIVATE) return MAKE_NEW;
  const object = objectByKey(poolNumber, key);
  if (!object) return flags & IPC_CREAT ? MAKE_NEW : -ENOENT;
  if (flags & IPC_CREAT && flags & IPC_EXCL) return -EEXIST;
  return mayAccessIpc(process, object, flags) ? object.id : -EACCES;
}

/** Makes an object, which is the caller's. Returns its index in the pool, or -errno. */
export function makeIpcObject(
  process: Process,
  poolNumber: u32,
  ids: IpcIds,
  limit: u32,
  key: i32,
  flags: i32,
): i32 {
  const objects = pool(poolNumber);
  if (ids.inUse >= limit || objects.isFull()) return -ENOSPC;
  const ipcIndex = nextIndex(poolNumber, ids);
  const index = objects.take();
  const object = changetype<IpcObject>(objects.address(index));
  if (ipcIndex < ids.last && ++ids.sequence >= MAX_SEQUENCE) ids.sequence = 0;
  ids.last = ipcIndex + 1;
  ids.next = ipcIndex + 1;
  ids.inUse++;
  if (ipcIndex >= ids.highest) ids.highest = ipcIndex + 1;
  object.indexPlus1 = ipcIndex + 1;
  object.sequence = ids.sequence;
  object.key = key;
  object.uid = process.euid;
  object.gid = process.egid;
  object.cuid = process.euid;
  object.cgid = process.egid;
  object.mode = flags & PERMISSIONS;
  return index;
}

/** idr_alloc_cyclic: the first free index from the last one on, below a bound that grows with the objects. */
function nextIndex(poolNumber: u32, ids: IpcIds): u32 {
  const bound = min<u32>(max<u32>((ids.inUse * 3) / 2, SHORTEST_ROUND), IPCMNI);
  for (let index = ids.next; index < bound; index++) if (!objectByIndex(poolNumber, index)) return index;
  let index: u32 = 0;
  while (objectByIndex(poolNumber, index)) index++;
  return index;
}

/** Gives up an object's identifier, and its record. */
export function removeIpcObject(poolNumber: u32, ids: IpcIds, object: IpcObject): void {
  const objects = pool(poolNumber);
  ids.inUse--;
  objects.free(<u32>((changetype<usize>(object) - objects.base) / objects.itemSize));
  while (ids.highest && !objectByIndex(poolNumber, ids.highest - 1)) ids.highest--;
}

/** The object with an identifier, or null. */
export function objectById(poolNumber: u32, id: i32): IpcObject | null {
  const object = objectByIndex(poolNumber, id & (IPCMNI - 1));
  return object && object.id == id ? object : null;
}

/** The object with an index, or null. */
export function objectByIndex(poolNumber: u32, ipcIndex: u32): IpcObject | null {
  const objects = pool(poolNumber);
  for (let index: u32 = 0; index < objects.high; index++) {
    const object = changetype<IpcObject>(objects.address(index));
    if (object.indexPlus1 == ipcIndex + 1) return object;
  }
  return null;
}

/** The object that a key leads to, or null. */
export function objectByKey(poolNumber: u32, key: i32): IpcObject | null {
  const objects = pool(poolNumber);
  for (let index: u32 = 0; index < objects.high; index++) {
    const object = changetype<IpcObject>(objects.address(index));
    if (object.indexPlus1 && object.key == key) return object;
  }
  return null;
}

/** Whether a process has the permissions that `flags` ask for, whomever they name: ipcperms. */
export function mayAccessIpc(process: Process, object: IpcObject, flags: i32): bool {
  const wanted = (flags >> 6) | (flags >> 3) | flags;
  let granted = object.mode;
  if (process.euid == object.cuid || process.euid == object.uid) granted >>= 6;
  else if (isInGroup(process, object.cgid) || isInGroup(process, object.gid)) granted >>= 3;
  return (wanted & ~granted & 7) == 0 || process.can(CAP_IPC_OWNER);
}

/** Whether a process may change or remove an object: ipcctl_obtain_check. */
export function mayControlIpc(process: Process, object: IpcObject): bool {
  return process.euid == object.cuid || process.euid == object.uid || process.can(CAP_SYS_ADMIN);
}

/** Gives an object to others: 0 or -errno. */
export function changeIpcOwner(object: IpcObject, uid: u32, gid: u32, mode: u32): i32 {
  if (uid == <u32>-1 || gid == <u32>-1) return -EINVAL;
  object.uid = uid;
  object.gid = gid;
  object.mode = (object.mode & ~PERMISSIONS) | (mode & PERMISSIONS);
  return 0;
}
