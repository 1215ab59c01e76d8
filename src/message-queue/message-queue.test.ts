// POSIX message queues as objects, on both kernels.
import { afterEach, describe, expect, it } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { ownQueues } from "../../backends/linux/testing.js";
import { F_GETFD, FD_CLOEXEC } from "../constants.js";
import type { Linux } from "../linux.js";
import { simulate } from "../simulation/simulate.js";
import { bytes, collected, failureOf, testerOf, text } from "../testing.js";
import { MessageQueue } from "./message-queue.js";
import type { MessageQueueOptions } from "./options.js";

ownQueues();

const test = testerOf(real, listOwned);
// Where the namespace is shared after all, names must not be anybody's.
const NAME = `/linux-ipc-class-${process.pid}`;
const NEW: MessageQueueOptions = { create: true, maxMessages: 2, messageSize: 16, unlinkOnClose: true };

afterEach(async () => {
  if (process.platform === "linux") await real.mq_unlink(NAME).catch(() => undefined);
});

const create = (linux: Linux, options: MessageQueueOptions = {}): Promise<MessageQueue> =>
  MessageQueue.open(linux, NAME, { ...NEW, ...options });

describe("a message queue", () => {
  test("gives messages whole, by priority, and says what it holds", async (linux) => {
    const queue = await create(linux);
    expect([queue.name, queue.isClosed, queue.fd > 2]).toEqual([NAME, false, true]);
    await queue.send("größe");
    expect(await queue.trySend(Uint8Array.of(0, 255), { priority: 7 })).toBe(true);
    expect(await queue.trySend("no room")).toBe(false);
    expect(await queue.attributes()).toEqual({
      maxMessages: 2,
      messageSize: 16,
      messages: 2,
      nonblocking: false,
    });
    expect(await queue.receive()).toEqual({ bytes: Uint8Array.of(0, 255), priority: 7 });
    const message = await queue.tryReceive();
    expect([message?.text, message?.priority]).toEqual(["größe", 0]);
    expect(await queue.tryReceive()).toBe(undefined);
    await queue.send("");
    expect((await queue.receive()).bytes).toEqual(new Uint8Array(0));
    await queue.close();
  });

  test("fills a buffer of the caller's, which must have room for any message", async (linux) => {
    const queue = await create(linux);
    await queue.send("one", { priority: 1 });
    const buffer = new Uint8Array(20);
    expect(await queue.receiveInto(buffer)).toEqual({ length: 3, priority: 1 });
    expect(text(buffer.subarray(0, 4))).toBe("one\0");
    await queue.send("two");
    const error = await failureOf(queue.receiveInto(buffer.subarray(15)));
    expect(error.message).toContain("(the buffer has 5 bytes, and needs the queue's messageSize: 16)");
    expect((await queue.receive()).text).toBe("two");
    await queue.close();
  });

  test("gives bytes that are the receiver's own, however many receive", async (linux) => {
    const queue = await create(linux, { maxMessages: 8 });
    const received = Array.from({ length: 6 }, () => queue.receive());
    for (let i = 0; i < 6; i++) await queue.send(new Uint8Array(i * 3).fill(i));
    const first = await Promise.all(received);
    for (let i = 0; i < 6; i++) await queue.send(new Uint8Array(16).fill(9));
    for (let i = 0; i < 6; i++) await queue.receive();
    const lengths = first.map(({ bytes: { length } }) => length);
    expect(lengths.sort((a, b) => a - b)).toEqual([0, 3, 6, 9, 12, 15]);
    for (const { bytes: own } of first) expect([...own].every((byte) => byte === own.length / 3)).toBe(true);
    await queue.close();
  });

  test("sends in the order of the calls, and the bytes of the time of the call", async (linux) => {
    const queue = await create(linux);
    const message = Uint8Array.of(0);
    const sending = Array.from({ length: 9 }, (_, i) => {
      message[0] = i;
      return queue.send(message);
    });
    const got: unknown[] = [];
    for (let i = 0; i < 9; i++) got.push((await queue.receive()).bytes[0]);
    await Promise.all(sending);
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    await queue.close();
  });

  test("that is nonblocking does not wait", async (linux) => {
    const queue = await create(linux, { nonblocking: true, maxMessages: 1 });
    expect(await failureOf(queue.receive())).toMatchObject({ code: "EAGAIN" });
    expect(await queue.tryReceive()).toBe(undefined);
    await queue.send("x");
    expect(await failureOf(queue.send("y"))).toMatchObject({ code: "EAGAIN" });
    expect(await queue.trySend("y")).toBe(false);
    expect((await queue.attributes()).nonblocking).toBe(true);
    await queue.close();
  });

  test("leaves what others share as it is", async (linux) => {
    const queue = await create(linux);
    await queue.tryReceive();
    await queue.trySend("x");
    expect((await queue.attributes()).nonblocking).toBe(false);
    expect(await linux.fcntl(queue.fd, F_GETFD)).toBe(FD_CLOEXEC);
    await queue.close();
  });

  test("of a descriptor owns it, and has a name if it is told", async (linux) => {
    const maker = await create(linux);
    const fd = await linux.dup(maker.fd);
    const queue = MessageQueue.from(linux, fd, { name: NAME });
    await queue.send("x");
    expect((await maker.receive()).text).toBe("x");
    expect(queue.name).toBe(NAME);
    await queue.unlink();
    await queue.unlink();
    await queue.close();
    await expect(linux.close(fd)).rejects.toMatchObject({ code: "EBADF" });
    const nameless = MessageQueue.from(linux, maker.fd);
    expect(nameless.name).toBe(undefined);
    expect((await failureOf(nameless.unlink())).message).toContain(
      "does not know its name: MessageQueue.from(",
    );
    await maker.close();
  });
});

