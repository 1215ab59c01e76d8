// POSIX message queues: mq_overview(7). A queue's descriptor is one like any other, so waiting is waiting for it to be ready.
//
// The attempt that never blocks, and leaves the O_NONBLOCK alone that other processes share, is a timed call until the time
// {0, 0}: the kernel looks at the queue first and at the time when it would sleep (schedule_hrtimeout_range_clock returns at
// once for 0), so ETIMEDOUT means that it would have waited. A message is sent or taken in that one call, whole, or not at all.
import { EAGAIN, EINTR, EINVAL, ETIMEDOUT } from "../../assembly/abi/errno.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import { SIGEV_SIGNAL } from "../../assembly/abi/mqueue.js";
import { CLOCK_REALTIME } from "../../assembly/abi/time.js";
import { honestView } from "../../src/byte-length.js";
import type { Call, QueueNotification, QueueOpening } from "../../src/call.js";
import type { MessageQueueAttributes, MessageReceipt } from "../../src/linux.js";
import { catchableSignals } from "../../src/signals.js";
import { readClock, setTimespec } from "./clock.js";
import { close } from "./descriptor.js";
import { entered, owns } from "./descriptors.js";
import { addressOf, allocate, type Memory } from "./ffi.js";
import * as libc from "./libc.js";
import * as queues from "./queue-functions.js";
import { catchSignals } from "./signals.js";

// Memory of this thread: a time that is always {0, 0}, one that is set, the priority of what was received, structures, and
// the bytes of a message, where that costs less than to find out where a buffer lies.
const NEVER = 0;
const TIME = 16;
const PRIORITY = 32;
const STRUCTURE = 64;
const OTHER_STRUCTURE = 128;
const BYTES = 192;
const MAX_COPIED = 16384;

let ownMemory: Memory | undefined;

function memory(): Memory {
  ownMemory ??= allocate(BYTES + MAX_COPIED);
  return ownMemory;
}

/** A descriptor as the kernel is to see it: none for one that is not the program's. The kernel orders its checks. */
const shown = (fd: number): number => (owns(fd) ? fd : -1);

// struct mq_attr { long mq_flags, mq_maxmsg, mq_msgsize, mq_curmsgs, reserved[4]; }
function setAttributes(view: DataView, flags: number, maxmsg: number, msgsize: number): void {
  view.setBigInt64(STRUCTURE, BigInt(flags), true);
  view.setBigInt64(STRUCTURE + 8, BigInt(maxmsg), true);
  view.setBigInt64(STRUCTURE + 16, BigInt(msgsize), true);
  view.setBigInt64(STRUCTURE + 24, 0n, true);
}

function attributesAt(view: DataView, at: number): MessageQueueAttributes {
  const [flags, maxmsg, msgsize, curmsgs] = [0, 8, 16, 24].map((place) =>
    Number(view.getBigInt64(at + place, true)),
  ) as [number, number, number, number];
  return { flags: libc.machineFlags(flags), maxmsg, msgsize, curmsgs };
}

export function mq_open(call: Call): number {
  const { name, attributes } = call.payload as QueueOpening;
  const { address, view } = memory();
  if (attributes !== undefined) setAttributes(view, 0, attributes.maxmsg, attributes.msgsize);
  const given = attributes === undefined ? 0 : address + STRUCTURE;
  return entered(libc.resultOrErrno(queues.mq_open(name, libc.machineFlags(call.a), call.b, given)));
}

/** mq_close(3) is close(2). */
export const mq_close = close;

export const mq_unlink = (call: Call): number => libc.resultOrErrno(queues.mq_unlink(call.payload as string));

/** One attempt at mq_send(3) or mq_timedsend(3). */
export const mq_send = (call: Call, timedOut: boolean): number =>
  attempted(call, timedOut, () => sendUntil(call, memory().address + NEVER));

/** One attempt at mq_receive(3) or mq_timedreceive(3). */
export const mq_receive = (call: Call, timedOut: boolean): number =>
  attempted(call, timedOut, () => receiveUntil(call, memory().address + NEVER));

function attempted(call: Call, timedOut: boolean, attempt: () => number): number {
  const { deadline, isWaiting } = call;
  // The kernel looks at the time before anything else.
  if (deadline !== undefined && deadline < 0n) return -EINVAL;
  let result = attempt();
  while (result === -EINTR) result = attempt();
  // Whether to wait is decided when the call is made: O_NONBLOCK may be set while it waits.
  const wouldWait = result === -ETIMEDOUT || (result === -EAGAIN && isWaiting);
  if (!wouldWait) return result;
  return timedOut || (!isWaiting && isOver(deadline)) ? -ETIMEDOUT : BLOCKED;
}

