// msgsnd(2) and msgrcv(2) as C takes them: struct msgbuf { long mtype; char mtext[]; }, in memory that does not move.
import { byteLengthOf } from "../../src/byte-length.js";
import { allocate, type Memory } from "./ffi.js";
import * as libc from "./libc.js";

/** A message that was received: its bytes lie in memory that the next call uses. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly type: bigint;
}

const TYPE_SIZE = 8;

/** This thread's scratch memory, or for what is longer memory that is freed afterwards. */
const memoryFor = (room: number): Memory =>
  room <= libc.scratch.bytes.length - TYPE_SIZE ? libc.scratch : allocate(room + TYPE_SIZE);

/** The plain msgsnd(2). @returns 0 or -errno */
export function sendPlainly(msqid: number, type: bigint, bytes: Uint8Array, flags: number): number {
  const length = byteLengthOf(bytes);
  const memory = memoryFor(length);
  memory.view.setBigInt64(0, type, true);
  memory.bytes.set(bytes, TYPE_SIZE);
  return libc.resultOrErrno(libc.msgsnd(msqid, memory.address, length, flags));
}

/** The plain msgrcv(2). @returns the message, or -errno */
export function receivePlainly(msqid: number, room: number, type: bigint, flags: number): Received | number {
  const { address, bytes, view } = memoryFor(room);
  const length = libc.resultOrErrno(libc.msgrcv(msqid, address, room, type, flags));
  if (length < 0) return length;
  return { bytes: bytes.subarray(TYPE_SIZE, TYPE_SIZE + length), type: view.getBigInt64(0, true) };
}
