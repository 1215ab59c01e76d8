// The real kernel as a backend: which function makes a call, and what a waiting call watches.
import { isMainThread } from "node:worker_threads";
import * as n from "../../assembly/abi/calls.js";
import {
  E2BIG,
  EAGAIN,
  EBADF,
  EINVAL,
  EMFILE,
  EMSGSIZE,
  ENFILE,
  ENOSPC,
  ENOSYS,
  ENXIO,
  EPERM,
} from "../../assembly/abi/errno.js";
import { F_SETPIPE_SZ, O_NONBLOCK } from "../../assembly/abi/fcntl.js";
import { IPC_NOWAIT } from "../../assembly/abi/ipc.js";
import { POLLIN, POLLOUT } from "../../assembly/abi/poll.js";
import { CLOCK_REALTIME } from "../../assembly/abi/time.js";
import type {
  Call,
  PollEntry,
  QueueNotification,
  QueueOpening,
  SemaphoreOperations,
  SpawnRequest,
} from "../../src/call.js";
import { isDescriptor, placeOf } from "../../src/call-place.js";
import { type CallStarter, resultOf } from "../../src/calls.js";
import { SyscallError } from "../../src/errors.js";
import { isFutexWait } from "../../src/futex.js";
import { refusal } from "../../src/refusals.js";
import { catchableSignals } from "../../src/signals.js";
import { startWaiting, type Waiter, type WaitPort, type Watch } from "../../src/waiting.js";
import * as clock from "./clock.js";
import * as credentials from "./credentials.js";
import * as descriptor from "./descriptor.js";
import { owns } from "./descriptors.js";
import * as futex from "./futex.js";
import { startInLane } from "./lane-wait.js";
import { LANES_VARIABLE, laneCount, maxLanes } from "./lanes.js";
import * as libc from "./libc.js";
import * as mapping from "./mapping.js";
import * as memoryWord from "./memory-word.js";
import * as messageQueue from "./message-queue.js";
import * as paths from "./paths.js";
import * as pipe from "./pipe.js";
import * as poll from "./poll.js";
import * as posixSemaphore from "./posix-semaphore.js";
import * as process from "./process.js";
import { hold, release, watchDescriptor } from "./readiness.js";
import * as sharedMemory from "./shared-memory.js";
import * as signals from "./signals.js";
import { spawn } from "./spawn.js";
import * as splice from "./splice.js";
import * as sysvQueue from "./sysv-queue.js";
import * as sysvSemaphore from "./sysv-semaphore.js";
import * as sysvSharedMemory from "./sysv-shared-memory.js";
import { watchTime } from "./timers.js";

type Attempt = (call: Call, timedOut: boolean) => number;

