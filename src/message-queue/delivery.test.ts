// Nothing lost, nothing twice: under every order of the simulator's, with every way in which a receive can end.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { ownQueues } from "../../backends/linux/testing.js";
import { codeOf, isAbortError } from "../errors.js";
import type { Linux } from "../linux.js";
import { program } from "../program.js";
import { explore } from "../simulation/explore.js";
import { testerOf } from "../testing.js";
import type { Message } from "./message.js";
import { MessageQueue } from "./message-queue.js";

ownQueues();

const test = testerOf(real, listOwned);
const NAME = `/linux-ipc-delivery-${process.pid}`;
const NEW = { create: true, maxMessages: 2, messageSize: 8, unlinkOnClose: true };

afterEach(async () => {
  if (process.platform === "linux") await real.mq_unlink(NAME).catch(() => undefined);
});

const COUNT = 4;
const sent = Array.from({ length: COUNT }, (_, i) => `${i}`);

const sender = program(import.meta.url, async function sender(linux) {
  await using queue = await MessageQueue.open(linux, NAME, { access: "write" });
  for (const each of sent) await queue.send(each);
});

/** Lets other steps go first: as many as the simulator likes. */
const pause = (linux: Linux): Promise<unknown> => linux.getpid();

/** A way to ask for messages that ends before it has what it asks for, in some orders. @returns what it was given */
type Attempt = (linux: Linux, queue: MessageQueue) => Promise<Message[]>;

/** What was given; nothing, if it was ended. */
const unlessEnded = async (receiving: Promise<Message>): Promise<Message[]> => {
  try {
    return [await receiving];
  } catch (error) {
    if (isAbortError(error) || codeOf(error) === "TIMEOUT_ERR") return [];
    throw error;
  }
};

const attempts: Record<string, Attempt> = {
  async "a receive that is aborted"(linux, queue) {
    const stop = new AbortController();
    const receiving = unlessEnded(queue.receive({ signal: stop.signal }));
    await pause(linux);
    stop.abort();
    return await receiving;
  },
  async "a receive that times out"(_linux, queue) {
    return await unlessEnded(queue.receive({ timeout: 1 }));
  },
  async "a receive into a buffer that is aborted and times out"(linux, queue) {
    const stop = new AbortController();
    const buffer = new Uint8Array(8);
    const receiving = unlessEnded(
      queue.receiveInto(buffer, { signal: stop.signal, timeout: 1 }).then(({ length, priority }) => {
        const text = new TextDecoder().decode(buffer.subarray(0, length));
        return { bytes: buffer, priority, text } as Message;
      }),
    );
    await pause(linux);
    stop.abort();
    return await receiving;
  },
  async "an iteration that is aborted"(linux, queue) {
    const stop = new AbortController();
    const given: Message[] = [];
    const looping = (async () => {
      for await (const message of queue.messages({ signal: stop.signal })) given.push(message);
    })().catch((error: unknown) => {
      if (!isAbortError(error)) throw error;
    });
    await pause(linux);
    stop.abort();
    await looping;
    return given;
  },
  async "a web stream that is cancelled, beside a receive that waits"(linux, queue) {
    const reader = queue.toReadableStream().getReader();
    const given: Message[] = [];
    const reading = reader.read().then(({ value }) => value && given.push(value));
    const stop = new AbortController();
    const beside = unlessEnded(queue.receive({ signal: stop.signal }));
    await pause(linux);
    const cancelling = reader.cancel();
    await pause(linux);
    await Promise.all([cancelling, reading]);
    stop.abort();
    given.push(...(await beside));
    return given;
  },
  async "a web stream whose reader is released"(linux, queue) {
    const stream = queue.toReadableStream();
    const given: Message[] = [];
    const reader = stream.getReader();
    const reading = reader.read().then(
      ({ value }) => value && given.push(value),
      () => undefined,
    );
    await pause(linux);
    reader.releaseLock();
    await reading;
    await pause(linux);
    await stream.cancel();
    return given;
  },
  async "a close, and another object"(linux, queue) {
    const other = await MessageQueue.open(linux, NAME);
    const reader = other.toReadableStream().getReader();
    const given: Message[] = [];
    const reading = reader.read().then(({ value }) => value && given.push(value));
    await pause(linux);
    const cancelling = reader.cancel();
    try {
      await other.close();
    } catch (error) {
      // Full: then it says so, and hands them over.
      if (codeOf(error) !== "ERR_MESSAGES_LEFT") throw error;
      given.push(...(error as { messages: Message[] }).messages);
    }
    await Promise.all([cancelling, reading]);
    given.push(...[await queue.tryReceive()].filter((message) => message !== undefined));
    return given;
  },
};

async function receiveAll(linux: Linux, queue: MessageQueue, attempt: Attempt): Promise<string[]> {
  const got: string[] = [];
  for (let i = 0; i < 2; i++) got.push(...(await attempt(linux, queue)).map(({ text }) => text));
  while (got.length < COUNT) got.push((await queue.receive()).text);
  expect(await queue.tryReceive()).toBe(undefined);
  return got.sort();
}

describe("every message is received once, in every order, beside", () => {
  it.each(Object.keys(attempts))("%s", async (name) => {
    const attempt = attempts[name] as Attempt;
    await explore({ schedules: 400, leaks: "fail" }, async (linux) => {
      const queue = await MessageQueue.open(linux, NAME, NEW);
      const pid = await linux.spawn(sender);
      expect(await receiveAll(linux, queue, attempt)).toEqual(sent);
      await linux.waitpid(pid);
      await queue.close();
    });
  });

  for (const [name, attempt] of Object.entries(attempts)) {
    test(`${name}, as it happens`, async (linux) => {
      const queue = await MessageQueue.open(linux, NAME, NEW);
      const writer = await MessageQueue.open(linux, NAME, { access: "write" });
      const sending = (async () => {
        for (const each of sent) await writer.send(each);
      })();
      expect(await receiveAll(linux, queue, attempt)).toEqual(sent);
      await sending;
      await writer.close();
      await queue.close();
    });
  }
});

