// Messages that came to an object and could not be given out: to a stream, say, that was cancelled when its message was out of
// the queue already. They are put back here, and the next receive of the object has them first, or one that is waiting.
import { abortError, isAbortError } from "../errors.js";
import { withEither } from "../with-either.js";

/** Takes what is wanted out of the messages that were put back. @returns undefined if there is no such message */
export type Search<Message, Result = Message> = (messages: Message[]) => Result | undefined;

export class Inbox<Message> {
  readonly #messages: Message[] = [];
  /** Deliveries on their way: each may put its message back. */
  readonly #deliveries = new Set<Promise<void>>();
  /** Ends what waits in the kernel, so that it looks here again. */
  #change = new AbortController();
  #closed: ((name: string) => Error) | undefined;

  /** Whether a message may have to be sent to the queue again when the object is closed. */
  get isIdle(): boolean {
    return this.#messages.length === 0 && this.#deliveries.size === 0;
  }

  /**
   * Takes a message: one that was put back, or else from the queue.
   * @param name the operation, for its error
   * @param signal the caller's
   * @param receive receives from the queue; its signal ends that
   */
  async take<Result>(
    name: string,
    signal: AbortSignal | undefined,
    search: Search<Message, Result>,
    receive: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    for (;;) {
      if (this.#closed !== undefined) throw this.#closed(name);
      if (signal?.aborted) throw abortError(name, signal.reason);
      const found = this.find(search);
      if (found !== undefined) return found;
      const change = this.#change.signal;
      try {
        return await (signal === undefined ? receive(change) : withEither(change, signal, receive));
      } catch (error) {
        if (!isAbortError(error) || !(change.aborted || signal?.aborted)) throw error;
      }
    }
  }

  /** Takes a message that was put back, if there is one that is wanted. */
  find<Result>(search: Search<Message, Result>): Result | undefined {
    return this.#messages.length === 0 ? undefined : search(this.#messages);
  }

  /**
   * Receives a message for somebody who may not want it any more.
   * @param accept is given the message in the moment in which it is there. @returns false: it is put back
   */
  async deliver(receive: () => Promise<Message>, accept: (message: Message) => boolean): Promise<void> {
    const delivery = (async () => {
      const message = await receive();
      if (!accept(message)) this.#keep(message);
    })();
    this.#deliveries.add(delivery);
    try {
      await delivery;
    } finally {
      this.#deliveries.delete(delivery);
    }
  }

  /**
   * Puts messages back that nobody was given. Who waits for one looks at them.
   * @throws Error the object is closed: see `leftError`
   */
  putBack(messages: readonly Message[]): void {
    if (this.#closed !== undefined && messages.length > 0) throw leftError(messages);
    for (const message of messages) this.#keep(message);
  }

  #keep(message: Message): void {
    this.#messages.push(message);
    this.#tell("a message was put back");
  }

  /**
   * Ends what waits; nothing is received from now on.
   * @param closed makes the error that it ends with, given the name of the operation
   */
  close(closed: (name: string) => Error): void {
    this.#closed = closed;
    this.#tell("closed");
  }

  #tell(reason: string): void {
    const change = this.#change;
    this.#change = new AbortController();
    // With a reason: to make one, which has a stack, takes longer than all else here.
    change.abort(reason);
  }

  /**
   * Sends what nobody took to the queue again, where it comes after what is there. After `close`.
   * @param trySend sends a message if there is room
   * @throws Error of those that could not be sent
   */
  async empty(trySend: (message: Message) => Promise<boolean>): Promise<void> {
    await Promise.allSettled(this.#deliveries);
    let cause: unknown = "the queue is full";
    try {
      for (let [message] = this.#messages; message !== undefined; [message] = this.#messages) {
        if (!(await trySend(message))) break;
        this.#messages.shift();
      }
    } catch (error) {
      cause = error;
    }
    if (this.#messages.length > 0) throw leftError(this.#messages.splice(0), cause);
  }
}

/** The error of an object that is closed while messages are left in it: it carries them. */
function leftError(messages: readonly unknown[], cause?: unknown): Error {
  const count = messages.length === 1 ? "a message" : `${messages.length} messages`;
  const text = `close: ${count} had been put back, and could not be sent to the queue again`;
  return Object.assign(new Error(text, { cause }), { code: "ERR_MESSAGES_LEFT", messages });
}
