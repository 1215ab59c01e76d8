// The C functions that this backend calls, errno, and a thread's scratch memory. Every symbol is looked up
// when the main thread imports this module, before a Worker can exist that uses one: ffi.ts says why. Each
// thread has its own instance of the module, and so its own errno and its own scratch memory.
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { EBADF } from "../../assembly/abi/errno.js";
import { O_DIRECT, O_DIRECTORY, O_LARGEFILE, O_NOFOLLOW } from "../../assembly/abi/fcntl.js";
import { allocate, bind, ffiFailure, type Memory, touch, viewOf } from "./ffi.js";

const errnoLocation = bind("__errno_location", "long");

export const pipe2 = bind("pipe2", "int", "long", "int");
export const open = bind("open", "int", "string", "int", "int");
export const openat = bind("openat", "int", "int", "string", "int", "int");
export const read = bind("read", "long", "int", "long", "long");
export const write = bind("write", "long", "int", "long", "long");
export const readv = bind("readv", "long", "int", "long", "int");
export const writev = bind("writev", "long", "int", "long", "int");
export const tee = bind("tee", "long", "int", "int", "long", "int");
export const splice = bind("splice", "long", "int", "long", "int", "long", "long", "int");
export const vmsplice = bind("vmsplice", "long", "int", "long", "long", "int");
export const preadv2 = bind("preadv2", "long", "int", "long", "int", "long", "int");
export const pwritev2 = bind("pwritev2", "long", "int", "long", "int", "long", "int");
export const ftruncate = bind("ftruncate", "int", "int", "bigint");
export const pread = bind("pread", "long", "int", "long", "long", "long");
export const pwrite = bind("pwrite", "long", "int", "long", "long", "long");
export const mmap = bind("mmap", "long", "long", "long", "int", "int", "int", "long");
export const mremap = bind("mremap", "long", "long", "long", "long", "int", "long");
export const munmap = bind("munmap", "int", "long", "long");
export const mprotect = bind("mprotect", "int", "long", "long", "int");
export const msync = bind("msync", "int", "long", "long", "int");
export const process_vm_readv = bind(
  "process_vm_readv",
  "long",
  "int",
  "long",
  "long",
  "long",
  "long",
  "long",
);
export const process_vm_writev = bind(
  "process_vm_writev",
  "long",
  "int",
  "long",
  "long",
  "long",
  "long",
  "long",
);
export const close = bind("close", "int", "int");
export const mkfifo = bind("mkfifo", "int", "string", "int");
export const mkdir = bind("mkdir", "int", "string", "int");
export const rmdir = bind("rmdir", "int", "string");
export const unlink = bind("unlink", "int", "string");
export const chmod = bind("chmod", "int", "string", "int");
export const umask = bind("umask", "int", "int");
export const dup2 = bind("dup2", "int", "int", "int");
export const dup3 = bind("dup3", "int", "int", "int", "int");
export const fcntl = bind("fcntl", "int", "int", "int", "int");
/** fcntl for commands without an argument: each costs 0.5 us. */
export const fcntlPlain = bind("fcntl", "int", "int", "int");
export const ioctl = bind("ioctl", "int", "int", "long", "long");
export const poll = bind("poll", "int", "long", "long", "int");
export const clock_gettime = bind("clock_gettime", "int", "int", "long");
/** Returns the error number itself, not -1: clock_nanosleep(2). */
export const clock_nanosleep = bind("clock_nanosleep", "int", "int", "int", "long", "long");
export const kill = bind("kill", "int", "int", "int");
export const waitpid = bind("waitpid", "int", "int", "long", "int");
export const waitid = bind("waitid", "int", "int", "int", "long", "int");
export const exit = bind("_exit", "void", "int");
export const getrlimit = bind("getrlimit", "int", "int", "long");
export const epoll_create1 = bind("epoll_create1", "int", "int");
export const epoll_ctl = bind("epoll_ctl", "int", "int", "int", "int", "long");
export const epoll_wait = bind("epoll_wait", "int", "int", "long", "int", "int");
export const eventfd = bind("eventfd", "int", "int", "int");
export const timerfd_create = bind("timerfd_create", "int", "int", "int");
export const timerfd_settime = bind("timerfd_settime", "int", "int", "int", "long", "long");
export const memfd_create = bind("memfd_create", "int", "string", "int");
export const malloc = bind("malloc", "long", "long");
export const getpagesize = bind("getpagesize", "int");
export const madvise = bind("madvise", "int", "long", "long", "int");
export const getuid = bind("getuid", "int");
export const geteuid = bind("geteuid", "int");
export const getgid = bind("getgid", "int");
export const getegid = bind("getegid", "int");
export const getgroups = bind("getgroups", "int", "int", "long");
/** These change all threads of the process: nptl(7), "NPTL and signals". */
export const setresuid = bind("setresuid", "int", "int", "int", "int");
export const setresgid = bind("setresgid", "int", "int", "int", "int");
export const setgroups = bind("setgroups", "int", "long", "long");
export const msgget = bind("msgget", "int", "int", "int");
export const msgsnd = bind("msgsnd", "int", "int", "long", "long", "int");
export const msgrcv = bind("msgrcv", "long", "int", "long", "long", "bigint", "int");
export const msgctl = bind("msgctl", "int", "int", "int", "long");
export const semget = bind("semget", "int", "int", "int", "int");
/** semop(2) is this without a time. */
export const semtimedop = bind("semtimedop", "int", "int", "long", "long", "long");
export const semctl = bind("semctl", "int", "int", "int", "int", "long");
/** Returns a pointer: 0, SEM_FAILED, if it failed. */
export const sem_open = bind("sem_open", "long", "string", "int", "int", "int");
export const sem_close = bind("sem_close", "int", "long");
export const sem_init = bind("sem_init", "int", "long", "int", "int");
export const sem_destroy = bind("sem_destroy", "int", "long");
export const sem_wait = bind("sem_wait", "int", "long");
export const sem_trywait = bind("sem_trywait", "int", "long");
export const sem_timedwait = bind("sem_timedwait", "int", "long", "long");
export const sem_clockwait = bind("sem_clockwait", "int", "long", "int", "long");
export const sem_post = bind("sem_post", "int", "long");
export const sem_getvalue = bind("sem_getvalue", "int", "long", "long");
export const sem_unlink = bind("sem_unlink", "int", "string");
/** Never called: glibc has it. */
export const gnu_get_libc_version = bind("gnu_get_libc_version", "long");
export const shmget = bind("shmget", "int", "int", "long", "int");
export const shmat = bind("shmat", "long", "int", "long", "int");
export const shmctl = bind("shmctl", "int", "int", "int", "long");
export const memcpy = bind("memcpy", "long", "long", "long", "long");
export const sigaction = bind("sigaction", "int", "int", "long", "long");
/** Returns the error number itself, not -1: pthread_sigmask(3). */
export const pthread_sigmask = bind("pthread_sigmask", "int", "int", "long", "long");
export const syscall = bind("syscall", "long", "long", "long", "long");
/** syscall(2) with up to four arguments. */
export const syscall4 = bind("syscall", "long", "long", "long", "long", "long", "long");
/** syscall(2) with five arguments, and one whose first is a string. */
export const syscall5 = bind("syscall", "long", "long", "long", "long", "long", "long", "long");
export const syscallOnName = bind("syscall", "long", "long", "string", "long", "long", "long");
/** futex(2) has six. */
export const syscall6 = bind("syscall", "long", "long", "long", "long", "long", "long", "long", "long");
export const mq_open = bind("mq_open", "int", "string", "int", "int", "long");
export const mq_unlink = bind("mq_unlink", "int", "string");
export const mq_send = bind("mq_send", "int", "int", "long", "long", "int");
export const mq_timedsend = bind("mq_timedsend", "int", "int", "long", "long", "int", "long");
export const mq_receive = bind("mq_receive", "long", "int", "long", "long", "long");
export const mq_timedreceive = bind("mq_timedreceive", "long", "int", "long", "long", "long", "long");
export const mq_getattr = bind("mq_getattr", "int", "int", "long");
export const mq_setattr = bind("mq_setattr", "int", "int", "long", "long");
export const mq_notify = bind("mq_notify", "int", "int", "long");
/** These return the error number itself, not -1: posix_spawn(3). */
export const posix_spawnp = bind("posix_spawnp", "int", "long", "long", "long", "long", "long", "long");
export const posix_spawn_file_actions_init = bind("posix_spawn_file_actions_init", "int", "long");
export const posix_spawn_file_actions_destroy = bind("posix_spawn_file_actions_destroy", "int", "long");
export const posix_spawn_file_actions_adddup2 = bind(
  "posix_spawn_file_actions_adddup2",
  "int",
  "long",
  "int",
  "int",
);
export const posix_spawnattr_init = bind("posix_spawnattr_init", "int", "long");
export const posix_spawnattr_destroy = bind("posix_spawnattr_destroy", "int", "long");
export const posix_spawnattr_setflags = bind("posix_spawnattr_setflags", "int", "long", "int");
export const posix_spawnattr_setsigmask = bind("posix_spawnattr_setsigmask", "int", "long", "long");
export const posix_spawnattr_setsigdefault = bind("posix_spawnattr_setsigdefault", "int", "long", "long");

