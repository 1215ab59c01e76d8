// A descriptor that an object owns.
import { int } from "./arguments.js";
import { Handle, type HandleKind, labelOf } from "./handle.js";
import type { Linux } from "./linux.js";
import { optionsOf } from "./options.js";

/** Options of an object that is made of a descriptor. */
export interface NameOptions {
  /** What errors call it: `"jobs"`. */
  readonly name?: string;
}

/** What is done with a descriptor's number before it is closed; it is closed when that is done, however it ends. */
export type Closing = (fd: number) => void | Promise<void>;

export class Descriptor extends Handle {
  readonly #fd: number;
  readonly #onClose: Closing | undefined;

  /** @param label what it is, for errors: `pipe "jobs"`; undefined if it has no name */
  constructor(linux: Linux, kind: HandleKind, fd: number, label: string | undefined, onClose?: Closing) {
    super(linux, kind, fd, label);
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
    kind: HandleKind,
    caller: string,
    fd: number | string | undefined,
    options: NameOptions | undefined,
    onClose?: Closing,
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

  protected async release(fd: number): Promise<void> {
    const before = this.#onClose?.(fd);
    // Not a moment later than it need be.
    if (before !== undefined) {
      await before.catch(async (error: unknown) => {
        await this.linux.close(fd).catch(ignore);
        throw this.named(error);
      });
    }
    try {
      await this.linux.close(fd);
    } catch (error) {
      throw this.named(error);
    }
  }
}

const ignore = (): void => {};
