// System V message queues as objects, on both kernels. The real one is the built package's: calls that wait start threads of it.
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { linux as real } from "linux-ipc/native";
import { afterEach, describe, expect, it } from "vitest";
import { ownQueues } from "../../backends/linux/testing.js";
import { IPC_RMID, MSG_INFO } from "../constants.js";
import type { Linux } from "../linux.js";
import { simulate } from "../simulation/simulate.js";
import { toNodeReadable, toNodeWritable } from "../streams/index.js";
import { collected, failureOf, testerOf, text } from "../testing.js";
import type { SysvMessage } from "./message.js";
import { SysvMessageQueue } from "./sysv-message-queue.js";

const hasOwnQueues = ownQueues();

const test = testerOf(real, () => []);
const KEY = 0x4c490000 | (process.pid & 0xffff);
const made: number[] = [];

afterEach(async () => {
  if (process.platform !== "linux") return;
  const { msgpool } = await real.msgctl(0, MSG_INFO);
  for (const id of made.splice(0)) await real.msgctl(id, IPC_RMID).catch(() => undefined);
  if (hasOwnQueues) expect(msgpool).toBe(0);
});

async function create(linux: Linux): Promise<SysvMessageQueue> {
  const queue = await SysvMessageQueue.createPrivate(linux, { removeOnClose: true });
  if (linux === real) made.push(queue.id);
  return queue;
}

const told = ({ text: each, type }: SysvMessage): string => `${each} ${type}`;