export const dlsym = bind("dlsym", "long", "long", "string");

// libuv's, which node exports: https://docs.libuv.org/en/v1.x/poll.html
export const uv_default_loop = bind("uv_default_loop", "long");
export const uv_handle_size = bind("uv_handle_size", "long", "int");
export const uv_poll_init = bind("uv_poll_init", "int", "long", "long", "int");
export const uv_poll_start = bind("uv_poll_start", "int", "long", "int", "long");
export const uv_poll_stop = bind("uv_poll_stop", "int", "long");

// asm/unistd.h: the same on x64 and arm64, as of all calls since Linux 5.1.
export const SYS_pidfd_open = 434;
/** asm/unistd.h of x64, and asm-generic/unistd.h. */
const isX64 = process.arch === "x64";
export const SYS_futex = isX64 ? 202 : 98;
export const SYS_set_robust_list = isX64 ? 273 : 99;
export const SYS_get_robust_list = isX64 ? 274 : 100;
export const SYS_futex_waitv = 449;

/**
 * Open flags from x64's numbers, which are ours, to this machine's, and back. On arm64 O_DIRECT and O_DIRECTORY have each
 * other's bit, and so have O_LARGEFILE and O_NOFOLLOW: asm/fcntl.h.
 */
export const machineFlags: (flags: number) => number =
  process.arch !== "arm64" ? (flags) => flags : swappedFlags;

