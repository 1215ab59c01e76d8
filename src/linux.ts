import type { PollEntry } from "./call.js";
import type { FutexWaiter, MemoryWaitResult } from "./futex.js";
import type { Mapping } from "./mapping.js";
import type { AnyProgram, Executable, Json, Program } from "./program.js";
import type { MsgctlResult, QueueSettings, ReceivedSysvMessage } from "./sysv-queue.js";
import type { SemaphoreOperation, SemctlArgument, SemctlResult } from "./sysv-semaphore.js";
import type { SegmentSettings, ShmctlResult } from "./sysv-shared-memory.js";

/** Options of a call that can wait. */
export interface WaitOptions {
  /** Ends the wait: the call rejects with an AbortError, unless it had completed. */
  readonly signal?: AbortSignal;
}

/** Options of a futex(2) that waits. */
export interface FutexWaitOptions extends WaitOptions {
  /**
   * The word is a robust lock's, which the caller wants: if the thread that waits ends, and nobody has the lock then, another who waits
   * is woken, so that a wake-up of one that dies before it has the lock is not lost: list_op_pending of get_robust_list(2).
   */
  readonly robust?: boolean;
}

/** What a child that `waitpid` reaped came to. `pid` is 0 if WNOHANG found none that has ended. */
export interface WaitResult {
  readonly pid: number;
  /** As waitpid(2) encodes it: read it with WIFEXITED, WEXITSTATUS, WIFSIGNALED and WTERMSIG. */
  readonly status: number;
}

/** What `stat` tells: stat(2), inode(7). */
export interface FileStatus {
  /** Type (S_IFMT) and permissions. */
  readonly mode: number;
  /** Names of it; of a directory: two, and one for each directory in it. */
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a regular file, as shared memory is; of anything else what its file system likes, 0 on the model. */
  readonly size: number;
}

/** What a new message queue is to hold: mq_open(3). */
export interface MessageQueueSize {
  /** Messages, at most. */
  readonly maxmsg: number;
  /** Bytes of each, at most. */
  readonly msgsize: number;
}

/** What `mq_getattr` tells: mq_getattr(3). */
export interface MessageQueueAttributes extends MessageQueueSize {
  /** O_NONBLOCK or 0: of the open file. The rest is of the queue. */
  readonly flags: number;
  /** Messages that are in it. */
  readonly curmsgs: number;
}

/** What `mq_receive` took: mq_receive(3). */
export interface MessageReceipt {
  /** Bytes, from the start of the buffer on. */
  readonly length: number;
  readonly priority: number;
}

/** How `mq_notify` is to tell: sigevent(3type). */
export interface MessageQueueNotification {
  /** SIGEV_NONE or SIGEV_SIGNAL. */
  readonly notify: number;
  /** The signal, one that `sigwait` waits for; 0, which is none, if left out. */
  readonly signo?: number;
}

/** Options of `spawn` for a program. */
export interface SpawnOptions<Arguments extends readonly Json[] = readonly Json[]> {
  /** Arguments of the program's main function: JSON values, copied. */
  readonly args?: Arguments;
  /** Descriptors to pass: each is found there as `linux.fds.NAME`, with whatever number it gets. */
  readonly fds?: Readonly<Record<string, number>>;
  /** Arguments for node itself; none are inherited. Not used on the model. */
  readonly execArgv?: readonly string[];
}

/** Options of `spawn` for an executable. */
export interface ExecutableOptions {
  /** The arguments after argv[0], which is the path. */
  readonly args?: readonly string[];
  /** Descriptors that become 0, 1 and 2 there. Those that are left out are this process's own. */
  readonly fds?: { readonly stdin?: number; readonly stdout?: number; readonly stderr?: number };
  /** The whole environment; left out: that of this process. Not used on the model. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * One process's view of a kernel. Methods carry the names of the manual, in C's argument order; each returns a promise,
 * also those that cannot block, because between any two calls another process may run.
 *
 * A call that fails rejects with a `SyscallError`. An argument that its C type cannot hold rejects with a `TypeError` that
 * names it. Any call on a descriptor that this process did not open, inherit or adopt is EBADF: the descriptors of the
 * JavaScript runtime are in the same table, and are not the program's.
 */
export interface Linux {
  /** The descriptors that `spawn` passed to this process, by name. */
  readonly fds: Readonly<Record<string, number>>;

  /**
   * Creates a pipe: pipe(7), pipe2(2).
   * @param flags O_CLOEXEC, O_NONBLOCK, O_DIRECT (packets); 0 if left out
   * @returns the read end and the write end, the lowest free descriptors
   * @throws EINVAL unknown flag · EMFILE no two descriptors below RLIMIT_NOFILE · ENFILE no open file left in the system ·
   *   ENOPKG O_NOTIFICATION_PIPE, which is not supported
   */
  pipe2(flags?: number): Promise<readonly [number, number]>;

  /**
   * Reads up to `buffer.length` bytes: read(2). Waits while there is nothing to read and a writer is left. The buffer is
   * written at completion only.
   * @returns bytes read; 0 at the end of the file
   * @throws EBADF not open for reading · EAGAIN nothing to read, and O_NONBLOCK is set · AbortError
   */
  read(fd: number, buffer: Uint8Array, options?: WaitOptions): Promise<number>;

  /**
   * Writes bytes: write(2). Waits until all are written. Up to PIPE_BUF bytes go into a pipe in one piece, see pipe(7).
   * The bytes are copied at the call.
   * @returns bytes written: all, or fewer if O_NONBLOCK is set and the pipe is full, or if no reader was left half-way
   * @throws EBADF not open for writing · EPIPE no reader is left (SIGPIPE is ignored, as in node) · EAGAIN no room, and
   *   O_NONBLOCK is set · AbortError before the first byte; after it, the count
   */
  write(fd: number, buffer: Uint8Array, options?: WaitOptions): Promise<number>;

  /**
   * Reads into several buffers, one after the other: readv(2). As `read` into one buffer of their length together.
   * @returns bytes read; 0 at the end of the file
   * @throws EINVAL more than IOV_MAX buffers · as read
   */
  readv(fd: number, buffers: readonly Uint8Array[], options?: WaitOptions): Promise<number>;

  /**
   * Writes several buffers, one after the other: writev(2). As `write` of one buffer with their bytes together.
   * @returns bytes written
   * @throws EINVAL more than IOV_MAX buffers · as write
   */
  writev(fd: number, buffers: readonly Uint8Array[], options?: WaitOptions): Promise<number>;

  /**
   * Opens a FIFO or a directory: open(2), fifo(7). A FIFO opens when its other end does, unless O_NONBLOCK or O_RDWR is set.
   * On a real kernel other files open too; the model's tree has none.
   * @param flags O_RDONLY, O_WRONLY or O_RDWR, and O_NONBLOCK, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, ...
   * @returns the lowest free descriptor
   * @throws ENXIO O_WRONLY and O_NONBLOCK, and nobody has the FIFO open for reading · ENOENT nothing there · EACCES the mode
   *   of the file, or of a directory on the way, forbids it · EISDIR a directory, for writing · ENOTDIR O_DIRECTORY and no
   *   directory, or a part on the way is none · ENAMETOOLONG · EPERM O_NOATIME on another's file · EMFILE no descriptor is
   *   free below RLIMIT_NOFILE · ENFILE no open file left in the system · ENOSYS O_CREAT, O_PATH or O_TMPFILE · AbortError
   */
  open(path: string, flags: number, mode?: number, options?: WaitOptions): Promise<number>;

