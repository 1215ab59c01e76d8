// POSIX message queues on the model. A name goes through the window, in UTF-8; so does a message, and one that is longer than
// the window through the stage.
import { PATH_MAX } from "../../assembly/abi/limits.js";
import { MAX_MESSAGE_BYTES, WINDOW_SIZE } from "../../assembly/abi/model.js";
import type { Call, QueueNotification, QueueOpening } from "../../src/call.js";
import type { MessageQueueAttributes, MessageReceipt } from "../../src/linux.js";
import { highOf, lowOf } from "./long.js";
import { type Attempt, drainWindow, fillWindow, type Memory } from "./memory.js";

const encoder = new TextEncoder();
const INT_MAX = 0x7fffffff;

/** Puts a name into the window. @returns its bytes; of one that is too long, as many as make it so */
function fillName(memory: Memory, name: string): number {
  const bytes = encoder.encode(name);
  const length = Math.min(bytes.length, PATH_MAX + 1);
  fillWindow(memory, bytes.subarray(0, length), 0);
  return length;
}

/** A C long as an int: what no queue may have stays out of range. */
const clamped = (value: number): number => Math.max(-1, Math.min(value, INT_MAX));

export const mq_open: Attempt = (memory, task, call) => {
  const { name, attributes } = call.payload as QueueOpening;
  return memory.kernel.mq_open(
    task,
    fillName(memory, name),
    call.a,
    call.b,
    attributes === undefined ? 0 : 1,
    clamped(attributes?.maxmsg ?? 0),
    clamped(attributes?.msgsize ?? 0),
  );
};

export const mq_close: Attempt = ({ kernel }, task, call) => kernel.mq_close(task, call.a);

export const mq_unlink: Attempt = (memory, task, call) =>
  memory.kernel.mq_unlink(task, fillName(memory, call.payload as string));

/** Puts a message where the model takes it from. @returns its length; one that no queue may hold is not put anywhere */
function fillMessage(memory: Memory, message: Uint8Array): number {
  const { length } = message;
  if (length <= WINDOW_SIZE) fillWindow(memory, message, 0);
  else if (length <= MAX_MESSAGE_BYTES) memory.bytes.set(message, memory.kernel.messageAddress());
  return Math.min(length, INT_MAX);
}

export const mq_send: Attempt = (memory, task, call, isNew) => {
  const length = fillMessage(memory, call.payload as Uint8Array);
  return isNew ? memory.kernel.mq_send(task, call.a, length, call.b) : memory.kernel.resume(task);
};

export const mq_timedsend: Attempt = (memory, task, call, isNew) => {
  const length = fillMessage(memory, call.payload as Uint8Array);
  if (!isNew) return memory.kernel.resume(task);
  const until = call.deadline as bigint;
  return memory.kernel.mq_timedsend(task, call.a, length, call.b, lowOf(until), highOf(until));
};

export const mq_receive: Attempt = (memory, task, call, isNew) => {
  const { kernel } = memory;
  return received(memory, call, isNew ? kernel.mq_receive(task, call.a, roomOf(call)) : kernel.resume(task));
};

export const mq_timedreceive: Attempt = (memory, task, call, isNew) => {
  const { kernel } = memory;
  if (!isNew) return received(memory, call, kernel.resume(task));
  const until = call.deadline as bigint;
  const result = kernel.mq_timedreceive(task, call.a, roomOf(call), lowOf(until), highOf(until));
  return received(memory, call, result);
};

const roomOf = (call: Call): number => Math.min((call.payload as Uint8Array).length, INT_MAX);

/** Takes a message of `length` bytes from where the model has put it. */
function received(memory: Memory, call: Call, length: number): number {
  if (length < 0) return length;
  const buffer = call.payload as Uint8Array;
  if (length <= WINDOW_SIZE) {
    drainWindow(memory, buffer, 0, length);
  } else {
    const start = memory.kernel.messageAddress();
    buffer.set(memory.bytes.subarray(start, start + length));
  }
  call.value = { length, priority: memory.words[memory.out] as number } satisfies MessageReceipt;
  return length;
}

export const mq_getattr: Attempt = (memory, task, call) =>
  withAttributes(memory, call, memory.kernel.mq_getattr(task, call.a));

export const mq_setattr: Attempt = (memory, task, call) =>
  withAttributes(memory, call, memory.kernel.mq_setattr(task, call.a, call.b));

function withAttributes({ words, out }: Memory, call: Call, result: number): number {
  if (result < 0) return result;
  const [flags, maxmsg, msgsize, curmsgs] = words.subarray(out, out + 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  call.value = { flags, maxmsg, msgsize, curmsgs } satisfies MessageQueueAttributes;
  return result;
}

export const mq_notify: Attempt = ({ kernel }, task, call) => {
  const notification = call.payload as QueueNotification | undefined;
  if (notification === undefined) return kernel.mq_notify(task, call.a, 0, 0, 0);
  return kernel.mq_notify(task, call.a, 1, notification.notify, notification.signo);
};
