// The read end of a pipe or FIFO.

import { Descriptor, type NameOptions } from "../descriptor.js";
import type { Linux } from "../linux.js";
import type { TimedWaitOptions } from "../timeout.js";
import { Chunks } from "./chunks.js";
import { type CollectOptions, type CollectTextOptions, collect } from "./collect.js";
import { PIPE_END, PipeEnd } from "./end.js";
import type { IterationOptions } from "./iteration.js";
import { decoderFor, type LineOptions, Lines } from "./lines.js";
import { DEFAULT_CHUNK_SIZE, Source } from "./source.js";
import { type ByteStream, readableStream, type StreamOptions } from "./web-streams.js";

/**
 * The read end of a pipe or FIFO. It is at its end when every write end, in every process, is closed and all is read.
 *
 * Reads that wait at the same time each get bytes that no other gets, in no order that could be told. While an iteration, a
 * stream or a `readAll` is at work, any other read is refused.
 */
export class PipeReader extends PipeEnd implements AsyncIterable<Uint8Array> {
  readonly #source: Source;

  /** @internal Made by `PipeReader.from`, `Pipe` and `Fifo`. */
  constructor(descriptor: Descriptor) {
    super(descriptor);
    this.#source = new Source(descriptor);
  }

  /**
   * Makes a reader of a descriptor, which it owns from then on. No call is made.
   * @param fd its number, or the name that `spawn` passed it by: `PipeReader.from(linux, "input")`
   * @param options `name`: what errors call it; the name that it was passed by if left out
   * @throws TypeError no descriptor was passed by that name
   */
  static from(linux: Linux, fd: number | string | undefined, options?: NameOptions): PipeReader {
    return new PipeReader(Descriptor.from(linux, PIPE_END, "PipeReader.from", fd, options));
  }

  /**
   * Reads what is there, and waits while that is nothing: read(2). An abort or a timeout takes no byte.
   * @param maxBytes 65,536 if left out. For a pipe with packets at least PIPE_BUF: what is left of a packet is dropped
   * @returns 1 to `maxBytes` bytes, which are the caller's; null at the end
   * @throws EAGAIN nothing there, and the end is nonblocking · EBADF closed, or no read end · AbortError · TimeoutError ·
   *   TypeError `maxBytes` is no integer of at least 1
   */
  read(maxBytes: number = DEFAULT_CHUNK_SIZE, options?: TimedWaitOptions): Promise<Uint8Array | null> {
    return this.#source.read(maxBytes, options);
  }

  /**
   * Reads what is there into a buffer: read(2). The buffer is written at completion only.
   * @returns bytes read; 0 at the end, or for a buffer of no bytes
   * @throws as `read`
   */
  readInto(buffer: Uint8Array, options?: TimedWaitOptions): Promise<number> {
    return this.#source.readInto(buffer, options);
  }

  /**
   * Reads until the end.
   * @param options `limit`: bytes that are accepted; `timeout`: of all of it
   * @throws RangeError more than `limit` · as `read`. What was read by then stays, for the next read
   */
  readAll(options?: CollectOptions): Promise<Uint8Array> {
    return collect(this.#source, "readAll", options, (bytes) => bytes);
  }

  /**
   * Reads text until the end.
   * @param options as for `readAll`; `encoding`, and `fatal`
   * @throws as `readAll` · TypeError `fatal`, and bytes that are no text; they stay too
   */
  async text(options?: CollectTextOptions): Promise<string> {
    const decoder = decoderFor("text", options);
    return await collect(this.#source, "text", options, (bytes) => decoder.decode(bytes));
  }

  /** `chunks()`: `for await (const chunk of reader)`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this.chunks();
  }

  /**
   * Iterates over what comes, in pieces of any size, until the end. To leave the loop leaves the reader open.
   * @param options `timeout`: of the wait for each piece; `signal` ends the loop with an AbortError, and takes no byte
   * @throws as `read`, from the loop
   */
  chunks(options?: IterationOptions): AsyncIterableIterator<Uint8Array> {
    return new Chunks(this.#source, options);
  }

  /**
   * Iterates over lines, without their newlines, until the end. A last line without a newline is one too. To leave the loop
   * leaves the reader open; what follows the last line that was given out is still there to be read.
   *
   * A line that is kept may keep up to `chunkSize` of its neighbours in memory.
   * @param options `timeout`: of the wait for each piece, which may have any number of lines
   * @throws RangeError a line longer than `maxLength` · TypeError `fatal`, and bytes that are no text · as `read`; from the
   *   loop, and without loss of a byte
   */
  lines(options?: LineOptions): AsyncIterableIterator<string> {
    return new Lines(this.#source, options);
  }

  /**
   * Makes a stream of bytes, which owns this end: it is closed when the stream is over, cancelled or broken. It reads only when
   * asked to, into the reader's own buffer if it is a BYOB reader.
   * @param options `timeout`: of the wait for each chunk
   */
  toReadableStream(options?: StreamOptions): ByteStream {
    return readableStream(this.#source, () => this.close(), options);
  }

  override async available(): Promise<number> {
    return (await super.available()) + this.#source.restLength;
  }
}