  /**
   * Makes a FIFO: mkfifo(3).
   * @param mode permissions, less those of the umask
   * @throws EEXIST the path is there already · ENOENT, ENOTDIR a part on the way is not there, or no directory · EACCES a
   *   directory forbids it · ENAMETOOLONG
   */
  mkfifo(path: string, mode: number): Promise<void>;

  /**
   * Makes a directory: mkdir(2).
   * @param mode permissions and the sticky bit, less those of the umask
   * @throws as mkfifo
   */
  mkdir(path: string, mode: number): Promise<void>;

  /**
   * Removes an empty directory: rmdir(2).
   * @throws ENOTEMPTY · ENOTDIR · ENOENT · EINVAL the path ends in "." · EACCES a directory forbids it · EPERM another's, in
   *   a sticky directory · EBUSY the root, or a mount point · ENAMETOOLONG
   */
  rmdir(path: string): Promise<void>;

  /**
   * Removes a name: unlink(2). Who has the file open keeps it.
   * @throws ENOENT · ENOTDIR · EISDIR a directory · EACCES a directory forbids it · EPERM another's, in a sticky directory ·
   *   ENAMETOOLONG
   */
  unlink(path: string): Promise<void>;

  /**
   * Changes the permissions of a file: chmod(2).
   * @throws EPERM another's file, without CAP_FOWNER · ENOENT · ENOTDIR · EACCES · ENAMETOOLONG
   */
  chmod(path: string, mode: number): Promise<void>;

  /**
   * Sets which permissions new files of this process do not get: umask(2).
   * @param mask its low nine bits count
   * @returns the mask before
   */
  umask(mask: number): Promise<number>;

  /**
   * Tells what a path is: stat(2).
   * @throws ENOENT · ENOTDIR · EACCES a directory on the way may not be searched · ENAMETOOLONG
   */
  stat(path: string): Promise<FileStatus>;

  /**
   * Tells what a descriptor is open on: fstat(2).
   * @throws EBADF not open
   */
  fstat(fd: number): Promise<FileStatus>;

  /**
   * Puts what a pipe holds into another as well, without consuming it: tee(2). Waits while the one is empty or the other
   * full.
   * @param size bytes, at most
   * @param flags SPLICE_F_NONBLOCK; the other SPLICE_F_* mean nothing here; 0 if left out
   * @returns bytes that are in both; 0 at the end of the file
   * @throws EBADF · EINVAL not two different pipes · EAGAIN it would wait, and SPLICE_F_NONBLOCK or O_NONBLOCK is set · EPIPE no
   *   reader of fd_out is left · AbortError
   */
  tee(fd_in: number, fd_out: number, size: number, flags?: number, options?: WaitOptions): Promise<number>;

  /**
   * Moves what a pipe holds into another: splice(2). Waits while the one is empty or the other full.
   * @param off_in null for a pipe
   * @param off_out null for a pipe
   * @param size bytes, at most
   * @param flags SPLICE_F_NONBLOCK, SPLICE_F_MOVE, SPLICE_F_MORE; 0 if left out
   * @returns bytes moved; 0 at the end of the file
   * @throws EBADF · ESPIPE an offset with a pipe · EINVAL no pipe, or one and the same · EAGAIN it would wait, and
   *   SPLICE_F_NONBLOCK or O_NONBLOCK is set · EPIPE no reader of fd_out is left · AbortError
   */
  splice(
    fd_in: number,
    off_in: bigint | null | undefined,
    fd_out: number,
    off_out: bigint | null | undefined,
    size: number,
    flags?: number,
    options?: WaitOptions,
  ): Promise<number>;

  /**
   * Puts buffers into a pipe as pages of their own, or fills them from one: vmsplice(2). The bytes are copied at the call, so
   * the buffers are free afterwards. Each buffer begins a page slot, and no write joins it.
   * @param flags SPLICE_F_NONBLOCK; 0 if left out
   * @returns bytes moved: fewer than all if the pipe is full by then
   * @throws EBADF not open, or no pipe · EINVAL more than IOV_MAX buffers · EAGAIN it would wait, and SPLICE_F_NONBLOCK is set
   *   · EPIPE no reader is left · AbortError
   */
  vmsplice(
    fd: number,
    buffers: readonly Uint8Array[],
    flags?: number,
    options?: WaitOptions,
  ): Promise<number>;

  /**
   * Closes a descriptor: close(2). Calls of this process that wait on it end with EBADF (a write that moved bytes: with
   * its count; a poll: with POLLNVAL).
   * @throws EBADF not open
   */
  close(fd: number): Promise<void>;

  /**
   * Duplicates a descriptor: dup(2). Both share one open file: its offset and its status flags.
   * @returns the lowest free descriptor
   * @throws EBADF not open · EMFILE none is free below RLIMIT_NOFILE
   */
  dup(oldfd: number): Promise<number>;

  /**
   * Duplicates a descriptor onto a number, closing what was there: dup2(2).
   * @returns newfd
   * @throws EBADF oldfd is not open, or newfd is negative, not below RLIMIT_NOFILE, or the runtime's own · EBUSY newfd is set
   *   aside for an open of this process that waits
   */
  dup2(oldfd: number, newfd: number): Promise<number>;

  /**
   * dup2 with flags: dup3(2).
   * @param flags O_CLOEXEC or 0
   * @returns newfd
   * @throws EINVAL unknown flag, or oldfd equals newfd · EBADF as dup2
   */
  dup3(oldfd: number, newfd: number, flags: number): Promise<number>;

  /**
   * Reads or sets a descriptor's flags: fcntl(2).
   * @param cmd F_DUPFD, F_DUPFD_CLOEXEC (arg: lowest number), F_GETFD, F_SETFD (FD_CLOEXEC), F_GETFL, F_SETFL (O_APPEND,
   *   O_ASYNC, O_DIRECT, O_NOATIME, O_NONBLOCK), F_GETPIPE_SZ, F_SETPIPE_SZ (arg: bytes, see pipe(7)), F_GET_SEALS,
   *   F_ADD_SEALS (F_SEAL_*, see memfd_create(2))
   * @param arg 0 if left out
   * @returns the new descriptor, the flags, the capacity of the pipe in bytes, or 0
   * @throws EBADF not open, or F_*PIPE_SZ on what is no pipe · EINVAL unknown command, F_DUPFD with arg not below
   *   RLIMIT_NOFILE, or F_SETPIPE_SZ with more than 2^31 · EMFILE F_DUPFD found no free number · EBUSY F_SETPIPE_SZ below
   *   what the pipe holds, or F_SEAL_WRITE where mappings for writing are · EPERM F_SETPIPE_SZ beyond pipe-max-size, or beyond what the user's pipes may hold together,
   *   without CAP_SYS_RESOURCE; F_ADD_SEALS on what is not open for writing, or has F_SEAL_SEAL
   */
  fcntl(fd: number, cmd: number, arg?: number): Promise<number>;

  /**
   * Asks what a pipe holds, or what is left of a file: ioctl(2), pipe(7).
   * @param request FIONREAD
   * @returns bytes that can be read now
   * @throws EBADF not open · ENOTTY any other request
   */
  ioctl(fd: number, request: number): Promise<number>;

