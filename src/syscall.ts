// What a row of the table of calls is (src/syscalls.ts), and the rules that rows share.
import type { Call } from "./call.js";
import type { SyscallName } from "./linux.js";

/**
 * How a call that would block waits: on a descriptor's readiness, in the kernel on a thread of its own, for a time, or not
 * at all.
 */
export type WaitKind = "retry" | "lane" | "timer" | "none";

/** What a call that a signal interrupts does afterwards: signal(7), restart_syscall(2). */
export type RestartClass = "never" | "SA_RESTART" | "restart_block";

export type KernelObject =
  | "System V queue"
  | "address space"
  | "System V semaphores"
  | "POSIX semaphores"
  | "System V shared memory"
  | "clock"
  | "credentials"
  | "descriptor table"
  | "directory tree"
  | "futex"
  | "message queue"
  | "open file"
  | "pipe"
  | "process"
  | "shared memory"
  | "user";

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
  readonly marshal: Marshal;
}

/** Arguments in C's order, and behind them the options; those that a call does not have are left out. */
export type Marshal = (
  a?: unknown,
  b?: unknown,
  c?: unknown,
  d?: unknown,
  e?: unknown,
  f?: unknown,
  g?: unknown,
) => Call;

type MarshalOf = (
  self: Syscall,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
  e: unknown,
  f: unknown,
  g: unknown,
) => Call;

/** Some of the rows, by name. */
export type Rows = Partial<Record<SyscallName, Syscall>>;

/** Makes a row: what `facts` leaves out is as for most calls. */
export function row(
  name: SyscallName,
  number: number,
  parameters: readonly string[],
  facts: Partial<Omit<Syscall, "name" | "number" | "parameters" | "marshal">> & Pick<Syscall, "errors">,
  marshal: MarshalOf,
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
    marshal: (a, b, c, d, e, f, g) => marshal(self, a, b, c, d, e, f, g),
  };
  return self;
}

export const BUFFER_IS_OURS = "buffers are checked by type: no bad address can be passed";
export const EBADF_FD: ErrorRule = { errno: "EBADF", when: "fd is not an open descriptor" };
export const EMFILE: ErrorRule = { errno: "EMFILE", when: "no descriptor is free below RLIMIT_NOFILE" };
export const ENFILE: ErrorRule = { errno: "ENFILE", when: "the system's limit on open files, fs.file-max" };
export const EINTR: ErrorRule = { errno: "EINTR", when: "a signal handler ran" };
export const ENOMEM: ErrorRule = { errno: "ENOMEM", when: "no memory", unreachable: "cannot be provoked" };
