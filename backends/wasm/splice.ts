// tee(2), splice(2) and vmsplice(2) on the model.
import { IOV_MAX, MAX_RW_COUNT } from "../../assembly/abi/limits.js";
import { FILLS_BUFFERS } from "../../assembly/abi/model.js";
import type { SpliceRequest } from "../../src/call.js";
import type { Attempt, Memory } from "./memory.js";
import { type Buffers, gather, lengthOf, receive, send } from "./vectors.js";

// No pipe holds more.
const MAX_SIZE = 0x7fffffff;

export const tee: Attempt = ({ kernel }, task, call, isNew) => {
  if (!isNew) return kernel.resume(task);
  const { size } = call.payload as SpliceRequest;
  return kernel.tee(task, call.a, call.b, Math.min(size, MAX_SIZE), call.c);
};

export const splice: Attempt = ({ kernel }, task, call, isNew) => {
  if (!isNew) return kernel.resume(task);
  const { offIn, offOut, size } = call.payload as SpliceRequest;
  const hasOffIn = offIn === undefined ? 0 : 1;
  const hasOffOut = offOut === undefined ? 0 : 1;
  return kernel.splice(task, call.a, hasOffIn, call.b, hasOffOut, Math.min(size, MAX_SIZE), call.c);
};

export const vmsplice: Attempt = (memory, task, call, isNew) => {
  const { kernel, words, out } = memory;
  const buffers = call.payload as Buffers;
  // The model says which way the bytes go: the host does not know the descriptor.
  gather(memory, buffers, 0);
  setLengths(memory, buffers);
  const result = isNew
    ? kernel.vmsplice(task, call.a, call.b, buffers.length, lengthOf(buffers))
    : kernel.resume(task);
  const goOn = words[out] === FILLS_BUFFERS ? receive : send;
  return goOn(memory, task, buffers, result);
};

function setLengths({ words, out }: Memory, buffers: Buffers): void {
  let room = MAX_RW_COUNT;
  for (const [index, { length }] of buffers.slice(0, IOV_MAX).entries()) {
    words[out + index] = Math.min(length, room);
    room -= Math.min(length, room);
  }
}
