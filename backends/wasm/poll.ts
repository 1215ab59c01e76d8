// poll(2) on the model: the window holds the descriptor and the events of each entry, then its answer in their place.
import { WINDOW_SIZE } from "../../assembly/abi/model.js";
import type { PollEntry } from "../../src/call.js";
import type { Attempt } from "./memory.js";

const MAX_ENTRIES = WINDOW_SIZE / 8;

export const poll: Attempt = ({ kernel, words, window }, task, call, isNew) => {
  const entries = call.payload as readonly PollEntry[];
  // More entries than the window holds are more than any RLIMIT_NOFILE of the model: EINVAL before any is looked at.
  const count = Math.min(entries.length, MAX_ENTRIES);
  const base = window >> 2;
  for (let index = 0; index < count; index++) {
    const { fd, events } = entries[index] as PollEntry;
    words[base + index * 2] = fd;
    words[base + index * 2 + 1] = events;
  }
  const result = isNew ? kernel.poll(task, entries.length, call.a) : kernel.resume(task);
  if (result >= 0) call.value = Array.from({ length: count }, (_, index) => words[base + index * 2 + 1]);
  return result;
};
