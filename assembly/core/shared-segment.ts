// Segments of System V shared memory: each an object of shared memory with an identifier, and with notes of who came and went
// last. Every part of an address space that shows one is counted (nattch), so two that an mprotect made of one are two. A segment
// that was removed lives until the last of them is gone.
//
// Models ipc/shm.c of Linux 6.18: shm_open, shm_close, shm_may_destroy, shm_destroy.
import { SHM_DEST } from "../abi/shm";
import { realSeconds } from "./clock";
import { IpcIds, IpcObject, removeIpcObject } from "./ipc";
import { Machine, machine } from "./machine";
import { pool, SHARED_SEGMENT_POOL } from "./pool";
import { Process } from "./process";
import { freeSharedObject, SharedObject, sharedObjectAt } from "./shared-object";

@unmanaged
export class SharedSegment extends IpcObject {
  /** Bytes, as it was asked for. */
  size: u32;
  /** Index of the object that has its bytes. */
  object: u32;
  /** Pid of who made it, and of who attached or detached it last; 0 if nobody did. */
  creatorPid: u32;
  lastPid: u32;
  /** Seconds of CLOCK_REALTIME; 0 before the first time. */
  attachTime: u64;
  detachTime: u64;
  changeTime: u64;
  /** The real user for whom its pages are counted as locked, plus 1; 0 while it is not locked. */
  lockedBy: u32;

  /** The parts of address spaces that show it. */
  get attachments(): u32 {
    return sharedObjectAt(this.object).mappings;
  }
}

export function segmentIds(): IpcIds {
  return changetype<IpcIds>(changetype<usize>(machine) + offsetof<Machine>("segmentsInUse"));
}

export function segmentAt(index: u32): SharedSegment {
  return changetype<SharedSegment>(pool(SHARED_SEGMENT_POOL).address(index));
}

/** The segment whose bytes an object has: it is of one. */
function segmentOf(object: SharedObject): SharedSegment {
  return segmentAt(object.segment - 1);
}

/** Notes that a process has one part more that shows a segment. */
export function noteAttached(object: SharedObject, process: Process): void {
  const segment = segmentOf(object);
  segment.attachTime = realSeconds();
  segment.lastPid = process.pid;
}

/** Notes that a process has one part less that shows a segment: the last one may end it. */
export function noteDetached(object: SharedObject, process: Process): void {
  const segment = segmentOf(object);
  segment.detachTime = realSeconds();
  segment.lastPid = process.pid;
  if (!object.mappings && segment.mode & SHM_DEST) destroySegment(segment);
}

/** shm_destroy: its identifier, and its bytes. */
export function destroySegment(segment: SharedSegment): void {
  freeSharedObject(sharedObjectAt(segment.object));
  removeIpcObject(SHARED_SEGMENT_POOL, segmentIds(), segment);
}
