// Signals to processes. One that is sent is pending until somebody takes it; there is one of a kind at most, for standard signals
// do not queue. Every process catches what it can be sent here, before it can be sent (src/signals.ts): so none is ever ended
// or stopped by it, and none is ignored.
//
// Models kernel/signal.c of Linux 6.18: send_signal_locked, next_signal, do_sigtimedwait; signal(7). Which of several that wait for
// the same signal takes it is not specified: all look, and the first has it.
import { EINTR, ENOMEM } from "./abi/errno";
import { BLOCKED, PROCESS_ALIVE, TASK_BLOCKED } from "./abi/model";
import { Process, processAt } from "./core/process";
import { TASK_FLAG_PARKED, Task } from "./core/task";
import { hasWaits, waitForEvents, wake } from "./core/wait";

/** The bit of a signal in a set. */
function bitOf(signal: u32): u32 {
  return 1 << (signal - 1);
}

/** Sends a signal, from 1 to 31, to a process. One that ends gets none any more: prepare_signal. */
export function sendSignal(process: Process, signal: u32): void {
  if (process.state != PROCESS_ALIVE) return;
  process.pendingSignals |= bitOf(signal);
  wake(process.signalWait, bitOf(signal));
}

/** One attempt at sigwait(3): the lowest of the pending signals of a set, which it takes; -errno or BLOCKED. */
export function waitForSignal(task: Task, set: u32): i32 {
  const process = processAt(task.process);
  const wanted = process.pendingSignals & set;
  if (wanted) {
    const signal = ctz(wanted) + 1;
    process.pendingSignals &= ~bitOf(signal);
    return signal;
  }
  if (task.interrupted) {
    // libc repeats the call after a handler. What ends an awaited one is its AbortSignal.
    if (task.isAwaited || process.state != PROCESS_ALIVE) return -EINTR;
    task.interrupted = 0;
  }
  // For a queue no events are all events: who waits for no signal waits in none.
  if (set && !task.has(TASK_FLAG_PARKED)) {
    if (!hasWaits(1)) return -ENOMEM;
    waitForEvents(process.signalWait, task, set, -1, 0);
    task.set(TASK_FLAG_PARKED);
  }
  task.state = TASK_BLOCKED;
  return BLOCKED;
}
