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
import {
  FUTEX_CMD_MASK,
  FUTEX_CMP_REQUEUE_PI,
  FUTEX_FD,
  FUTEX_LOCK_PI,
  FUTEX_LOCK_PI2,
  FUTEX_TRYLOCK_PI,
  FUTEX_UNLOCK_PI,
  FUTEX_WAIT_REQUEUE_PI,
  FUTEX2_MPOL,
  FUTEX2_NUMA,
} from "../assembly/abi/futex.js";
import { MFD_HUGETLB } from "../assembly/abi/memfd.js";
import {
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_SHARED_VALIDATE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from "../assembly/abi/mman.js";
import { SIGEV_SIGNAL, SIGEV_THREAD } from "../assembly/abi/mqueue.js";
import { SHM_EXEC, SHM_HUGETLB } from "../assembly/abi/shm.js";
import { NSIG, SIGKILL } from "../assembly/abi/signal.js";
import * as clocks from "../assembly/abi/time.js";
import { WNOHANG } from "../assembly/abi/wait.js";
import type { Call, FutexVector, MappingRequest, QueueNotification, QueueOpening } from "./call.js";
import { catchableSignals } from "./signals.js";

const knownClocks: ReadonlySet<number> = new Set([
  clocks.CLOCK_REALTIME,
  clocks.CLOCK_MONOTONIC,
  clocks.CLOCK_MONOTONIC_RAW,
  clocks.CLOCK_REALTIME_COARSE,
  clocks.CLOCK_MONOTONIC_COARSE,
  clocks.CLOCK_BOOTTIME,
]);

const PIPE2_FLAGS = O_CLOEXEC | O_DIRECT | O_NONBLOCK | O_NOTIFICATION_PIPE;

const PROTECTIONS = PROT_READ | PROT_WRITE;
/** PROT_EXEC, PROT_SEM, PROT_GROWSDOWN and PROT_GROWSUP. */
const UNUSUAL_PROTECTIONS = PROT_EXEC | 8 | 0x1000000 | 0x2000000;
const MAPPING_FLAGS = MAP_SHARED_VALIDATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE;

type Judge = (call: Call) => number;

// By number: a search asks at every call, and most calls are never refused.
const judges: (Judge | undefined)[] = [];

// A kernel without CONFIG_WATCH_QUEUE looks for unknown flags first.
judges[n.CALL_PIPE2] = ({ a }) => ((a & O_NOTIFICATION_PIPE) !== 0 && (a & ~PIPE2_FLAGS) === 0 ? ENOPKG : 0);

judges[n.CALL_CLOCK_GETTIME] = ({ a }) => (knownClocks.has(a) ? 0 : EINVAL);
judges[n.CALL_CLOCK_NANOSLEEP] = judges[n.CALL_CLOCK_GETTIME];

judges[n.CALL_WAITPID] = ({ a, b }) => {
  if ((b & ~WNOHANG) !== 0) return EINVAL;
  return a > 0 || a === -1 ? 0 : ENOSYS;
};

judges[n.CALL_KILL] = ({ a, b }) => {
  if (a <= 0) return ENOSYS;
  return b > 0 && b <= 64 && b !== SIGKILL ? ENOSYS : 0;
};

judges[n.CALL_OPEN] = ({ a }) =>
  (a & (O_CREAT | O_PATH)) !== 0 || (a & O_TMPFILE) === O_TMPFILE ? ENOSYS : 0;

// IDs from 2^31 on: C's unsigned ones look negative here.
judges[n.CALL_SETRESUID] = ({ a, b, c }) => (a < -1 || b < -1 || c < -1 ? EINVAL : 0);
judges[n.CALL_SETRESGID] = judges[n.CALL_SETRESUID];
judges[n.CALL_SETGROUPS] = ({ payload }) =>
  (payload as readonly number[]).some((group) => group < 0) ? EINVAL : 0;

// A memory file of huge pages, and what is opened by O_PATH or made by O_TMPFILE, are other things than shared memory is here.
judges[n.CALL_SHM_OPEN] = ({ a }) => ((a & O_PATH) !== 0 || (a & O_TMPFILE) === O_TMPFILE ? ENOSYS : 0);
judges[n.CALL_MEMFD_CREATE] = ({ a }) => (a >= 0 && (a & MFD_HUGETLB) !== 0 ? ENOSYS : 0);

// Addresses are ours to give, and nothing runs from there.
judges[n.CALL_MMAP] = ({ a, b, payload }) => {
  const isPlain = (a & ~PROTECTIONS) === 0 && (b & ~MAPPING_FLAGS) === 0;
  return isPlain && (payload as MappingRequest).address === 0 ? 0 : ENOSYS;
};
judges[n.CALL_MPROTECT] = ({ a }) => ((a & UNUSUAL_PROTECTIONS) === 0 || a < 0 ? 0 : ENOSYS);

const UNDONE_FUTEX_OPERATIONS: ReadonlySet<number> = new Set([
  FUTEX_FD,
  FUTEX_LOCK_PI,
  FUTEX_UNLOCK_PI,
  FUTEX_TRYLOCK_PI,
  FUTEX_WAIT_REQUEUE_PI,
  FUTEX_CMP_REQUEUE_PI,
  FUTEX_LOCK_PI2,
]);
judges[n.CALL_FUTEX] = ({ a }) => (UNDONE_FUTEX_OPERATIONS.has(a & FUTEX_CMD_MASK) ? ENOSYS : 0);
// Nor from what is attached; and huge pages are not what shared memory is made of here.
judges[n.CALL_SHMGET] = ({ c }) => ((c & SHM_HUGETLB) !== 0 ? ENOSYS : 0);
judges[n.CALL_SHMAT] = ({ c }) => ((c & SHM_EXEC) !== 0 ? ENOSYS : 0);

judges[n.CALL_FUTEX_WAITV] = ({ payload }) => {
  const { waiters } = payload as FutexVector;
  return waiters.some(({ flags }) => (flags & (FUTEX2_NUMA | FUTEX2_MPOL)) !== 0) ? ENOSYS : 0;
};
judges[n.CALL_GET_ROBUST_LIST] = ({ a }) => (a === 0 ? 0 : ENOSYS);

judges[n.CALL_MQ_OPEN] = ({ a, payload }) => {
  if (!isQueueName((payload as QueueOpening).name)) return EINVAL;
  // What is opened with O_PATH is no queue. Flags that F_GETFL gives must not look like an errno.
  return a < 0 || (a & O_PATH) !== 0 ? ENOSYS : 0;
};
judges[n.CALL_MQ_UNLINK] = ({ payload }) => (isQueueName(payload as string) ? 0 : EINVAL);
judges[n.CALL_MQ_NOTIFY] = ({ payload }) =>
  payload !== undefined && isUntold(payload as QueueNotification) ? ENOSYS : 0;

judges[n.CALL_SIGWAIT] = ({ payload }) =>
  (payload as readonly number[]).every((signal) => catchableSignals.has(signal)) ? 0 : EINVAL;

/** The errno of a call that is refused; 0 for one that a kernel is to judge. */
export function refusal(call: Call): number {
  const judge = judges[call.syscall.number];
  return judge === undefined ? 0 : judge(call);
}

/** glibc wants the slash that it then leaves out; the kernel wants none, and musl takes both. */
const isQueueName = (name: string): boolean => name.startsWith("/");

/** Whether a notification would come in a way that no program can be told. What is no signal is for the kernel to judge. */
const isUntold = ({ notify, signo }: QueueNotification): boolean =>
  notify === SIGEV_THREAD ||
  (notify === SIGEV_SIGNAL && signo > 0 && signo <= NSIG && !catchableSignals.has(signo));