  /**
   * Waits until one of the descriptors is ready: poll(2).
   * @param entries descriptors and the events to wait for; a negative descriptor is left out
   * @param timeout milliseconds; 0 returns at once, a negative number waits for ever
   * @returns `revents` of each entry, in order; all 0 when the time is over
   * @throws EINVAL more entries than RLIMIT_NOFILE · AbortError
   */
  poll(entries: readonly PollEntry[], timeout: number, options?: WaitOptions): Promise<readonly number[]>;

  /**
   * Reads a clock: clock_gettime(2).
   * @param clockid CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW, CLOCK_*_COARSE
   * @returns nanoseconds
   * @throws EINVAL unknown clock
   */
  clock_gettime(clockid: number): Promise<bigint>;

  /**
   * Sleeps: clock_nanosleep(2).
   * @param clockid CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_BOOTTIME
   * @param flags TIMER_ABSTIME: `request` is a time on the clock; 0: an interval
   * @param request nanoseconds
   * @throws EINVAL unknown clock, or a negative time · EOPNOTSUPP a clock that cannot be slept on · AbortError
   */
  clock_nanosleep(clockid: number, flags: number, request: bigint, options?: WaitOptions): Promise<void>;

  /** The number of this process: getpid(2). */
  getpid(): Promise<number>;

  /** The number of the parent, or of the process that adopted this one: getppid(2). */
  getppid(): Promise<number>;

  /**
   * The number of the calling thread: gettid(2). That of a process's first thread is the process's; a Worker has one of its own. It is
   * what stands in the word of a robust lock.
   */
  gettid(): Promise<number>;

  /**
   * Starts a program as a child process: posix_spawn(3). The child inherits every descriptor without FD_CLOEXEC under its
   * own number, and those in `fds` by name.
   * @returns the child's pid
   * @throws EBADF a descriptor in `fds` is not open · EAGAIN no process can be made
   */
  spawn<Arguments extends readonly Json[]>(
    program: Program<Arguments>,
    options?: SpawnOptions<Arguments>,
  ): Promise<number>;

  /**
   * Starts an executable file as a child process: posix_spawnp(3). It inherits descriptors as a program does, with those in
   * `fds` as 0, 1 and 2. No signal is ignored or blocked there, whatever node does: a write without a reader ends it by
   * SIGPIPE. On the model its stand-in runs.
   * @returns the child's pid
   * @throws ENOENT no such file · EACCES not executable, or a directory on the way may not be searched · ENOEXEC no format that
   *   the kernel knows · E2BIG arguments and environment are too long · ENOTDIR, ELOOP, ENAMETOOLONG, ... see execve(2) · ENOSYS on
   *   the model, without a stand-in · EBADF, EAGAIN as for a program
   */
  spawn(executable: Executable, options?: ExecutableOptions): Promise<number>;

  /**
   * Waits for a child to end, and reaps it: waitpid(2).
   * @param pid a child's pid, or -1 for any child
   * @param options WNOHANG: do not wait; 0 if left out
   * @throws ECHILD not a child, or already reaped · EINVAL unknown option · ENOSYS pid 0 or below -1 (process groups) ·
   *   AbortError
   */
  waitpid(pid: number, options?: number, waitOptions?: WaitOptions): Promise<WaitResult>;

  /**
   * Ends this process: exit(3). Its descriptors close, its children go to init. The promise never settles.
   * @param status the low eight bits reach the parent
   */
  exit(status: number): Promise<never>;

  /**
   * Sends a signal: kill(2).
   * @param pid a process
   * @param sig SIGKILL, or 0 to ask whether the process is there
   * @throws ESRCH no such process · EPERM not allowed · EINVAL not a signal · ENOSYS another signal, or a process group
   *   (pid 0 or below)
   */
  kill(pid: number, sig: number): Promise<void>;

  /** The real user of this process: getuid(2), credentials(7). */
  getuid(): Promise<number>;

  /** The effective user of this process, whose rights it has: geteuid(2). */
  geteuid(): Promise<number>;

  /** The real group of this process: getgid(2). */
  getgid(): Promise<number>;

  /** The effective group of this process: getegid(2). */
  getegid(): Promise<number>;

  /** The supplementary groups of this process: getgroups(2). */
  getgroups(): Promise<readonly number[]>;

  /**
   * Sets the users of this process: setresuid(2). Who gives up user 0 gives up its capabilities: capabilities(7).
   * @param ruid the real one; -1 leaves it
   * @param euid the effective one; -1 leaves it
   * @param suid the saved one; -1 leaves it
   * @throws EPERM one that is none of the three now, without CAP_SETUID · EINVAL below -1
   */
  setresuid(ruid: number, euid: number, suid: number): Promise<void>;

  /**
   * Sets the groups of this process: setresgid(2).
   * @throws EPERM one that is none of the three now, without CAP_SETGID · EINVAL below -1
   */
  setresgid(rgid: number, egid: number, sgid: number): Promise<void>;

  /**
   * Sets the supplementary groups of this process: setgroups(2).
   * @throws EPERM without CAP_SETGID · EINVAL a group below 0, or too many
   */
  setgroups(list: readonly number[]): Promise<void>;

  /**
   * The identifier of a System V message queue: msgget(2). The queue belongs to the machine, and lives until it is removed.
   * @param key from `ftok`, or any number; IPC_PRIVATE makes a queue that no key leads to
   * @param msgflg IPC_CREAT, IPC_EXCL, and nine bits of permissions
   * @throws ENOENT the key has no queue, without IPC_CREAT · EEXIST it has one, with IPC_CREAT and IPC_EXCL · EACCES its mode
   *   forbids what msgflg asks for · ENOSPC there are msgmni queues
   */
  msgget(key: number, msgflg: number): Promise<number>;

  /**
   * Sends a message: msgop(2). Waits while the queue is full. The bytes are copied at the call.
   * @param type above 0: a C long, as an integer or a bigint
   * @param msgflg IPC_NOWAIT
   * @throws EAGAIN no room, and IPC_NOWAIT · EINVAL no such queue, a type below 1, or more than msgmax bytes · EACCES · EIDRM the
   *   queue was removed meanwhile · AbortError
   */
  msgsnd(
    msqid: number,
    type: bigint | number,
    message: Uint8Array,
    msgflg: number,
    options?: WaitOptions,
  ): Promise<void>;

  /**
   * Receives a message: msgop(2). Waits until there is one that is wanted. The buffer is written at completion only.
   * @param type 0: the first one; above 0: the first of that type; below: of the least type up to its absolute value
   * @param msgflg IPC_NOWAIT, MSG_NOERROR (cut off what the buffer has no room for), MSG_EXCEPT (any other than the type),
   *   MSG_COPY (`type` is a place in the queue, and the message stays there; with IPC_NOWAIT only)
   * @throws ENOMSG no such message, and IPC_NOWAIT · E2BIG it is longer than the buffer, and stays · EINVAL no such queue · EACCES ·
   *   EIDRM the queue was removed meanwhile · AbortError, unless a message was received
   */
  msgrcv(
    msqid: number,
    buffer: Uint8Array,
    type: bigint | number,
    msgflg: number,
    options?: WaitOptions,
  ): Promise<ReceivedSysvMessage>;

