// What the controller and a process of the `awaited` executor tell each other, over node's own channel.
import type { Action } from "../action.js";
import type { Outcome } from "../outcome.js";

export type Order =
  /** Make a call, and go on. */
  | { readonly make: Action; readonly id: number }
  /** Take a descriptor of another process: pidfd_getfd(2). */
  | { readonly take: number; readonly pidfd: number; readonly id: number }
  /** Say what has completed. */
  | { readonly ping: true }
  /** Get hold of another process. */
  | { readonly meet: number }
  /** Occupy all descriptors below the first. */
  | { readonly settle: true }
  /** End all calls, close all descriptors of the case. */
  | { readonly closeAll: true };

/** Each order but `make` and `take` is answered with one of these. */
export interface Reply {
  /** Calls that have completed since the last reply. */
  readonly completed: readonly (readonly [number, Outcome])[];
  /** Whether a call is still under way that could go on: then more is to come. */
  readonly isReady: boolean;
  readonly result: number;
  /** The harness failed. */
  readonly failure?: string;
}
