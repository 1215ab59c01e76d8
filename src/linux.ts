import type { PollEntry } from "./call.js";
import type { AnyProgram, Json, Program } from "./program.js";

/** Options of a call that can wait. */
export interface WaitOptions {
  /** Ends the wait: the call rejects with an AbortError, unless it had completed. */
  readonly signal?: AbortSignal;
}

/** What a child that `waitpid` reaped came to. `pid` is 0 if WNOHANG found none that has ended. */
export interface WaitResult {
  readonly pid: number;
  /** As waitpid(2) encodes it: read it with WIFEXITED, WEXITSTATUS, WIFSIGNALED and WTERMSIG. */
  readonly status: number;
}

/** Options of `spawn`. */
export interface SpawnOptions<Arguments extends readonly Json[] = readonly Json[]> {
  /** Arguments of the program's main function: JSON values, copied. */
  readonly args?: Arguments;
  /** Descriptors to pass: each is found there as `linux.fds.NAME`, with whatever number it gets. */
  readonly fds?: Readonly<Record<string, number>>;
  /** Arguments for node itself; none are inherited. Not used on the model. */
  readonly execArgv?: readonly string[];
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
   * @throws EBADF oldfd is not open, or newfd is negative, not below RLIMIT_NOFILE, or the runtime's own
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
   *   O_ASYNC, O_DIRECT, O_NOATIME, O_NONBLOCK)
   * @param arg 0 if left out
   * @returns the new descriptor, the flags, or 0
   * @throws EBADF not open · EINVAL unknown command, or F_DUPFD with arg not below RLIMIT_NOFILE · EMFILE F_DUPFD found no
   *   free number
   */
  fcntl(fd: number, cmd: number, arg?: number): Promise<number>;

  /**
   * Asks what a pipe holds: ioctl(2), pipe(7).
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
}

/** The calls of `Linux` by name. */
export type SyscallName = Exclude<keyof Linux, "fds">;

/** The plain calls on the calling thread, which block it: for Workers, and for what cannot wait for a promise. */
export type SyncLinux = {
  [Name in Exclude<SyscallName, "spawn">]: (
    ...args: Parameters<Linux[Name]>
  ) => Awaited<ReturnType<Linux[Name]>>;
} & { spawn(program: AnyProgram, options?: SpawnOptions): number };

/** Whether a child ended by itself: wait(2). @param status from `waitpid` */
export const WIFEXITED = (status: number): boolean => (status & 0x7f) === 0;

/** The exit status of a child that ended by itself, 0 to 255. @param status from `waitpid` */
export const WEXITSTATUS = (status: number): number => (status >> 8) & 0xff;

/** Whether a signal ended the child: wait(2). @param status from `waitpid` */
export const WIFSIGNALED = (status: number): boolean => (status & 0x7f) !== 0 && (status & 0x7f) !== 0x7f;

/** The signal that ended a child. @param status from `waitpid` */
export const WTERMSIG = (status: number): number => status & 0x7f;