const LOW_PAIR = O_DIRECT | O_LARGEFILE;
const HIGH_PAIR = O_DIRECTORY | O_NOFOLLOW;

/** The flags with the bits of O_DIRECT and O_DIRECTORY, O_LARGEFILE and O_NOFOLLOW exchanged. */
export function swappedFlags(flags: number): number {
  const rest = flags & ~(LOW_PAIR | HIGH_PAIR);
  return rest | ((flags & LOW_PAIR) << 2) | ((flags & HIGH_PAIR) >> 2);
}

const MISSING = "linux-ipc:missing";

/** The functions that this process does not have. */
function lookUp(): ReadonlySet<string> {
  if (ffiFailure !== undefined) return new Set();
  if (!isMainThread) return new Set(getEnvironmentData(MISSING) as string[]);
  const names = touch();
  setEnvironmentData(MISSING, [...names]);
  return names;
}

const missing = lookUp();

const errnoView = findErrno();

function findErrno(): Int32Array {
  if (ffiFailure !== undefined) return new Int32Array(1);
  const bytes = viewOf(errnoLocation(), 4);
  return new Int32Array(bytes.buffer, bytes.byteOffset, 1);
}

/** The error number of the call of this thread that just returned -1: stale after a success. */
export const errno = (): number => errnoView[0] as number;

/** Replaces it, where libc would have. */
export function setErrno(errno: number): void {
  errnoView[0] = errno;
}

/** What a C function returned, or -errno. */
export const resultOrErrno = (returned: number): number =>
  returned === -1 ? -(errnoView[0] as number) : returned;

/** Why no call can be made here; undefined where calls can. */
export const failure: Error | undefined = ffiFailure ?? checkViews();

/** Where a runtime forbids views on memory that is not its own (Electron does), they are copies. */
function checkViews(): Error | undefined {
  if (resultOrErrno(close(-1)) === -EBADF) return undefined;
  return new Error("linux-ipc/native needs a runtime that allows external memory, as node does");
}

const has = (...names: string[]): boolean =>
  failure === undefined && !names.some((name) => missing.has(name));

/** Whether this process has libuv's functions, as node does. */
export const hasLibuv: boolean = has(
  "uv_default_loop",
  "uv_handle_size",
  "uv_poll_init",
  "uv_poll_start",
  "uv_poll_stop",
);

/** Whether libc itself has the functions on POSIX message queues: glibc since 2.34. */
export const hasQueues: boolean = has(
  "mq_open",
  "mq_unlink",
  "mq_send",
  "mq_timedsend",
  "mq_receive",
  "mq_timedreceive",
  "mq_getattr",
  "mq_setattr",
  "mq_notify",
);

/** Whether libc is glibc. */
export const isGlibc: boolean = has("gnu_get_libc_version");

/** Whether libc has sem_clockwait(3): glibc since 2.30. */
export const hasSemaphoreClocks: boolean = has("sem_clockwait");

/** Whether this libc is new enough for preadv2 and pwritev2. */
export const hasVectors: boolean = has("preadv2", "pwritev2");

/** Bytes of a page; 0 where no call can be made. */
export const pageSize: number = failure === undefined ? getpagesize() : 0;

const nothing: Memory = { address: 0, bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };

/** This thread's memory for what goes to C and back within one call. */
export const scratch: Memory = failure === undefined ? allocate(65536) : nothing;
