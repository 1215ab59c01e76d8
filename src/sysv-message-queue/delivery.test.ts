// Nothing lost, nothing twice: under every order of the simulator's and for real, with every way in which a receive can end.
import { linux as real } from "linux-ipc/native";
import { afterEach, describe, expect, it } from "vitest";
import { ownQueues } from "../../backends/linux/testing.js";
import { IPC_RMID } from "../constants.js";
import { codeOf, isAbortError } from "../errors.js";
import type { Linux } from "../linux.js";
import { explore } from "../simulation/explore.js";
import { testerOf } from "../testing.js";
import type { SysvMessage } from "./message.js";
import { SysvMessageQueue } from "./sysv-message-queue.js";

ownQueues();

const test = testerOf(real, () => []);
const made: number[] = [];

afterEach(async () => {
  for (const id of made.splice(0)) await real.msgctl(id, IPC_RMID).catch(() => undefined);
});

async function create(linux: Linux): Promise<SysvMessageQueue> {
  const queue = await SysvMessageQueue.createPrivate(linux, { removeOnClose: true });
  if (linux === real) made.push(queue.id);
  return queue;
}

/** A way to ask for messages that ends before it has what it asks for, in some orders. @returns what it was given */
type Attempt = (linux: Linux, queue: SysvMessageQueue) => Promise<SysvMessage[]>;

const unlessEnded = async (receiving: Promise<SysvMessage>): Promise<SysvMessage[]> => {
  try {
    return [await receiving];
  } catch (error) {
    if (isAbortError(error) || codeOf(error) === "TIMEOUT_ERR" || codeOf(error) === "EBADF") return [];
    throw error;
  }
};

const attempts: Record<string, Attempt> = {
  async "a receive that is aborted"(linux, queue) {
    const stop = new AbortController();
    const receiving = unlessEnded(queue.receive({ type: { upTo: 3 }, signal: stop.signal }));
    await linux.getpid();
    stop.abort();
    return await receiving;
  },
  async "a receive that times out"(_linux, queue) {
    return await unlessEnded(queue.receive({ type: { except: 1 }, timeout: 1 }));
  },
  async "a stream that is cancelled, beside a receive that waits"(linux, queue) {
    const reader = queue.toReadableStream({ type: { upTo: 9 } }).getReader();
    const given: SysvMessage[] = [];
    const reading = reader.read().then(({ value }) => value && given.push(value));
    const stop = new AbortController();
    const beside = unlessEnded(queue.receive({ type: 2, signal: stop.signal }));
    await linux.getpid();
    await Promise.all([reader.cancel(), reading]);
    stop.abort();
    given.push(...(await beside));
    return given;
  },
  async "an object that is closed while its receive, and its stream, wait"(linux, queue) {
    const object = SysvMessageQueue.from(linux, queue.id);
    const receiving = unlessEnded(object.receive());
    const reader = object.toReadableStream().getReader();
    const given: SysvMessage[] = [];
    const reading = reader.read().then(({ value }) => value && given.push(value));
    await linux.getpid();
    const closing = object.close().catch((error: unknown) => {
      // Full: then it says so, and hands them over.
      if (codeOf(error) !== "ERR_MESSAGES_LEFT") throw error;
      given.push(...(error as { messages: SysvMessage[] }).messages);
    });
    await Promise.all([closing, reader.cancel(), reading]);
    given.push(...(await receiving));
    return given;
  },
};

const sent = ["a 1", "b 2", "c 3", "d 2"];

async function deliver(linux: Linux, attempt: Attempt): Promise<void> {
  const queue = await create(linux);
  const sender = SysvMessageQueue.from(linux, queue.id);
  await queue.set({ maxBytes: 2 });
  const sending = (async () => {
    for (const each of sent) await sender.send(each.slice(0, 1), { type: Number(each.slice(2)) });
  })();
  const got: SysvMessage[] = [];
  for (let i = 0; i < 2; i++) got.push(...(await attempt(linux, queue)));
  while (got.length < sent.length) got.push(await queue.receive());
  expect(await queue.tryReceive()).toBe(undefined);
  await sending;
  expect(got.map(({ text, type }) => `${text} ${type}`).sort()).toEqual(sent);
  await sender.close();
  await queue.close();
}

describe("every message is received once, beside", () => {
  it.each(Object.keys(attempts))("%s, in every order", async (name) => {
    await explore({ schedules: 400 }, (linux) => deliver(linux, attempts[name] as Attempt));
  });

  for (const [name, attempt] of Object.entries(attempts)) {
    test(name, (linux) => deliver(linux, attempt));
  }
});
