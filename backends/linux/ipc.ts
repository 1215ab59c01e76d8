// What all System V objects tell of themselves first, in the status that the kernel puts into this thread's scratch memory: struct
// ipc_perm of 64-bit machines, { key, uid, gid, cuid, cgid, mode, seq; 24 bytes }.
import type { IpcPermissions } from "../../src/sysv-queue.js";
import * as libc from "./libc.js";

const KEY = 0;
const UID = 4;
const GID = 8;
const CUID = 12;
const CGID = 16;
const MODE = 20;
const SEQ = 24;
/** Bytes of the longest status: struct msqid_ds, struct semid_ds. */
const STATUS_SIZE = 120;

/** Zeroes the status, which the kernel may leave as it is. */
export function clearStatus(): void {
  libc.scratch.bytes.fill(0, 0, STATUS_SIZE);
}

/** Puts whose an object is to be into the status. */
export function setSettings({ uid, gid, mode }: { uid: number; gid: number; mode: number }): void {
  const { view } = libc.scratch;
  view.setInt32(UID, uid, true);
  view.setInt32(GID, gid, true);
  view.setInt32(MODE, mode, true);
}

/** Whose an object is. */
export function permissionsIn(view: DataView): IpcPermissions {
  const id = (at: number): number => view.getUint32(at, true);
  return {
    key: view.getInt32(KEY, true),
    uid: id(UID),
    gid: id(GID),
    cuid: id(CUID),
    cgid: id(CGID),
    // musl and glibc differ in what follows it in the same word.
    mode: view.getUint16(MODE, true),
    seq: view.getUint16(SEQ, true),
  };
}
