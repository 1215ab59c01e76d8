// The signals that cases are told of messages by.
import { readdirSync, readFileSync } from "node:fs";
import { SIGEV_SIGNAL, SIGUSR1, SIGUSR2, SIGWINCH } from "../src/constants.js";
import type { SyncLinux } from "../src/linux.js";
import type { Action } from "./action.js";

/** Few, so that a process is told of several queues by one. */
export const tellingSignals: readonly number[] = [SIGUSR1, SIGUSR2, SIGWINCH];

/** Whether a call has its process told by a signal, if it succeeds. */
export function asksForSignal({ call, args }: Action): boolean {
  const notification = args[1];
  if (call !== "mq_notify" || typeof notification !== "object" || notification === null) return false;
  return (
    "signo" in notification &&
    notification.notify === SIGEV_SIGNAL &&
    tellingSignals.includes(notification.signo)
  );
}

/**
 * Lets this process catch them, by its main thread: a call that names one does that, even if it fails. Then its other
 * threads may name them too.
 */
export function catchSignals(linux: SyncLinux): void {
  for (const signo of tellingSignals) {
    try {
      linux.mq_notify(-1, { notify: SIGEV_SIGNAL, signo });
    } catch {
      // There is no such descriptor.
    }
  }
}

/**
 * Whether a signal to another process may not have come to its event loop yet. One is pending for the process, then a thread runs
 * node's handler, which puts it where the loop finds it. The main thread has done that before it says anything more; so
 * the others are looked at, after what is pending.
 */
export function hasSignalOnItsWay(pid: number): boolean {
  const [, pending] = /^ShdPnd:\s*(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  if (BigInt(`0x${pending}`) !== 0n) return true;
  return readdirSync(`/proc/${pid}/task`).some((thread) => thread !== `${pid}` && isRunning(pid, thread));
}

function isRunning(pid: number, thread: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1");
    return stat.charAt(stat.lastIndexOf(")") + 2) === "R";
  } catch {
    // It ended meanwhile.
    return false;
  }
}
