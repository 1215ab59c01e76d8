// What the controller and a process of the `awaited` executor tell each other, over node's own channel.
import { syscalls } from "../../src/syscalls.js";
import type { Action } from "../action.js";
import type { Outcome } from "../outcome.js";
import type { Ids } from "../users.js";

/** Calls that wait in lanes that a process may have under way. */
export const MOST_LANES = 2;

export const waitsInLane = (call: string): boolean =>
  call in syscalls && syscalls[call as keyof typeof syscalls].wait === "lane";

export type Order =
  /** Make a call, and go on. */
  | { readonly make: Action; readonly id: number }
  /** Take a descriptor of another process: pidfd_getfd(2). */
  | { readonly take: number; readonly from: number; readonly id: number }
  /** Abort a call that is under way: this order's own number, and the call's. */
  | { readonly abort: number; readonly id: number }
  /** Say what has completed. */
  | { readonly ping: true }
  /** Occupy all descriptors below the first. Files can be made in the directory. */
  | { readonly settle: string }
  /** Become a user. */
  | { readonly become: Ids }
  /** Begin a case in a directory. */
  | { readonly enter: string }
  /**
   * End all calls, close all descriptors of the case, leave its directory for another. The result is 1 if this process cannot
   * become itself again.
   */
  | { readonly closeAll: string; readonly hasChanged: boolean };

/** Each order but `make`, `take` and `abort` is answered with one of these. */
export interface Reply {
  /** Calls that have completed since the last reply. */
  readonly completed: readonly (readonly [number, Outcome])[];
  /** Whether a call is still under way that could go on: then more is to come. */
  readonly isReady: boolean;
  readonly result: number;
  /** The harness failed. */
  readonly failure?: string;
}