describe("a timeout", () => {
  test("sets no timer for what is there", async (linux) => {
    const calls: string[] = [];
    const spied = new Proxy(linux, {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => {
          calls.push(String(name));
          return method.apply(target, args);
        };
      },
    });
    const maker = await create(linux);
    const queue = MessageQueue.from(spied, await linux.dup(maker.fd));
    await queue.send("a");
    await queue.send("b");
    await queue.tryReceive();
    calls.length = 0;
    await queue.receive({ timeout: 60_000 });
    // On the model a call is a step, and takes its time.
    const isAtOnce = linux === real;
    expect(calls).toEqual(isAtOnce ? ["mq_receive"] : ["mq_receive", "clock_nanosleep"]);
    await queue.close();
    await maker.close();
  });
});

describe("closing", () => {
  test("happens once, ends what waits, and touches nothing later", async (linux) => {
    const queue = await create(linux);
    const receiving = failureOf(queue.receive());
    const looping = collected(queue);
    const timed = failureOf(queue.receiveInto(new Uint8Array(16), { timeout: 60_000 }));
    await linux.getpid();
    const closing = queue.close();
    expect(queue.close()).toBe(closing);
    expect([queue.isClosed, queue.fd]).toEqual([true, -1]);
    await closing;
    await queue[Symbol.asyncDispose]();
    const closed = /^EBADF: bad file descriptor, \w+ \(this object was closed\), message queue "/;
    for (const error of [await receiving, await timed]) {
      expect(error).toMatchObject({ code: "EBADF" });
      expect(error.message).toMatch(closed);
    }
    expect(await looping).toEqual([]);
    const other = await create(linux);
    for (const used of [
      queue.receive(),
      queue.tryReceive(),
      queue.receiveInto(new Uint8Array(16)),
      queue.send("x"),
      queue.trySend("x"),
      queue.attributes(),
      collected(queue),
      collected(queue.messages()),
    ]) {
      expect((await failureOf(used)).message).toMatch(closed);
    }
    expect((await other.attributes()).messages).toBe(0);
    await other.close();
  });

  test("ends sends that wait, and those behind them", async (linux) => {
    const queue = await create(linux, { maxMessages: 1 });
    await queue.send("x");
    const sends = [queue.send("y"), queue.send("z")].map(failureOf);
    await linux.getpid();
    await queue.close();
    for (const error of await Promise.all(sends)) expect(error).toMatchObject({ code: "EBADF" });
  });

  test("removes the name only of a queue that this object made and that has it still", async (linux) => {
    const maker = await create(linux);
    const other = await create(linux);
    await other.send("x");
    await other.close();
    expect((await maker.receive()).text).toBe("x");
    await maker.unlink();
    const second = await create(linux);
    await maker.close();
    expect((await (await MessageQueue.open(linux, NAME)).close()) === undefined).toBe(true);
    await MessageQueue.unlink(linux, NAME);
    await second.close();
    const third = await create(linux, { exclusive: true });
    await MessageQueue.unlink(linux, NAME);
    const stranger = await create(linux, { unlinkOnClose: false });
    await third.close();
    await stranger.unlink();
    await stranger.close();
    expect(await failureOf(MessageQueue.open(linux, NAME))).toMatchObject({ code: "ENOENT" });
  });
});

