// A POSIX message queue as an object: mq_overview(7). It owns its descriptor, and is closed once.
import { O_CREAT, O_EXCL, O_NONBLOCK } from "../../assembly/abi/fcntl.js";
import { abortSignal, bytes as checkedBytes, path } from "../arguments.js";
import { byteLengthOf } from "../byte-length.js";
import { createOrOpen } from "../create-or-open.js";
import { bytesOf } from "../data.js";
import { Descriptor, type NameOptions } from "../descriptor.js";
import { asyncDispose } from "../dispose.js";
import { codeOf, explain, type SyscallError } from "../errors.js";
import { type HandleKind, labelOf } from "../handle.js";
import type { Linux, MessageReceipt } from "../linux.js";
import { ObjectName } from "../object-name.js";
import { optionsOf } from "../options.js";
import { Inbox } from "../queue/inbox.js";
import {
  isDirected,
  type MessageReceiver,
  type MessageSender,
  type MessageSink,
  type MessageSource,
  type MessageStreamOptions,
  Messages,
  messageSink,
  messageSource,
  sourceOf,
} from "../queue/messages.js";
import { Spares } from "../queue/spares.js";
import { readableMessages, writableMessages } from "../queue/web-streams.js";
import type { TimedWaitOptions } from "../timeout.js";
import { Turns } from "../turns.js";
import { explainSend, explainTooMany, shortHint, tooShortError, wouldWait } from "./errors.js";
import { Message } from "./message.js";
import { type MessageNotification, Notifications, type NotifyOptions } from "./notification.js";
import {
  type MessageQueueOptions,
  type MessageWritableOptions,
  openingOf,
  priorityOf,
  type SendOptions,
} from "./options.js";

/** What a stream sends: bytes or text, by themselves or with their priority. */
export type MessageChunk =
  | Uint8Array
  | string
  | { readonly message: Uint8Array | string; readonly priority?: number };

/** What a queue may hold, and holds. */
export interface MessageQueueState {
  /** Messages, at most. */
  readonly maxMessages: number;
  /** Bytes of a message, at most. */
  readonly messageSize: number;
  /** Messages that are in it. */
  readonly messages: number;
  /** Whether what would wait is EAGAIN, for all who share the open file. */
  readonly nonblocking: boolean;
}

/** How an object is made of a descriptor that knows the name. */
const NAMED = 'MessageQueue.from(…, { name: "/jobs" })';

const QUEUE: HandleKind = { noun: "message queue", closed: "this object was closed" };

/** A time that is over: what would wait until then is ETIMEDOUT, and O_NONBLOCK stays as it is, which others share. */
const AT_ONCE = 0n;

const first = <Value>(values: Value[]): Value | undefined => values.shift();

/**
 * A POSIX message queue: mq_overview(7). A message is received once, whole, the highest priority first, and among those of one
 * priority in the order in which they were sent.
 *
 * Any number of receives, iterations and streams may wait beside each other, here and in other processes: a message goes to one
 * of them.
 */