describe("a System V message queue", () => {
  test("gives messages whole, those that are wanted, the oldest first", async (linux) => {
    const queue = await create(linux);
    for (const [each, type] of [
      ["a", 1],
      ["b", 5],
      ["c", 3n],
      ["d", 5],
      ["größe", 2n ** 62n],
    ] as const) {
      await queue.send(each, { type });
    }
    expect(await queue.trySend("f")).toBe(true);
    const got: (string | undefined)[] = [];
    for (const type of [5, { upTo: 4 }, { except: 1 }, { except: 3n }, { upTo: 2n ** 62n }, 0] as const) {
      const message = await queue.receive({ type });
      got.push(told(message));
    }
    expect(got).toEqual(["b 5", "a 1", "c 3", "d 5", "f 1", `größe ${2n ** 62n}`]);
    expect(await queue.tryReceive()).toBe(undefined);
    await queue.send(Uint8Array.of(0, 255));
    expect(await queue.tryReceive({ type: 2 })).toBe(undefined);
    expect(await queue.tryReceive({ type: 1 })).toEqual({ bytes: Uint8Array.of(0, 255), type: 1n });
    await queue.close();
  });

  test("takes messages of any length, or up to one", async (linux) => {
    const queue = await create(linux);
    await queue.send("0123456789");
    const error = await failureOf(queue.receive({ maxBytes: 9 }));
    expect(error.message).toContain(
      `(it is longer than 9 bytes, and stays in the queue: take more, or truncate it), System V message queue ${queue.id}`,
    );
    expect((await queue.receive({ maxBytes: 10 })).text).toBe("0123456789");
    await queue.send("0123456789");
    expect((await queue.receive({ maxBytes: 4, truncate: true })).text).toBe("0123");
    const buffer = new Uint8Array(5);
    await queue.send("abc", { type: 7 });
    expect(await queue.receiveInto(buffer)).toEqual({ length: 3, type: 7n });
    expect(text(buffer)).toBe("abc\0\0");
    await queue.send("abcdefg");
    expect(await failureOf(queue.receiveInto(buffer))).toMatchObject({ code: "E2BIG" });
    expect(await queue.receiveInto(buffer, { truncate: true })).toEqual({ length: 5, type: 1n });
    expect(text(buffer)).toBe("abcde");
    await queue.send("");
    expect((await queue.receive({ maxBytes: 0 })).bytes.length).toBe(0);
    await queue.close();
  });

  test("shows a message that stays", async (linux) => {
    const queue = await create(linux);
    await queue.send("a");
    await queue.send("b", { type: 4 });
    expect([told((await queue.peek(1)) as SysvMessage), told((await queue.peek(0)) as SysvMessage)]).toEqual([
      "b 4",
      "a 1",
    ]);
    expect(await queue.peek(2)).toBe(undefined);
    expect((await queue.status()).messages).toBe(2);
    await queue.close();
  });

  test("tells of itself, and is changed", async (linux) => {
    const queue = await create(linux);
    const before = await queue.status();
    expect(before).toMatchObject({ key: 0, mode: 0o600, messages: 0, bytes: 0, lastSenderPid: undefined });
    expect([before.sentAt, before.receivedAt]).toEqual([undefined, undefined]);
    await queue.send("abc");
    const pid = await linux.getpid();
    expect(await queue.status()).toMatchObject({ messages: 1, bytes: 3, lastSenderPid: pid });
    await queue.set({ mode: 0o640, maxBytes: 5 });
    expect(await queue.status()).toMatchObject({
      mode: 0o640,
      maxBytes: 5,
      uid: before.uid,
      gid: before.gid,
    });
    expect(await queue.trySend("def")).toBe(false);
    expect((await failureOf(queue.trySend("abcdef"))).message).toContain(
      "(it has 6 bytes, and the queue may hold 5: set({ maxBytes }), up to /proc/sys/kernel/msgmnb)",
    );
    await queue.set({});
    expect(await queue.status()).toMatchObject({ mode: 0o640, maxBytes: 5 });
    await queue.close();
  });

  test("waits for a message, and for room", async (linux) => {
    const queue = await create(linux);
    const received = queue.receive({ type: 2 });
    await queue.send("other");
    await queue.send("wanted", { type: 2 });
    expect((await received).text).toBe("wanted");
    await queue.set({ maxBytes: 5 });
    const bytes = Uint8Array.of(1, 2);
    const sending = queue.send(bytes);
    bytes.fill(0);
    await linux.getpid();
    expect((await queue.receive()).text).toBe("other");
    await sending;
    expect((await queue.receive()).bytes).toEqual(Uint8Array.of(1, 2));
    await queue.close();
  });

  test("is found by its key", async (linux) => {
    const queue = await SysvMessageQueue.open(linux, KEY, { create: true, removeOnClose: true });
    if (linux === real) made.push(queue.id);
    const same = await SysvMessageQueue.open(linux, KEY, { create: true, removeOnClose: true });
    const found = await SysvMessageQueue.open(linux, KEY);
    expect([same.id, found.id]).toEqual([queue.id, queue.id]);
    await same.close();
    await found.send("x");
    expect((await SysvMessageQueue.from(linux, queue.id).receive()).text).toBe("x");
    expect(
      (await failureOf(SysvMessageQueue.open(linux, KEY, { create: true, exclusive: true }))).message,
    ).toBe(`EEXIST: file exists, msgget, System V message queue of key 0x${KEY.toString(16)}`);
    await queue.close();
    expect((await failureOf(found.receive())).message).toMatch(
      /^E(INVAL|IDRM): .*msgrcv.*, System V message queue \d+ \(key 0x/,
    );
    const byFile = { path: "/tmp", project: 200 };
    const ofFile = await SysvMessageQueue.open(linux, byFile, { create: true, removeOnClose: true });
    if (linux === real) made.push(ofFile.id);
    expect((await ofFile.status()).key).toBe(await linux.ftok("/tmp", 200));
    await ofFile.close();
    expect(await failureOf(SysvMessageQueue.open(linux, byFile))).toMatchObject({ code: "ENOENT" });
    expect(await failureOf(SysvMessageQueue.open(linux, { path: "/none", project: 1 }))).toMatchObject({
      code: "ENOENT",
    });
  });

  it("takes messages that are longer than what it has room for", async () => {
    await simulate({ machine: { msgmax: 60_000, msgmnb: 65_536 } }, async (linux) => {
      const queue = await create(linux);
      const waiting = queue.receive();
      await queue.send(new Uint8Array(50_000).fill(1));
      expect((await waiting).bytes.length).toBe(50_000);
      const fresh = SysvMessageQueue.from(linux, queue.id);
      await queue.send(new Uint8Array(30_000).fill(2));
      await queue.send(new Uint8Array(20_000).fill(3));
      expect((await fresh.peek(0))?.bytes).toEqual(new Uint8Array(30_000).fill(2));
      const third = SysvMessageQueue.from(linux, queue.id);
      expect((await third.receive({ maxBytes: 30_000 })).bytes.length).toBe(30_000);
      expect((await third.receive({ maxBytes: 10_000, truncate: true })).bytes).toEqual(
        new Uint8Array(10_000).fill(3),
      );
      await queue.close();
    });
  });
});

describe("an abort", () => {
  test("ends a send and a receive that wait, and is told with its reason", async (linux) => {
    const queue = await create(linux);
    await queue.set({ maxBytes: 1 });
    await queue.send("x");
    const stop = new AbortController();
    const { signal } = stop;
    const waits = [queue.send("y", { signal }), queue.receive({ type: 9, signal })].map(failureOf);
    await linux.getpid();
    stop.abort("enough");
    for (const error of await Promise.all(waits)) {
      expect(error).toMatchObject({ name: "AbortError", cause: "enough" });
    }
    expect((await queue.status()).messages).toBe(1);
    await queue.receive();
    await queue.close();
  });
});

describe("closing", () => {
  test("forgets the queue, and ends what waits by this object alone", async (linux) => {
    const queue = await create(linux);
    const object = SysvMessageQueue.from(linux, queue.id);
    await queue.set({ maxBytes: 1 });
    await queue.send("x");
    const waits = [
      object.receive({ type: 9 }),
      object.receiveInto(new Uint8Array(1), { type: 9, timeout: 60_000 }),
      object.send("y"),
      object.send("z", { signal: new AbortController().signal }),
    ].map(failureOf);
    const looping = collected(object.messages({ type: 9 }));
    await linux.getpid();
    const closing = object.close();
    expect(object.close()).toBe(closing);
    await closing;
    await object[Symbol.asyncDispose]();
    for (const error of await Promise.all(waits)) {
      expect(error.message).toMatch(
        /^EBADF: bad file descriptor, \w+ \(this object was closed\), System V message queue \d+$/,
      );
    }
    expect(await looping).toEqual([]);
    for (const used of [
      object.receive(),
      object.send("x"),
      object.trySend("x"),
      object.tryReceive(),
      object.peek(0),
      object.status(),
      object.set({}),
      collected(object),
    ]) {
      expect(await failureOf(used)).toMatchObject({ code: "EBADF" });
    }
    expect((await queue.receive()).text).toBe("x");
    await queue.close();
  });

  test("removes the queue if asked to, also one that is gone; removing ends whoever waits", async (linux) => {
    const queue = await create(linux);
    const other = SysvMessageQueue.from(linux, queue.id);
    const waits = [failureOf(other.receive()), failureOf(collected(other))];
    for (let i = 0; i < 5; i++) await linux.getpid();
    await queue.remove();
    await queue.remove();
    // One whose thread had not begun finds no queue.
    for (const error of await Promise.all(waits))
      expect(["EIDRM", "EINVAL"]).toContain((error as { code?: string }).code);
    await queue.close();
    expect((await failureOf(other.remove())).message).toContain("no queue has this id");
    expect((await failureOf(other.send("x"))).message).toContain(
      "(no queue has this id: it was removed, or never was)",
    );
    expect((await failureOf(other.receive())).message).toContain("no queue has this id");
    expect((await failureOf(other.status())).message).toContain("no queue has this id");
  });
});

describe("an iteration and a stream", () => {
  test("have what they want, and leave the rest", async (linux) => {
    const queue = await create(linux);
    for (const type of [1, 2, 1, 2]) await queue.send(`${type}`, { type });
    const seen: string[] = [];
    for await (const message of queue.messages({ type: 2 })) if (seen.push(message.text) === 2) break;
    const reader = queue.toReadableStream({ type: { upTo: 1 } }).getReader();
    seen.push((await reader.read()).value?.text ?? "");
    expect((await queue.status()).messages).toBe(1);
    const waiting = failureOf(collected(queue.messages({ type: 5, timeout: 1 })));
    expect(await waiting).toMatchObject({ name: "TimeoutError" });
    await reader.cancel();
    expect((await queue.receive()).text).toBe("1");
    expect(seen).toEqual(["2", "2", "1"]);
    const stop = new AbortController();
    const aborted = failureOf(queue.receive({ signal: stop.signal }));
    await linux.getpid();
    stop.abort();
    expect(await aborted).toMatchObject({ name: "AbortError" });
    await queue.close();
  });

  test("send each chunk with its type", async (linux) => {
    const queue = await create(linux);
    const writer = queue.toWritableStream({ type: 3 }).getWriter();
    await writer.write("a");
    await writer.write({ message: "b", type: 4n });
    await writer.close();
    expect([told(await queue.receive()), told(await queue.receive())]).toEqual(["a 3", "b 4"]);
    await queue.close();
  });
});

describe("a stream of node's", () => {
  test("goes from queue to queue, by what is wanted", async (linux) => {
    const [from, to] = [await create(linux), await create(linux)];
    const changed = new Transform({
      objectMode: true,
      transform: ({ text: each, type }, _encoding, callback) =>
        callback(null, { message: each.toUpperCase(), type: type + 10n }),
    });
    for (const type of [3, 1, 9, 2]) await from.send(`of ${type}`, { type });
    const piping = pipeline(
      toNodeReadable(from, { type: { upTo: 3 } }),
      changed,
      toNodeWritable(to, { type: 5 }),
    );
    const got: string[] = [];
    for (let i = 0; i < 3; i++) got.push(told(await to.receive()));
    expect(got).toEqual(["OF 1 11", "OF 2 12", "OF 3 13"]);
    // It waits for more: to close its object ends that, and the stream.
    expect(told(await from.receive())).toBe("of 9 9");
    await from.close();
    await piping;
    await to.close();
  });
});

describe("an error", () => {
  it("says which limit was hit, and where it is set", async () => {
    const messages: string[] = [];
    const note = (error: Error): unknown => messages.push(error.message);
    await simulate({ machine: { msgmax: 10, msgmni: 1, capabilities: 0n } }, async (linux) => {
      const queue = await create(linux);
      await queue.send("eleven byte").catch(note);
      await create(linux).catch(note);
      await queue.set({ maxBytes: 1_000_000 }).catch(note);
      await queue.close();
    });
    expect(messages).toEqual([
      "EINVAL: invalid argument, msgsnd (it has 11 bytes, and msgmax is 10: /proc/sys/kernel/msgmax), System V message queue 0",
      expect.stringMatching(/^ENOSPC: .*msgmni/),
      expect.stringMatching(/^EPERM: .*\/proc\/sys\/kernel\/msgmnb without CAP_SYS_RESOURCE\), System V/),
    ]);
  });
});

