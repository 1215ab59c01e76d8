// A generated step, before it meets a machine: which process calls what, with descriptors and pids named by their place
// ("the second open read end") so that a step keeps its meaning when the steps before it are shrunk away. Steps are
// plain JSON: regression files hold them.
import type { SyscallName } from "../src/linux.js";

/** A descriptor of the calling process: the k-th of its kind, modulo how many there are; -1 if there is none. */
export type Handle =
  | { readonly open: number }
  | { readonly read: number }
  | { readonly write: number }
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
  /** A buffer to read into, of so many bytes. */
  | { readonly room: number }
  /** A buffer to write, of so many bytes. */
  | { readonly bytes: number }
  /** A time in nanoseconds, in decimal. */
  | { readonly nanoseconds: string }
  /** The pid of the k-th process that was ever made. */
  | { readonly pid: number }
  | readonly PollStep[];

export interface Step {
  /** The k-th living process, modulo how many there are. */
  readonly process: number;
  /** A call; or `share`, which gives the process a descriptor for another's open file: pidfd_getfd(2). */
  readonly call: SyscallName | "share";
  /** In C's order. For `share`: the k-th other process, and a descriptor of it. */
  readonly args: readonly StepArgument[];
}
