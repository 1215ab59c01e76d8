// What can be wrong with a schedule, as the engine finds it.
import type { SimulatedProcess } from "./process.js";

/**
 * What is wrong with a schedule.
 * - `throw`: a program threw, or rejected
 * - `deadlock`: something is alive, all of it waits, and nothing can happen any more
 * - `outside`: nothing can happen any more, and a process awaits something that is no call
 * - `steps`: it took more steps than `maxSteps`
 * - `status`: the first process ended with an exit status other than 0
 * - `leak`: something was left behind, and `leaks` is "fail"
 * - `nondeterminism`: the same choices led to something else when they were repeated
 * - `internal`: a limit of the simulator, or a fault of it
 */
export type FailureKind =
  | "throw"
  | "deadlock"
  | "outside"
  | "steps"
  | "status"
  | "leak"
  | "nondeterminism"
  | "internal";

export type Finding =
  | { readonly kind: "throw"; readonly process: SimulatedProcess; readonly error: unknown }
  | { readonly kind: "deadlock" | "outside" | "steps" | "leak" }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "nondeterminism"; readonly text: string }
  | { readonly kind: "internal"; readonly error: unknown };
