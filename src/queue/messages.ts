// Iterations over the messages of a queue, and what streams over them need. Unlike a pipe a queue has no end: an iteration goes
// on until its object is closed, and streams leave the queue open.
import { codeOf } from "../errors.js";
import { Iteration } from "../iteration.js";
import type { TimedWaitOptions } from "../timeout.js";
import type { Inbox } from "./inbox.js";

/** What iterations and streams receive from: an object over a queue. */
export interface MessageSource<Message> {
  readonly isClosed: boolean;
  /** @throws EBADF the object is closed */
  receive(signal: AbortSignal | undefined): Promise<Message>;
  /**
   * Receives a message for somebody who may not want it any more.
   * @param accept is given the message. @returns false: it is put back, and the next receive has it
   */
  deliver(signal: AbortSignal, accept: (message: Message) => boolean): Promise<void>;
  /** Puts messages back. @throws Error with them, if the object is closed */
  putBack(messages: readonly Message[]): void;
}

/**
 * Makes a source.
 * @param receive receives a message for the object
 */
export const sourceOf = <Message>(
  inbox: Inbox<Message>,
  receive: (signal: AbortSignal | undefined) => Promise<Message>,
  isClosed: () => boolean,
): MessageSource<Message> => ({
  receive,
  deliver: (signal, accept) => inbox.deliver(() => receive(signal), accept),
  putBack: (messages) => inbox.putBack(messages),
  get isClosed() {
    return isClosed();
  },
});

/** The key under which an object over a queue makes a source of itself, for streams of node. */
export const messageSource: unique symbol = Symbol("messageSource");

/** An object over a queue, as one that is received from. */
export interface MessageReceiver<Message, Options> {
  /** @internal */
  [messageSource](caller: string, options: Options | undefined): MessageSource<Message>;
}

/** What a stream sends by: one chunk, as one message. */
export type MessageSink<Chunk> = (chunk: Chunk, signal: AbortSignal) => Promise<void>;

/** The key under which an object over a queue makes a sink of itself, for streams of node. */
export const messageSink: unique symbol = Symbol("messageSink");

/** An object over a queue, as one that is sent to. */
export interface MessageSender<Chunk, Options> {
  /** @internal */
  [messageSink](caller: string, options: Options | undefined): MessageSink<Chunk>;
}

/** A chunk that carries how it is to be sent. */
export const isDirected = <Chunk>(chunk: Chunk): chunk is Extract<Chunk, { readonly message: unknown }> =>
  typeof chunk === "object" && chunk !== null && "message" in chunk;

/** Options of a stream of messages: what ends it is the stream's own `cancel` or `abort`. */
export type MessageStreamOptions = Omit<TimedWaitOptions, "signal">;

/** Message after message, until the object is closed. */
export class Messages<Message> extends Iteration<Message> {
  readonly #source: MessageSource<Message>;
  readonly #signal: AbortSignal | undefined;
  #isBegun = false;

  constructor(source: MessageSource<Message>, signal: AbortSignal | undefined) {
    super();
    this.#source = source;
    this.#signal = signal;
  }

  protected async step(): Promise<Message | null> {
    // To begin with an object that is closed already is a mistake, and told.
    const mayEnd = this.#isBegun || !this.#source.isClosed;
    this.#isBegun = true;
    try {
      return await this.#source.receive(this.#signal);
    } catch (error) {
      if (mayEnd && isEndOf(this.#source, error)) return null;
      throw error;
    }
  }
}

/** Whether a receive failed for the reason that its object was closed meanwhile. */
export const isEndOf = ({ isClosed }: { readonly isClosed: boolean }, error: unknown): boolean =>
  isClosed && codeOf(error) === "EBADF";