// By number, for speed.
const attempts: Attempt[] = [];
attempts[n.CALL_PIPE2] = pipe.pipe2;
attempts[n.CALL_READ] = pipe.read;
attempts[n.CALL_WRITE] = pipe.write;
attempts[n.CALL_CLOSE] = descriptor.close;
attempts[n.CALL_DUP] = descriptor.dup;
attempts[n.CALL_DUP2] = descriptor.dup2;
attempts[n.CALL_DUP3] = descriptor.dup3;
attempts[n.CALL_FCNTL] = descriptor.fcntl;
attempts[n.CALL_IOCTL] = pipe.ioctl;
attempts[n.CALL_POLL] = poll.poll;
attempts[n.CALL_CLOCK_GETTIME] = clock.clock_gettime;
attempts[n.CALL_CLOCK_NANOSLEEP] = clock.clock_nanosleep;
attempts[n.CALL_GETPID] = process.getpid;
attempts[n.CALL_GETPPID] = process.getppid;
attempts[n.CALL_GETTID] = process.gettid;
attempts[n.CALL_SPAWN] = spawn;
attempts[n.CALL_WAITPID] = process.waitpid;
attempts[n.CALL_EXIT] = process.exit;
attempts[n.CALL_KILL] = process.kill;
attempts[n.CALL_OPEN] = paths.open;
attempts[n.CALL_MKFIFO] = paths.mkfifo;
attempts[n.CALL_MKDIR] = paths.mkdir;
attempts[n.CALL_RMDIR] = paths.rmdir;
attempts[n.CALL_UNLINK] = paths.unlink;
attempts[n.CALL_CHMOD] = paths.chmod;
attempts[n.CALL_UMASK] = paths.umask;
attempts[n.CALL_STAT] = paths.stat;
attempts[n.CALL_FSTAT] = paths.fstat;
attempts[n.CALL_READV] = pipe.readv;
attempts[n.CALL_WRITEV] = pipe.writev;
attempts[n.CALL_TEE] = splice.tee;
attempts[n.CALL_SPLICE] = splice.splice;
attempts[n.CALL_VMSPLICE] = splice.vmsplice;
attempts[n.CALL_GETUID] = credentials.getuid;
attempts[n.CALL_GETEUID] = credentials.geteuid;
attempts[n.CALL_GETGID] = credentials.getgid;
attempts[n.CALL_GETEGID] = credentials.getegid;
attempts[n.CALL_GETGROUPS] = credentials.getgroups;
attempts[n.CALL_SETRESUID] = credentials.setresuid;
attempts[n.CALL_SETRESGID] = credentials.setresgid;
attempts[n.CALL_SETGROUPS] = credentials.setgroups;
attempts[n.CALL_MSGGET] = sysvQueue.msgget;
attempts[n.CALL_MSGSND] = sysvQueue.msgsnd;
attempts[n.CALL_MSGRCV] = sysvQueue.msgrcv;
attempts[n.CALL_MSGCTL] = sysvQueue.msgctl;
attempts[n.CALL_FTOK] = sysvQueue.ftok;
attempts[n.CALL_SEMGET] = sysvSemaphore.semget;
attempts[n.CALL_SEMOP] = sysvSemaphore.semop;
attempts[n.CALL_SEMTIMEDOP] = sysvSemaphore.semop;
attempts[n.CALL_SEMCTL] = sysvSemaphore.semctl;
attempts[n.CALL_MQ_OPEN] = messageQueue.mq_open;
attempts[n.CALL_MQ_CLOSE] = messageQueue.mq_close;
attempts[n.CALL_MQ_UNLINK] = messageQueue.mq_unlink;
attempts[n.CALL_MQ_SEND] = messageQueue.mq_send;
attempts[n.CALL_MQ_TIMEDSEND] = messageQueue.mq_send;
attempts[n.CALL_MQ_RECEIVE] = messageQueue.mq_receive;
attempts[n.CALL_MQ_TIMEDRECEIVE] = messageQueue.mq_receive;
attempts[n.CALL_MQ_GETATTR] = messageQueue.mq_getattr;
attempts[n.CALL_MQ_SETATTR] = messageQueue.mq_setattr;
attempts[n.CALL_MQ_NOTIFY] = messageQueue.mq_notify;
attempts[n.CALL_SIGWAIT] = signals.sigwait;
attempts[n.CALL_SHM_OPEN] = sharedMemory.shm_open;
attempts[n.CALL_SHM_UNLINK] = sharedMemory.shm_unlink;
attempts[n.CALL_MEMFD_CREATE] = sharedMemory.memfd_create;
attempts[n.CALL_FTRUNCATE] = sharedMemory.ftruncate;
attempts[n.CALL_PREAD] = sharedMemory.pread;
attempts[n.CALL_PWRITE] = sharedMemory.pwrite;
attempts[n.CALL_SHMGET] = sysvSharedMemory.shmget;
attempts[n.CALL_SHMAT] = sysvSharedMemory.shmat;
attempts[n.CALL_SHMDT] = sysvSharedMemory.shmdt;
attempts[n.CALL_SHMCTL] = sysvSharedMemory.shmctl;
attempts[n.CALL_MMAP] = mapping.mmap;
attempts[n.CALL_MUNMAP] = mapping.munmap;
attempts[n.CALL_MPROTECT] = mapping.mprotect;
attempts[n.CALL_MSYNC] = mapping.msync;
attempts[n.CALL_MEMORY_READ] = mapping.memory_read;
attempts[n.CALL_MEMORY_WRITE] = mapping.memory_write;
attempts[n.CALL_FUTEX] = futex.futex;
attempts[n.CALL_SEM_OPEN] = posixSemaphore.sem_open;
attempts[n.CALL_SEM_CLOSE] = posixSemaphore.sem_close;
attempts[n.CALL_SEM_UNLINK] = posixSemaphore.sem_unlink;
attempts[n.CALL_SEM_INIT] = posixSemaphore.sem_init;
attempts[n.CALL_SEM_DESTROY] = posixSemaphore.sem_destroy;
attempts[n.CALL_SEM_WAIT] = posixSemaphore.sem_wait;
attempts[n.CALL_SEM_TRYWAIT] = posixSemaphore.sem_trywait;
attempts[n.CALL_SEM_TIMEDWAIT] = posixSemaphore.sem_wait;
attempts[n.CALL_SEM_CLOCKWAIT] = posixSemaphore.sem_wait;
attempts[n.CALL_SEM_POST] = posixSemaphore.sem_post;
attempts[n.CALL_SEM_GETVALUE] = posixSemaphore.sem_getvalue;
attempts[n.CALL_FUTEX_WAITV] = futex.futex_waitv;
attempts[n.CALL_SET_ROBUST_LIST] = futex.set_robust_list;
attempts[n.CALL_GET_ROBUST_LIST] = futex.get_robust_list;
attempts[n.CALL_MEMORY_LOAD] = memoryWord.memory_load;
attempts[n.CALL_MEMORY_STORE] = memoryWord.memory_store;
attempts[n.CALL_MEMORY_ADD] = memoryWord.memory_add;
attempts[n.CALL_MEMORY_COMPARE_EXCHANGE] = memoryWord.memory_compare_exchange;
attempts[n.CALL_MEMORY_WAIT] = futex.memory_wait;
attempts[n.CALL_MEMORY_NOTIFY] = futex.memory_notify;

