// What is sent as node's stream. A stream of a write end owns it: when the stream has finished or is destroyed, the end is closed. One
// of a queue leaves it open.
import { Writable } from "node:stream";
import type { PipeWriter } from "../pipe/writer.js";
import { type MessageSender, messageSink } from "../queue/messages.js";
import { MessageWritable } from "./messages.js";

/** Options of a writable stream. */
export interface NodeWritableOptions {
  /** Bytes that the stream holds before its `write` says no: node's default if left out. */
  readonly highWaterMark?: number;
  /** Milliseconds that each write may take. */
  readonly timeout?: number;
}

/** Options of a writable stream of messages. */
export interface NodeMessageWritableOptions {
  /** Messages that the stream holds before its `write` says no: node's default if left out. */
  readonly highWaterMark?: number;
}

type Callback = (error?: Error | null) => void;

class WriterStream extends Writable {
  readonly #writer: PipeWriter;
  readonly #ender = new AbortController();
  readonly #waitOptions: { readonly signal: AbortSignal; readonly timeout?: number };

  constructor(writer: PipeWriter, { highWaterMark, timeout }: NodeWritableOptions) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#writer = writer;
    const { signal } = this.#ender;
    this.#waitOptions = timeout === undefined ? { signal } : { signal, timeout };
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    this.#writer.write(chunk, this.#waitOptions).then(() => callback(), callback);
  }

  // What was written while a write was waiting, or corked.
  override _writev(chunks: { chunk: Uint8Array; encoding: BufferEncoding }[], callback: Callback): void {
    const pieces = chunks.map(({ chunk }) => chunk);
    this.#writer.writev(pieces, this.#waitOptions).then(() => callback(), callback);
  }

  override _final(callback: Callback): void {
    this.#writer.close().then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#ender.abort();
    this.#writer.close().then(
      () => callback(error),
      (failure: Error) => callback(error ?? failure),
    );
  }
}

/**
 * Makes a stream, which owns the end: it is closed when the stream has finished or is destroyed. What is written while a write
 * waits goes together in one, as does what is written while the stream is corked.
 * @param options `timeout`: milliseconds that each write may take; `highWaterMark`
 */
export function toNodeWritable(writer: PipeWriter, options?: NodeWritableOptions): Writable;
/**
 * Makes a stream that sends each chunk as a message, in object mode, and leaves the queue open: bytes, text, or an object of a
 * message and its priority or type.
 * @param options as for `toWritableStream` of the queue; `highWaterMark`
 */
export function toNodeWritable<Chunk, Options extends object>(
  queue: MessageSender<Chunk, Options>,
  options?: Options & NodeMessageWritableOptions,
): Writable;
export function toNodeWritable<Options extends NodeWritableOptions>(
  target: PipeWriter | MessageSender<unknown, Options>,
  options?: Options,
): Writable {
  if (!(messageSink in target)) return new WriterStream(target, options ?? {});
  return new MessageWritable(target[messageSink]("toNodeWritable", options), options?.highWaterMark);
}
