// What this version of linux-ipc does not do and a kernel would: refused before any kernel is asked, on both backends
// alike. The `missing` column of the table (src/syscalls.ts) tells users.
import * as n from "../assembly/abi/calls.js";
import { EINVAL, ENOPKG, ENOSYS } from "../assembly/abi/errno.js";
import {
  O_CLOEXEC,
  O_CREAT,
  O_DIRECT,
  O_NONBLOCK,
  O_NOTIFICATION_PIPE,
  O_PATH,
  O_TMPFILE,
} from "../assembly/abi/fcntl.js";
import { SIGEV_SIGNAL, SIGEV_THREAD } from "../assembly/abi/mqueue.js";
import { NSIG, SIGKILL } from "../assembly/abi/signal.js";
import * as clocks from "../assembly/abi/time.js";
import { WNOHANG } from "../assembly/abi/wait.js";
import type { Call, QueueNotification, QueueOpening } from "./call.js";

const knownClocks: ReadonlySet<number> = new Set([
  clocks.CLOCK_REALTIME,
  clocks.CLOCK_MONOTONIC,
  clocks.CLOCK_MONOTONIC_RAW,
  clocks.CLOCK_REALTIME_COARSE,
  clocks.CLOCK_MONOTONIC_COARSE,
  clocks.CLOCK_BOOTTIME,
]);

const PIPE2_FLAGS = O_CLOEXEC | O_DIRECT | O_NONBLOCK | O_NOTIFICATION_PIPE;

/** The errno of a call that is refused; 0 for one that a kernel is to judge. */
export function refusal(call: Call): number {
  const { a, b } = call;
  switch (call.syscall.number) {
    case n.CALL_PIPE2:
      // A kernel without CONFIG_WATCH_QUEUE looks for unknown flags first.
      return (a & O_NOTIFICATION_PIPE) !== 0 && (a & ~PIPE2_FLAGS) === 0 ? ENOPKG : 0;
    case n.CALL_CLOCK_GETTIME:
    case n.CALL_CLOCK_NANOSLEEP:
      return knownClocks.has(a) ? 0 : EINVAL;
    case n.CALL_WAITPID:
      if ((b & ~WNOHANG) !== 0) return EINVAL;
      return a > 0 || a === -1 ? 0 : ENOSYS;
    case n.CALL_KILL:
      if (a <= 0) return ENOSYS;
      return b > 0 && b <= 64 && b !== SIGKILL ? ENOSYS : 0;
    case n.CALL_OPEN:
      return (a & (O_CREAT | O_PATH)) !== 0 || (a & O_TMPFILE) === O_TMPFILE ? ENOSYS : 0;
    case n.CALL_SETRESUID:
    case n.CALL_SETRESGID:
      // IDs from 2^31 on: C's unsigned ones look negative here.
      return a < -1 || b < -1 || call.c < -1 ? EINVAL : 0;
    case n.CALL_SETGROUPS:
      return (call.payload as readonly number[]).some((group) => group < 0) ? EINVAL : 0;
    case n.CALL_MQ_OPEN:
      if (!isQueueName((call.payload as QueueOpening).name)) return EINVAL;
      // What is opened with O_PATH is no queue. Flags that F_GETFL gives must not look like an errno.
      return a < 0 || (a & O_PATH) !== 0 ? ENOSYS : 0;
    case n.CALL_MQ_UNLINK:
      return isQueueName(call.payload as string) ? 0 : EINVAL;
    case n.CALL_MQ_NOTIFY:
      return call.payload !== undefined && isUntold(call.payload as QueueNotification) ? ENOSYS : 0;
    default:
      return 0;
  }
}

/** glibc wants the slash that it then leaves out; the kernel wants none, and musl takes both. */
const isQueueName = (name: string): boolean => name.startsWith("/");

/** Whether a notification would come in a way that no program can be told yet. */
const isUntold = ({ notify, signo }: QueueNotification): boolean =>
  notify === SIGEV_THREAD || (notify === SIGEV_SIGNAL && signo > 0 && signo <= NSIG);