  /**
   * Asks about queues, changes or removes one: msgctl(2).
   * @param msqid an identifier; for MSG_STAT and MSG_STAT_ANY an index; for IPC_INFO and MSG_INFO anything from 0 on
   * @param cmd IPC_STAT, MSG_STAT, MSG_STAT_ANY, IPC_INFO, MSG_INFO, IPC_SET, IPC_RMID
   * @param argument for IPC_SET
   * @throws EINVAL no such queue or command · EACCES its mode forbids to receive, for IPC_STAT and MSG_STAT · EPERM another's, for
   *   IPC_SET and IPC_RMID, or more bytes than msgmnb without CAP_SYS_RESOURCE
   */
  msgctl<Command extends number>(
    msqid: number,
    cmd: Command,
    argument?: QueueSettings,
  ): Promise<MsgctlResult<Command>>;

  /**
   * Makes a key of a file and a number: ftok(3). The same for all names of one file while it lives; not the same on another
   * kernel, and two files may have the same.
   * @param proj_id its low eight bits count
   * @throws ENOENT · ENOTDIR · EACCES a directory on the way may not be searched · ENAMETOOLONG
   */
  ftok(path: string, proj_id: number): Promise<number>;

  /**
   * The identifier of a set of System V semaphores: semget(2). The set belongs to the machine, and lives until it is removed. A
   * new set's semaphores are 0.
   * @param key from `ftok`, or any number; IPC_PRIVATE makes a set that no key leads to
   * @param nsems semaphores of a new set, up to semmsl; of one that is there no more than it has, 0 for whatever it has
   * @param semflg IPC_CREAT, IPC_EXCL, and nine bits of permissions
   * @throws ENOENT the key has no set, without IPC_CREAT · EEXIST it has one, with IPC_CREAT and IPC_EXCL · EINVAL nsems · EACCES
   *   its mode forbids what semflg asks for · ENOSPC there are semmni sets, or semmns semaphores
   */
  semget(key: number, nsems: number, semflg: number): Promise<number>;

  /**
   * Does operations on semaphores of a set, in their order, all at once or none: semop(2). Waits until all can be done: the first
   * that cannot is what it waits for. Who makes that possible does it for the one who waits, the first in line first.
   *
   * What has SEM_UNDO is undone when the process ends, or is killed: as far as the semaphore's range allows, for all threads of the
   * process together, in which lane a call has waited makes no difference.
   * @param sops `{ num, op, flg }`: the semaphore; what is added, taken if negative, or 0 to wait until it is 0; IPC_NOWAIT, SEM_UNDO
   * @throws EAGAIN an operation would wait, and has IPC_NOWAIT · EIDRM the set was removed meanwhile · EFBIG no semaphore num ·
   *   EINVAL no such set, no operation · E2BIG more than semopm operations · ERANGE above 32767, or adjustments out of range ·
   *   EACCES · ENOMEM · AbortError: nothing was done
   */
  semop(semid: number, sops: readonly SemaphoreOperation[], options?: WaitOptions): Promise<void>;

  /**
   * `semop` that waits no longer than a time: semtimedop(2).
   * @param timeout nanoseconds from now, of CLOCK_MONOTONIC; null waits for ever
   * @throws EAGAIN the time is over, and nothing was done · EINVAL a negative time · as semop
   */
  semtimedop(
    semid: number,
    sops: readonly SemaphoreOperation[],
    timeout: bigint | null,
    options?: WaitOptions,
  ): Promise<void>;

  /**
   * Asks about semaphores and sets, changes or removes them: semctl(2).
   * @param semid an identifier; for SEM_STAT and SEM_STAT_ANY an index; for IPC_INFO and SEM_INFO anything from 0 on
   * @param semnum the semaphore, for GETVAL, GETPID, GETNCNT, GETZCNT and SETVAL
   * @param cmd those, GETALL, SETALL, IPC_STAT, SEM_STAT, SEM_STAT_ANY, IPC_INFO, SEM_INFO, IPC_SET, IPC_RMID. SETVAL and SETALL
   *   forget what was to be undone. GETNCNT and GETZCNT count a call at the one semaphore that it waits for.
   * @param argument for SETVAL a value, for SETALL one for each semaphore, for IPC_SET whose the set is to be
   * @throws EINVAL no such set, semaphore or command · ERANGE a value out of 0 to 32767 · EACCES its mode forbids it · EPERM
   *   another's, for IPC_SET and IPC_RMID · EFAULT SETALL with too few values · ENOMEM
   */
  semctl<Command extends number>(
    semid: number,
    semnum: number,
    cmd: Command,
    argument?: SemctlArgument,
  ): Promise<SemctlResult<Command>>;

  /**
   * The identifier of a segment of System V shared memory: shmget(2). The segment belongs to the machine, and lives until it is removed
   * and nobody has it attached. A new one is zero.
   * @param key from `ftok`, or any number; IPC_PRIVATE makes a segment that no key leads to
   * @param size bytes of a new segment, 1 to shmmax; of one that is there no more than it has, 0 for whatever it has
   * @param shmflg IPC_CREAT, IPC_EXCL, SHM_NORESERVE, and nine bits of permissions
   * @throws ENOENT the key has no segment, without IPC_CREAT · EEXIST it has one, with IPC_CREAT and IPC_EXCL · EINVAL size · EACCES
   *   its mode forbids what shmflg asks for · ENOSPC there are shmmni segments, or shmall pages of them · ENOMEM no memory: on the model
   *   more than an object of shared memory may have · ENOSYS SHM_HUGETLB
   */
  shmget(key: number, size: number, shmflg: number): Promise<number>;

  /**
   * Attaches a segment of System V shared memory to this process: shmop(2). It stays what it is while anybody has it attached, so no
   * array over it can fail; see `Mapping`. One that is removed already (SHM_DEST) can still be attached by its identifier.
   *
   * `munmap` and `mprotect` work on what is attached. Each part that they split it into counts in nattch, and stays one. Arrays are there
   * while all of it can be read and written: not with SHM_RDONLY, where `memory_read` is the way.
   * @param shmaddr null: the kernel chooses. Else a place in the range of what is attached already, where a part of that was unmapped, or
   *   with SHM_REMAP anywhere in it: what is there is replaced
   * @param shmflg SHM_RDONLY; SHM_RND rounds shmaddr down to a multiple of the page size; SHM_REMAP
   * @throws EINVAL no such segment, an odd shmaddr without SHM_RND, SHM_REMAP without an address, a place where it may not be · EACCES
   *   its mode forbids to read it, or without SHM_RDONLY to write it · EBUSY with
   *   SHM_REMAP, a call of this process waits there · ENOMEM no room: 4 GiB are the most here · ENOSYS SHM_EXEC
   */
  shmat(shmid: number, shmaddr: number | null, shmflg: number): Promise<Mapping>;

  /**
   * Detaches all that is left of what was attached at an address: shmop(2). Its arrays are empty afterwards. The last to detach a segment
   * that is removed already ends it. What a process has attached is detached when it ends.
   * @param shmaddr the `address` that `shmat` gave
   * @throws EINVAL nothing is attached there, or by another thread on a real kernel · EBUSY a call of this process waits there
   */
  shmdt(shmaddr: number): Promise<void>;