export class MessageQueue
  implements
    AsyncIterable<Message>,
    MessageReceiver<Message, MessageStreamOptions>,
    MessageSender<MessageChunk, MessageWritableOptions>
{
  readonly #linux: Linux;
  readonly #descriptor: Descriptor;
  readonly #name: ObjectName;
  readonly #inbox = new Inbox<Message>();
  readonly #spares = new Spares();
  readonly #sends = new Turns();
  /** Bytes of its longest message, which never changes; undefined until it was asked for. */
  #messageSize: number | undefined;
  readonly #notifications: Notifications;

  private constructor(
    linux: Linux,
    name: string | undefined,
    isOwner: boolean,
    makeDescriptor: (onClose: (fd: number) => Promise<void> | undefined) => Descriptor,
  ) {
    this.#linux = linux;
    this.#name = new ObjectName(linux, name, isOwner, (text) => linux.mq_unlink(text), NAMED);
    this.#descriptor = makeDescriptor((fd) => this.#leave(fd));
    this.#notifications = new Notifications(this.#descriptor);
  }

  /**
   * Opens a queue, or makes one: mq_open(3). Children do not inherit it unless it is passed.
   * @param name a slash, and up to 255 bytes without one
   * @throws ENOENT no such queue, without `create` · EEXIST `exclusive`, and it is there · EACCES its mode forbids the access, or
   *   the name is none · EINVAL no slash in front; `maxMessages` or `messageSize` above msg_max or msgsize_max in
   *   /proc/sys/fs/mqueue, without CAP_SYS_RESOURCE · ENAMETOOLONG · EMFILE no descriptor is free below RLIMIT_NOFILE, or the
   *   user's queues would hold more than RLIMIT_MSGQUEUE · ENOSPC queues_max queues are there, without CAP_SYS_RESOURCE · ENFILE no
   *   open file left in the system
   */
  static async open(linux: Linux, name: string, options?: MessageQueueOptions): Promise<MessageQueue> {
    const caller = "MessageQueue.open";
    const label = labelOf(QUEUE, caller, path(caller, "name", name));
    const { flags, mode, size, unlinkOnClose } = openingOf(caller, options);
    const create = (): Promise<number> =>
      linux.mq_open(name, flags | (unlinkOnClose ? O_EXCL : 0), mode, size);
    const open = (): Promise<number> => linux.mq_open(name, flags & ~O_CREAT);
    try {
      // Who removes the name must know that it was made here.
      const { opened, isCreated } =
        unlinkOnClose && (flags & O_EXCL) === 0
          ? await createOrOpen(create, open)
          : { opened: await create(), isCreated: unlinkOnClose };
      return new MessageQueue(
        linux,
        name,
        isCreated,
        (onClose) => new Descriptor(linux, QUEUE, opened, label, onClose),
      );
    } catch (error) {
      if (codeOf(error) === "EMFILE") await explainTooMany(linux, name, flags, error as SyscallError);
      throw error;
    }
  }

  /**
   * Makes an object of a queue's descriptor, which it owns from then on. No call is made.
   * @param fd its number, or the name that `spawn` passed it by: `MessageQueue.from(linux, "jobs")`
   * @param options `name`: the queue's, for errors and for `unlink`
   * @throws TypeError no descriptor was passed by that name
   */
  static from(linux: Linux, fd: number | string | undefined, options?: NameOptions): MessageQueue {
    const { name } = optionsOf("MessageQueue.from", options);
    return new MessageQueue(linux, name, false, (onClose) =>
      Descriptor.from(linux, QUEUE, "MessageQueue.from", fd, options, onClose),
    );
  }

  /**
   * Removes the name of a queue: mq_unlink(3). Who has it open keeps it, with its messages.
   * @throws ENOENT · EACCES another's, without CAP_FOWNER; or the name is none · EINVAL no slash in front · ENAMETOOLONG
   */
  static async unlink(linux: Linux, name: string): Promise<void> {
    await linux.mq_unlink(name);
  }

  /** Its name, with the slash in front; undefined if the object was made of a descriptor without it. */
  get name(): string | undefined {
    return this.#name.text;
  }

  /** The number of the descriptor, for what is not here, and for `spawn`; -1 once it is closed. */
  get fd(): number {
    return this.#descriptor.fd;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#descriptor.isClosed;
  }

  /**
   * Puts a message into the queue, whole, and waits while it is full: mq_send(3). Messages of one object are sent one after the
   * other, in the order of the calls. The bytes are those of the time of the call.
   * @param message bytes, or text, which is sent in UTF-8
   * @param options `timeout`: also of the wait for those before it
   * @throws EMSGSIZE longer than the queue's `messageSize` · EINVAL the priority · EAGAIN full, and nonblocking · EBADF closed, or
   *   not open for writing · AbortError, TimeoutError: it was not sent
   */
  async send(message: Uint8Array | string, options?: SendOptions & TimedWaitOptions): Promise<void> {
    const priority = priorityOf("send", options);
    const bytes = bytesOf("send", "message", message);
    await this.#descriptor.call("send", options, async (_fd, waitOptions) => {
      const turn = this.#sends.enter("send", abortSignal("send", waitOptions));
      const own = turn === undefined ? bytes : bytes.slice();
      if (turn !== undefined) await turn;
      try {
        await this.#linux.mq_send(this.#descriptor.openNumber("send"), own, priority, waitOptions);
      } catch (error) {
        await explainSend(error, bytes.length, priority, () => this.#askMessageSize());
        throw error;
      } finally {
        this.#sends.leave();
      }
    });
  }

  /**
   * Puts a message into the queue if there is room: mq_timedsend(3) until a time that is over.
   * @returns whether it was sent; false: the queue is full
   * @throws as `send`
   */
  async trySend(message: Uint8Array | string, options?: SendOptions): Promise<boolean> {
    const priority = priorityOf("trySend", options);
    const bytes = bytesOf("trySend", "message", message);
    return await this.#descriptor.call("trySend", undefined, (fd) => this.#sendNow(fd, bytes, priority));
  }

  async #sendNow(fd: number, bytes: Uint8Array, priority: number): Promise<boolean> {
    try {
      await this.#linux.mq_timedsend(fd, bytes, priority, AT_ONCE);
      return true;
    } catch (error) {
      if (wouldWait(error)) return false;
      await explainSend(error, bytes.length, priority, () => this.#askMessageSize());
      throw error;
    }
  }

  /**
   * Takes the oldest message of the highest priority, and waits while there is none: mq_receive(3). An abort or a timeout takes
   * nothing.
   * @throws EAGAIN empty, and nonblocking · EBADF closed, or not open for reading · AbortError · TimeoutError
   */
  async receive(options?: TimedWaitOptions): Promise<Message> {
    return await this.#descriptor.call("receive", options, (_fd, waitOptions) =>
      this.#inbox.take("receive", abortSignal("receive", waitOptions), first, (signal) =>
        this.#received("receive", (fd, buffer) => this.#linux.mq_receive(fd, buffer, { signal })),
      ),
    );
  }

  /**
   * Takes a message if there is one: mq_timedreceive(3) until a time that is over.
   * @returns undefined: the queue is empty
   * @throws as `receive`
   */
  async tryReceive(): Promise<Message | undefined> {
    return await this.#descriptor.call("tryReceive", undefined, async () => {
      const found = this.#inbox.find(first);
      if (found !== undefined) return found;
      try {
        return await this.#received("tryReceive", (fd, buffer) =>
          this.#linux.mq_timedreceive(fd, buffer, AT_ONCE),
        );
      } catch (error) {
        if (wouldWait(error)) return undefined;
        throw error;
      }
    });
  }

  /** @param receive receives into a buffer that is long enough for any message */
  async #received(
    name: string,
    receive: (fd: number, buffer: Uint8Array) => Promise<MessageReceipt>,
  ): Promise<Message> {
    const size = this.#messageSize ?? (await this.#askMessageSize());
    const buffer = this.#spares.take(size);
    let receipt: MessageReceipt;
    try {
      receipt = await receive(this.#descriptor.openNumber(name), buffer);
    } catch (error) {
      this.#spares.giveBack(buffer);
      throw error;
    }
    return new Message(this.#spares.exchange(buffer, receipt.length), receipt.priority);
  }

  async #askMessageSize(): Promise<number> {
    const { msgsize } = await this.#linux.mq_getattr(this.fd);
    this.#messageSize = msgsize;
    return msgsize;
  }

  /**
   * Takes a message into a buffer: mq_receive(3). The buffer is written at completion only.
   * @param buffer at least as long as the queue's `messageSize`, whatever the message
   * @throws EMSGSIZE the buffer is shorter than that; no message is taken · as `receive`
   */
  async receiveInto(buffer: Uint8Array, options?: TimedWaitOptions): Promise<MessageReceipt> {
    const name = "receiveInto";
    checkedBytes(name, "buffer", buffer);
    return await this.#descriptor.call(name, options, (_fd, waitOptions) =>
      this.#inbox.take(
        name,
        abortSignal(name, waitOptions),
        (messages) => this.#firstInto(buffer, messages),
        (signal) => this.#receivedInto(name, buffer, signal),
      ),
    );
  }

  async #receivedInto(name: string, buffer: Uint8Array, signal: AbortSignal): Promise<MessageReceipt> {
    try {
      return await this.#linux.mq_receive(this.#descriptor.openNumber(name), buffer, { signal });
    } catch (error) {
      if (codeOf(error) === "EMSGSIZE") {
        const size = this.#messageSize ?? (await this.#askMessageSize());
        explain(error as SyscallError, shortHint(byteLengthOf(buffer), size));
      }
      throw error;
    }
  }

  /** Takes a message that was put back, as the kernel would have given it. */
  #firstInto(buffer: Uint8Array, messages: Message[]): MessageReceipt | undefined {
    const length = byteLengthOf(buffer);
    const size = this.#messageSize ?? 0;
    if (length < size) throw tooShortError(this.fd, length, size);
    const message = first(messages);
    if (message === undefined) return undefined;
    buffer.set(message.bytes);
    return { length: message.bytes.length, priority: message.priority };
  }

  /** `messages()`: `for await (const message of queue)`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    return this.messages();
  }

  /**
   * Iterates over what comes, until the object is closed. To leave the loop leaves it open.
   * @param options `timeout`: of the wait for each message; `signal` ends the loop with an AbortError, and takes no message
   * @throws as `receive`, from the loop
   */
  messages(options?: TimedWaitOptions): AsyncIterableIterator<Message> {
    return new Messages(this[messageSource]("messages", options), abortSignal("messages", options));
  }

  /**
   * Makes a stream of messages, which leaves the queue open. It takes a message only when asked for one; a message that comes when
   * it is cancelled is put back, and the next receive of this object has it. The stream ends when the object is closed.
   * @param options `timeout`: of the wait for each message
   */
  toReadableStream(options?: MessageStreamOptions): ReadableStream<Message> {
    return readableMessages(this[messageSource]("toReadableStream", options));
  }

  /**
   * Makes a stream that sends each chunk as a message, one after the other, and waits while the queue is full. It leaves the queue
   * open.
   * @param options `priority`: of the chunks without one of their own; `timeout`: of each
   */
  toWritableStream(options?: MessageWritableOptions): WritableStream<MessageChunk> {
    return writableMessages(this[messageSink]("toWritableStream", options));
  }

  /** @internal */
  [messageSink](caller: string, options: MessageWritableOptions | undefined): MessageSink<MessageChunk> {
    const { timeout } = optionsOf<MessageWritableOptions>(caller, options);
    const priority = priorityOf(caller, options);
    return (chunk, signal) => {
      const sending = { priority, signal, ...(timeout !== undefined && { timeout }) };
      if (!isDirected(chunk)) return this.send(chunk, sending);
      return this.send(chunk.message, { ...sending, priority: chunk.priority ?? priority });
    };
  }

  /** @internal */
  [messageSource](caller: string, options: MessageStreamOptions | undefined): MessageSource<Message> {
    const { timeout } = optionsOf(caller, options);
    const receive = (signal: AbortSignal | undefined): Promise<Message> =>
      this.receive({ ...(signal && { signal }), ...(timeout !== undefined && { timeout }) });
    return sourceOf(this.#inbox, receive, () => this.isClosed);
  }

  /**
   * Tells what the queue may hold, and holds: mq_getattr(3).
   * @throws EBADF closed, or no queue
   */
  async attributes(): Promise<MessageQueueState> {
    const { maxmsg, msgsize, curmsgs, flags } = await this.#descriptor.call("attributes", undefined, (fd) =>
      this.#linux.mq_getattr(fd),
    );
    this.#messageSize = msgsize;
    return {
      maxMessages: maxmsg,
      messageSize: msgsize,
      messages: curmsgs,
      nonblocking: (flags & O_NONBLOCK) !== 0,
    };
  }

  /**
   * Asks to be told once of a message that finds the queue empty: mq_notify(3), by a signal. Ask first, then take what is there, then
   * await `arrived`: a message that is there already is told to nobody. An awaited receive does not keep it from being told; one that
   * is blocked in the kernel does, in any process.
   *
   * One process at a time is told. To close *any* descriptor of the queue in this process withdraws it, in the kernel, of which
   * only the object that is closed knows.
   * @throws EBUSY a process is told already, this one or another · ENOSYS in a Worker thread · EBADF closed · Error of the code
   *   ERR_INVALID_STATE: another notification of this process is told by the signal · AbortError
   */
  async notify(options?: NotifyOptions): Promise<MessageNotification> {
    return await this.#notifications.add(options);
  }

  /**
   * Removes the name: mq_unlink(3). Who has the queue open keeps it, with its messages. A second call does nothing.
   * @throws ENOENT somebody else has removed it · EACCES another's, without CAP_FOWNER · TypeError the object does not know the
   *   name
   */
  unlink(): Promise<void> {
    return this.#name.unlink();
  }

  /**
   * Closes the object's descriptor: mq_close(3). What waits on it fails with EBADF, its iterations and streams end. A second call
   * does nothing, and gives the same promise.
   * @throws Error with `messages`, code ERR_MESSAGES_LEFT: a cancelled stream had put them back, nobody received them since, and
   *   the queue is full or not open for writing, so that they could not be sent to it again · EBADF something else has closed the
   *   descriptor · as `unlink`, for `unlinkOnClose`. The object is closed in any case
   */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** `close`, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What comes before the descriptor is closed. */
  #leave(fd: number): Promise<void> | undefined {
    this.#notifications.close();
    this.#inbox.close((name) => this.#descriptor.closedError(name));
    return this.#inbox.isIdle && !this.#name.isOwned ? undefined : this.#finish(fd);
  }

  async #finish(fd: number): Promise<void> {
    try {
      if (this.#name.isOwned) await this.#name.unlinkOwn(fd);
    } finally {
      // Of two failures that one is told which carries messages.
      await this.#inbox.empty(({ bytes, priority }) => this.#sendNow(fd, bytes, priority));
    }
  }
}