// The calls that can block, as they do.
const blocking: Attempt[] = [...attempts];
blocking[n.CALL_READ] = pipe.readBlocking;
blocking[n.CALL_WRITE] = pipe.writeBlocking;
blocking[n.CALL_POLL] = poll.pollBlocking;
blocking[n.CALL_CLOCK_NANOSLEEP] = clock.nanosleepBlocking;
blocking[n.CALL_WAITPID] = process.waitpidBlocking;
blocking[n.CALL_OPEN] = paths.openBlocking;
blocking[n.CALL_READV] = pipe.readvBlocking;
blocking[n.CALL_WRITEV] = pipe.writevBlocking;
blocking[n.CALL_TEE] = splice.teeBlocking;
blocking[n.CALL_SPLICE] = splice.spliceBlocking;
blocking[n.CALL_VMSPLICE] = splice.vmspliceBlocking;
blocking[n.CALL_MSGSND] = sysvQueue.msgsndBlocking;
blocking[n.CALL_MSGRCV] = sysvQueue.msgrcvBlocking;
blocking[n.CALL_SEMOP] = sysvSemaphore.semopBlocking;
blocking[n.CALL_SEMTIMEDOP] = sysvSemaphore.semopBlocking;
blocking[n.CALL_SEM_WAIT] = posixSemaphore.sem_waitBlocking;
blocking[n.CALL_SEM_TIMEDWAIT] = posixSemaphore.sem_waitBlocking;
blocking[n.CALL_SEM_CLOCKWAIT] = posixSemaphore.sem_waitBlocking;
blocking[n.CALL_MQ_SEND] = messageQueue.mq_sendBlocking;
blocking[n.CALL_MQ_TIMEDSEND] = messageQueue.mq_timedsendBlocking;
blocking[n.CALL_MQ_RECEIVE] = messageQueue.mq_receiveBlocking;
blocking[n.CALL_MQ_TIMEDRECEIVE] = messageQueue.mq_timedreceiveBlocking;
blocking[n.CALL_FUTEX] = futex.futexBlocking;
blocking[n.CALL_FUTEX_WAITV] = futex.futex_waitvBlocking;
blocking[n.CALL_MEMORY_WAIT] = futex.memory_waitBlocking;
blocking[n.CALL_SIGWAIT] = signals.sigwaitBlocking;

/** What a waiting call watches, all of it together. */
class CallWatch implements Watch {
  readonly parts: Watch[] = [];

  cancel(): void {
    for (const part of this.parts) part.cancel();
    release();
  }
}

const port: WaitPort = {
  attempt: (call, timedOut) => (attempts[call.syscall.number] as Attempt)(call, timedOut),
  watch(call, waiter) {
    const held = hold();
    if (held < 0) return held;
    const watch = new CallWatch();
    for (const part of watchParts(call, waiter)) {
      if (typeof part === "number") {
        watch.cancel();
        return part;
      }
      watch.parts.push(part);
    }
    return watch;
  },
  takesBytes,
  failure,
};

function takesBytes({ syscall, a }: Call): boolean {
  switch (syscall.number) {
    case n.CALL_VMSPLICE:
      return !splice.readsBy(a);
    case n.CALL_MQ_SEND:
    case n.CALL_MQ_TIMEDSEND:
      return true;
    default:
      return syscall.partialResult;
  }
}

