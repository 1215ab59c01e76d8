// What the controller tells an executor's thread, as one line of JSON on the thread's own pipe.
import { readSync } from "node:fs";
import type { Action } from "../action.js";

export interface Command {
  /** Counts up with each command to a thread; its answer carries it. */
  readonly sequence: number;
  readonly order: /** Make a call. */
    | { readonly make: Action; readonly connection?: string }
    /** Take a descriptor of another process: pidfd_getfd(2). */
    | { readonly take: number; readonly pidfd: number }
    /** Get hold of another process. The answer is a pidfd. Main thread only. */
    | { readonly meet: number }
    /**
     * Occupy all descriptors below the first, and let there be none from the limit on. The answer is how many were free. Main
     * thread only.
     */
    | { readonly settle: true }
    /** Close all descriptors of the case. Main thread only. */
    | { readonly closeAll: true };
}

/** Where an executor finds its controller: what its process is started with. */
export interface Connection {
  readonly controller: number;
  /** The controller's descriptors: the file of slots, and each thread's pipe. */
  readonly slots: number;
  readonly commands: readonly number[];
  /** Its first slot. */
  readonly slot: number;
  readonly firstDescriptor: number;
  readonly rlimitNofile: number;
}

export const commandText = (command: Command): string => `${JSON.stringify(command)}\n`;

const NEWLINE = 10;

/** Reads commands from a pipe, sleeping in read(2) for each. */
export class CommandReader {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(65536);
  #length = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  #endOfLine(): number {
    return this.#buffer.subarray(0, this.#length).indexOf(NEWLINE);
  }

  #read(): number {
    for (;;) {
      try {
        return readSync(this.#fd, this.#buffer, this.#length, this.#buffer.length - this.#length, null);
      } catch (error) {
        // An interruption that was meant for a call came after it had ended.
        if ((error as NodeJS.ErrnoException).code !== "EINTR") throw error;
      }
    }
  }

  /** The next command; undefined at the end of the pipe. */
  next(): Command | undefined {
    let end = this.#endOfLine();
    for (; end < 0; end = this.#endOfLine()) {
      const count = this.#read();
      if (count === 0) return undefined;
      this.#length += count;
    }
    const line = this.#buffer.toString("latin1", 0, end);
    this.#buffer.copyWithin(0, end + 1, this.#length);
    this.#length -= end + 1;
    return JSON.parse(line) as Command;
  }
}