const isOver = (deadline: bigint | undefined): boolean =>
  deadline !== undefined && deadline <= (readClock(CLOCK_REALTIME) ?? 0n);

/** The plain mq_send(3), on this thread. */
export const mq_sendBlocking = (call: Call): number => sendUntil(call, 0);

/** The plain mq_timedsend(3), on this thread. */
export const mq_timedsendBlocking = (call: Call): number => sendUntil(call, timeOf(call));

/** The plain mq_receive(3), on this thread. */
export const mq_receiveBlocking = (call: Call): number => receiveUntil(call, 0);

/** The plain mq_timedreceive(3), on this thread. */
export const mq_timedreceiveBlocking = (call: Call): number => receiveUntil(call, timeOf(call));

/** Where the struct timespec of a call stands. */
function timeOf(call: Call): number {
  const { address, view } = memory();
  setTimespec(view, TIME, call.deadline as bigint);
  return address + TIME;
}

/** @param until address of a time; 0 waits for ever */
function sendUntil(call: Call, until: number): number {
  const fd = shown(call.a);
  const message = honestView(call.payload as Uint8Array);
  const { length } = message;
  const address = addressToRead(message);
  return libc.resultOrErrno(
    until === 0
      ? queues.mq_send(fd, address, length, call.b)
      : queues.mq_timedsend(fd, address, length, call.b, until),
  );
}

/** Where the bytes of a message can be read from. */
function addressToRead(message: Uint8Array): number {
  if (message.length > MAX_COPIED) return addressOf(message);
  const { address, bytes } = memory();
  bytes.set(message, BYTES);
  return address + BYTES;
}

/** @param until address of a time; 0 waits for ever */
function receiveUntil(call: Call, until: number): number {
  const fd = shown(call.a);
  const buffer = honestView(call.payload as Uint8Array);
  const isCopied = buffer.length <= MAX_COPIED;
  const { address, bytes, view } = memory();
  const to = isCopied ? address + BYTES : addressOf(buffer);
  const priority = address + PRIORITY;
  const length = libc.resultOrErrno(
    until === 0
      ? queues.mq_receive(fd, to, buffer.length, priority)
      : queues.mq_timedreceive(fd, to, buffer.length, priority, until),
  );
  if (length < 0) return length;
  if (isCopied) buffer.set(bytes.subarray(BYTES, BYTES + length));
  call.value = { length, priority: view.getUint32(PRIORITY, true) } satisfies MessageReceipt;
  return length;
}

export function mq_getattr(call: Call): number {
  const { address, view } = memory();
  const result = libc.resultOrErrno(queues.mq_getattr(shown(call.a), address + OTHER_STRUCTURE));
  if (result === 0) call.value = attributesAt(view, OTHER_STRUCTURE);
  return result;
}

export function mq_setattr(call: Call): number {
  const { address, view } = memory();
  setAttributes(view, libc.machineFlags(call.b), 0, 0);
  const result = libc.resultOrErrno(
    queues.mq_setattr(shown(call.a), address + STRUCTURE, address + OTHER_STRUCTURE),
  );
  if (result === 0) call.value = attributesAt(view, OTHER_STRUCTURE);
  return result;
}

// struct sigevent { union sigval sigev_value; int sigev_signo; int sigev_notify; … }, of 64 bytes.
export function mq_notify(call: Call): number {
  const notification = call.payload as QueueNotification | undefined;
  if (notification === undefined) return libc.resultOrErrno(queues.mq_notify(shown(call.a), 0));
  const { notify, signo } = notification;
  // Before it can come. Numbers that are no signals are the kernel's to judge.
  const caught = notify === SIGEV_SIGNAL && catchableSignals.has(signo) ? catchSignals([signo]) : 0;
  if (caught < 0) return caught;
  const { address, view, bytes } = memory();
  bytes.fill(0, STRUCTURE, STRUCTURE + 64);
  view.setInt32(STRUCTURE + 8, signo, true);
  view.setInt32(STRUCTURE + 12, notify, true);
  return libc.resultOrErrno(queues.mq_notify(shown(call.a), address + STRUCTURE));
}
