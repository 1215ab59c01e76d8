// Named pipes. A FIFO is its name; what is read and written are its ends, each opened by itself.
import { EBADF, EINVAL } from "../../assembly/abi/errno.js";
import { O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from "../../assembly/abi/fcntl.js";
import { S_IFIFO, S_IFMT } from "../../assembly/abi/stat.js";
import { abortSignal } from "../arguments.js";
import { Descriptor } from "../descriptor.js";
import { asyncDispose } from "../dispose.js";
import { addToMessage, argumentError, codeOf, isAbortError, isOfACall, SyscallError } from "../errors.js";
import type { Linux } from "../linux.js";
import { flag, optionsOf } from "../options.js";
import { type TimedWaitOptions, withTimeout } from "../timeout.js";
import { PIPE_END } from "./end.js";
import { Pipe } from "./pipe.js";
import { PipeReader } from "./reader.js";
import { PipeWriter } from "./writer.js";

/** Which ends of a FIFO are opened. */
export type FifoMode = "read" | "write" | "read-write";

/** Options of opening a FIFO. */
export interface FifoOpenOptions<Mode extends FifoMode = FifoMode> extends TimedWaitOptions {
  /** What for. "read" waits until somebody opens it for writing, "write" until somebody does for reading: fifo(7). */
  readonly mode: Mode;
  /**
   * Does not wait to be opened, nor later: what would wait is EAGAIN. Opened for writing without a reader it is ENXIO; a reader
   * without a writer is at its end.
   */
  readonly nonblocking?: boolean;
}

/** What opening a FIFO gives, by its mode. */
export type FifoEnd<Mode extends FifoMode> = Mode extends "read"
  ? PipeReader
  : Mode extends "write"
    ? PipeWriter
    : Pipe;

/** Options of a new FIFO. */
export interface FifoOptions {
  /** Permissions, less those of the umask: 0o666 if left out. */
  readonly mode?: number;
  /** Makes `close` remove the name. */
  readonly unlinkOnClose?: boolean;
}

const flagsOf: Readonly<Record<FifoMode, number>> = { read: O_RDONLY, write: O_WRONLY, "read-write": O_RDWR };

/** A FIFO in the file system: fifo(7). */
export class Fifo {
  readonly #linux: Linux;
  readonly #unlinkOnClose: boolean;
  /** The ends that were opened here and are open. */
  readonly #ends = new Set<Descriptor>();
  /** Ends the opens that wait when this is closed. */
  readonly #ender = new AbortController();
  #unlinking: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    linux: Linux,
    /** Its name, as it was given. */
    readonly path: string,
    unlinkOnClose: boolean,
  ) {
    this.#linux = linux;
    this.#unlinkOnClose = unlinkOnClose;
  }

  /**
   * Makes a FIFO: mkfifo(3).
   * @param path absolute, or from the working directory of the process
   * @throws EEXIST the path is there already · ENOENT, ENOTDIR a part on the way is not there, or no directory · EACCES a
   *   directory forbids it · ENAMETOOLONG
   */
  static async create(linux: Linux, path: string, options?: FifoOptions): Promise<Fifo> {
    const { mode = 0o666, unlinkOnClose } = optionsOf("Fifo.create", options);
    const isTemporary = flag("Fifo.create", "unlinkOnClose", unlinkOnClose);
    try {
      await linux.mkfifo(path, mode);
    } catch (error) {
      throw named(error, path);
    }
    return new Fifo(linux, path, isTemporary);
  }

  /** The FIFO that somebody else made. No call is made: `open` tells whether it is there. */
  static at(linux: Linux, path: string): Fifo {
    return new Fifo(linux, path, false);
  }

  /**
   * Opens ends of a FIFO: open(2). Children do not inherit them unless they are passed: O_CLOEXEC.
   * @returns a reader, a writer, or for "read-write" both, on one descriptor: to close either closes both
   * @throws ENXIO nonblocking, for writing, and nobody has it open for reading · ENOENT nothing there · EACCES the permissions of
   *   it or of a directory on the way forbid it · EINVAL it is no FIFO · ENOTDIR · ENAMETOOLONG · EMFILE, ENFILE too many
   *   descriptors or files are open · AbortError · TimeoutError
   */
  static async open<Mode extends FifoMode>(
    linux: Linux,
    path: string,
    options: FifoOpenOptions<Mode>,
  ): Promise<FifoEnd<Mode>> {
    return endOf(await openDescriptor(linux, path, options), options.mode);
  }

  /** Opens ends of this FIFO: see `Fifo.open`. To close the FIFO closes them. */
  async open<Mode extends FifoMode>(options: FifoOpenOptions<Mode>): Promise<FifoEnd<Mode>> {
    const descriptor = await this.#openDescriptor(options);
    if (this.#closing === undefined) {
      this.#ends.add(descriptor);
      return endOf(descriptor, options.mode);
    }
    await descriptor.close();
    throw closedError(this.path);
  }

  async #openDescriptor(options: FifoOpenOptions): Promise<Descriptor> {
    const signal = abortSignal("open", options);
    const { signal: ended } = this.#ender;
    const ownOptions = {
      ...options,
      signal: signal === undefined ? ended : AbortSignal.any([ended, signal]),
    };
    try {
      const descriptor: Descriptor = await openDescriptor(this.#linux, this.path, ownOptions, () => {
        this.#ends.delete(descriptor);
      });
      return descriptor;
    } catch (error) {
      throw isAbortError(error) && this.#closing !== undefined ? closedError(this.path) : error;
    }
  }

  /**
   * Removes the name: unlink(2). Ends that are open go on, also between processes. A second call does nothing.
   * @throws ENOENT somebody else has removed it · EACCES the directory forbids it · EPERM another's, in a sticky directory
   */
  unlink(): Promise<void> {
    this.#unlinking ??= this.#unlink();
    return this.#unlinking;
  }

  async #unlink(): Promise<void> {
    try {
      await this.#linux.unlink(this.path);
    } catch (error) {
      // It may go better another time.
      this.#unlinking = undefined;
      throw named(error, this.path);
    }
  }

  /** Closes the ends that were opened by this object and are open; removes the name if that was asked for. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ender.abort();
    await Promise.all(Array.from(this.#ends, (end) => end.close()));
    if (!this.#unlinkOnClose) return;
    await this.unlink().catch((error: unknown) => {
      // It is gone: that is what was asked for.
      if (codeOf(error) !== "ENOENT") throw error;
    });
  }

  /** `close`, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function openDescriptor(
  linux: Linux,
  path: string,
  options: FifoOpenOptions,
  onClose?: () => void,
): Promise<Descriptor> {
  const { mode, nonblocking } = optionsOf("open", options);
  if (mode === undefined || !Object.hasOwn(flagsOf, mode)) {
    throw argumentError("open", "options.mode", '"read", "write" or "read-write"', mode);
  }
  const flags = flagsOf[mode] | O_CLOEXEC | (flag("open", "nonblocking", nonblocking) ? O_NONBLOCK : 0);
  let fd: number;
  try {
    fd = await withTimeout(linux, "open", options, (waitOptions) => linux.open(path, flags, 0, waitOptions));
  } catch (error) {
    throw named(error, path);
  }
  const descriptor = new Descriptor(linux, PIPE_END, fd, labelOf(path), onClose);
  try {
    // What the shell's ">" made of a name without a FIFO would take what is written, and nobody would read it.
    const { mode: type } = await linux.fstat(fd);
    if ((type & S_IFMT) !== S_IFIFO) throw new SyscallError(EINVAL, "open", { path, hint: "it is no FIFO" });
    return descriptor;
  } catch (error) {
    await descriptor.close();
    throw error;
  }
}

function endOf<Mode extends FifoMode>(descriptor: Descriptor, mode: Mode): FifoEnd<Mode>;
function endOf(descriptor: Descriptor, mode: FifoMode): PipeReader | PipeWriter | Pipe {
  if (mode === "read") return new PipeReader(descriptor);
  if (mode === "write") return new PipeWriter(descriptor);
  return new Pipe(new PipeReader(descriptor), new PipeWriter(descriptor));
}

const labelOf = (path: string): string => `FIFO ${JSON.stringify(path)}`;

const closedError = (path: string): SyscallError =>
  new SyscallError(EBADF, "open", { path, hint: "this object was closed" });

/** What a call on the path rejects with: its error, which says the path. */
function named(error: unknown, path: string): unknown {
  if (!isOfACall(error) || (error as { path?: string }).path !== undefined) return error;
  addToMessage(error, labelOf(path));
  return Object.assign(error, { path });
}
