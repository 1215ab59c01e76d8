// Signals on the model: sigwait(3).
import { signalBit } from "../../src/signals.js";
import type { Attempt } from "./memory.js";

export const sigwait: Attempt = ({ kernel }, task, call, isNew) => {
  if (!isNew) return kernel.resume(task);
  const set = call.payload as readonly number[];
  return kernel.sigwait(
    task,
    set.reduce((bits, signal) => bits | signalBit(signal), 0),
  );
};
