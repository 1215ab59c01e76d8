// Calls on descriptors on the model: read(2), write(2), readv(2), close(2), dup(2), fcntl(2), ioctl(2).
// A payload longer than the window moves in several rounds (MORE) of one step.
import { MAX_RW_COUNT } from "../../assembly/abi/limits.js";
import { MORE } from "../../assembly/abi/model.js";
import { type Attempt, drainWindow, fillWindow } from "./memory.js";
import { type Buffers, gather, lengthOf, receive, send } from "./vectors.js";

export const read: Attempt = (memory, task, call, isNew) => {
  const { kernel } = memory;
  const buffer = call.payload as Uint8Array;
  const length = Math.min(buffer.length, MAX_RW_COUNT);
  const result = isNew ? kernel.read(task, call.a, length) : kernel.resume(task);
  if (result === MORE) return receive(memory, task, [buffer], result);
  if (result > 0) drainWindow(memory, buffer, 0, result);
  return result;
};

export const write: Attempt = (memory, task, call, isNew) => {
  const { kernel } = memory;
  const bytes = call.payload as Uint8Array;
  fillWindow(memory, bytes, isNew ? 0 : kernel.transferred(task));
  const length = Math.min(bytes.length, MAX_RW_COUNT);
  const result = isNew ? kernel.write(task, call.a, length) : kernel.resume(task);
  return result === MORE ? send(memory, task, [bytes], result) : result;
};

export const readv: Attempt = (memory, task, call, isNew) => {
  const { kernel } = memory;
  const buffers = call.payload as Buffers;
  const result = isNew ? kernel.readv(task, call.a, lengthOf(buffers), buffers.length) : kernel.resume(task);
  return receive(memory, task, buffers, result);
};

export const writev: Attempt = (memory, task, call, isNew) => {
  const { kernel } = memory;
  const buffers = call.payload as Buffers;
  gather(memory, buffers, isNew ? 0 : kernel.transferred(task));
  const result = isNew ? kernel.writev(task, call.a, lengthOf(buffers), buffers.length) : kernel.resume(task);
  return send(memory, task, buffers, result);
};

export const close: Attempt = ({ kernel }, task, call) => kernel.close(task, call.a);

export const dup: Attempt = ({ kernel }, task, call) => kernel.dup(task, call.a);

export const dup2: Attempt = ({ kernel }, task, call) => kernel.dup2(task, call.a, call.b);

export const dup3: Attempt = ({ kernel }, task, call) => kernel.dup3(task, call.a, call.b, call.c);

export const fcntl: Attempt = ({ kernel }, task, call) => kernel.fcntl(task, call.a, call.b, call.c);

export const ioctl: Attempt = ({ kernel }, task, call) => kernel.ioctl(task, call.a, call.b);
