// What an object owns in the kernel, by its number: closed once, never used after that, since the number may be another's by
// then.
import { EBADF } from "../assembly/abi/errno.js";
import { addToMessage, argumentError, codeOf, isOfACall, SyscallError } from "./errors.js";
import type { Linux, WaitOptions } from "./linux.js";
import { type TimedWaitOptions, withTimeout } from "./timeout.js";

/** What errors call the objects of a class. */
export interface HandleKind {
  /** In front of a name: "pipe". */
  readonly noun: string;
  /** What is said of a call on one that was closed: "this end was closed". */
  readonly closed: string;
}

export abstract class Handle {
  readonly #number: number;
  readonly #kind: HandleKind;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** @param label what it is, for errors: `pipe "jobs"`; undefined if it has no name */
  constructor(
    readonly linux: Linux,
    kind: HandleKind,
    number: number,
    readonly label: string | undefined,
  ) {
    this.#kind = kind;
    this.#number = number;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Gives it up. Any further call gives the same promise. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#isClosed = true;
      this.#closing = this.release(this.#number);
    }
    return this.#closing;
  }

  protected abstract release(number: number): Promise<void>;

  /** The number, for the next call. @throws SyscallError EBADF it was closed */
  openNumber(name: string): number {
    this.assertOpen(name);
    return this.#number;
  }

  /**
   * Makes a call on it.
   * @param name the call
   * @param options the caller's
   * @param operation is given the number, and the options of the call
   */
  async call<Value>(
    name: string,
    options: TimedWaitOptions | undefined,
    operation: (number: number, options: WaitOptions | undefined) => Promise<Value>,
  ): Promise<Value> {
    const number = this.#number;
    try {
      this.assertOpen(name);
      // Not through another function for the many calls without a timeout.
      if (options?.timeout === undefined) return await operation(number, options);
      return await withTimeout(this.linux, name, options, (waitOptions) => operation(number, waitOptions));
    } catch (error) {
      throw this.named(error);
    }
  }

  /** @throws SyscallError EBADF it was closed */
  assertOpen(name: string): void {
    if (this.#isClosed) throw this.closedError(name);
  }

  /** What a failed call rejects with: its error, which says what it was made on. */
  named(error: unknown): unknown {
    // Closed while the call waited.
    const told =
      this.#isClosed && codeOf(error) === "EBADF" ? this.closedError((error as SyscallError).syscall) : error;
    if (this.label !== undefined && isOfACall(told)) addToMessage(told, this.label);
    return told;
  }

  /** The error of a call on one that was closed. */
  closedError(name: string): SyscallError {
    return new SyscallError(EBADF, name, { hint: this.#kind.closed });
  }
}

/** What errors call an object. @throws TypeError the name is no string */
export function labelOf({ noun }: HandleKind, caller: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (typeof name !== "string") throw argumentError(caller, "options.name", "a string", name);
  return `${noun} ${JSON.stringify(name)}`;
}