  /**
   * Asks about segments of System V shared memory, changes or removes them: shmctl(2).
   * @param shmid an identifier; for SHM_STAT and SHM_STAT_ANY an index; for IPC_INFO and SHM_INFO anything from 0 on
   * @param cmd IPC_STAT, SHM_STAT, SHM_STAT_ANY, IPC_INFO, SHM_INFO, IPC_SET, IPC_RMID, SHM_LOCK, SHM_UNLOCK. IPC_RMID of what somebody
   *   has attached takes its key, and ends it with the last attachment.
   * @param argument for IPC_SET whose the segment is to be
   * @throws EINVAL no such segment or command · EACCES its mode forbids to read it · EPERM another's, for IPC_SET, IPC_RMID, SHM_LOCK
   *   and SHM_UNLOCK; RLIMIT_MEMLOCK is 0 · ENOMEM SHM_LOCK of more than RLIMIT_MEMLOCK
   */
  shmctl<Command extends number>(
    shmid: number,
    cmd: Command,
    argument?: SegmentSettings,
  ): Promise<ShmctlResult<Command>>;

  /**
   * Opens a POSIX message queue: mq_open(3), mq_overview(7). Its descriptor is one like any other: `poll` tells of messages and of
   * room, `dup` and `spawn` pass it on. FD_CLOEXEC is set.
   * @param name a slash, and up to NAME_MAX bytes without one
   * @param oflag O_RDONLY, O_WRONLY or O_RDWR, and O_CREAT, O_EXCL, O_NONBLOCK
   * @param mode permissions of a new queue, less those of the umask; 0 if left out
   * @param attributes what a new queue is to hold; the system's defaults if left out: msg_default and msgsize_default in
   *   /proc/sys/fs/mqueue, 10 and 8192 as a rule
   * @returns the lowest free descriptor
   * @throws ENOENT no such queue, without O_CREAT · EEXIST O_CREAT and O_EXCL, and it is there · EACCES its mode forbids it, or the
   *   name is none · EINVAL no slash in front; attributes below 1 or above msg_max or msgsize_max; O_DIRECT · ENAMETOOLONG ·
   *   EMFILE no descriptor is free below RLIMIT_NOFILE, or the user's queues would hold more than RLIMIT_MSGQUEUE · ENOSPC
   *   queues_max · ENFILE no open file left in the system · ENOSYS O_PATH
   */
  mq_open(name: string, oflag: number, mode?: number, attributes?: MessageQueueSize | null): Promise<number>;

  /**
   * Closes a descriptor of a message queue, as `close` does: mq_close(3). A notification that this process has asked for is
   * dropped, whichever of its descriptors of the queue it closes.
   * @throws EBADF not open
   */
  mq_close(mqdes: number): Promise<void>;

  /**
   * Removes the name of a message queue: mq_unlink(3). Who has it open keeps it, with its messages.
   * @throws ENOENT · EACCES another's, without CAP_FOWNER; or the name is none · EINVAL no slash in front · ENAMETOOLONG
   */
  mq_unlink(name: string): Promise<void>;

  /**
   * Puts a message into a queue, whole: mq_send(3). Waits while the queue is full. The bytes are copied at the call.
   * @param priority below MQ_PRIO_MAX; the highest is received first
   * @throws EAGAIN the queue is full, and O_NONBLOCK is set · EMSGSIZE longer than the queue's msgsize · EINVAL the priority ·
   *   EBADF not open on a queue for sending · AbortError: it was not sent
   */
  mq_send(mqdes: number, message: Uint8Array, priority: number, options?: WaitOptions): Promise<void>;

  /**
   * `mq_send` that waits until a time: mq_timedsend(3).
   * @param abs_timeout nanoseconds of CLOCK_REALTIME. A time that is past waits for nothing, and matters only to a full queue
   * @throws ETIMEDOUT the time is over, and it was not sent · EINVAL a negative time · as mq_send
   */
  mq_timedsend(
    mqdes: number,
    message: Uint8Array,
    priority: number,
    abs_timeout: bigint,
    options?: WaitOptions,
  ): Promise<void>;

  /**
   * Takes the oldest message of the highest priority out of a queue, whole: mq_receive(3). Waits while the queue is empty. The
   * buffer is written at completion only. An awaited receiver waits as a poll does: a message that comes for it is in the queue
   * first, and `mq_notify` tells of it.
   * @param buffer at least as long as the queue's msgsize, whatever the message
   * @throws EAGAIN the queue is empty, and O_NONBLOCK is set · EMSGSIZE the buffer is shorter than msgsize · EBADF not open on a
   *   queue for receiving · AbortError: nothing was taken
   */
  mq_receive(mqdes: number, buffer: Uint8Array, options?: WaitOptions): Promise<MessageReceipt>;

  /**
   * `mq_receive` that waits until a time: mq_timedreceive(3).
   * @param abs_timeout nanoseconds of CLOCK_REALTIME. A time that is past waits for nothing, and matters only to an empty queue
   * @throws ETIMEDOUT the time is over, and nothing was taken · EINVAL a negative time · as mq_receive
   */
  mq_timedreceive(
    mqdes: number,
    buffer: Uint8Array,
    abs_timeout: bigint,
    options?: WaitOptions,
  ): Promise<MessageReceipt>;

  /**
   * Tells what a queue may hold, and what it holds: mq_getattr(3).
   * @throws EBADF not open on a queue
   */
  mq_getattr(mqdes: number): Promise<MessageQueueAttributes>;

  /**
   * Sets or clears O_NONBLOCK of an open file on a queue, which is all that can be set: mq_setattr(3).
   * @returns the attributes before
   * @throws EBADF not open on a queue · EINVAL another flag
   */
  mq_setattr(mqdes: number, attributes: { readonly flags: number }): Promise<MessageQueueAttributes>;

  /**
   * Registers this process to be told once of a message that finds the queue empty, and nobody blocked who receives it; or
   * withdraws that: mq_notify(3). One process at a time can be registered. It is told by a signal, which the process catches from
   * then on until it ends (see `sigwait`): it is never ended by one that nobody waits for.
   * @param notification null withdraws; SIGEV_SIGNAL with a signal that `sigwait` waits for; SIGEV_NONE, and the signal 0, register
   *   and tell nothing
   * @throws EBUSY a process is registered already · EBADF not open on a queue · EINVAL no such way, or no such signal · ENOSYS
   *   SIGEV_THREAD, or another signal; in a Worker thread also one that the main thread has not named before
   */
  mq_notify(mqdes: number, notification: MessageQueueNotification | null): Promise<void>;

  /**
   * Waits until one of the signals is pending for this process, and takes it: sigwait(3). A signal is caught by the process from
   * the first `sigwait` or `mq_notify` that names it, until it ends: it has no other effect any more, and stays pending until it is
   * taken, one of a kind (signal(7)). Which of several that wait for a signal gets it is not specified.
   * @param set SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGURG, SIGWINCH, SIGIO, SIGPWR; without any it waits
   *   for ever
   * @returns the signal; of several that are pending the lowest
   * @throws EINVAL another number · ENOSYS in a Worker thread of a real process: signals reach the main thread only · AbortError: no
   *   signal was taken
   */
  sigwait(set: readonly number[], options?: WaitOptions): Promise<number>;

