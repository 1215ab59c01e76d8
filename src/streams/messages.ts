// Queues as node's streams of objects. A stream leaves the queue open, which others may use beside it. A message that was taken
// and that nobody was given when the stream is destroyed is put back.
import { Readable, Writable } from "node:stream";
import { isEndOf, type MessageSource } from "../queue/messages.js";

type Callback = (error?: Error | null) => void;

export class MessageReadable<Message> extends Readable {
  readonly #source: MessageSource<Message>;
  readonly #ender = new AbortController();
  /** The last ones that were pushed: those that nobody has taken are among them. */
  #pushed: Message[] = [];
  #delivering: Promise<void> | undefined;

  constructor(source: MessageSource<Message>, highWaterMark: number) {
    super({ objectMode: true, highWaterMark });
    this.#source = source;
  }

  override _read(): void {
    this.#delivering = this.#source.deliver(this.#ender.signal, (message) => {
      if (this.destroyed) return false;
      this.#pushed.push(message);
      this.push(message);
      this.#pushed = this.#left();
      return true;
    });
    this.#delivering.catch((error: Error) => {
      if (isEndOf(this.#source, error)) this.push(null);
      else this.destroy(error);
    });
  }

  /** Messages that are in the stream. */
  #left(): Message[] {
    return this.readableLength === 0 ? [] : this.#pushed.slice(-this.readableLength);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#ender.abort("the stream was destroyed");
    void this.#giveBack().then(
      () => callback(error),
      (failure: Error) => callback(failure),
    );
  }

  async #giveBack(): Promise<void> {
    // First those that came first.
    this.#source.putBack(this.#left());
    // Until the message that may have come is back.
    await this.#delivering?.catch(ignore);
  }
}

const ignore = (): void => {};

export class MessageWritable<Chunk> extends Writable {
  readonly #send: (chunk: Chunk, signal: AbortSignal) => Promise<void>;
  readonly #ender = new AbortController();

  constructor(send: (chunk: Chunk, signal: AbortSignal) => Promise<void>, highWaterMark: number | undefined) {
    super({ objectMode: true, ...(highWaterMark !== undefined && { highWaterMark }) });
    this.#send = send;
  }

  override _write(chunk: Chunk, _encoding: BufferEncoding, callback: Callback): void {
    this.#send(chunk, this.#ender.signal).then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#ender.abort("the stream was destroyed");
    callback(error);
  }
}