describe("an iteration", () => {
  test("gives what comes, beside others, and leaves the queue open", async (linux) => {
    const queue = await create(linux, { maxMessages: 4 });
    for (const each of ["a", "b", "c"]) await queue.send(each);
    for await (const message of queue) {
      expect(message.text).toBe("a");
      break;
    }
    const loops = [queue.messages(), queue.messages()].map(async (messages) => {
      const seen: string[] = [];
      for await (const { text: each } of messages) {
        seen.push(each);
        if (each === "c") await queue.close();
      }
      return seen;
    });
    expect((await Promise.all(loops)).flat().sort()).toEqual(["b", "c"]);
  });

  test("ends by its signal and its timeout, and takes nothing by that", async (linux) => {
    const queue = await create(linux);
    expect(await failureOf(collected(queue.messages({ timeout: 1 })))).toMatchObject({
      name: "TimeoutError",
    });
    const stop = new AbortController();
    const looping = failureOf(collected(queue.messages({ signal: stop.signal })));
    await linux.getpid();
    stop.abort("enough");
    expect(await looping).toMatchObject({ name: "AbortError", cause: "enough" });
    await queue.send("x");
    const late = failureOf(collected(queue.messages({ signal: stop.signal })));
    expect(await late).toMatchObject({ name: "AbortError" });
    expect((await queue.receive()).text).toBe("x");
    await queue.close();
  });
});

describe("a web stream", () => {
  test("takes a message when it is asked for one, and leaves the queue open", async (linux) => {
    const queue = await create(linux);
    await queue.send("a");
    await queue.send("b");
    const reader = queue.toReadableStream().getReader();
    await linux.getpid();
    expect((await queue.attributes()).messages).toBe(2);
    expect((await reader.read()).value?.text).toBe("a");
    await linux.getpid();
    expect((await queue.attributes()).messages).toBe(1);
    await reader.cancel();
    expect((await queue.receive()).text).toBe("b");
    await queue.close();
  });

  test("that waits is cancelled, times out, or ends with its queue", async (linux) => {
    const queue = await create(linux);
    const cancelled = queue.toReadableStream().getReader();
    const reading = cancelled.read();
    await linux.getpid();
    await cancelled.cancel();
    expect((await reading).done).toBe(true);
    const timed = queue.toReadableStream({ timeout: 1 }).getReader();
    expect(await failureOf(timed.read())).toMatchObject({ name: "TimeoutError" });
    const open = queue.toReadableStream().getReader();
    const last = open.read();
    await linux.getpid();
    await queue.close();
    expect((await last).done).toBe(true);
  });

  test("loses nothing when its reader is released while it waits", async (linux) => {
    const queue = await create(linux);
    const stream = queue.toReadableStream();
    const first = stream.getReader();
    const reading = failureOf(first.read());
    await linux.getpid();
    first.releaseLock();
    await reading;
    await queue.send("a");
    await linux.getpid();
    const second = stream.getReader();
    expect((await second.read()).value?.text).toBe("a");
    // The next one is released, and the one after it does not read.
    const third = failureOf(second.read());
    for (let i = 0; i < 5; i++) await linux.getpid();
    second.releaseLock();
    await third;
    const idle = stream.getReader();
    await queue.send("b");
    expect(await failureOf(idle.closed)).toMatchObject({ message: expect.stringContaining("released") });
    expect((await queue.receive()).text).toBe("b");
    await queue.close();
  });

  test("sends each chunk, with its priority, and waits while the queue is full", async (linux) => {
    const queue = await create(linux);
    const writer = queue.toWritableStream({ priority: 1 }).getWriter();
    const writes = [
      writer.write("low"),
      writer.write({ message: bytes("high"), priority: 2 }),
      writer.write({ message: "last" }),
    ];
    const closing = writer.close();
    await Promise.all(writes.slice(0, 2));
    await linux.getpid();
    expect((await queue.attributes()).messages).toBe(2);
    const got: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { text: each, priority } = await queue.receive();
      got.push(`${each} ${priority}`);
    }
    await closing;
    expect(got).toEqual(["high 2", "low 1", "last 1"]);
    expect(queue.isClosed).toBe(false);
    const failing = queue.toWritableStream().getWriter();
    failing.closed.catch(() => {});
    expect(await failureOf(failing.write(5 as unknown as string))).toBeInstanceOf(TypeError);
    await queue.close();
  });

  test("that is aborted while it waits has not sent its chunk", async (linux) => {
    const queue = await create(linux, { maxMessages: 1 });
    const writer = queue.toWritableStream().getWriter();
    writer.closed.catch(() => {});
    await writer.write("in");
    const writing = failureOf(writer.write("out"));
    await linux.getpid();
    await writer.abort(new Error("enough"));
    expect(await writing).toMatchObject({ name: "AbortError" });
    expect((await queue.receive()).text).toBe("in");
    expect(await queue.tryReceive()).toBe(undefined);
    await queue.close();
  });

  test("joins queues, pipe to pipe", async (linux) => {
    const from = await create(linux);
    const other = await MessageQueue.open(linux, `${NAME}-other`, { ...NEW, maxMessages: 1 });
    const piping = from
      .toReadableStream()
      .pipeThrough(
        new TransformStream({
          transform: ({ text: each, priority }, controller) =>
            controller.enqueue({ message: each.toUpperCase(), priority }),
        }),
      )
      .pipeTo(other.toWritableStream());
    for (const each of ["a", "b", "c"]) await from.send(each, { priority: 3 });
    const got: string[] = [];
    for (let i = 0; i < 3; i++) got.push((await other.receive()).text);
    expect(got).toEqual(["A", "B", "C"]);
    await from.close();
    await piping;
    await other.close();
  });
});