  /**
   * Opens an object of POSIX shared memory: shm_open(3), shm_overview(7). A new one has no bytes until `ftruncate` or a write
   * gives it some. Its descriptor is one like any other, always ready; FD_CLOEXEC is set.
   * @param name up to NAME_MAX bytes after a slash
   * @param oflag O_RDONLY or O_RDWR, and O_CREAT, O_EXCL, O_TRUNC
   * @param mode permissions of a new object, less those of the umask; 0 if left out
   * @returns the lowest free descriptor
   * @throws ENOENT no such object, without O_CREAT · EEXIST O_CREAT and O_EXCL, and it is there · EACCES its mode forbids it, or
   *   another has made it, with O_CREAT and where fs.protected_regular is set · EINVAL the name is none, or O_CREAT and
   *   O_DIRECTORY · ENAMETOOLONG · ENOTDIR O_DIRECTORY · EPERM O_NOATIME on another's · EMFILE no descriptor is free below
   *   RLIMIT_NOFILE · ENFILE no open file left in the system · ENOSPC no room for another object · ENOSYS O_PATH, O_TMPFILE
   */
  shm_open(name: string, oflag: number, mode?: number): Promise<number>;

  /**
   * Removes the name of an object of shared memory: shm_open(3). Who has it open or mapped keeps it, with its bytes.
   * @throws ENOENT · EACCES another's, without CAP_FOWNER · EINVAL the name is none · ENAMETOOLONG
   */
  shm_unlink(name: string): Promise<void>;

  /**
   * Makes a file in memory that has no name: memfd_create(2). It is handed on by its descriptor, and is gone with the last one.
   * With MFD_ALLOW_SEALING it takes seals (`fcntl`), by which others can rely on its size and contents.
   * @param name what /proc shows; of no other meaning
   * @param flags MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_EXEC, MFD_NOEXEC_SEAL; 0 if left out
   * @returns the lowest free descriptor, open for reading and writing
   * @throws EINVAL an unknown flag, MFD_EXEC and MFD_NOEXEC_SEAL together, or a name of more than 249 bytes · EMFILE no
   *   descriptor is free below RLIMIT_NOFILE · ENFILE no open file left in the system · ENOSYS MFD_HUGETLB
   */
  memfd_create(name: string, flags?: number): Promise<number>;

  /**
   * Sets the size of shared memory: truncate(2). What is added is zero; what is cut off is gone, and is zero if the size grows
   * again.
   * @param length bytes
   * @throws EINVAL negative, or fd is not open for writing on a regular file · EBADF not open · EPERM F_SEAL_SHRINK or
   *   F_SEAL_GROW · EFBIG more than an object can have: on the model machine.sharedObjectMax, 1 MiB
   */
  ftruncate(fd: number, length: number): Promise<void>;

  /**
   * Reads from a place of a file: pread(2). Where the open file stands does not matter, and stays.
   * @param offset bytes from the start on
   * @returns bytes read: fewer than there is room for at the end of the file, 0 beyond it
   * @throws EINVAL a negative offset · EBADF not open for reading · ESPIPE a pipe · EISDIR a directory
   */
  pread(fd: number, buffer: Uint8Array, offset: number): Promise<number>;

  /**
   * Writes to a place of a file: pread(2). Where the open file stands does not matter, and stays. A file that ends before the
   * place grows, zero in between. With O_APPEND Linux writes to the end, whatever the place. The bytes are copied at the call.
   * @param offset bytes from the start on
   * @returns bytes written: fewer than all where the largest file, or a seal, ends it
   * @throws EINVAL a negative offset, or a message queue · EBADF not open for writing · ESPIPE a pipe · EPERM F_SEAL_WRITE,
   *   F_SEAL_FUTURE_WRITE, or F_SEAL_GROW and it would grow · EFBIG beyond the largest file: on the model
   *   machine.sharedObjectMax, 1 MiB
   */
  pwrite(fd: number, buffer: Uint8Array, offset: number): Promise<number>;

  /**
   * Maps shared memory, or memory without a file: mmap(2). See `Mapping` for what its arrays are, and what they cannot guard.
   * @param addr null: where it is put is not for the caller to say
   * @param length bytes
   * @param prot PROT_READ, PROT_WRITE, or PROT_NONE
   * @param flags MAP_SHARED, MAP_SHARED_VALIDATE or MAP_PRIVATE, and MAP_ANONYMOUS, MAP_NORESERVE, MAP_POPULATE
   * @param fd of shared memory; with MAP_ANONYMOUS of no meaning
   * @param offset from which byte of the object on: a multiple of the page size; 0 if left out
   * @throws EBADF not open · EACCES not open for reading, or with MAP_SHARED and PROT_WRITE not for writing · EINVAL length 0,
   *   an odd offset, neither shared nor private · ENODEV no shared memory · EPERM F_SEAL_WRITE or F_SEAL_FUTURE_WRITE, and it is to be
   *   written · EOVERFLOW a negative offset · ENOMEM no room: 4 GiB are the most here, and on the model what an object may have ·
   *   ENOSYS an address, PROT_EXEC, MAP_FIXED and all other flags
   */
  mmap(
    addr: null,
    length: number,
    prot: number,
    flags: number,
    fd: number,
    offset?: number,
  ): Promise<Mapping>;

  /**
   * Unmaps whole pages of a mapping: mmap(2). Its arrays are of no use afterwards. What was unmapped already is no mistake, as long as
   * anything of the mapping is left.
   * @param addr in a mapping of this process: its `address`, or a multiple of the page size beyond
   * @param length bytes, rounded up to pages
   * @throws EINVAL not in one mapping, an odd address, length 0 · EBUSY a call of this process waits in the mapping (`futex`,
   *   `futex_waitv`, `memory_wait`, `sem_wait`)
   */
  munmap(addr: number, length: number): Promise<void>;

  /**
   * Sets the protection of whole pages of a mapping: mprotect(2). Pages before one that cannot be changed are changed.
   * @param prot PROT_READ, PROT_WRITE or PROT_NONE
   * @throws EACCES PROT_WRITE on a shared mapping of what is not open for writing, or is sealed · EBUSY a call of this process waits
   *   for a semaphore there, and would find it no more · ENOMEM not in one mapping, or unmapped · EINVAL an odd address, an unknown
   *   bit · ENOSYS PROT_EXEC
   */
  mprotect(addr: number, length: number, prot: number): Promise<void>;

  /**
   * Writes back what was changed: msync(2). Shared memory has nothing to write to, so all that it does is to look at its arguments.
   * @param flags MS_SYNC or MS_ASYNC, and MS_INVALIDATE
   * @throws EINVAL an odd address, unknown flags, or both of two · ENOMEM not in one mapping, or unmapped
   */
  msync(addr: number, length: number, flags: number): Promise<void>;

  /**
   * Copies mapped bytes out, as process_vm_readv(2) of this process does: safe whatever becomes of the object meanwhile, and heedful of
   * protection. In a simulation a step of its own, which the arrays of a `Mapping` are not.
   * @param addr in a mapping of this process
   * @returns bytes copied: fewer where one is unmapped, lies beyond the end of the object, or has not PROT_READ
   * @throws EFAULT already the first one
   */
  memory_read(addr: number, buffer: Uint8Array): Promise<number>;

  /**
   * Copies bytes into a mapping, as process_vm_writev(2) of this process does. The bytes are copied at the call.
   * @returns bytes copied: fewer where one is unmapped, lies beyond the end of the object, or has not PROT_WRITE
   * @throws EFAULT already the first one
   */
  memory_write(addr: number, buffer: Uint8Array): Promise<number>;