describe("every message that was sent is received, and no other", () => {
  it("however sends are aborted and time out", async () => {
    await explore({ schedules: 400, leaks: "fail" }, async (linux) => {
      const queue = await MessageQueue.open(linux, NAME, { ...NEW, maxMessages: 1 });
      const stop = new AbortController();
      const sends = ["a", "b", "c", "d"].map((each, i) =>
        queue.send(each, i % 2 === 0 ? { signal: stop.signal } : { timeout: 1 }).then(
          () => each,
          () => undefined,
        ),
      );
      const got: string[] = [];
      const receiving = (async () => {
        for await (const { text } of queue) got.push(text);
      })();
      await pause(linux);
      stop.abort();
      const delivered = (await Promise.all(sends)).filter((each) => each !== undefined);
      while ((await queue.attributes()).messages > 0) await pause(linux);
      await queue.close();
      await receiving;
      expect(got).toEqual(delivered);
    });
  });
});

// One object against a plain list.
type Operation =
  | { readonly kind: "send" | "trySend"; readonly text: string; readonly priority: number }
  | { readonly kind: "receive" | "tryReceive" | "receiveInto" | "next" | "read" }
  | { readonly kind: "cancelRead" | "abortReceive" | "attributes" };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("send" as const, "trySend" as const),
    text: fc.string({ maxLength: 4, unit: "grapheme-ascii" }),
    priority: fc.constantFrom(0, 1, 2, 32767),
  }),
  fc.record({
    kind: fc.constantFrom(
      "receive" as const,
      "tryReceive" as const,
      "receiveInto" as const,
      "next" as const,
      "read" as const,
    ),
  }),
  fc.record({
    kind: fc.constantFrom("cancelRead" as const, "abortReceive" as const, "attributes" as const),
  }),
);

/** The queue as it should be. */
class Reference {
  readonly messages: { text: string; priority: number }[] = [];

  send(text: string, priority: number): boolean {
    if (this.messages.length === 4) return false;
    const at = this.messages.findIndex((each) => each.priority < priority);
    this.messages.splice(at === -1 ? this.messages.length : at, 0, { text, priority });
    return true;
  }

  receive(): string {
    const message = this.messages.shift();
    return message === undefined ? "none" : `${message.text} ${message.priority}`;
  }
}

describe("an object is as a list ordered by priority", () => {
  test("for any operations, also those that are ended", async (linux) => {
    const told = (message: Message | undefined): string =>
      message === undefined ? "none" : `${message.text} ${message.priority}`;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        const queue = await MessageQueue.open(linux, NAME, { ...NEW, maxMessages: 4 });
        const reference = new Reference();
        const iteration = queue.messages();
        for (const each of operations) {
          const isEmpty = reference.messages.length === 0;
          switch (each.kind) {
            case "send": {
              const expected = reference.send(each.text, each.priority);
              const sending = queue.send(each.text, {
                priority: each.priority,
                timeout: expected ? 60_000 : 0,
              });
              expect(await sending.then(() => true, codeOf)).toBe(expected || "TIMEOUT_ERR");
              break;
            }
            case "trySend":
              expect(await queue.trySend(each.text, each)).toBe(reference.send(each.text, each.priority));
              break;
            case "tryReceive":
              expect(told(await queue.tryReceive())).toBe(reference.receive());
              break;
            case "receive":
              if (!isEmpty) expect(told(await queue.receive())).toBe(reference.receive());
              break;
            case "receiveInto": {
              if (isEmpty) break;
              const buffer = new Uint8Array(8);
              const { length, priority } = await queue.receiveInto(buffer);
              const text = new TextDecoder().decode(buffer.subarray(0, length));
              expect(`${text} ${priority}`).toBe(reference.receive());
              break;
            }
            case "next":
              if (!isEmpty) expect(told((await iteration.next()).value)).toBe(reference.receive());
              break;
            case "read": {
              if (isEmpty) break;
              const reader = queue.toReadableStream().getReader();
              expect(told((await reader.read()).value)).toBe(reference.receive());
              await reader.cancel();
              break;
            }
            case "cancelRead": {
              // Given, or put back: then it is the next one.
              const reader = queue.toReadableStream().getReader();
              const reading = reader.read();
              await reader.cancel();
              const { value } = await reading;
              if (value !== undefined) expect(told(value)).toBe(reference.receive());
              else if (!isEmpty) expect(told(await queue.tryReceive())).toBe(reference.receive());
              break;
            }
            case "abortReceive": {
              const stop = new AbortController();
              const receiving = queue.receive({ signal: stop.signal }).then(told, () => "ended");
              stop.abort();
              const outcome = await receiving;
              if (outcome !== "ended") expect(outcome).toBe(reference.receive());
              break;
            }
            case "attributes":
              expect((await queue.attributes()).messages).toBe(reference.messages.length);
          }
        }
        for (let left = reference.messages.length; left > 0; left--) {
          expect(told(await queue.tryReceive())).toBe(reference.receive());
        }
        expect(await queue.tryReceive()).toBe(undefined);
        await queue.close();
      }),
      { numRuns: 60 },
    );
  });
});
