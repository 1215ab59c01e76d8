// clock_gettime(2) and clock_nanosleep(2) on the model.
import type { Attempt } from "./memory.js";

export const clock_gettime: Attempt = ({ kernel, times, out }, task, call) => {
  const result = kernel.clock_gettime(task, call.a);
  if (result === 0) call.value = times[out >> 1];
  return result;
};

export const clock_nanosleep: Attempt = ({ kernel }, task, call, isNew) => {
  if (!isNew) return kernel.resume(task);
  const request = call.payload as bigint;
  return kernel.clock_nanosleep(
    task,
    call.a,
    call.b,
    Number(BigInt.asIntN(32, request)),
    Number(request >> 32n),
  );
};