  /**
   * Waits while a word has a value, until another call wakes it: futex(2). Whoever waits looks at the word again, and decides.
   *
   * A word is 32 bits at a multiple of 4. Processes that map the same object wait at the same words of it, wherever they have it mapped;
   * with FUTEX_PRIVATE_FLAG only tasks of this process do, by the address.
   * @param uaddr in a mapping of this process
   * @param futex_op FUTEX_WAIT, or FUTEX_WAIT_BITSET; FUTEX_PRIVATE_FLAG, and with FUTEX_WAIT_BITSET also FUTEX_CLOCK_REALTIME
   * @param val what the word must have, signed or not
   * @param timeout nanoseconds, from now on with FUTEX_WAIT, else a time of CLOCK_MONOTONIC or CLOCK_REALTIME; null waits for ever
   * @param uaddr2 0
   * @param val3 with FUTEX_WAIT_BITSET the bits by which it can be woken, not 0
   * @returns 0: it was woken
   * @throws EAGAIN the word has another value · ETIMEDOUT · EFAULT not mapped, not readable, beyond the end of the object; of a private
   *   mapping also what may not be written, without FUTEX_PRIVATE_FLAG · EINVAL an odd address, a negative time, no bits · ENOSYS
   *   FUTEX_CLOCK_REALTIME with FUTEX_WAIT, an unknown operation, and those on priority inheritance · AbortError: it was not woken
   */
  futex(
    uaddr: number,
    futex_op: number,
    val: number,
    timeout?: bigint | null,
    uaddr2?: number,
    val3?: number,
    options?: FutexWaitOptions,
  ): Promise<number>;
  /**
   * Wakes some of those who wait at a word, and with some operations moves the others to another, or changes that: futex(2).
   * @param futex_op FUTEX_WAKE, FUTEX_WAKE_BITSET, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE or FUTEX_WAKE_OP, and FUTEX_PRIVATE_FLAG
   * @param val how many are woken at `uaddr`, at least one; with FUTEX_REQUEUE and FUTEX_CMP_REQUEUE also none
   * @param val2 in the timeout's place: how many are moved to `uaddr2`, or with FUTEX_WAKE_OP woken there
   * @param uaddr2 the other word
   * @param val3 with FUTEX_CMP_REQUEUE what the first word must have, with FUTEX_WAKE_BITSET bits, with FUTEX_WAKE_OP what FUTEX_OP gives
   * @returns how many were woken; FUTEX_REQUEUE and FUTEX_CMP_REQUEUE count those that were moved, too
   * @throws EAGAIN FUTEX_CMP_REQUEUE, and the word has another value · EFAULT a word is not mapped, not readable, beyond the end of the
   *   object, or not to be written by FUTEX_WAKE_OP; of a private mapping also what may not be written, without FUTEX_PRIVATE_FLAG ·
   *   EINVAL an odd address, a negative number to requeue, no bits · ENOSYS as above, or an unknown FUTEX_OP
   */
  futex(
    uaddr: number,
    futex_op: number,
    val: number,
    val2: number,
    uaddr2: number,
    val3?: number,
    options?: WaitOptions,
  ): Promise<number>;

  /**
   * Opens a POSIX semaphore by its name, which all processes of the machine share: sem_open(3), sem_overview(7). It is the object
   * `/dev/shm/sem.NAME` of shared memory: 32 bytes, laid out as libc has them, so C programs work on it too. Opened again by a name
   * that is spelled the same, it has the same address, and is to be closed as often.
   * @param name up to 251 bytes after a slash
   * @param oflag O_CREAT, O_EXCL; nothing else counts
   * @param mode permissions of a new semaphore, less those of the umask; 0 if left out. To open it takes those to read and to write
   * @param value what a new semaphore has; 0 if left out
   * @returns its memory, whose `address` the other calls take
   * @throws ENOENT no such semaphore, without O_CREAT · EEXIST O_CREAT and O_EXCL, and it is there · EACCES its mode forbids it ·
   *   EINVAL the name is none, or a new one would have more than SEM_VALUE_MAX · ENAMETOOLONG · EMFILE no descriptor is free below
   *   RLIMIT_NOFILE · ENFILE no open file left in the system · ENOSPC no room for another object · ENOMEM no room to map it
   */
  sem_open(name: string, oflag: number, mode?: number, value?: number): Promise<Mapping>;

  /**
   * Closes a semaphore that `sem_open` gave: sem_close(3). Opened several times, it stays until the last. Its address is none then.
   * @param sem its address
   * @throws EINVAL not from sem_open · EBUSY a call of this process waits at it
   */
  sem_close(sem: number): Promise<void>;

  /**
   * Removes the name of a semaphore: sem_unlink(3). Who has it open keeps it, and waits at it as before.
   * @throws ENOENT no such name · EACCES another's, without CAP_FOWNER · ENAMETOOLONG
   */
  sem_unlink(name: string): Promise<void>;

  /**
   * Makes a semaphore without a name in mapped memory: sem_init(3). Writes 12 of its 32 bytes.
   * @param sem where: in a mapping that can be read and written, a multiple of 8
   * @param pshared not 0: of all processes that map the memory; 0: of this process, and of this mapping, alone
   * @param value at most SEM_VALUE_MAX
   * @throws EINVAL a greater value, or an odd address · EFAULT no memory that can be read and written
   */
  sem_init(sem: number, pshared: number, value: number): Promise<void>;

  /**
   * Says that a semaphore of `sem_init` is used no more: sem_destroy(3). It has nothing to give back, and leaves all as it is.
   * @throws EINVAL no semaphore · EFAULT no memory that can be read and written
   */
  sem_destroy(sem: number): Promise<void>;

  /**
   * Takes 1 of a semaphore: sem_wait(3). Waits while it is 0. Who comes while others are on their way may take before them.
   * @param sem its address: that of what sem_open gave, or where sem_init made it
   * @throws EINVAL no semaphore: an odd address, or memory that is not laid out as one · EFAULT no memory that can be read and
   *   written · AbortError: nothing was taken
   */
  sem_wait(sem: number, options?: WaitOptions): Promise<void>;

  /**
   * `sem_wait` that does not wait: sem_wait(3).
   * @throws EAGAIN it is 0 · as sem_wait
   */
  sem_trywait(sem: number): Promise<void>;

  /**
   * `sem_wait` that waits until a time: sem_wait(3).
   * @param abs_timeout nanoseconds of CLOCK_REALTIME. A time that is past waits for nothing, and matters only where it is 0
   * @throws ETIMEDOUT the time is over, and nothing was taken · as sem_wait
   */
  sem_timedwait(sem: number, abs_timeout: bigint, options?: WaitOptions): Promise<void>;

  /**
   * `sem_timedwait` by a clock: sem_clockwait(3).
   * @param clockid CLOCK_REALTIME or CLOCK_MONOTONIC
   * @param abs_timeout nanoseconds of that clock
   * @throws EINVAL another clock · ENOSYS a libc without it, glibc before 2.30 and musl · as sem_timedwait
   */
  sem_clockwait(sem: number, clockid: number, abs_timeout: bigint, options?: WaitOptions): Promise<void>;

