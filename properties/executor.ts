// What makes actions' calls on the real kernel. There are two: `sync` makes each in a thread of its own that it blocks,
// `awaited` makes them as production does, many at once in one thread.
import type { Form } from "../backends/wasm/machine.js";
import type { Action } from "./action.js";
import type { Observation, Pending } from "./oracle.js";
import type { UserName } from "./users.js";

export interface Executor {
  /** How the model's tasks wait when this executor makes the calls. */
  readonly form: Form;
  readonly firstDescriptor: number;
  readonly rlimitNofile: number;
  /** Starts a case on processes of these users, which hold nothing. */
  begin(users: readonly UserName[]): Promise<void>;
  /** How many more calls a process can have under way, if the next is this one. */
  idle(process: number, call: string): number;
  /** Whether it can make an action: those that start and end processes not everywhere, nor as often as one likes. */
  canMake(action: Action): boolean;
  /** The pid of a process that is new in the model. */
  meet(process: number): number;
  /** The number of the thread of a process that makes the calls that never wait. */
  thread(process: number): Promise<number>;
  /** Makes a call, or interrupts one: an action on real pids. */
  issue(pending: Pending): Promise<void> | void;
  /** Waits until nothing moves any more: what has completed since the last time. */
  settle(): Promise<Observation> | Observation;
  /** Ends the case: ends what is under way, closes what was opened. Throws if something is left. */
  end(): Promise<void> | void;
  dispose(): Promise<void>;
}

/** A failure of the harness, not of the model or the kernel. */
export class HarnessError extends Error {
  override readonly name = "HarnessError";
}
