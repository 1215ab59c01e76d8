// The table of calls. Each is one row: its name, arguments, result, manual page, how far it is supported, which kernel
// objects it touches, how it waits, and the errors that its manual page lists. The support table in the docs, the trace
// format, marshalling, the generators of the conformance suite and its count of (call, errno) pairs derive from it.
import * as n from "../assembly/abi/calls.js";
import { bytes, int, intOr, nanoseconds, pollEntries, spawnRequest } from "./arguments.js";
import { Call } from "./call.js";
import type { SyscallName } from "./linux.js";

/** How a call that would block waits: on a descriptor's readiness, for a time, or not at all. */
export type WaitKind = "retry" | "lane" | "timer" | "none";

/** What a call that a signal interrupts does afterwards: signal(7), restart_syscall(2). */
export type RestartClass = "never" | "SA_RESTART" | "restart_block";

export type KernelObject = "clock" | "descriptor table" | "open file" | "pipe" | "process";

/** An error that the manual page lists, with when it comes; `unreachable` says why no program can see it. */
export interface ErrorRule {
  readonly errno: string;
  readonly when: string;
  readonly unreachable?: string;
}

export interface Syscall {
  readonly name: SyscallName;
  /** The call's number in the model and in traces: assembly/abi/calls.ts. */
  readonly number: number;
  /** The page of the manual. */
  readonly manual: string;
  /** Arguments in C's order; options that are ours (`{ signal }`) come after them. */
  readonly parameters: readonly string[];
  /** What the promise gives: the integer that C returns, nothing, or what C returns through a pointer. */
  readonly result: "integer" | "nothing" | "value";
  readonly support: "full" | "partial";
  /** What `partial` leaves out, and what is answered instead. */
  readonly missing?: string;
  readonly touches: readonly KernelObject[];
  readonly wait: WaitKind;
  readonly restart: RestartClass;
  /** Whether an interrupted call may have done part of its work, and gives the count. */
  readonly partialResult: boolean;
  readonly errors: readonly ErrorRule[];
  /** Checks the arguments and makes a call of them. Throws a TypeError that names what is wrong. */
  readonly marshal: (a: unknown, b: unknown, c: unknown) => Call;
}

const EBADF_FD: ErrorRule = { errno: "EBADF", when: "fd is not an open descriptor" };
const EMFILE: ErrorRule = { errno: "EMFILE", when: "no descriptor is free below RLIMIT_NOFILE" };
const BUFFER_IS_OURS = "buffers are checked by type: no bad address can be passed";
const EINTR: ErrorRule = {
  errno: "EINTR",
  when: "a signal handler ran",
  unreachable: "handlers come with signals",
};

/** What dup(2) lists for dup2 and dup3 alike. */
const dupOntoErrors: readonly ErrorRule[] = [
  { errno: "EBADF", when: "oldfd is not open, or newfd is out of range" },
  {
    errno: "EBUSY",
    when: "a race with open(2)",
    unreachable: "needs an open in another thread half-way",
  },
  { errno: "EINTR", when: "a signal", unreachable: "closing a pipe does not wait" },
  { errno: "EMFILE", when: "newfd is not below RLIMIT_NOFILE", unreachable: "Linux gives EBADF" },
  { errno: "ENOMEM", when: "no memory", unreachable: "cannot be provoked" },
];

function row(
  name: SyscallName,
  number: number,
  parameters: readonly string[],
  facts: Partial<Omit<Syscall, "name" | "number" | "parameters" | "marshal">> & Pick<Syscall, "errors">,
  marshal: (self: Syscall, a: unknown, b: unknown, c: unknown) => Call,
): Syscall {
  const self: Syscall = {
    name,
    number,
    parameters,
    manual: `${name}(2)`,
    result: "integer",
    support: "full",
    touches: [],
    wait: "none",
    restart: "never",
    partialResult: false,
    ...facts,
    marshal: (a, b, c) => marshal(self, a, b, c),
  };
  return self;
}

