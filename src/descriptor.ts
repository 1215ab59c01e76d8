// A descriptor that an object owns: closed once, never used after that, since its number may be another file's by then.
import { EBADF } from "../assembly/abi/errno.js";
import { int } from "./arguments.js";
import { addToMessage, argumentError, codeOf, isOfACall, SyscallError } from "./errors.js";
import type { Linux, WaitOptions } from "./linux.js";
import { optionsOf } from "./options.js";
import { type TimedWaitOptions, withTimeout } from "./timeout.js";

/** Options of an object that is made of a descriptor. */
export interface NameOptions {
  /** What errors call it: `"jobs"`. */
  readonly name?: string;
}

/** What errors call the objects that are made of descriptors. */
export interface DescriptorKind {
  /** In front of a name: "pipe". */
  readonly noun: string;
  /** What is said of a call on one that was closed: "this end was closed". */
  readonly closed: string;
}

export class Descriptor {
  readonly #fd: number;
  readonly #kind: DescriptorKind;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  readonly #onClose: ((fd: number) => void | Promise<void>) | undefined;

  /**
   * @param label what it is, for errors: `pipe "jobs"`; undefined if it has no name
   * @param onClose is called with its number when it begins to close; it closes when that is done, however it ends
   */
  constructor(
    readonly linux: Linux,
    kind: DescriptorKind,
    fd: number,
    readonly label: string | undefined,
    onClose?: (fd: number) => void | Promise<void>,
  ) {
    this.#kind = kind;
    this.#fd = fd;
    this.#onClose = onClose;
  }

  /**
   * Of a descriptor that something else opened: its number, or the name under which `spawn` passed it.
   * @param kind what it is to be
   * @param caller for the error
   */
  static from(
    linux: Linux,
    kind: DescriptorKind,
    caller: string,
    fd: number | string | undefined,
    options: NameOptions | undefined,
    onClose?: (fd: number) => void | Promise<void>,
  ): Descriptor {
    const { name } = optionsOf(caller, options);
    if (typeof fd !== "string") {
      return new Descriptor(linux, kind, int(caller, "fd", fd), labelOf(kind, caller, name), onClose);
    }
    const passed = Object.hasOwn(linux.fds, fd) ? linux.fds[fd] : undefined;
    if (passed === undefined) {
      const names = Object.keys(linux.fds);
      const known = names.length === 0 ? "none were" : `those passed are ${names.join(", ")}`;
      throw new TypeError(`${caller}: no descriptor was passed as ${JSON.stringify(fd)}: ${known}`);
    }
    return new Descriptor(linux, kind, passed, labelOf(kind, caller, name ?? fd), onClose);
  }

  /** Its number; -1 once it is closed. */
  get fd(): number {
    return this.isClosed ? -1 : this.#fd;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Closes it. Any further call gives the same promise. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#isClosed = true;
      this.#closing = this.#close();
    }
    return this.#closing;
  }

  async #close(): Promise<void> {
    const before = this.#onClose?.(this.#fd);
    // Not a moment later than it need be.
    if (before !== undefined) {
      await before.catch(async (error: unknown) => {
        await this.#closeNow().catch(ignore);
        throw this.named(error);
      });
    }
    await this.#closeNow();
  }

  async #closeNow(): Promise<void> {
    try {
      await this.linux.close(this.#fd);
    } catch (error) {
      throw this.named(error);
    }
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
    operation: (fd: number, options: WaitOptions | undefined) => Promise<Value>,
  ): Promise<Value> {
    const fd = this.#fd;
    try {
      this.assertOpen(name);
      // Not through another function for the many calls without a timeout.
      if (options?.timeout === undefined) return await operation(fd, options);
      return await withTimeout(this.linux, name, options, (waitOptions) => operation(fd, waitOptions));
    } catch (error) {
      throw this.named(error);
    }
  }

  /** @throws SyscallError EBADF it was closed */
  assertOpen(name: string): void {
    if (this.isClosed) throw this.#closedError(name);
  }

  /** What a failed call rejects with: its error, which says what it was made on. */
  named(error: unknown): unknown {
    // Closed while the call waited.
    const told =
      this.isClosed && codeOf(error) === "EBADF" ? this.#closedError((error as SyscallError).syscall) : error;
    if (this.label !== undefined && isOfACall(told)) addToMessage(told, this.label);
    return told;
  }

  #closedError(name: string): SyscallError {
    return new SyscallError(EBADF, name, { hint: this.#kind.closed });
  }
}

/** What errors call an object. @throws TypeError the name is no string */
export function labelOf(
  { noun }: DescriptorKind,
  caller: string,
  name: string | undefined,
): string | undefined {
  if (name === undefined) return undefined;
  if (typeof name !== "string") throw argumentError(caller, "options.name", "a string", name);
  return `${noun} ${JSON.stringify(name)}`;
}

const ignore = (): void => {};
