// What the controller tells an executor's thread, as one line of JSON through the thread's own FIFO.
import { readSync } from "node:fs";
import type { Action } from "../action.js";
import type { Ids } from "../users.js";

export interface Command {
  /** Counts up with each command to a thread; its answer carries it. */
  readonly sequence: number;
  readonly order: Order;
}

export type Order =
  /** Make a call. */
  | { readonly make: Action; readonly connection?: string }
  /** Take a descriptor of another process: pidfd_getfd(2). */
  | { readonly take: number; readonly from: number }
  // For the main thread only:
  /**
   * Occupy all descriptors below the first, and let there be none from the limit on. The answer is how many were free.
   */
  | { readonly settle: true }
  /** Become a user. */
  | { readonly become: Ids }
  /** Begin a case in a directory. */
  | { readonly enter: string }
  /**
   * Close all descriptors of the case, reap its children, which have ended, and leave its directory. The answer is 1 if this
   * process cannot become itself again.
   */
  | { readonly closeAll: string; readonly hasChanged: boolean; readonly hasSpawned: boolean };

/** Where an executor finds its controller: what its process is started with. */
export interface Connection {
  /** The directory with the file of slots, and each thread's FIFO. */
  readonly folder: string;
  /** Its first slot. */
  readonly slot: number;
  readonly threads: number;
  readonly firstDescriptor: number;
  readonly rlimitNofile: number;
}

/** The file that answers come in. */
export const slotsFile = (folder: string): string => `${folder}/slots`;

/** The FIFO that a thread's commands come through. */
export const channelFile = (folder: string, slot: number): string => `${folder}/thread${slot}`;

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
    const line = this.#buffer.toString("utf8", 0, end);
    this.#buffer.copyWithin(0, end + 1, this.#length);
    this.#length -= end + 1;
    return JSON.parse(line) as Command;
  }
}
