// pipe2(2) on the model.
import type { Attempt } from "./memory.js";

export const pipe2: Attempt = ({ kernel, words, out }, task, call) => {
  const result = kernel.pipe2(task, call.a);
  if (result === 0) call.value = [words[out], words[out + 1]];
  return result;
};
