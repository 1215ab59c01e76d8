// Queues as node's streams, on both kernels.
import { once } from "node:events";
import { Transform } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { afterEach, describe, expect } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { ownQueues } from "../../backends/linux/testing.js";
import type { Linux } from "../linux.js";
import type { Message } from "../message-queue/message.js";
import { MessageQueue } from "../message-queue/message-queue.js";
import { failureOf, testerOf } from "../testing.js";
import { toNodeReadable, toNodeWritable } from "./index.js";

ownQueues();

const test = testerOf(real, listOwned);
const NAME = `/linux-ipc-streams-${process.pid}`;

afterEach(async () => {
  if (process.platform !== "linux") return;
  for (const name of [NAME, `${NAME}-other`]) await real.mq_unlink(name).catch(() => undefined);
});

const create = (linux: Linux, name = NAME): Promise<MessageQueue> =>
  MessageQueue.open(linux, name, { create: true, maxMessages: 2, messageSize: 16, unlinkOnClose: true });

describe("a readable stream of messages", () => {
  test("takes a message when it is asked for one, and ends with its queue", async (linux) => {
    const queue = await create(linux);
    await queue.send("a", { priority: 4 });
    await queue.send("b");
    const stream = toNodeReadable(queue);
    for (let i = 0; i < 5; i++) await linux.getpid();
    expect((await queue.attributes()).messages).toBe(2);
    const seen: string[] = [];
    for await (const { text, priority } of stream as AsyncIterable<Message>) {
      seen.push(`${text} ${priority}`);
      if (text === "b") await queue.close();
    }
    expect(seen).toEqual(["a 4", "b 0"]);
  });

  test("puts back what nobody was given when it is destroyed", async (linux) => {
    const queue = await create(linux);
    await queue.send("a");
    await queue.send("b");
    const stream = toNodeReadable(queue, { highWaterMark: 8 });
    expect(stream.read()).toBe(null);
    await once(stream, "readable");
    while (stream.readableLength < 2) await linux.getpid();
    expect((stream.read() as Message).text).toBe("a");
    stream.destroy();
    await failureOf(finished(stream));
    expect((await queue.tryReceive())?.text).toBe("b");
    expect(await queue.tryReceive()).toBe(undefined);
    await queue.close();
  });

  test("that is destroyed while it waits takes nothing", async (linux) => {
    const queue = await create(linux);
    const stream = toNodeReadable(queue);
    stream.resume();
    for (let i = 0; i < 5; i++) await linux.getpid();
    stream.destroy();
    await failureOf(finished(stream));
    await queue.send("kept");
    expect((await queue.receive()).text).toBe("kept");
    await queue.close();
  });

  test("fails by its timeout, and with what its queue cannot take back", async (linux) => {
    const queue = await create(linux);
    const timed = toNodeReadable(queue, { timeout: 1 });
    timed.resume();
    expect(await failureOf(finished(timed))).toMatchObject({ name: "TimeoutError" });
    await queue.send("a");
    const stream = toNodeReadable(queue);
    expect(stream.read()).toBe(null);
    await once(stream, "readable");
    await queue.close();
    const failed = failureOf(finished(stream));
    stream.destroy();
    expect(await failed).toMatchObject({ code: "ERR_MESSAGES_LEFT", messages: [{ text: "a", priority: 0 }] });
  });
});

describe("a writable stream of messages", () => {
  test("says no while the queue is full, and leaves it open", async (linux) => {
    const queue = await create(linux);
    const stream = toNodeWritable(queue, { priority: 2, highWaterMark: 1 });
    stream.write("a");
    stream.write({ message: Uint8Array.of(98), priority: 3 });
    expect(stream.write("c")).toBe(false);
    const drained = once(stream, "drain");
    const got: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { text, priority } = await queue.receive();
      got.push(`${text} ${priority}`);
    }
    await drained;
    stream.end();
    await finished(stream);
    expect(got.sort()).toEqual(["a 2", "b 3", "c 2"]);
    expect(queue.isClosed).toBe(false);
    const bad = toNodeWritable(queue);
    bad.write(5);
    expect(await failureOf(finished(bad))).toBeInstanceOf(TypeError);
    await queue.close();
  });

  test("that is destroyed while it waits has not sent its chunk", async (linux) => {
    const queue = await create(linux);
    for (const each of ["a", "b"]) await queue.send(each);
    const stream = toNodeWritable(queue);
    stream.on("error", () => {});
    const written = new Promise((resolve) => stream.write("c", resolve));
    for (let i = 0; i < 5; i++) await linux.getpid();
    stream.destroy(new Error("enough"));
    expect(await written).toMatchObject({ name: "AbortError" });
    expect([(await queue.receive()).text, (await queue.receive()).text]).toEqual(["a", "b"]);
    expect(await queue.tryReceive()).toBe(undefined);
    await queue.close();
  });

  test("is the end of a pipeline", async (linux) => {
    const from = await create(linux);
    const to = await create(linux, `${NAME}-other`);
    const changed = new Transform({
      objectMode: true,
      transform: ({ text, priority }, _encoding, callback) =>
        callback(null, { message: text.toUpperCase(), priority }),
    });
    const piping = pipeline(toNodeReadable(from), changed, toNodeWritable(to));
    const got: string[] = [];
    for (const priority of [3, 1, 2]) {
      await from.send(`of ${priority}`, { priority });
      const message = await to.receive();
      got.push(`${message.text} ${message.priority}`);
    }
    expect(got).toEqual(["OF 3 3", "OF 1 1", "OF 2 2"]);
    await from.close();
    await piping;
    await to.close();
  });
});
