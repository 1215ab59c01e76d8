// A System V message queue as an object: sysvipc(7). The queue belongs to the machine: to close the object forgets it, to remove
// the queue is another thing.
import {
  IPC_CREAT,
  IPC_EXCL,
  IPC_NOWAIT,
  IPC_PRIVATE,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  MSG_COPY,
} from "../../assembly/abi/ipc.js";
import { abortSignal, bytes as checkedBytes, int, size } from "../arguments.js";
import { byteLengthOf } from "../byte-length.js";
import { createOrOpen } from "../create-or-open.js";
import { bytesOf } from "../data.js";
import { asyncDispose } from "../dispose.js";
import { argumentError, codeOf } from "../errors.js";
import type { HandleKind } from "../handle.js";
import type { Linux } from "../linux.js";
import { optionsOf } from "../options.js";
import { Inbox } from "../queue/inbox.js";
import {
  isDirected,
  type MessageReceiver,
  type MessageSender,
  type MessageSink,
  type MessageSource,
  Messages,
  messageSink,
  messageSource,
  sourceOf,
} from "../queue/messages.js";
import { Spares } from "../queue/spares.js";
import { readableMessages, writableMessages } from "../queue/web-streams.js";
import { isGone, ofKey, SysvHandle } from "../sysv/handle.js";
import { type FileKey, keyOf } from "../sysv/key.js";
import type { QueueStatus, ReceivedSysvMessage } from "../sysv-queue.js";
import type { TimedWaitOptions } from "../timeout.js";
import { explainControl, explainReceive, explainSend, neverFits } from "./errors.js";
import { SysvMessage } from "./message.js";
import {
  openingOf,
  type SysvCreateOptions,
  type SysvOpenOptions,
  type SysvSendOptions,
  type SysvWritableOptions,
  typeOf,
} from "./options.js";
import {
  flagsFor,
  type ReceiveOptions,
  type SelectionOptions,
  type SysvStreamOptions,
  type TimedReceiveOptions,
  takeWanted,
  type Wish,
  wishOf,
} from "./selection.js";
import { type SysvQueueState, stateOf } from "./state.js";

/** What a stream sends: bytes or text, by themselves or with their type. */
export type SysvChunk =
  | Uint8Array
  | string
  | { readonly message: Uint8Array | string; readonly type?: number | bigint };

/** What can be set of a queue. */
export interface SysvQueueSettings {
  readonly uid?: number;
  readonly gid?: number;
  /** Nine bits count. */
  readonly mode?: number;
  /** Bytes that it may hold. */
  readonly maxBytes?: number;
}

/** Bytes of the first receive: the usual msgmax, /proc/sys/kernel/msgmax. It grows with what comes. */
const FIRST_ROOM = 8192;

const QUEUE: HandleKind = { noun: "System V message queue", closed: "this object was closed" };

/**
 * A System V message queue: sysvipc(7). A message has a type, is received once, whole, and of those that a receiver wants the
 * oldest first.
 *
 * A call that waits takes a thread of its own on a real kernel: at most 64 at a time, LINUX_IPC_MAX_LANES.
 */
