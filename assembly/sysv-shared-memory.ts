// System V shared memory: segments with keys and identifiers, which processes attach and detach. What is attached is mapped
// (mapping.ts), so munmap and mprotect work on it, and what they split is counted. A segment that is removed while somebody has it
// attached can still be attached by its identifier; its key leads to it no more.
//
// An address that is asked for must lie in the range of an own attachment: in a hole of it, or anywhere in it with SHM_REMAP.
//
// Models ipc/shm.c of Linux 6.18: newseg, shm_more_checks, do_shmat, ksys_shmdt, do_shm_rmid, shmctl_down, shmctl_do_lock,
// shmctl_stat, shmctl_ipc_info, shmctl_shm_info; user_shm_lock (mm/mlock.c); shmget(2), shmop(2), shmctl(2).
import { CAP_IPC_LOCK } from "./abi/capability";
import { EACCES, EBUSY, EINVAL, ENOMEM, ENOSPC, EPERM } from "./abi/errno";
import { IPC_INFO, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT, IPCMNI } from "./abi/ipc";
import {
  SHM_DEST,
  SHM_INFO,
  SHM_LOCK,
  SHM_LOCKED,
  SHM_RDONLY,
  SHM_REMAP,
  SHM_RND,
  SHM_STAT,
  SHM_STAT_ANY,
  SHM_UNLOCK,
  SHMMIN,
} from "./abi/shm";
import { realSeconds } from "./core/clock";
import {
  changeIpcOwner,
  ipcGet,
  MAKE_NEW,
  makeIpcObject,
  mayAccessIpc,
  mayControlIpc,
  objectById,
  objectByIndex,
  objectByKey,
} from "./core/ipc";
import { machine } from "./core/machine";
import { OUT, SHARED_SEGMENT_SIZE } from "./core/memory";
import { pool, SHARED_OBJECT_POOL, SHARED_SEGMENT_POOL } from "./core/pool";
import { Process, processIndex } from "./core/process";
import { sharedObjectAt, sharedObjectIndex, takeSharedObject } from "./core/shared-object";
import { destroySegment, SharedSegment, segmentAt, segmentIds } from "./core/shared-segment";
import { attachObject, detachObject, isWaitedInPages, mayAttachAt } from "./mapping";

// What flags ask of a segment's permissions, for its owner, its group and others alike.
const MAY_READ = 0o444;
const MAY_READ_AND_WRITE = 0o666;

function segmentById(id: i32): SharedSegment | null {
  return changetype<SharedSegment | null>(objectById(SHARED_SEGMENT_POOL, id));
}

function pagesOf(bytes: u64): u64 {
  return (bytes + machine.pageSize - 1) / machine.pageSize;
}

/** Pages of all segments. */
function pagesInUse(): u64 {
  let pages: u64 = 0;
  for (let index: u32 = 0; index < pool(SHARED_SEGMENT_POOL).high; index++) {
    pages += pagesOf(segmentAt(index).size);
  }
  return pages;
}

/** shmget(2): an identifier or -errno. */
export function getSegment(process: Process, key: i32, size: u64, flags: i32): i32 {
  const found = ipcGet(process, SHARED_SEGMENT_POOL, key, flags);
  if (found == MAKE_NEW) return makeSegment(process, key, size, flags);
  // shm_more_checks comes before the permissions.
  if ((found >= 0 || found == -EACCES) && isSmaller(key, size)) return -EINVAL;
  return found;
}

function isSmaller(key: i32, size: u64): bool {
  return <u64>changetype<SharedSegment>(objectByKey(SHARED_SEGMENT_POOL, key)).size < size;
}

function makeSegment(process: Process, key: i32, size: u64, flags: i32): i32 {
  if (offsetof<SharedSegment>() != SHARED_SEGMENT_SIZE)
    ERROR("SHARED_SEGMENT_SIZE is not the size of SharedSegment");
  if (size < <u64>SHMMIN || size > machine.shmmax) return -EINVAL;
  if (pagesInUse() + pagesOf(size) > machine.shmall) return -ENOSPC;
  if (size > machine.sharedObjectMax || pool(SHARED_OBJECT_POOL).isFull()) return -ENOMEM;
  const index = makeIpcObject(process, SHARED_SEGMENT_POOL, segmentIds(), machine.shmmni, key, flags);
  if (index < 0) return index;
  const object = takeSharedObject()!;
  object.segment = index + 1;
  object.size = <u32>size;
  const segment = segmentAt(index);
  segment.size = <u32>size;
  segment.object = sharedObjectIndex(object);
  segment.creatorPid = process.pid;
  segment.changeTime = realSeconds();
  return segment.id;
}

/** shmat(2): 0, with the address in the first two words of OUT, then the process and the bytes; or -errno. */
export function attachSegment(process: Process, id: i32, address: i64, flags: i32): i32 {
  if (id < 0) return -EINVAL;
  const place = address & ~(<i64>machine.pageSize - 1);
  if (place != address && !(flags & SHM_RND)) return -EINVAL;
  if (flags & SHM_REMAP && !place) return -EINVAL;
  const segment = segmentById(id);
  if (!segment) return -EINVAL;
  const isReadOnly = (flags & SHM_RDONLY) != 0;
  if (!mayAccessIpc(process, segment, isReadOnly ? MAY_READ : MAY_READ_AND_WRITE)) return -EACCES;
  const pages = <u32>pagesOf(segment.size);
  const page = <u64>place / machine.pageSize;
  const replaces = (flags & SHM_REMAP) != 0;
  if (address && !mayAttachAt(process, page, pages, replaces)) return -EINVAL;
  if (replaces && isWaitedInPages(process, page, pages)) return -EBUSY;
  const start = attachObject(process, sharedObjectAt(segment.object), <u32>page, pages, isReadOnly);
  if (!start) return -ENOMEM;
  store<u64>(OUT, <u64>start * machine.pageSize);
  answer(2, processIndex(process));
  answer(3, segment.size);
  return 0;
}

