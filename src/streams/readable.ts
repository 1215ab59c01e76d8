// A read end as node's stream. It owns the end: when the stream is over or destroyed, the end is closed.
import { Readable } from "node:stream";
import type { PipeReader } from "../pipe/reader.js";
import type { StreamOptions } from "../pipe/web-streams.js";

/** Options of a readable stream. */
export interface NodeReadableOptions extends StreamOptions {
  /** Bytes that the stream reads ahead of its reader. 0 if left out: nothing is read before somebody asks for it. */
  readonly highWaterMark?: number;
}

class ReaderStream extends Readable {
  readonly #reader: PipeReader;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #ender = new AbortController();

  constructor(reader: PipeReader, { highWaterMark = 0, ...options }: NodeReadableOptions) {
    super({ highWaterMark });
    this.#reader = reader;
    this.#chunks = reader.chunks({ ...options, signal: this.#ender.signal });
  }

  override _read(): void {
    this.#chunks.next().then(
      ({ done, value }) => this.push(done ? null : value),
      // A stream that is being destroyed knows why.
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#ender.abort();
    this.#reader.close().then(
      () => callback(error),
      (failure: Error) => callback(error ?? failure),
    );
  }
}

/**
 * Makes a stream of bytes, which owns the end: it is closed when the stream has ended or is destroyed.
 * @param options `timeout`: milliseconds of the wait for each chunk; `chunkSize`; `highWaterMark`
 */
export function toNodeReadable(reader: PipeReader, options: NodeReadableOptions = {}): Readable {
  return new ReaderStream(reader, options);
}