const ALONE = { isExclusive: true };

const attemptOnce = (call: Call): number => (attempts[call.syscall.number] as Attempt)(call, false);

function* watchParts(call: Call, waiter: Waiter): Generator<Watch | number> {
  switch (call.syscall.number) {
    case n.CALL_READ:
    case n.CALL_READV:
      yield watchDescriptor(call.a, POLLIN, waiter, ALONE);
      break;
    case n.CALL_WRITE:
    case n.CALL_WRITEV:
      yield watchDescriptor(call.a, POLLOUT, waiter, ALONE);
      break;
    case n.CALL_MQ_SEND:
    case n.CALL_MQ_TIMEDSEND:
      yield watchDescriptor(call.a, POLLOUT, waiter, ALONE);
      yield* watchDeadline(call, waiter);
      break;
    case n.CALL_MQ_RECEIVE:
    case n.CALL_MQ_TIMEDRECEIVE:
      yield watchDescriptor(call.a, POLLIN, waiter, ALONE);
      yield* watchDeadline(call, waiter);
      break;
    case n.CALL_VMSPLICE:
      yield watchDescriptor(call.a, splice.readsBy(call.a) ? POLLIN : POLLOUT, waiter, ALONE);
      break;
    case n.CALL_TEE:
    case n.CALL_SPLICE:
      yield splice.watchFlow(call, waiter);
      break;
    case n.CALL_POLL:
      for (const { fd, events } of call.payload as readonly PollEntry[]) {
        if (fd >= 0) yield watchDescriptor(fd, events, waiter);
      }
      if (call.a > 0) yield watchTime(clock.pollDeadline(call.a), waiter);
      break;
    case n.CALL_CLOCK_NANOSLEEP:
      yield watchTime(clock.sleepDeadline(call), waiter);
      break;
    case n.CALL_WAITPID:
      yield process.watchChildren(call.a, waiter);
      break;
    case n.CALL_SIGWAIT:
      yield signals.watchSignals(waiter);
      break;
  }
}

function* watchDeadline({ deadline }: Call, waiter: Waiter): Generator<Watch | number> {
  if (deadline !== undefined) yield watchTime({ clockid: CLOCK_REALTIME, timeNs: deadline }, waiter);
}

function failure(call: Call, errno: number): Error {
  const hint = hintFor(call, errno);
  return new SyscallError(errno, call.syscall.name, {
    ...placeOf(call),
    ...(hint !== undefined && { hint }),
  });
}

/** Which limit was hit and where it is set, or what is behind an errno that can be many things. */
function hintFor(call: Call, errno: number): string | undefined {
  const { number } = call.syscall;
  switch (errno) {
    case EMFILE:
      return number === n.CALL_MQ_OPEN
        ? "the limit is RLIMIT_NOFILE (ulimit -n), or RLIMIT_MSGQUEUE (ulimit -q) on what the user's queues may hold"
        : "the limit is RLIMIT_NOFILE: ulimit -n";
    case ENFILE:
      return "the limit is /proc/sys/fs/file-max; for pipes also /proc/sys/fs/pipe-user-pages-hard";
    case E2BIG:
      return number === n.CALL_SEMOP || number === n.CALL_SEMTIMEDOP
        ? "the limit is the third number of /proc/sys/kernel/sem"
        : undefined;
    case EBADF:
      return isForeign(call) ? "this program did not open, inherit or adopt it" : undefined;
    case ENXIO:
      return number === n.CALL_OPEN && (call.a & O_NONBLOCK) !== 0
        ? "a FIFO that nobody has open for reading"
        : undefined;
    case EAGAIN:
      return lacksLane(call)
        ? `no more than ${maxLanes} calls of a thread can wait in lanes at a time: ${LANES_VARIABLE}`
        : undefined;
    case EINVAL:
      return number === n.CALL_MQ_OPEN && (call.payload as QueueOpening).attributes !== undefined
        ? "the limits are /proc/sys/fs/mqueue/msg_max and msgsize_max"
        : undefined;
    case EMSGSIZE:
      return transfersMessages(number) ? "the limit is the queue's msgsize: mq_getattr" : undefined;
    case ENOSPC:
      if (number === n.CALL_MSGGET) return "the limit is /proc/sys/kernel/msgmni";
      if (number === n.CALL_SEMGET)
        return "the limits are the second and the fourth number of /proc/sys/kernel/sem";
      if (number === n.CALL_SHMGET) return "the limits are /proc/sys/kernel/shmmni and shmall";
      return number === n.CALL_MQ_OPEN ? "the limit is /proc/sys/fs/mqueue/queues_max" : undefined;
    case ENOSYS:
      return signalHint(call);
    case EPERM:
      return number === n.CALL_FCNTL && call.b === F_SETPIPE_SZ
        ? "the limits are /proc/sys/fs/pipe-max-size, pipe-user-pages-soft and pipe-user-pages-hard"
        : undefined;
  }
  return undefined;
}