export const syscalls: Readonly<Record<SyscallName, Syscall>> = {
  pipe2: row(
    "pipe2",
    n.CALL_PIPE2,
    ["flags"],
    {
      result: "value",
      support: "partial",
      missing: "O_NOTIFICATION_PIPE is refused with ENOPKG",
      touches: ["descriptor table", "open file", "pipe"],
      errors: [
        { errno: "EFAULT", when: "pipefd is not valid", unreachable: "pipefd is ours" },
        { errno: "EINVAL", when: "flags has an unknown bit" },
        EMFILE,
        { errno: "ENFILE", when: "the system's limit on open files", unreachable: "file-max is global" },
        { errno: "ENOPKG", when: "O_NOTIFICATION_PIPE without support for it" },
      ],
    },
    (self, flags) => new Call(self, intOr("pipe2", "flags", flags, 0), 0, 0, undefined),
  ),
  read: row(
    "read",
    n.CALL_READ,
    ["fd", "buffer"],
    {
      touches: ["open file", "pipe"],
      wait: "retry",
      restart: "SA_RESTART",
      errors: [
        { errno: "EAGAIN", when: "nothing to read and O_NONBLOCK is set" },
        { errno: "EBADF", when: "fd is not open for reading" },
        { errno: "EFAULT", when: "buf is not valid", unreachable: BUFFER_IS_OURS },
        EINTR,
        { errno: "EINVAL", when: "fd cannot be read", unreachable: "every descriptor so far is a pipe's" },
        { errno: "EIO", when: "an I/O error", unreachable: "pipes have no device" },
        { errno: "EISDIR", when: "fd is a directory", unreachable: "no directories yet" },
      ],
    },
    (self, fd, buffer) => new Call(self, int("read", "fd", fd), 0, 0, bytes("read", "buffer", buffer)),
  ),
  write: row(
    "write",
    n.CALL_WRITE,
    ["fd", "buffer"],
    {
      touches: ["open file", "pipe"],
      wait: "retry",
      restart: "SA_RESTART",
      partialResult: true,
      errors: [
        { errno: "EAGAIN", when: "no room and O_NONBLOCK is set" },
        { errno: "EBADF", when: "fd is not open for writing" },
        { errno: "EDESTADDRREQ", when: "an unconnected socket", unreachable: "no sockets yet" },
        { errno: "EDQUOT", when: "a disk quota", unreachable: "pipes have no disk" },
        { errno: "EFAULT", when: "buf is not valid", unreachable: BUFFER_IS_OURS },
        { errno: "EFBIG", when: "a file too big", unreachable: "pipes have no size" },
        EINTR,
        { errno: "EINVAL", when: "fd cannot be written", unreachable: "every descriptor so far is a pipe's" },
        { errno: "EIO", when: "an I/O error", unreachable: "pipes have no device" },
        { errno: "ENOSPC", when: "the disk is full", unreachable: "pipes have no disk" },
        { errno: "EPERM", when: "a seal", unreachable: "no memfd yet" },
        { errno: "EPIPE", when: "no reader is left" },
      ],
    },
    (self, fd, buffer) => new Call(self, int("write", "fd", fd), 0, 0, bytes("write", "buffer", buffer)),
  ),
  close: row(
    "close",
    n.CALL_CLOSE,
    ["fd"],
    {
      result: "nothing",
      touches: ["descriptor table", "open file", "pipe"],
      errors: [
        EBADF_FD,
        { errno: "EINTR", when: "a signal", unreachable: "closing a pipe does not wait" },
        { errno: "EIO", when: "an I/O error", unreachable: "pipes have no device" },
        { errno: "ENOSPC", when: "NFS", unreachable: "pipes have no disk" },
        { errno: "EDQUOT", when: "NFS", unreachable: "pipes have no disk" },
      ],
    },
    (self, fd) => new Call(self, int("close", "fd", fd), 0, 0, undefined),
  ),
  dup: row(
    "dup",
    n.CALL_DUP,
    ["oldfd"],
    {
      touches: ["descriptor table", "open file"],
      errors: [EBADF_FD, EMFILE, { errno: "ENOMEM", when: "no memory", unreachable: "cannot be provoked" }],
    },
    (self, oldfd) => new Call(self, int("dup", "oldfd", oldfd), 0, 0, undefined),
  ),
  dup2: row(
    "dup2",
    n.CALL_DUP2,
    ["oldfd", "newfd"],
    {
      manual: "dup(2)",
      support: "partial",
      missing: "a newfd that belongs to the JavaScript runtime is EBADF",
      touches: ["descriptor table", "open file", "pipe"],
      errors: dupOntoErrors,
    },
    (self, oldfd, newfd) =>
      new Call(self, int("dup2", "oldfd", oldfd), int("dup2", "newfd", newfd), 0, undefined),
  ),
  dup3: row(
    "dup3",
    n.CALL_DUP3,
    ["oldfd", "newfd", "flags"],
    {
      manual: "dup(2)",
      support: "partial",
      missing: "a newfd that belongs to the JavaScript runtime is EBADF",
      touches: ["descriptor table", "open file", "pipe"],
      errors: [
        ...dupOntoErrors,
        { errno: "EINVAL", when: "flags has an unknown bit, or oldfd equals newfd" },
      ],
    },
    (self, oldfd, newfd, flags) =>
      new Call(
        self,
        int("dup3", "oldfd", oldfd),
        int("dup3", "newfd", newfd),
        int("dup3", "flags", flags),
        undefined,
      ),
  ),
  fcntl: row(
    "fcntl",
    n.CALL_FCNTL,
    ["fd", "cmd", "arg"],
    {
      support: "partial",
      missing: "F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL and F_SETFL; any other command is EINVAL",
      touches: ["descriptor table", "open file"],
      errors: [
        EBADF_FD,
        { errno: "EINVAL", when: "an unknown command, or F_DUPFD with arg not below RLIMIT_NOFILE" },
        { errno: "EMFILE", when: "F_DUPFD found no free descriptor" },
        { errno: "EPERM", when: "O_NOATIME on another's file", unreachable: "a pipe is its maker's" },
      ],
    },
    (self, fd, cmd, arg) =>
      new Call(
        self,
        int("fcntl", "fd", fd),
        int("fcntl", "cmd", cmd),
        intOr("fcntl", "arg", arg, 0),
        undefined,
      ),
  ),
  ioctl: row(
    "ioctl",
    n.CALL_IOCTL,
    ["fd", "request"],
    {
      support: "partial",
      missing: "FIONREAD only; any other request is ENOTTY",
      touches: ["open file", "pipe"],
      errors: [
        EBADF_FD,
        { errno: "EFAULT", when: "argp is not valid", unreachable: "argp is ours" },
        { errno: "EINVAL", when: "a bad request", unreachable: "pipes answer ENOTTY" },
        { errno: "ENOTTY", when: "the request is not for this kind of file" },
      ],
    },
    (self, fd, request) =>
      new Call(self, int("ioctl", "fd", fd), int("ioctl", "request", request), 0, undefined),
  ),
  poll: row(
    "poll",
    n.CALL_POLL,
    ["entries", "timeout"],
    {
      result: "value",
      touches: ["clock", "open file", "pipe"],
      wait: "retry",
      restart: "restart_block",
      errors: [
        { errno: "EFAULT", when: "fds is not valid", unreachable: BUFFER_IS_OURS },
        EINTR,
        { errno: "EINVAL", when: "more entries than RLIMIT_NOFILE" },
        { errno: "ENOMEM", when: "no memory", unreachable: "cannot be provoked" },
      ],
    },
    (self, entries, timeout) =>
      new Call(self, int("poll", "timeout", timeout), 0, 0, pollEntries("poll", "entries", entries)),
  ),
  clock_gettime: row(
    "clock_gettime",
    n.CALL_CLOCK_GETTIME,
    ["clockid"],
    {
      result: "value",
      support: "partial",
      missing: "the CPU-time, TAI and alarm clocks are EINVAL",
      touches: ["clock"],
      errors: [
        { errno: "EFAULT", when: "tp is not valid", unreachable: "tp is ours" },
        { errno: "EINVAL", when: "an unknown clock" },
        { errno: "ENOTSUP", when: "a clock the machine lacks", unreachable: "dynamic clocks only" },
      ],
    },
    (self, clockid) => new Call(self, int("clock_gettime", "clockid", clockid), 0, 0, undefined),
  ),
  clock_nanosleep: row(
    "clock_nanosleep",
    n.CALL_CLOCK_NANOSLEEP,
    ["clockid", "flags", "request"],
    {
      result: "nothing",
      support: "partial",
      missing: "the CPU-time, TAI and alarm clocks are EINVAL",
      touches: ["clock"],
      wait: "timer",
      restart: "restart_block",
      errors: [
        { errno: "EFAULT", when: "request is not valid", unreachable: "request is ours" },
        EINTR,
        { errno: "EINVAL", when: "a time that is negative, or an unknown clock" },
        { errno: "EOPNOTSUPP", when: "a clock that cannot be slept on" },
      ],
    },
    (self, clockid, flags, request) =>
      new Call(
        self,
        int("clock_nanosleep", "clockid", clockid),
        int("clock_nanosleep", "flags", flags),
        0,
        nanoseconds("clock_nanosleep", "request", request),
      ),
  ),
  getpid: row(
    "getpid",
    n.CALL_GETPID,
    [],
    { touches: ["process"], errors: [] },
    (self) => new Call(self, 0, 0, 0, undefined),
  ),
  getppid: row(
    "getppid",
    n.CALL_GETPPID,
    [],
    { manual: "getpid(2)", touches: ["process"], errors: [] },
    (self) => new Call(self, 0, 0, 0, undefined),
  ),
  spawn: row(
    "spawn",
    n.CALL_SPAWN,
    ["program", "options"],
    {
      manual: "posix_spawn(3)",
      support: "partial",
      missing: "starts JavaScript programs made by program()",
      touches: ["process", "descriptor table", "open file"],
      errors: [
        { errno: "EBADF", when: "a descriptor to pass is not open" },
        { errno: "EAGAIN", when: "no process can be made", unreachable: "would exhaust the machine" },
        { errno: "ENOMEM", when: "no memory", unreachable: "cannot be provoked" },
        { errno: "ENOSYS", when: "no fork", unreachable: "Linux has one" },
      ],
    },
    (self, program, options) => new Call(self, 0, 0, 0, spawnRequest("spawn", program, options)),
  ),
  waitpid: row(
    "waitpid",
    n.CALL_WAITPID,
    ["pid", "options"],
    {
      result: "value",
      support: "partial",
      missing: "pid 0 or below -1 (process groups) is ENOSYS; WUNTRACED and WCONTINUED are EINVAL",
      touches: ["process"],
      wait: "retry",
      restart: "SA_RESTART",
      errors: [
        { errno: "EAGAIN", when: "a pidfd with PIDFD_NONBLOCK", unreachable: "waitpid takes no pidfd" },
        { errno: "ECHILD", when: "not a child, or already reaped" },
        EINTR,
        { errno: "EINVAL", when: "an unknown option" },
        { errno: "ESRCH", when: "pid is INT_MIN", unreachable: "process groups are ENOSYS" },
      ],
    },
    (self, pid, options) =>
      new Call(self, int("waitpid", "pid", pid), intOr("waitpid", "options", options, 0), 0, undefined),
  ),
  exit: row(
    "exit",
    n.CALL_EXIT,
    ["status"],
    {
      manual: "exit(3)",
      result: "nothing",
      touches: ["process", "descriptor table", "open file", "pipe"],
      errors: [],
    },
    (self, status) => new Call(self, int("exit", "status", status), 0, 0, undefined),
  ),
  kill: row(
    "kill",
    n.CALL_KILL,
    ["pid", "sig"],
    {
      result: "nothing",
      support: "partial",
      missing: "SIGKILL and 0; another signal, or a process group (pid 0 or below), is ENOSYS",
      touches: ["process"],
      errors: [
        { errno: "EINVAL", when: "not a signal" },
        { errno: "EPERM", when: "another user's process" },
        { errno: "ESRCH", when: "no such process" },
      ],
    },
    (self, pid, sig) => new Call(self, int("kill", "pid", pid), int("kill", "sig", sig), 0, undefined),
  ),
};

/** The rows in the order of their numbers. */
export const syscallList: readonly Syscall[] = Object.values(syscalls).sort((a, b) => a.number - b.number);

/** The row with a number; undefined for a number that no call has. */
export function syscallByNumber(number: number): Syscall | undefined {
  return syscallList.find((syscall) => syscall.number === number);
}