export class SysvMessageQueue
  implements
    AsyncIterable<SysvMessage>,
    MessageReceiver<SysvMessage, SysvStreamOptions>,
    MessageSender<SysvChunk, SysvWritableOptions>
{
  readonly #linux: Linux;
  readonly #handle: SysvHandle;
  /** Its identifier, for what is not here, and for children: an argument like any other. */
  readonly id: number;
  /** Whether `close` is to remove the queue. */
  readonly #isOwner: boolean;
  readonly #inbox = new Inbox<SysvMessage>();
  readonly #spares = new Spares();
  /** Bytes that a receive has room for, if nothing else is said. */
  #room = FIRST_ROOM;
  #removing: Promise<void> | undefined;

  private constructor(linux: Linux, id: number, key: number | undefined, isOwner: boolean) {
    this.#linux = linux;
    this.id = id;
    this.#isOwner = isOwner;
    this.#handle = new SysvHandle(linux, QUEUE, id, key, () => this.#leave());
  }

  /**
   * Finds the queue of a key, or makes it: msgget(2).
   * @param key a number that all who use the queue know, or a file and a project, of which ftok(3) makes one
   * @throws ENOENT the key has no queue, without `create`; or no such file · EEXIST `exclusive`, and it has one · EACCES ·
   *   ENOSPC there are msgmni queues: /proc/sys/kernel/msgmni · ENOTDIR, ENAMETOOLONG of the file
   */
  static async open(
    linux: Linux,
    key: number | FileKey,
    options?: SysvOpenOptions,
  ): Promise<SysvMessageQueue> {
    const caller = "SysvMessageQueue.open";
    const { flags, removeOnClose } = openingOf(caller, options);
    const number = await keyOf(linux, caller, key);
    // Who removes the queue must know that it was made here.
    const { opened, isCreated } = await ofKey(QUEUE, number, async () =>
      removeOnClose && (flags & IPC_EXCL) === 0
        ? await createOrOpen(
            () => linux.msgget(number, flags | IPC_EXCL),
            () => linux.msgget(number, flags & ~IPC_CREAT),
          )
        : { opened: await linux.msgget(number, flags), isCreated: removeOnClose },
    );
    return new SysvMessageQueue(linux, opened, number, isCreated);
  }

  /**
   * Makes a queue that no key leads to: msgget(2). Children are passed its `id`.
   * @throws ENOSPC there are msgmni queues: /proc/sys/kernel/msgmni
   */
  static async createPrivate(linux: Linux, options?: SysvCreateOptions): Promise<SysvMessageQueue> {
    const { flags, removeOnClose } = openingOf("SysvMessageQueue.createPrivate", {
      ...optionsOf("SysvMessageQueue.createPrivate", options),
      create: true,
    });
    return new SysvMessageQueue(linux, await linux.msgget(IPC_PRIVATE, flags), undefined, removeOnClose);
  }

  /** Makes an object of a queue's identifier. No call is made. */
  static from(linux: Linux, id: number): SysvMessageQueue {
    return new SysvMessageQueue(linux, int("SysvMessageQueue.from", "id", id), undefined, false);
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#handle.isClosed;
  }

  /**
   * Sends a message, whole, and waits while the queue is full: msgop(2). The bytes are those of the time of the call. Sends that wait
   * at the same time are in no order that could be told, and a short one may find room before a long one.
   * @param message bytes, or text, which is sent in UTF-8
   * @throws EINVAL more than msgmax bytes (/proc/sys/kernel/msgmax), or no such queue · EACCES · EIDRM the queue was removed
   *   meanwhile · EAGAIN it must wait, and LINUX_IPC_MAX_LANES calls of this thread do · EBADF closed · AbortError, TimeoutError:
   *   it was not sent
   */
  async send(message: Uint8Array | string, options?: SysvSendOptions & TimedWaitOptions): Promise<void> {
    const type = typeOf("send", options);
    const bytes = bytesOf("send", "message", message);
    await this.#handle.callUntilClosed("send", options, async (id, signal) => {
      try {
        await this.#linux.msgsnd(id, type, bytes, 0, { signal });
      } catch (error) {
        await explainSend(this.#linux, error, bytes.length);
        throw error;
      }
    });
  }

  /**
   * Sends a message if there is room: IPC_NOWAIT.
   * @returns whether it was sent; false: the queue is full
   * @throws EAGAIN it is longer than all that the queue may hold · as `send`
   */
  async trySend(message: Uint8Array | string, options?: SysvSendOptions): Promise<boolean> {
    const type = typeOf("trySend", options);
    const bytes = bytesOf("trySend", "message", message);
    return await this.#handle.call("trySend", undefined, (id) => this.#sendNow(id, bytes, type));
  }

  async #sendNow(id: number, bytes: Uint8Array, type: bigint): Promise<boolean> {
    try {
      await this.#linux.msgsnd(id, type, bytes, IPC_NOWAIT);
      return true;
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") {
        await explainSend(this.#linux, error, bytes.length);
        throw error;
      }
    }
    // "Full" would be a promise that it is not at another time.
    const never = await neverFits(this.#linux, id, bytes.length);
    if (never !== undefined) throw never;
    return false;
  }

  /**
   * Takes the first message that is wanted, and waits while there is none: msgop(2). An abort or a timeout takes nothing.
   * @throws E2BIG it is longer than `maxBytes`, and stays · EINVAL no such queue · EACCES · EIDRM the queue was removed meanwhile ·
   *   EAGAIN it must wait, and LINUX_IPC_MAX_LANES calls of this thread do · EBADF closed · AbortError · TimeoutError
   */
  async receive(options?: TimedReceiveOptions): Promise<SysvMessage> {
    const wish = wishOf("receive", options);
    return await this.#handle.call("receive", options, (id, waitOptions) =>
      this.#inbox.take(
        "receive",
        abortSignal("receive", waitOptions),
        (messages) => takeWanted(messages, wish),
        (signal) => this.#received(id, wish, 0, signal),
      ),
    );
  }

  /**
   * Takes the first message that is wanted, if there is one: IPC_NOWAIT.
   * @returns undefined: there is none
   * @throws as `receive`
   */
  async tryReceive(options?: ReceiveOptions): Promise<SysvMessage | undefined> {
    const wish = wishOf("tryReceive", options);
    return await this.#handle.call("tryReceive", undefined, async (id) => {
      const found = this.#inbox.find((messages) => takeWanted(messages, wish));
      return found ?? (await this.#receivedNow(id, wish));
    });
  }

  async #receivedNow(id: number, wish: Wish): Promise<SysvMessage | undefined> {
    try {
      return await this.#received(id, wish, IPC_NOWAIT);
    } catch (error) {
      if (codeOf(error) === "ENOMSG") return undefined;
      throw error;
    }
  }

  /**
   * Receives a message of any length up to `maxBytes`. How long the next one is nobody can say, and msgmax says no more than what may
   * be sent now; but one that is too long stays in the queue. So there is room for the usual, and more once a longer one came.
   */
  async #received(id: number, wish: Wish, more: number, signal?: AbortSignal): Promise<SysvMessage> {
    for (;;) {
      const room = Math.min(this.#room, wish.maxBytes);
      const buffer = this.#spares.take(room);
      try {
        const flags = flagsFor(wish, room) | more;
        const receipt = await this.#linux.msgrcv(id, buffer, wish.type, flags, signal && { signal });
        return new SysvMessage(this.#spares.exchange(buffer, receipt.length), receipt.type);
      } catch (error) {
        this.#spares.giveBack(buffer);
        if (codeOf(error) !== "E2BIG" || room >= wish.maxBytes) {
          explainReceive(error, wish, room);
          throw error;
        }
      }
      this.#room = Math.max(this.#room, 2 * room);
    }
  }

  /**
   * Takes the first message that is wanted into a buffer: msgop(2). The buffer is written at completion only.
   * @returns the bytes of the buffer that it fills, and its type
   * @throws E2BIG it is longer than the buffer, and stays · as `receive`
   */
  async receiveInto(
    buffer: Uint8Array,
    options?: SelectionOptions & TimedWaitOptions,
  ): Promise<ReceivedSysvMessage> {
    const name = "receiveInto";
    checkedBytes(name, "buffer", buffer);
    const wish = wishOf(name, { ...optionsOf(name, options), maxBytes: byteLengthOf(buffer) });
    return await this.#handle.call(name, options, (id, waitOptions) =>
      this.#inbox.take(
        name,
        abortSignal(name, waitOptions),
        (messages) => takenInto(buffer, takeWanted(messages, wish)),
        async (signal) => {
          try {
            const flags = flagsFor(wish, wish.maxBytes);
            return await this.#linux.msgrcv(id, buffer, wish.type, flags, { signal });
          } catch (error) {
            explainReceive(error, wish, wish.maxBytes);
            throw error;
          }
        },
      ),
    );
  }

  /**
   * Shows the message at a place in the queue, which stays there: MSG_COPY.
   * @param index from 0, the oldest
   * @returns undefined: there are not so many
   * @throws EINVAL no such queue, or the message is longer than msgmax is now · ENOSYS a kernel without CONFIG_CHECKPOINT_RESTORE ·
   *   EACCES · EBADF closed
   */
  async peek(index: number): Promise<SysvMessage | undefined> {
    const place = size("peek", "index", index);
    const wish: Wish = {
      type: BigInt(place),
      flags: MSG_COPY,
      maxBytes: Number.POSITIVE_INFINITY,
      truncates: false,
    };
    return await this.#handle.call("peek", undefined, (id) => this.#receivedNow(id, wish));
  }

  /** `messages()`: `for await (const message of queue)`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<SysvMessage> {
    return this.messages();
  }

  /**
   * Iterates over what comes and is wanted, until the object is closed. To leave the loop leaves it open.
   * @param options as for `receive`; `timeout`: of the wait for each message; `signal` ends the loop with an AbortError, and takes
   *   no message
   * @throws as `receive`, from the loop: EIDRM when the queue is removed
   */
  messages(options?: TimedReceiveOptions): AsyncIterableIterator<SysvMessage> {
    return new Messages(this[messageSource]("messages", options), abortSignal("messages", options));
  }

  /**
   * Makes a stream of messages. It takes a message only when asked for one; a message that comes when it is cancelled is put back, and
   * the next receive of this object that wants it has it. The stream ends when the object is closed.
   * @param options as for `receive`; `timeout`: of the wait for each message
   */
  toReadableStream(options?: SysvStreamOptions): ReadableStream<SysvMessage> {
    return readableMessages(this[messageSource]("toReadableStream", options));
  }

  /**
   * Makes a stream that sends each chunk as a message, one after the other, and waits while the queue is full.
   * @param options `type`: of the chunks without one of their own; `timeout`: of each
   */
  toWritableStream(options?: SysvWritableOptions): WritableStream<SysvChunk> {
    return writableMessages(this[messageSink]("toWritableStream", options));
  }

  /** @internal */
  [messageSink](caller: string, options: SysvWritableOptions | undefined): MessageSink<SysvChunk> {
    const { timeout } = optionsOf<SysvWritableOptions>(caller, options);
    const type = typeOf(caller, options);
    return (chunk, signal) => {
      const sending = { type, signal, ...(timeout !== undefined && { timeout }) };
      if (!isDirected(chunk)) return this.send(chunk, sending);
      return this.send(chunk.message, { ...sending, type: chunk.type ?? type });
    };
  }

  /** @internal */
  [messageSource](caller: string, options: SysvStreamOptions | undefined): MessageSource<SysvMessage> {
    wishOf(caller, options);
    const { type, maxBytes, truncate, timeout } = optionsOf<SysvStreamOptions>(caller, options);
    const wanted: TimedReceiveOptions = {
      ...(type !== undefined && { type }),
      ...(maxBytes !== undefined && { maxBytes }),
      ...(truncate !== undefined && { truncate }),
      ...(timeout !== undefined && { timeout }),
    };
    const receive = (signal: AbortSignal | undefined): Promise<SysvMessage> =>
      this.receive({ ...wanted, ...(signal && { signal }) });
    return sourceOf(this.#inbox, receive, () => this.isClosed);
  }

  /**
   * Tells whose the queue is, what it holds and what has become of it: IPC_STAT of msgctl(2).
   * @throws EINVAL no such queue · EACCES its mode forbids to receive · EBADF closed
   */
  async status(): Promise<SysvQueueState> {
    return stateOf(await this.#handle.call("status", undefined, (id) => this.#stat(id)));
  }

  async #stat(id: number): Promise<QueueStatus> {
    try {
      return await this.#linux.msgctl(id, IPC_STAT);
    } catch (error) {
      explainControl(error, false);
      throw error;
    }
  }

  /**
   * Changes the queue: IPC_SET of msgctl(2). What is left out stays as it is; that is read before, so that a change by somebody
   * else at the same time may be undone.
   * @throws EPERM another's queue, or `maxBytes` above msgmnb (/proc/sys/kernel/msgmnb) without CAP_SYS_RESOURCE · EINVAL no such
   *   queue, or an ID that no user can have · EACCES its mode forbids to receive · EBADF closed
   */
  async set(settings: SysvQueueSettings): Promise<void> {
    const given = settingsOf(settings);
    await this.#handle.call("set", undefined, async (id) => {
      const { perm, qbytes } = await this.#stat(id);
      const { uid = perm.uid | 0, gid = perm.gid | 0, mode = perm.mode, maxBytes = qbytes } = given;
      try {
        await this.#linux.msgctl(id, IPC_SET, { uid, gid, mode, qbytes: maxBytes });
      } catch (error) {
        explainControl(error, given.maxBytes !== undefined);
        throw error;
      }
    });
  }

  /**
   * Removes the queue with its messages: IPC_RMID of msgctl(2). Who waits in it gets EIDRM, in every process. A second call does
   * nothing.
   * @throws EINVAL somebody else has removed it · EPERM another's queue · EBADF closed
   */
  remove(): Promise<void> {
    this.#removing ??= this.#remove();
    return this.#removing;
  }

  async #remove(): Promise<void> {
    try {
      await this.#handle.call("remove", undefined, async (id) => {
        try {
          await this.#linux.msgctl(id, IPC_RMID);
        } catch (error) {
          explainControl(error, false);
          throw error;
        }
      });
    } catch (error) {
      // It may go better another time.
      this.#removing = undefined;
      throw error;
    }
  }

  /**
   * Forgets the queue, and removes it if that was asked for. What waits by this object fails with EBADF, its iterations and
   * streams end. A second call does nothing, and gives the same promise.
   * @throws Error with `messages`, code ERR_MESSAGES_LEFT: a cancelled stream had put them back, nobody received them since, and
   *   they could not be sent to the queue again · as `remove`, for `removeOnClose`
   */
  close(): Promise<void> {
    return this.#handle.close();
  }

  /** `close`, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async #leave(): Promise<void> {
    this.#inbox.close((name) => this.#handle.closedError(name));
    if (this.#isOwner) {
      await this.#linux.msgctl(this.id, IPC_RMID).catch((error: unknown) => {
        // That is what was asked for.
        if (!isGone(error)) throw error;
      });
    } else if (!this.#inbox.isIdle) {
      await this.#inbox.empty(({ bytes, type }) => this.#sendNow(this.id, bytes, type));
    }
  }
}

/** Puts a message that was put back where its receiver wants it. */
function takenInto(buffer: Uint8Array, message: SysvMessage | undefined): ReceivedSysvMessage | undefined {
  if (message === undefined) return undefined;
  buffer.set(message.bytes);
  return { length: message.bytes.length, type: message.type };
}

/** @throws TypeError naming the setting */
function settingsOf(settings: SysvQueueSettings): SysvQueueSettings {
  if (typeof settings !== "object" || settings === null) {
    throw argumentError("set", "settings", "an object", settings);
  }
  const { uid, gid, mode, maxBytes } = settings;
  for (const [name, value] of Object.entries({ uid, gid, mode })) {
    if (value !== undefined) int("set", `settings.${name}`, value);
  }
  if (maxBytes !== undefined) size("set", "settings.maxBytes", maxBytes);
  return settings;
}