describe("a bad argument", () => {
  // A kernel of which nothing may be asked.
  const linux = new Proxy({ fds: {} } as Linux, {
    get: (_target, name) => {
      throw new Error(`${String(name)} was called`);
    },
  });
  // biome-ignore lint/suspicious/noExplicitAny: what the types forbid
  const bad = (value: unknown): any => value;
  const queue = SysvMessageQueue.from(linux, 5);
  const open = (options: unknown): Promise<unknown> => SysvMessageQueue.open(linux, 1, bad(options));
  const wrong: Record<string, () => unknown> = {
    'SysvMessageQueue.open: "key" must be a key that others can have: createPrivate makes one without, not 0':
      () => SysvMessageQueue.open(linux, 0),
    'SysvMessageQueue.open: "key" must be a 32-bit integer, not "1"': () =>
      SysvMessageQueue.open(linux, bad("1")),
    'SysvMessageQueue.open: "key.path" must be a string, not undefined': () =>
      SysvMessageQueue.open(linux, bad({ project: 1 })),
    'SysvMessageQueue.open: "key.project" must be an integer from 1 to 255, not 256': () =>
      SysvMessageQueue.open(linux, { path: "/", project: 256 }),
    'SysvMessageQueue.open: "options" must be an object, not 5': () => open(5),
    'SysvMessageQueue.open: "options.exclusive" must be left out without create, not true': () =>
      open({ exclusive: true }),
    'SysvMessageQueue.open: "options.removeOnClose" must be left out without create, not true': () =>
      open({ removeOnClose: true }),
    'SysvMessageQueue.open: "options.mode" must be a 32-bit integer, not "600"': () =>
      open({ create: true, mode: "600" }),
    'SysvMessageQueue.createPrivate: "options" must be an object, not 5': () =>
      SysvMessageQueue.createPrivate(linux, bad(5)),
    'SysvMessageQueue.from: "id" must be a 32-bit integer, not undefined': () =>
      SysvMessageQueue.from(linux, bad(undefined)),
    'send: "message" must be a Uint8Array or a string, not 5': () => queue.send(bad(5)),
    'send: "options.type" must be an integer of at least 1, or a bigint that fits in 64 bits, not 0': () =>
      queue.send("x", { type: 0 }),
    'send: "options.signal" must be an AbortSignal, not 5': () => queue.send("x", { signal: bad(5) }),
    'trySend: "options.type" must be an integer of at least 1': () => queue.trySend("x", { type: 2n ** 63n }),
    'receive: "options.type" must be an integer of at least 1': () => queue.receive({ type: -1 }),
    'receive: "options.type" must be a type, { upTo } or { except }, not an object': () =>
      queue.receive({ type: bad({}) }),
    'receive: "options.type.upTo" must be an integer of at least 1': () =>
      queue.receive({ type: { upTo: 0 } }),
    'receive: "options.type.except" must be an integer': () => queue.receive({ type: { except: bad("x") } }),
    'receive: "options.maxBytes" must be an integer of at least 0, not -1': () =>
      queue.receive({ maxBytes: -1 }),
    'receive: "options.truncate" must be a boolean, not 1': () => queue.receive({ truncate: bad(1) }),
    'receive: "options.timeout" must be a number of milliseconds, at least 0, not "1"': () =>
      queue.receive({ timeout: bad("1") }),
    'receiveInto: "buffer" must be a Uint8Array, not 5': () => queue.receiveInto(bad(5)),
    'tryReceive: "options" must be an object, not null': () => queue.tryReceive(bad(null)),
    'peek: "index" must be an integer of at least 0, not -1': () => queue.peek(-1),
    'messages: "options.signal" must be an AbortSignal, not 5': () => queue.messages({ signal: bad(5) }),
    'messages: "options.type" must be an integer': () => queue.messages({ type: -1 }),
    'toReadableStream: "options.truncate" must be a boolean, not 1': () =>
      queue.toReadableStream({ truncate: bad(1) }),
    'toWritableStream: "options.type" must be an integer': () => queue.toWritableStream({ type: 0 }),
    'set: "settings" must be an object, not undefined': () => queue.set(bad(undefined)),
    'set: "settings.uid" must be a 32-bit integer, not "root"': () => queue.set({ uid: bad("root") }),
    'set: "settings.maxBytes" must be an integer of at least 0, not -1': () => queue.set({ maxBytes: -1 }),
  };

  it.each(Object.keys(wrong))("is told of before a call is made: %s", async (message) => {
    const error = await failureOf((async () => await wrong[message]?.())());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  });
});
