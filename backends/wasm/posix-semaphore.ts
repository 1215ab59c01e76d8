// POSIX semaphores on the model. A name goes through the window as libc gives it to the kernel: behind "sem.", without the slashes that
// it begins with.
import { SEM_SIZE } from "../../assembly/abi/semaphore.js";
import type { Call, SemaphoreOpening, SemaphorePlace } from "../../src/call.js";
import { highOf, lowOf } from "./long.js";
import { mappingIn } from "./mapping.js";
import type { Attempt } from "./memory.js";
import { fillName } from "./shared-memory.js";

const PREFIX = "sem.";
const bareName = (name: string): string => name.replace(/^\/+/, "");

export const sem_open: Attempt = (memory, task, call) => {
  const { name, value } = call.payload as SemaphoreOpening;
  const bare = bareName(name);
  const length = fillName(memory, PREFIX + bare);
  const slashes = name.length - bare.length;
  const result = memory.kernel.sem_open(task, length, slashes, call.a, call.b, value);
  if (result >= 0) call.value = mappingIn(memory, "sem_open", SEM_SIZE);
  return result;
};

export const sem_unlink: Attempt = (memory, task, { payload }) =>
  memory.kernel.sem_unlink(task, fillName(memory, PREFIX + bareName(payload as string)));

type Words = readonly [low: number, high: number];

function addressOf({ payload }: Call): Words {
  const address = BigInt((payload as SemaphorePlace).address);
  return [lowOf(address), highOf(address)];
}

export const sem_close: Attempt = ({ kernel }, task, call) => kernel.sem_close(task, ...addressOf(call));

export const sem_init: Attempt = ({ kernel }, task, call) =>
  kernel.sem_init(task, ...addressOf(call), call.a, call.b);

export const sem_destroy: Attempt = ({ kernel }, task, call) => kernel.sem_destroy(task, ...addressOf(call));

export const sem_trywait: Attempt = ({ kernel }, task, call) => kernel.sem_trywait(task, ...addressOf(call));

export const sem_post: Attempt = ({ kernel }, task, call) => kernel.sem_post(task, ...addressOf(call));

export const sem_getvalue: Attempt = ({ kernel, words, out }, task, call) => {
  const result = kernel.sem_getvalue(task, ...addressOf(call));
  if (result >= 0) call.value = words[out];
  return result;
};

export const sem_wait: Attempt = ({ kernel }, task, call, isNew) =>
  isNew ? kernel.sem_wait(task, ...addressOf(call)) : kernel.resume(task);

function deadlineOf({ deadline = 0n }: Call): Words {
  return [lowOf(deadline), highOf(deadline)];
}

export const sem_timedwait: Attempt = ({ kernel }, task, call, isNew) =>
  isNew ? kernel.sem_timedwait(task, ...addressOf(call), ...deadlineOf(call)) : kernel.resume(task);

export const sem_clockwait: Attempt = ({ kernel }, task, call, isNew) =>
  isNew ? kernel.sem_clockwait(task, ...addressOf(call), call.a, ...deadlineOf(call)) : kernel.resume(task);
