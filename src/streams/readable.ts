// What is received as node's stream. A stream of a read end owns it: when the stream is over or destroyed, the end is closed. One
// of a queue leaves it open.
import { Readable } from "node:stream";
import type { PipeReader } from "../pipe/reader.js";
import type { StreamOptions } from "../pipe/web-streams.js";
import { type MessageReceiver, messageSource } from "../queue/messages.js";
import { MessageReadable } from "./messages.js";

/** Options of a readable stream. */
export interface NodeReadableOptions extends StreamOptions {
  /** Bytes that the stream reads ahead of its reader. 0 if left out: nothing is read before somebody asks for it. */
  readonly highWaterMark?: number;
}

/** Options of a readable stream of messages. */
export interface NodeMessageReadableOptions {
  /** Messages that the stream takes ahead of its reader. 0 if left out: nothing is taken before somebody asks for it. */
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
export function toNodeReadable(reader: PipeReader, options?: NodeReadableOptions): Readable;
/**
 * Makes a stream of messages, in object mode, which leaves the queue open. What it has taken when it is destroyed, and nobody was
 * given, is put back: the next receive of the queue's object has it. The stream ends when the object is closed.
 * @param options as for `messages` of the queue, without `signal`; `highWaterMark`
 */
export function toNodeReadable<Message, Options extends object>(
  queue: MessageReceiver<Message, Options>,
  options?: Options & NodeMessageReadableOptions,
): Readable;
export function toNodeReadable<Options extends NodeReadableOptions>(
  origin: PipeReader | MessageReceiver<unknown, Options>,
  options?: Options,
): Readable {
  if (!(messageSource in origin)) return new ReaderStream(origin, options ?? {});
  return new MessageReadable(origin[messageSource]("toNodeReadable", options), options?.highWaterMark ?? 0);
}
