// Calls on the credentials of a process on the model: getuid(2), getgroups(2), setresuid(2), setgroups(2).
import { type Attempt, fillGroups } from "./memory.js";

export const getuid: Attempt = ({ kernel }, task) => kernel.getuid(task);

export const geteuid: Attempt = ({ kernel }, task) => kernel.geteuid(task);

export const getgid: Attempt = ({ kernel }, task) => kernel.getgid(task);

export const getegid: Attempt = ({ kernel }, task) => kernel.getegid(task);

export const getgroups: Attempt = ({ kernel, words, out }, task, call) => {
  const count = kernel.getgroups(task);
  if (count >= 0) call.value = Array.from(words.subarray(out, out + count));
  return count;
};

export const setresuid: Attempt = ({ kernel }, task, call) => kernel.setresuid(task, call.a, call.b, call.c);

export const setresgid: Attempt = ({ kernel }, task, call) => kernel.setresgid(task, call.a, call.b, call.c);

export const setgroups: Attempt = (memory, task, call) => {
  const groups = call.payload as readonly number[];
  fillGroups(memory, groups);
  return memory.kernel.setgroups(task, groups.length);
};
