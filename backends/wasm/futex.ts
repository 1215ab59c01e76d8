// Calls on futexes on the model: futex(2).
import type { FutexRequest } from "../../src/call.js";
import { highOf, lowOf } from "./long.js";
import type { Attempt } from "./memory.js";

export const futex: Attempt = ({ kernel }, task, { a, b, payload }, isNew) => {
  if (!isNew) return kernel.resume(task);
  const { address, timeout, value2, otherAddress, value3 } = payload as FutexRequest;
  const [place, other] = [BigInt(address), BigInt(otherAddress)];
  const time = timeout ?? BigInt(value2);
  return kernel.futex(
    task,
    lowOf(place),
    highOf(place),
    a,
    b,
    timeout === undefined ? 0 : 1,
    lowOf(time),
    highOf(time),
    lowOf(other),
    highOf(other),
    value3,
  );
};
