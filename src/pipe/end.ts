// What both ends of a pipe or FIFO have.
import { F_GETPIPE_SZ, F_SETPIPE_SZ } from "../../assembly/abi/fcntl.js";
import { FIONREAD } from "../../assembly/abi/ioctl.js";
import { int } from "../arguments.js";
import type { Descriptor } from "../descriptor.js";
import { asyncDispose } from "../dispose.js";
import type { HandleKind } from "../handle.js";

/** What errors call an end. */
export const PIPE_END: HandleKind = { noun: "pipe", closed: "this end was closed" };

/** One end of a pipe or FIFO: a descriptor that is closed once. */
export class PipeEnd {
  protected readonly descriptor: Descriptor;

  /** @internal Made by `Pipe`, `Fifo`, `PipeReader.from` and `PipeWriter.from`. */
  constructor(descriptor: Descriptor) {
    this.descriptor = descriptor;
  }

  /** The number of the descriptor, for what is not here, and for `spawn`; -1 once it is closed. */
  get fd(): number {
    return this.descriptor.fd;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.descriptor.isClosed;
  }

  /**
   * Closes this end: close(2). What waits on it fails with EBADF; what is called later does too, whatever has the number by
   * then. A second call does nothing, and gives the same promise.
   * @throws EBADF something else has closed the descriptor
   */
  close(): Promise<void> {
    return this.descriptor.close();
  }

  /** `close`, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * How many bytes the pipe can hold: F_GETPIPE_SZ, fcntl(2). It holds that many only if its pages are full: see pipe(7).
   * @throws EBADF closed, or no pipe
   */
  getCapacity(): Promise<number> {
    return this.descriptor.call("fcntl", undefined, (fd) => this.descriptor.linux.fcntl(fd, F_GETPIPE_SZ));
  }

  /**
   * Sets how many bytes the pipe can hold, for both of its ends: F_SETPIPE_SZ, fcntl(2).
   * @param bytes rounded up to a power of two, and to a page at least
   * @returns the capacity that it has now
   * @throws EPERM beyond /proc/sys/fs/pipe-max-size (1 MiB), or the user's pipes are too large together, without
   *   CAP_SYS_RESOURCE · EBUSY it holds more now · EINVAL below 0 · EBADF closed, or no pipe
   */
  async setCapacity(bytes: number): Promise<number> {
    const size = int("setCapacity", "bytes", bytes);
    return await this.descriptor.call("fcntl", undefined, (fd) =>
      this.descriptor.linux.fcntl(fd, F_SETPIPE_SZ, size),
    );
  }

  /**
   * How many bytes can be read now: FIONREAD, pipe(7). The write end tells the same.
   * @throws EBADF closed · ENOTTY no pipe
   */
  available(): Promise<number> {
    return this.descriptor.call("ioctl", undefined, (fd) => this.descriptor.linux.ioctl(fd, FIONREAD));
  }
}