/** Why a signal cannot be waited for, or told by, that can be in another thread. */
function signalHint({ syscall: { number }, payload }: Call): string | undefined {
  if (number === n.CALL_SIGWAIT) {
    return isMainThread
      ? "a thread that is blocked is told of no signal: await linux.sigwait"
      : "signals reach the main thread only";
  }
  const isTold = number === n.CALL_MQ_NOTIFY && catchableSignals.has((payload as QueueNotification).signo);
  return isTold && !isMainThread
    ? "the main thread is to name the signal first, in mq_notify or sigwait: signals reach it only"
    : undefined;
}

/** Whether a call sends or receives by a POSIX queue. */
const transfersMessages = (number: number): boolean =>
  number >= n.CALL_MQ_SEND && number <= n.CALL_MQ_TIMEDRECEIVE;

/** Whether a call that had to wait could not: no lane was free. */
function lacksLane({ syscall: { number, wait }, a, b, payload }: Call): boolean {
  if (wait !== "lane") return false;
  switch (number) {
    case n.CALL_OPEN:
      return (a & O_NONBLOCK) === 0;
    case n.CALL_SEMOP:
    case n.CALL_SEMTIMEDOP:
      // EAGAIN is also what it is when the time is over.
      return laneCount() >= maxLanes && !sysvSemaphore.neverWaits(payload as SemaphoreOperations);
    case n.CALL_FUTEX:
      // It is also what it is when the word has another value.
      return laneCount() >= maxLanes && isFutexWait(a);
    case n.CALL_SEM_WAIT:
    case n.CALL_SEM_TIMEDWAIT:
    case n.CALL_SEM_CLOCKWAIT:
      return true;
    case n.CALL_FUTEX_WAITV:
    case n.CALL_MEMORY_WAIT:
      return laneCount() >= maxLanes;
    default:
      return (b & IPC_NOWAIT) === 0;
  }
}

/** Whether a descriptor that a call was given is open, perhaps, but not the program's. */
function isForeign({ syscall, a, b, payload }: Call): boolean {
  const count = syscall.parameters.filter(isDescriptor).length;
  const fds = syscall.number === n.CALL_SPAWN ? (payload as SpawnRequest).fds : [a, b].slice(0, count);
  return fds.some((fd) => fd >= 0 && !owns(fd));
}

/** Makes a checked call on the calling thread. */
export function runBlocking(call: Call): unknown {
  if (libc.failure !== undefined) throw libc.failure;
  const refused = refusal(call);
  if (refused !== 0) throw failure(call, refused);
  const result = (blocking[call.syscall.number] as Attempt)(call, false);
  if (result < 0) throw failure(call, -result);
  return resultOf(call, result);
}

/** The awaited calls. @param fds the descriptors that this process was given by name */
export const starterWith = (fds: Readonly<Record<string, number>>): CallStarter => ({ fds, start });

function start(
  call: Call,
  signal: AbortSignal | undefined,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if (libc.failure !== undefined) return reject(libc.failure);
  const refused = refusal(call);
  if (refused !== 0) return reject(failure(call, refused));
  if (call.syscall.wait === "lane") startInLane(call, signal, attemptOnce, failure, resolve, reject);
  else if (call.syscall.number === n.CALL_SIGWAIT && signal !== undefined && !signal.aborted) {
    startSigwait(call, signal, resolve, reject);
  } else startWaiting(port, call, signal, resolve, reject);
}

function startSigwait(
  call: Call,
  signal: AbortSignal,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  const { lateSignal, dispose } = signals.abortAfterLook(signal);
  const settled =
    <Value>(settle: (value: Value) => void) =>
    (value: Value): void => {
      dispose();
      settle(value);
    };
  startWaiting(port, call, lateSignal, settled(resolve), settled(reject));
}
