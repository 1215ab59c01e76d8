// Calls on processes on the model: spawn, waitpid(2), exit(3), kill(2), getpid(2).
import { ENOSYS } from "../../assembly/abi/errno.js";
import { MAX_DESCRIPTORS } from "../../assembly/abi/model.js";
import type { SpawnRequest } from "../../src/call.js";
import { mainOf } from "../../src/program.js";
import type { Attempt } from "./memory.js";

/** What the host needs to start a spawned program: the `value` of a successful spawn. */
export interface Spawned {
  /** Index of the child. */
  readonly process: number;
  /** The descriptors that were passed, by name, under their numbers there. */
  readonly fds: Readonly<Record<string, number>>;
}

export const spawn: Attempt = ({ kernel, words, window, out }, task, call) => {
  const { program, names, fds } = call.payload as SpawnRequest;
  // A file, and nothing that stands for it here.
  if (mainOf(program) === undefined) return -ENOSYS;
  const count = Math.min(fds.length, MAX_DESCRIPTORS);
  for (let index = 0; index < count; index++) words[(window >> 2) + index] = fds[index] as number;
  const pid = kernel.spawn(task, count);
  if (pid >= 0) {
    const passed = names.map((name, index) => [name, words[out + 1 + index]] as const);
    const value: Spawned = {
      process: words[out] as number,
      fds: Object.fromEntries(passed) as Spawned["fds"],
    };
    call.value = value;
  }
  return pid;
};

export const waitpid: Attempt = ({ kernel, words, out }, task, call, isNew) => {
  const pid = isNew ? kernel.waitpid(task, call.a, call.b) : kernel.resume(task);
  if (pid >= 0) call.value = { pid, status: pid === 0 ? 0 : words[out] };
  return pid;
};

export const exit: Attempt = ({ kernel }, task, call) => kernel.exit(task, call.a);

export const kill: Attempt = ({ kernel }, task, call) => kernel.kill(task, call.a, call.b);

export const getpid: Attempt = ({ kernel }, task) => kernel.getpid(task);

export const getppid: Attempt = ({ kernel }, task) => kernel.getppid(task);

export const gettid: Attempt = ({ kernel }, task) => kernel.gettid(task);
