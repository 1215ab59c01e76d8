// A pipe: both of its ends.
import { O_CLOEXEC, O_DIRECT, O_NONBLOCK } from "../../assembly/abi/fcntl.js";
import { int } from "../arguments.js";
import { Descriptor, type NameOptions } from "../descriptor.js";
import { asyncDispose } from "../dispose.js";
import { labelOf } from "../handle.js";
import type { Linux } from "../linux.js";
import { flag, optionsOf } from "../options.js";
import { PIPE_END } from "./end.js";
import { PipeReader } from "./reader.js";
import { PipeWriter } from "./writer.js";

/** Options of a new pipe. */
export interface PipeOptions extends NameOptions {
  /** Bytes that it can hold, rounded up to a power of two: F_SETPIPE_SZ. 65,536 if left out. */
  readonly capacity?: number;
  /** Each write of up to PIPE_BUF bytes is a packet, which one read takes: O_DIRECT, pipe(7). */
  readonly packets?: boolean;
  /** What would wait is EAGAIN instead, in each process that has an end: O_NONBLOCK. */
  readonly nonblocking?: boolean;
}

/**
 * A pipe: what is written to `writer` is read from `reader`.
 *
 * A reader sees the end when *every* write end is closed: a process that gave its write end to a child must close its own.
 * `spawnWith` does.
 */
export class Pipe {
  /** @internal Made by `Pipe.create`, `Pipe.from` and `Fifo.open`. */
  constructor(
    readonly reader: PipeReader,
    readonly writer: PipeWriter,
  ) {}

  /**
   * Makes a pipe: pipe2(2). Children do not inherit its ends unless they are passed: O_CLOEXEC.
   * @throws EMFILE, ENFILE too many descriptors or files are open · EPERM `capacity` beyond /proc/sys/fs/pipe-max-size without
   *   CAP_SYS_RESOURCE · EINVAL `capacity` is below 0
   */
  static async create(linux: Linux, options?: PipeOptions): Promise<Pipe> {
    const caller = "Pipe.create";
    const { capacity, packets, nonblocking, name } = optionsOf(caller, options);
    const isPacketed = flag(caller, "packets", packets);
    const isNonblocking = flag(caller, "nonblocking", nonblocking);
    if (capacity !== undefined) int(caller, "options.capacity", capacity);
    const label = labelOf(PIPE_END, caller, name);
    const [readFd, writeFd] = await linux.pipe2(
      O_CLOEXEC | (isPacketed ? O_DIRECT : 0) | (isNonblocking ? O_NONBLOCK : 0),
    );
    const pipe = new Pipe(
      new PipeReader(new Descriptor(linux, PIPE_END, readFd, label)),
      new PipeWriter(new Descriptor(linux, PIPE_END, writeFd, label)),
    );
    if (capacity === undefined) return pipe;
    try {
      await pipe.writer.setCapacity(capacity);
      return pipe;
    } catch (error) {
      await pipe.close();
      throw error;
    }
  }

  /**
   * Makes a pipe of two descriptors, which it owns from then on. No call is made.
   * @param ends their numbers, or the names that `spawn` passed them by
   * @throws TypeError no descriptor was passed by that name
   */
  static from(
    linux: Linux,
    ends: { readonly reader: number | string | undefined; readonly writer: number | string | undefined },
    options?: NameOptions,
  ): Pipe {
    return new Pipe(
      PipeReader.from(linux, ends.reader, options),
      PipeWriter.from(linux, ends.writer, options),
    );
  }

  /** Closes both ends, those that are open. */
  async close(): Promise<void> {
    await Promise.all([this.reader.close(), this.writer.close()]);
  }

  /** `close`, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }
}
