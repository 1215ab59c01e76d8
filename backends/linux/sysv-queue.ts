// System V message queues. They have no descriptor to be watched: a call that must wait is made in a lane (lanes.ts). An
// attempt never waits, by IPC_NOWAIT.
import { statSync } from "node:fs";
import { EAGAIN, ENOMSG } from "../../assembly/abi/errno.js";
import { IPC_NOWAIT, IPC_SET, IPC_STAT, MSG_COPY } from "../../assembly/abi/ipc.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { byteLengthOf, copyInto } from "../../src/byte-length.js";
import type { Call, SysvMessage } from "../../src/call.js";
import { argumentMistake } from "../../src/errors.js";
import {
  msgctlAnswer,
  type QueueLimits,
  type QueueSettings,
  type QueueStatus,
  type ReceivedSysvMessage,
} from "../../src/sysv-queue.js";
import { clearStatus, permissionsIn, setSettings } from "./ipc.js";
import * as libc from "./libc.js";
import { type Received, receivePlainly, sendPlainly } from "./msgop.js";
import { errnoOf } from "./transfer.js";

export const msgget = (call: Call): number => libc.resultOrErrno(libc.msgget(call.a, call.b));

/** One attempt at msgsnd(2). */
export function msgsnd(call: Call): number {
  const result = sendWith(call, call.b | IPC_NOWAIT);
  return result === -EAGAIN && (call.b & IPC_NOWAIT) === 0 ? BLOCKED : result;
}

/** The plain msgsnd(2), on this thread. */
export const msgsndBlocking = (call: Call): number => sendWith(call, call.b);

function sendWith({ a, payload }: Call, flags: number): number {
  const { type, bytes } = payload as SysvMessage;
  return sendPlainly(a, type, bytes, flags);
}

/** One attempt at msgrcv(2). MSG_COPY alone is refused, and with IPC_NOWAIT it is not. */
export function msgrcv(call: Call): number {
  const isExact = (call.b & (IPC_NOWAIT | MSG_COPY)) !== 0;
  const result = receiveWith(call, isExact ? call.b : call.b | IPC_NOWAIT);
  return result === -ENOMSG && !isExact ? BLOCKED : result;
}

/** The plain msgrcv(2), on this thread. */
export const msgrcvBlocking = (call: Call): number => receiveWith(call, call.b);

function receiveWith(call: Call, flags: number): number {
  const { type, bytes } = call.payload as SysvMessage;
  const room = byteLengthOf(bytes);
  const received = receivePlainly(call.a, room, type, flags);
  return typeof received === "number" ? received : take(call, received);
}

/** Puts a message where the caller wants it. @returns its length */
function take(call: Call, { bytes, type }: Received): number {
  const { length } = bytes;
  copyInto((call.payload as SysvMessage).bytes, bytes);
  call.value = { length, type } satisfies ReceivedSysvMessage;
  return length;
}

/**
 * Puts the message that a lane has received where the caller wants it.
 * @returns its length, or an error that carries the message if the buffer is not what it was
 */
export function takeFromLane(call: Call, room: number, received: Received): number | Error {
  const { length } = received.bytes;
  const mistake = "left as it is while the call waits";
  if (byteLengthOf((call.payload as SysvMessage).bytes) === room) return take(call, received);
  // It is out of its queue: nobody else could give it back.
  const error = argumentMistake(call.syscall.name, "buffer", mistake, "detached or resized");
  return Object.assign(error, { received: { ...received, length } });
}

// struct msqid_ds of 64-bit machines: struct ipc_perm (ipc.ts), then longs.
const STIME = 48;
const RTIME = 56;
const CTIME = 64;
const CBYTES = 72;
const QNUM = 80;
const QBYTES = 88;
const LSPID = 96;
const LRPID = 100;

export function msgctl(call: Call): number {
  const { address, view } = libc.scratch;
  clearStatus();
  if (call.b === IPC_SET) {
    const settings = call.payload as QueueSettings;
    setSettings(settings);
    view.setBigUint64(QBYTES, BigInt(settings.qbytes), true);
  }
  const result = libc.resultOrErrno(libc.msgctl(call.a, call.b, address));
  if (result >= 0) call.value = told(call.b, result);
  return result;
}

const told = (command: number, result: number): QueueStatus | QueueLimits | undefined =>
  msgctlAnswer(
    command,
    () => status(command, result),
    () => limits(result),
  );

/** struct msginfo { int msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql; unsigned short msgseg; } */
function limits(index: number): QueueLimits {
  const { view } = libc.scratch;
  const int = (place: number): number => view.getInt32(4 * place, true);
  return {
    index,
    msgpool: int(0),
    msgmap: int(1),
    msgmax: int(2),
    msgmnb: int(3),
    msgmni: int(4),
    msgssz: int(5),
    msgtql: int(6),
    msgseg: view.getUint16(28, true),
  };
}

function status(command: number, result: number): QueueStatus {
  const { view } = libc.scratch;
  const count = (at: number): number => Number(view.getBigUint64(at, true));
  return {
    ...(command !== IPC_STAT && { id: result }),
    perm: permissionsIn(view),
    qnum: count(QNUM),
    cbytes: count(CBYTES),
    qbytes: count(QBYTES),
    lspid: view.getInt32(LSPID, true),
    lrpid: view.getInt32(LRPID, true),
    stime: view.getBigInt64(STIME, true),
    rtime: view.getBigInt64(RTIME, true),
    ctime: view.getBigInt64(CTIME, true),
  };
}

/**
 * ftok(3), as glibc computes it. Not by libc: there -1 is a failure and a key alike. Node knows how struct stat lies in
 * memory.
 */
export function ftok(call: Call): number {
  try {
    const { dev, ino } = statSync(call.payload as string, { bigint: true });
    const low = Number(ino & 0xffffn) | (Number(dev & 0xffn) << 16);
    call.value = low | ((call.a & 0xff) << 24);
    return 0;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno;
  }
}
