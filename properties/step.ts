// A generated step, before it meets a machine: which process calls what, with descriptors and pids named by their place
// ("the second open read end") so that a step keeps its meaning when the steps before it are shrunk away. Steps are
// plain JSON: regression files hold them.
import type { SyscallName } from "../src/linux.js";
import type { QueueSettings } from "../src/sysv-queue.js";
import type { SemaphoreOperation, SemaphoreSetSettings } from "../src/sysv-semaphore.js";
import type { UserName } from "./users.js";

/** A descriptor of the calling process: the k-th of its kind, modulo how many there are; -1 if there is none. */
export type Handle =
  | { readonly open: number }
  | { readonly read: number }
  | { readonly write: number }
  | { readonly mq: number }
  | { readonly shm: number }
  /** The k-th write end of another pipe than that of the call's first descriptor. */
  | { readonly other: number }
  /** The k-th number from the first descriptor on that is not open. */
  | { readonly free: number }
  /** RLIMIT_NOFILE plus this. */
  | { readonly limit: number }
  /** The number as it stands. */
  | { readonly number: number };

export interface PollStep {
  readonly fd: Handle;
  readonly events: number;
}

export type StepArgument =
  | number
  | Handle
  | PathStep
  /** A buffer to read into, of so many bytes. */
  | { readonly room: number }
  /** A buffer to write, of so many bytes. */
  | { readonly bytes: number }
  /** Several buffers, of so many bytes each: they hold bytes to write, and are filled by what reads. */
  | Buffers
  /** A time in nanoseconds, or an offset in bytes, in decimal. */
  | { readonly nanoseconds: string }
  | { readonly offset: string }
  /** In C: a null pointer. */
  | null
  /** The pid of the k-th process that was ever made. */
  | { readonly pid: number }
  /** Group IDs: a list, so many times over. */
  | Groups
  /** The k-th of the process's own calls that are blocked. */
  | { readonly blocked: number }
  /** What a new message queue is to hold; the flags of one that is open; how to be told of a message. */
  | { readonly maxmsg: number; readonly msgsize: number }
  | { readonly flags: number }
  | { readonly notify: number; readonly signo: number }
  /** Signals to wait for. */
  | { readonly signals: readonly number[] }
  /** A time of CLOCK_REALTIME that comes so many nanoseconds after the call, in decimal. */
  | { readonly soon: string }
  /** A System V queue: the k-th there is, or the k-th ever made. */
  | { readonly queue: number }
  | { readonly everQueue: number }
  /** A page of the caller's k-th mapping, and bytes beyond its start. */
  | PlaceStep
  /** Words that futex_waitv waits at. */
  | { readonly waiters: readonly WaiterStep[] }
  /** Links of a list: addresses, as the 64-bit numbers that memory holds. 0 is none. */
  | { readonly links: readonly (PlaceStep | number)[] }
  /** The number of a thread, of the k-th living process or of the caller, and some bits: the word of a robust lock. */
  | { readonly owner: number | "caller"; readonly bits: number }
  /** A time of CLOCK_MONOTONIC that comes so many nanoseconds after the call, in decimal. */
  | { readonly later: string }
  /** The caller's k-th semaphore that has a name. */
  | { readonly sem: number }
  /** Words to write, of 32 bits. */
  | { readonly words: readonly number[] }
  /** A C long, in decimal. */
  | { readonly long: string }
  /** What IPC_SET sets. */
  | { readonly settings: QueueSettings | SemaphoreSetSettings }
  /** A set of System V semaphores: the k-th there is, or the k-th ever made. */
  | { readonly set: number }
  | { readonly everSet: number }
  /** What semop does. */
  | { readonly sops: readonly SemaphoreOperation[] }
  /** The values of SETALL. */
  | { readonly semvals: readonly number[] }
  | readonly PollStep[];

/** A page of the caller's k-th mapping, and bytes beyond its start. */
export interface PlaceStep {
  readonly mapping: number;
  readonly page: number;
  readonly beyond?: number;
}

export interface WaiterStep {
  readonly val: number;
  readonly at: PlaceStep | number;
  readonly flags: number;
}

/** A path: "~" in it stands for a text so many times over. */
export interface PathStep {
  readonly path: string;
  readonly filling?: string;
  readonly times?: number;
}

export interface Buffers {
  readonly buffers: readonly number[];
  /** How often the list is repeated, if more than once. */
  readonly times?: number;
}

export interface Groups {
  readonly groups: readonly number[];
  readonly times?: number;
}

export interface Step {
  /**
   * The k-th living process, modulo how many there are. If it has no descriptor as the arguments want it, the k-th of those
   * that have.
   */
  readonly process: number;
  /** A call; or what is none: see `Deed`. */
  readonly call: SyscallName | Deed;
  /** In C's order. For `share`: the k-th other process, and a descriptor of it. For `interrupt`: the blocked call. */
  readonly args: readonly StepArgument[];
}

/**
 * What a step does that is no call of the process: `share` gives it a descriptor for another's open file, pidfd_getfd(2);
 * `interrupt` ends a call of it that is blocked, by a signal, or where calls are awaited by its AbortSignal.
 */
export type Deed = "share" | "interrupt";

/** What a case runs: the users of its first processes, and the steps. */
export interface Case {
  readonly users: readonly UserName[];
  readonly steps: readonly Step[];
}