  /**
   * Gives 1 to a semaphore, and wakes one who waits at it: sem_post(3).
   * @throws EOVERFLOW it has SEM_VALUE_MAX · EINVAL no semaphore · EFAULT no memory that can be read and written
   */
  sem_post(sem: number): Promise<void>;

  /**
   * The value of a semaphore: sem_getvalue(3). Never below 0, however many wait.
   * @throws EINVAL no semaphore · EFAULT no memory that can be read
   */
  sem_getvalue(sem: number): Promise<number>;

  /**
   * Waits at several words at once, each with the value that it must have: futex_waitv(2), Linux 5.16.
   * @param waiters 1 to 128 of them: the word, its value, and FUTEX2_SIZE_U32, with FUTEX2_PRIVATE if only this process counts
   * @param flags 0
   * @param timeout a time in nanoseconds of the clock; null waits for ever
   * @param clockid CLOCK_MONOTONIC or CLOCK_REALTIME; of no meaning without a timeout
   * @returns the place of one that was woken, in the list; others may have been, too
   * @throws EAGAIN a word has another value · ETIMEDOUT · EFAULT as of FUTEX_WAIT · EINVAL no words, or too many, flags, another clock, an
   *   odd address, a negative time · ENOSYS FUTEX2_NUMA, FUTEX2_MPOL; or a kernel without the call · AbortError: none was woken
   */
  futex_waitv(
    waiters: readonly FutexWaiter[],
    flags: number,
    timeout: bigint | null,
    clockid: number,
    options?: WaitOptions,
  ): Promise<number>;

  /**
   * Sets the list of robust locks of the calling thread: set_robust_list(2). When the thread ends, each word on the list that has its number
   * gets FUTEX_OWNER_DIED in place of that, and one that waits at it is woken. In a simulation the list is the process's, whose number is
   * its pid.
   *
   * libc has set one for each thread already, for its own robust mutexes: `get_robust_list` gives it, and it has room for others. To set
   * another takes that from native code that runs in this thread.
   * @param head an address: 24 bytes, of 64-bit numbers. The address of the first entry, or of the head itself at the end of the list; the
   *   distance in bytes from an entry to its word; the entry that is being put in or taken out, or 0. The first number of an entry is the
   *   address of the next. 0 is no list
   * @param length bytes of the head: 24
   * @throws EINVAL another length · EFAULT on a real kernel, where the addresses in a list are what they are: not in a shared mapping of an
   *   object
   */
  set_robust_list(head: number, length: number): Promise<void>;

  /**
   * Gives the head of the list of robust locks of the calling thread: get_robust_list(2).
   * @param pid 0
   * @returns 24 bytes, whose address is for the links of the list, and not to be unmapped; null if there is no list
   * @throws ENOSYS another pid
   */
  get_robust_list(pid: number): Promise<Mapping | null>;

  /**
   * Reads a word of memory, as `Atomics.load` does: 32 bits at a multiple of 4. In a simulation a step of its own, so that others can
   * come between; on a real kernel no system call, unless the object can be cut off, which is looked at first.
   * @param address in a mapping of this process; on a real kernel, in a Worker thread, one that this thread has made
   * @returns the word, with its sign
   * @throws EINVAL an odd address · EFAULT not mapped, not readable, or beyond the end of the object
   */
  memory_load(address: number): Promise<number>;

  /**
   * Writes a word of memory, as `Atomics.store` does. See `memory_load`.
   * @param value 32 bits, signed or not
   * @throws EINVAL an odd address · EFAULT not mapped, not to be written, or beyond the end of the object
   */
  memory_store(address: number, value: number): Promise<void>;

  /**
   * Adds to a word of memory, as `Atomics.add` does. See `memory_load`.
   * @param value 32 bits, signed or not; the sum wraps around
   * @returns the word before, with its sign
   * @throws EINVAL, EFAULT as memory_store
   */
  memory_add(address: number, value: number): Promise<number>;

  /**
   * Replaces a word of memory if it is as expected, as `Atomics.compareExchange` does. See `memory_load`.
   * @param expected what it must have, and
   * @param replacement what it gets then: 32 bits, signed or not
   * @returns the word before, with its sign: it was replaced if that is `expected`
   * @throws EINVAL, EFAULT as memory_store
   */
  memory_compare_exchange(address: number, expected: number, replacement: number): Promise<number>;

  /**
   * Waits at a word of memory while it has a value, until it is notified: what `Atomics.wait` is, across processes, FUTEX_WAIT of futex(2).
   * @param expected what it must have, signed or not
   * @param timeout nanoseconds; null, or left out, waits for ever
   * @returns "ok": it was notified; "not-equal": it has another value; "timed-out"
   * @throws EINVAL an odd address, a negative timeout · EFAULT not mapped, not readable, beyond the end of the object; of a private mapping also
   *   what may not be written · AbortError: it was not notified
   */
  memory_wait(
    address: number,
    expected: number,
    timeout?: bigint | null,
    options?: WaitOptions,
  ): Promise<MemoryWaitResult>;

  /**
   * Wakes who waits at a word of memory, in whichever process: what `Atomics.notify` is, FUTEX_WAKE of futex(2).
   * @param count how many at most, in the order in which they came; all if left out
   * @returns how many were woken
   * @throws EINVAL an odd address · EFAULT as memory_wait
   */
  memory_notify(address: number, count?: number): Promise<number>;
}

/** The calls of `Linux` by name. */
export type SyscallName = Exclude<keyof Linux, "fds">;

/**
 * The plain calls on the calling thread, which block it: for Workers, and for what cannot wait for a promise. There is no
 * `sigwait`: what the process catches, a blocked thread does not see.
 */
export type SyncLinux = {
  [Name in Exclude<SyscallName, "spawn" | "msgctl" | "semctl" | "shmctl" | "sigwait" | "futex">]: (
    ...args: Parameters<Linux[Name]>
  ) => Awaited<ReturnType<Linux[Name]>>;
} & {
  spawn(program: AnyProgram, options?: SpawnOptions): number;
  spawn(executable: Executable, options?: ExecutableOptions): number;
  msgctl<Command extends number>(
    msqid: number,
    cmd: Command,
    argument?: QueueSettings,
  ): MsgctlResult<Command>;
  semctl<Command extends number>(
    semid: number,
    semnum: number,
    cmd: Command,
    argument?: SemctlArgument,
  ): SemctlResult<Command>;
  futex(
    uaddr: number,
    futex_op: number,
    val: number,
    timeout?: bigint | number | null,
    uaddr2?: number,
    val3?: number,
  ): number;
  shmctl<Command extends number>(
    shmid: number,
    cmd: Command,
    argument?: SegmentSettings,
  ): ShmctlResult<Command>;
};

/** Whether a child ended by itself: wait(2). @param status from `waitpid` */
export const WIFEXITED = (status: number): boolean => (status & 0x7f) === 0;

/** The exit status of a child that ended by itself, 0 to 255. @param status from `waitpid` */
export const WEXITSTATUS = (status: number): number => (status >> 8) & 0xff;

/** Whether a signal ended the child: wait(2). @param status from `waitpid` */
export const WIFSIGNALED = (status: number): boolean => (status & 0x7f) !== 0 && (status & 0x7f) !== 0x7f;

/** The signal that ended a child. @param status from `waitpid` */
export const WTERMSIG = (status: number): number => status & 0x7f;