/** shmdt(2): all that is left of what was attached at an address. */
export function detachSegment(process: Process, address: i64): i32 {
  if (address & (machine.pageSize - 1)) return -EINVAL;
  return detachObject(process, <u64>address / machine.pageSize);
}

/** shmctl(2): 0 or what is asked for, the rest in OUT; or -errno. IPC_SET takes the last three. */
export function controlSegment(process: Process, id: i32, command: i32, uid: u32, gid: u32, mode: u32): i32 {
  if (command < 0 || id < 0) return -EINVAL;
  switch (command) {
    case IPC_INFO:
      return answerLimits();
    case SHM_INFO:
      return answerUse();
    case IPC_STAT:
    case SHM_STAT:
    case SHM_STAT_ANY:
      return answerSegment(process, id, command);
    case IPC_SET:
    case IPC_RMID: {
      const segment = segmentById(id);
      if (!segment) return -EINVAL;
      if (!mayControlIpc(process, segment)) return -EPERM;
      return command == IPC_SET ? changeSegment(segment, uid, gid, mode) : removeSegment(segment);
    }
    case SHM_LOCK:
    case SHM_UNLOCK:
      return lockSegment(process, id, command == SHM_LOCK);
    default:
      return -EINVAL;
  }
}

function changeSegment(segment: SharedSegment, uid: u32, gid: u32, mode: u32): i32 {
  const mistake = changeIpcOwner(segment, uid, gid, mode);
  if (!mistake) segment.changeTime = realSeconds();
  return mistake;
}

/** do_shm_rmid: at once, or with the last attachment. */
function removeSegment(segment: SharedSegment): i32 {
  if (!segment.attachments) {
    destroySegment(segment);
    return 0;
  }
  segment.mode |= SHM_DEST;
  segment.key = IPC_PRIVATE;
  return 0;
}

/** shmctl_do_lock: nothing is swapped out here, so all that counts is who may, and how much. */
function lockSegment(process: Process, id: i32, locks: bool): i32 {
  const segment = segmentById(id);
  if (!segment) return -EINVAL;
  const isUnlimited = process.can(CAP_IPC_LOCK);
  const isOwner = process.euid == segment.uid || process.euid == segment.cuid;
  if (!isUnlimited && (!isOwner || (locks && !machine.rlimitMemlock))) return -EPERM;
  if (!locks) {
    segment.mode &= ~SHM_LOCKED;
    segment.lockedBy = 0;
    return 0;
  }
  if (segment.lockedBy) return 0;
  const pages = lockedPages(process.ruid) + pagesOf(segment.size);
  if (!isUnlimited && pages > machine.rlimitMemlock / machine.pageSize) return -ENOMEM;
  segment.mode |= SHM_LOCKED;
  segment.lockedBy = process.ruid + 1;
  return 0;
}

/** Pages of segments that are counted as locked for a user. */
function lockedPages(uid: u32): u64 {
  let pages: u64 = 0;
  for (let index: u32 = 0; index < pool(SHARED_SEGMENT_POOL).high; index++) {
    const segment = segmentAt(index);
    if (segment.lockedBy == uid + 1) pages += pagesOf(segment.size);
  }
  return pages;
}

function answer(place: u32, value: u32): void {
  store<u32>(OUT + place * 4, value);
}

function highestIndex(): i32 {
  const ids = segmentIds();
  return ids.highest ? ids.highest - 1 : 0;
}

/** struct shminfo: shmmax, shmmin, shmmni, shmseg, shmall. */
function answerLimits(): i32 {
  store<u64>(OUT, machine.shmmax);
  store<u64>(OUT + 8, SHMMIN);
  store<u64>(OUT + 16, machine.shmmni);
  store<u64>(OUT + 24, machine.shmmni);
  store<u64>(OUT + 32, machine.shmall);
  return highestIndex();
}

/** struct shm_info: segments, and their pages, all of which are in memory. */
function answerUse(): i32 {
  answer(0, segmentIds().inUse);
  answer(1, <u32>pagesInUse());
  return highestIndex();
}

/** shmctl_stat. Of the identifier SHM_STAT and SHM_STAT_ANY take the index alone, and they give the whole one. */
function answerSegment(process: Process, id: i32, command: i32): i32 {
  const isByIndex = command != IPC_STAT;
  const found = isByIndex
    ? objectByIndex(SHARED_SEGMENT_POOL, id & (IPCMNI - 1))
    : objectById(SHARED_SEGMENT_POOL, id);
  if (!found) return -EINVAL;
  if (command != SHM_STAT_ANY && !mayAccessIpc(process, found, MAY_READ)) return -EACCES;
  const segment = changetype<SharedSegment>(found);
  answer(0, segment.key);
  answer(1, segment.uid);
  answer(2, segment.gid);
  answer(3, segment.cuid);
  answer(4, segment.cgid);
  answer(5, segment.mode);
  answer(6, segment.sequence);
  answer(7, segment.size);
  answer(8, segment.attachments);
  answer(9, segment.creatorPid);
  answer(10, segment.lastPid);
  store<u64>(OUT + 48, segment.attachTime);
  store<u64>(OUT + 56, segment.detachTime);
  store<u64>(OUT + 64, segment.changeTime);
  return isByIndex ? segment.id : 0;
}