describe("an error", () => {
  test("carries the queue's name, and says which limit was hit and where it is set", async (linux) => {
    const messageOf = async (promise: Promise<unknown>): Promise<string> =>
      (await failureOf(promise)).message;
    expect(await messageOf(MessageQueue.open(linux, NAME))).toBe(
      `ENOENT: no such file or directory, mq_open '${NAME}'`,
    );
    const queue = await create(linux);
    expect(await messageOf(create(linux, { exclusive: true }))).toContain(
      `EEXIST: file exists, mq_open '${NAME}'`,
    );
    expect(await messageOf(queue.send("seventeen bytes !"))).toBe(
      `EMSGSIZE: message too long, mq_send, fd ${queue.fd} (it has 17 bytes, and the queue's messageSize is 16, which is chosen ` +
        "when a queue is made: MessageQueue.open(…, { create: true, messageSize }), up to " +
        `/proc/sys/fs/mqueue/msgsize_max), message queue "${NAME}"`,
    );
    expect(await messageOf(queue.trySend("seventeen bytes !"))).toContain("messageSize is 16");
    expect(await messageOf(queue.send("x", { priority: 32768 }))).toContain(
      `(priority 32768, and MQ_PRIO_MAX is 32768), message queue "${NAME}"`,
    );
    expect(
      await messageOf(MessageQueue.open(linux, `${NAME}-x`, { create: true, maxMessages: 70_000 })),
    ).toMatch(/EINVAL: .* \(.*msg_max.*\)$/);
    expect(await messageOf(MessageQueue.unlink(linux, "none"))).toContain("EINVAL");
    const reader = await MessageQueue.open(linux, NAME, { access: "read" });
    expect(await messageOf(reader.send("x"))).toContain("EBADF");
    const writer = await MessageQueue.open(linux, NAME, { access: "write" });
    expect(await messageOf(writer.receive({ timeout: 1000 }))).toContain(`message queue "${NAME}"`);
    expect(await messageOf(queue.receive({ timeout: 1 }))).toBe(
      `receive: timed out after 1 ms, message queue "${NAME}"`,
    );
    for (const each of [reader, writer, queue]) await each.close();
  });

  it("of too many files or too much memory says which of the two it is", async () => {
    const messages: string[] = [];
    const note = (error: Error): unknown => messages.push(error.message);
    const machine = { rlimitNofile: 5, rlimitMsgqueue: 1000, capabilities: 0n };
    await simulate({ machine, leaks: "fail" }, async (linux) => {
      await MessageQueue.open(linux, "/large", { create: true, messageSize: 2000 }).catch(note);
      const queues = [await create(linux, { unlinkOnClose: false })];
      while (queues.at(-1)) {
        const queue = await MessageQueue.open(linux, NAME).catch(note);
        if (!(queue instanceof MessageQueue)) break;
        queues.push(queue);
      }
      await create(linux).catch(note);
      await queues[0]?.unlink();
      for (const queue of queues) await queue.close();
    });
    expect(messages).toEqual([
      expect.stringMatching(/^EMFILE: .*'\/large' \(the limit is RLIMIT_MSGQUEUE \(ulimit -q\)/),
      expect.stringMatching(/^EMFILE: .*\(the limit is RLIMIT_NOFILE: ulimit -n\)$/),
      expect.stringMatching(/^EMFILE: .*\(the limit is RLIMIT_NOFILE: ulimit -n\)$/),
    ]);
  });
});

describe("a bad argument", () => {
  // A kernel of which nothing may be asked.
  const linux = new Proxy({ fds: {} } as Linux, {
    get: (target, name) => {
      if (name === "fds") return target.fds;
      throw new Error(`${String(name)} was called`);
    },
  });
  // biome-ignore lint/suspicious/noExplicitAny: what the types forbid
  const bad = (value: unknown): any => value;
  const queue = MessageQueue.from(linux, 3);
  const open = (options: unknown): Promise<MessageQueue> => MessageQueue.open(linux, NAME, bad(options));
  const wrong: Record<string, () => unknown> = {
    'MessageQueue.open: "name" must be a string, not 5': () => MessageQueue.open(linux, bad(5)),
    'MessageQueue.open: "options" must be an object, not null': () => open(null),
    'MessageQueue.open: "options.access" must be "read", "write" or "read-write", not "rw"': () =>
      open({ access: "rw" }),
    'MessageQueue.open: "options.create" must be a boolean, not 1': () => open({ create: 1 }),
    'MessageQueue.open: "options.exclusive" must be left out without create, not true': () =>
      open({ exclusive: true }),
    'MessageQueue.open: "options.unlinkOnClose" must be left out without create, not true': () =>
      open({ unlinkOnClose: true }),
    'MessageQueue.open: "options.mode" must be a 32-bit integer, not "600"': () => open({ mode: "600" }),
    'MessageQueue.open: "options.maxMessages" must be an integer of at least 1, not 0': () =>
      open({ create: true, maxMessages: 0 }),
    'MessageQueue.open: "options.messageSize" must be an integer of at least 1, not 1.5': () =>
      open({ create: true, messageSize: 1.5 }),
    'MessageQueue.open: "options.nonblocking" must be a boolean, not "no"': () => open({ nonblocking: "no" }),
    'MessageQueue.from: "fd" must be a 32-bit integer, not undefined': () =>
      MessageQueue.from(linux, undefined),
    'MessageQueue.from: "options.name" must be a string, not 5': () =>
      MessageQueue.from(linux, 3, { name: bad(5) }),
    'send: "message" must be a Uint8Array or a string, not 5': () => queue.send(bad(5)),
    'send: "options.priority" must be an unsigned 32-bit integer, not -1': () =>
      queue.send("x", { priority: -1 }),
    'send: "options.timeout" must be a number of milliseconds, at least 0, not "1"': () =>
      queue.send("x", { timeout: bad("1") }),
    'send: "options.signal" must be an AbortSignal, not an object': () =>
      queue.send("x", { signal: bad({}) }),
    'trySend: "options.priority" must be an unsigned 32-bit integer, not "high"': () =>
      queue.trySend("x", { priority: bad("high") }),
    'receive: "options" must be an object, not 5': () => queue.receive(bad(5)),
    'receive: "options.signal" must be an AbortSignal, not 5': () => queue.receive({ signal: bad(5) }),
    'receiveInto: "buffer" must be a Uint8Array, not an array': () => queue.receiveInto(bad([])),
    'messages: "options.signal" must be an AbortSignal, not 5': () => queue.messages({ signal: bad(5) }),
    'toReadableStream: "options" must be an object, not null': () => queue.toReadableStream(bad(null)),
    'toWritableStream: "options.priority" must be an unsigned 32-bit integer, not 1.5': () =>
      queue.toWritableStream({ priority: 1.5 }),
  };

  it.each(Object.keys(wrong))("is told of before a call is made: %s", async (message) => {
    const error = await failureOf((async () => await wrong[message]?.())());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  });
});
