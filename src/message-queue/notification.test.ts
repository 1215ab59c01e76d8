// To be told of messages, on both kernels.
import { afterEach, describe, expect, it } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { ownQueues } from "../../backends/linux/testing.js";
import { SIGEV_SIGNAL, SIGURG, SIGUSR2 } from "../constants.js";
import type { Linux } from "../linux.js";
import { program } from "../program.js";
import { explore } from "../simulation/explore.js";
import { failureOf, testerOf } from "../testing.js";
import { MessageQueue } from "./message-queue.js";

ownQueues();

const test = testerOf(real, listOwned);
const NAME = `/linux-ipc-notify-${process.pid}`;
const OTHER = `${NAME}-other`;

afterEach(async () => {
  if (process.platform !== "linux") return;
  for (const name of [NAME, OTHER]) await real.mq_unlink(name).catch(() => undefined);
});

const create = (linux: Linux, name = NAME): Promise<MessageQueue> =>
  MessageQueue.open(linux, name, { create: true, maxMessages: 4, messageSize: 8, unlinkOnClose: true });

describe("a notification", () => {
  test("tells of a message that finds the queue empty, once", async (linux) => {
    await using queue = await create(linux);
    for (let round = 0; round < 3; round++) {
      const notification = await queue.notify();
      expect(notification.signo).toBe(SIGUSR2);
      await queue.send("x");
      await notification.arrived;
      await notification.cancel();
      await queue.receive();
    }
    // A message that nobody asked to be told of leaves nothing for the next one.
    await queue.send("x");
    await queue.receive();
    const { arrived } = await queue.notify();
    let isTold = false;
    void arrived.then(() => {
      isTold = true;
    });
    for (let i = 0; i < 5; i++) await linux.getpid();
    expect(isTold).toBe(false);
    await queue.send("y");
    await arrived;
    await queue.receive();
  });

  test("is not told by a signal that was pending before", async (linux) => {
    await using queue = await create(linux);
    await linux.mq_notify(queue.fd, { notify: SIGEV_SIGNAL, signo: SIGUSR2 });
    await queue.send("x");
    await queue.receive();
    const notification = await queue.notify({ signo: SIGUSR2 });
    // Rounds of waiting, in which a signal comes that is there.
    for (let round = 0; round < 3; round++) {
      await failureOf(queue.receive({ timeout: 1 }));
    }
    const told = failureOf(notification.arrived);
    await notification.cancel();
    expect(await told).toMatchObject({ name: "AbortError" });
  });

  test("is cancelled, by itself or by a signal, and leaves nothing", async (linux) => {
    await using queue = await create(linux);
    {
      await using notification = await queue.notify();
      expect((await failureOf(queue.notify({ signo: SIGURG }))).message).toMatch(
        /^EBUSY: .*\(a process is told of the next message already: this one, or another\), message queue "/,
      );
      expect(await failureOf(queue.notify({ signo: notification.signo }))).toMatchObject({
        code: "ERR_INVALID_STATE",
      });
      const cancelled = failureOf(notification.arrived);
      await notification.cancel();
      expect(await cancelled).toMatchObject({ name: "AbortError" });
    }
    const stop = new AbortController();
    const { arrived } = await queue.notify({ signal: stop.signal });
    stop.abort("enough");
    expect(await failureOf(arrived)).toMatchObject({ name: "AbortError", cause: "enough" });
    expect(await failureOf(queue.notify({ signal: stop.signal }))).toMatchObject({ name: "AbortError" });
    const again = await queue.notify();
    await queue.send("x");
    await again.arrived;
    await queue.receive();
  });

  test("ends with its queue, and those of several queues have signals of their own", async (linux) => {
    const queue = await create(linux);
    const other = await create(linux, OTHER);
    const [first, second] = [await queue.notify(), await other.notify()];
    expect([first.signo, second.signo]).toEqual([SIGUSR2, SIGURG]);
    const ended = failureOf(first.arrived);
    await queue.close();
    expect((await ended).message).toMatch(/^EBADF: .*notify \(this object was closed\), message queue "/);
    await first.cancel();
    await other.send("x");
    await second.arrived;
    expect(await failureOf(queue.notify())).toMatchObject({ code: "EBADF" });
    const third = await create(linux);
    const late = failureOf(third.notify());
    await third.close();
    expect(await late).toMatchObject({ code: "EBADF" });
    expect((await failureOf(other.notify({ signo: 9 }))).message).toContain(
      'notify: "options.signo" must be one of SIGHUP',
    );
    await other.receive();
    await other.close();
  });
});

const sender = program(import.meta.url, async function sender(linux, count: number) {
  await using queue = await MessageQueue.open(linux, NAME, { access: "write" });
  for (let i = 0; i < count; i++) await queue.send(`${i}`);
});

describe("who asks, then looks, then waits", () => {
  it("misses no message, in every order", async () => {
    await explore({ schedules: 300, leaks: "fail" }, async (linux) => {
      await using queue = await create(linux);
      const pid = await linux.spawn(sender, { args: [4] });
      const got: string[] = [];
      while (got.length < 4) {
        await using notification = await queue.notify();
        for (;;) {
          const message = await queue.tryReceive();
          if (message === undefined) break;
          got.push(message.text);
        }
        if (got.length < 4) await notification.arrived;
      }
      expect(got).toEqual(["0", "1", "2", "3"]);
      await linux.waitpid(pid);
    });
  });
});
