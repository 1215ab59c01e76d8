// POSIX message queues under the simulator: every message once under every schedule, and what is said of those who wait.
import { describe, expect, it } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { explore } from "./explore.js";
import { simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;
const BOTH = c.O_RDWR | c.O_CREAT;
const SIZE = { maxmsg: 1, msgsize: 8 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function receive(linux: Linux, mqdes: number): Promise<string> {
  const buffer = new Uint8Array(8);
  const { length } = await linux.mq_receive(mqdes, buffer);
  return new TextDecoder().decode(buffer.subarray(0, length));
}

/** Receives jobs until "end", and answers with what it has seen. */
const worker = program(url, async (linux) => {
  const jobs = await linux.mq_open("/jobs", c.O_RDONLY);
  const done = await linux.mq_open("/done", c.O_WRONLY);
  for (let job = await receive(linux, jobs); job !== "end"; job = await receive(linux, jobs)) {
    await linux.mq_send(done, bytes(job), 0);
  }
  await linux.mq_close(jobs);
  await linux.mq_close(done);
});

const receiver = program(url, async (linux) => {
  await receive(linux, await linux.mq_open("/jobs", c.O_RDONLY));
});

describe("message queues on the model", () => {
  it("give every message to one of those who receive, under every schedule", async () => {
    const report = await explore({ schedules: 300 }, async (linux) => {
      const jobs = await linux.mq_open("/jobs", BOTH, 0o600, SIZE);
      const done = await linux.mq_open("/done", BOTH, 0o600, SIZE);
      const pids = [await linux.spawn(worker), await linux.spawn(worker)];
      const sending = (async () => {
        for (const job of ["a", "b", "c", "end", "end"]) await linux.mq_send(jobs, bytes(job), 0);
      })();
      const seen = [await receive(linux, done), await receive(linux, done), await receive(linux, done)];
      await sending;
      for (const pid of pids) await linux.waitpid(pid);
      expect(seen.sort()).toEqual(["a", "b", "c"]);
      for (const name of ["/jobs", "/done"]) await linux.mq_unlink(name);
      await linux.mq_close(jobs);
      await linux.mq_close(done);
    });
    expect(report).toBeDefined();
  });

  it("wait until a time of the model's clock", async () => {
    await simulate({}, async (linux) => {
      const q = await linux.mq_open("/q", BOTH, 0o600, SIZE);
      const until = (await linux.clock_gettime(c.CLOCK_REALTIME)) + 5_000_000_000n;
      await expect(linux.mq_timedreceive(q, new Uint8Array(8), until)).rejects.toMatchObject({
        code: "ETIMEDOUT",
      });
      expect(await linux.clock_gettime(c.CLOCK_REALTIME)).toBe(until);
      const sent = bytes("before");
      const sending = linux.mq_send(q, sent, 3);
      sent.fill(0);
      await sending;
      expect(await receive(linux, q)).toBe("before");
      const stop = new AbortController();
      const aborted = linux.mq_receive(q, new Uint8Array(8), { signal: stop.signal });
      stop.abort();
      await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
      await linux.mq_close(q);
    });
  });

  it("say in a deadlock who waits for what, and who could end it", async () => {
    const error = await errorOf(
      simulate({}, async (linux) => {
        const jobs = await linux.mq_open("/jobs", BOTH, 0o600, SIZE);
        await linux.mq_send(jobs, bytes("first"), 7);
        const full = linux.mq_send(jobs, bytes("second"), 0);
        const q = await linux.mq_open("/empty", c.O_RDONLY | c.O_CREAT, 0o600, SIZE);
        const empty = linux.mq_receive(q, new Uint8Array(8));
        await linux.mq_unlink("/empty");
        await Promise.all([full, empty]);
      }),
    );
    expect(error.message).toContain("deadlock: the last process waits, and nothing can happen any more");
    expect(error.message).toContain('waits in mq_send(3, "second", 0)');
    expect(error.message).toContain(
      "on fd 3, the message queue /jobs: it is full, with 1 messages in it, and open for receiving by pid 2 itself (fd 3) alone",
    );
    expect(error.message).toContain(
      "on fd 4, a message queue that was unlinked: it is empty, and open for sending by nobody",
    );
    expect(error.message).toContain('mq_send(3, "first", 7)');
  });

  it("tell what is left open, and which option sets a limit", async () => {
    const errors: string[] = [];
    const note = (error: Error): unknown => errors.push(error.message);
    const machine = { mqQueuesMax: 1, capabilities: 0n, rlimitMsgqueue: 500 };
    const report = await simulate({ machine }, async (linux) => {
      await linux.mq_open("/q", BOTH, 0o600, { maxmsg: 2, msgsize: 100 }).catch(note);
      await linux.mq_open("/r", BOTH, 0o600, SIZE).catch(note);
      await linux.mq_unlink("/q");
      await linux.mq_close(3);
      await linux.mq_open("/q", BOTH, 0o600, { maxmsg: 20, msgsize: 1 }).catch(note);
      await linux.mq_open("/q", BOTH, 0o600, { maxmsg: 10, msgsize: 1 }).catch(note);
      await linux.mq_open("/q", BOTH, 0o600, SIZE);
    });
    expect(errors).toEqual([
      "ENOSPC: no space left on device, mq_open '/r' (queues_max: the simulation's options machine.mqQueuesMax)",
      expect.stringMatching(/^EINVAL: .* \(msg_max and msgsize_max: .*mqMsgMax and mqMsgsizeMax\)$/),
      expect.stringMatching(/^EMFILE: .*RLIMIT_MSGQUEUE.*rlimitMsgqueue\)$/),
    ]);
    expect(report.leaks.map((leak) => leak.text).join()).toContain("fd 3 open (a message queue, since step");
  });
});

it("a receiver that is killed while it waits leaves the queue as it was", async () => {
  await simulate({}, async (linux) => {
    const jobs = await linux.mq_open("/jobs", BOTH, 0o600, SIZE);
    const pid = await linux.spawn(receiver);
    await linux.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 1_000_000n);
    await linux.kill(pid, c.SIGKILL);
    await linux.waitpid(pid);
    await linux.mq_send(jobs, bytes("kept"), 0);
    expect(await receive(linux, jobs)).toBe("kept");
    await linux.mq_unlink("/jobs");
    await linux.mq_close(jobs);
  });
});

const ASK = { notify: c.SIGEV_SIGNAL, signo: c.SIGUSR2 };

const sender = program(url, async (linux, text: string) => {
  const jobs = await linux.mq_open("/jobs", c.O_WRONLY);
  await linux.mq_send(jobs, bytes(text), 0);
  await linux.mq_close(jobs);
});

/** All messages that are there now. */
async function drain(linux: Linux, jobs: number): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const text = await receive(linux, jobs).catch((error) => error.code as string);
    if (text === "EAGAIN") return texts;
    texts.push(text);
  }
}

/** A process that is told by signals of what two others send. @param isEager whether it looks before it asks to be told */
async function collectByNotification(linux: Linux, isEager: boolean): Promise<void> {
  const jobs = await linux.mq_open("/jobs", BOTH | c.O_NONBLOCK, 0o600, { maxmsg: 4, msgsize: 8 });
  const pids = [await linux.spawn(sender, { args: ["a"] }), await linux.spawn(sender, { args: ["b"] })];
  const seen: string[] = [];
  while (seen.length < 2) {
    if (isEager) seen.push(...(await drain(linux, jobs)));
    await linux.mq_notify(jobs, ASK);
    if (!isEager) seen.push(...(await drain(linux, jobs)));
    if (seen.length < 2) await linux.sigwait([c.SIGUSR2]);
    await linux.mq_notify(jobs, null);
  }
  expect(seen.sort()).toEqual(["a", "b"]);
  for (const pid of pids) await linux.waitpid(pid);
  await linux.mq_unlink("/jobs");
  await linux.mq_close(jobs);
}

/** Is told of a message, and takes it for granted that it is still there. */
const trusting = program(url, async (linux) => {
  const jobs = await linux.mq_open("/jobs", c.O_RDONLY | c.O_NONBLOCK);
  await linux.mq_notify(jobs, ASK);
  await linux.mq_send(await linux.mq_open("/ready", c.O_WRONLY), bytes("asked"), 0);
  await linux.sigwait([c.SIGUSR2]);
  await receive(linux, jobs);
});

const passerBy = program(url, async (linux) => {
  await drain(linux, await linux.mq_open("/jobs", c.O_RDONLY | c.O_NONBLOCK));
});

describe("being told of messages", () => {
  it("misses none if a process asks first and looks then, under every schedule", async () => {
    await explore({ schedules: 400 }, (linux) => collectByNotification(linux, false));
  });

  it("misses one that comes between looking and asking, which a search finds and tells", async () => {
    const { failure } = await explore.check({ schedules: 400 }, (linux) =>
      collectByNotification(linux, true),
    );
    expect(failure?.kind).toBe("deadlock");
    expect(failure?.message).toContain("waits in sigwait([SIGUSR2])");
    expect(failure?.message).toMatch(
      /for SIGUSR2, which tells of a message in the message queue \/jobs: but only of one that finds it empty, and it has [12] in it/,
    );
    expect(failure?.message).toContain("mq_notify(3, SIGEV_SIGNAL SIGUSR2)");
  });

  it("is raced by who receives: a search finds that the message is gone", async () => {
    const { failure } = await explore.check({ schedules: 400, leaks: "ignore" }, async (linux) => {
      const jobs = await linux.mq_open("/jobs", BOTH, 0o600, SIZE);
      const ready = await linux.mq_open("/ready", BOTH, 0o600, SIZE);
      const pids = [await linux.spawn(trusting), await linux.spawn(passerBy)];
      await receive(linux, ready);
      await linux.mq_send(jobs, bytes("one"), 0);
      for (const pid of pids) await linux.waitpid(pid);
    });
    expect(failure?.kind).toBe("throw");
    expect(failure?.message).toContain("EAGAIN");
  });

  it("goes by signals that nobody has to wait for, and that an abort does not take", async () => {
    await simulate({}, async (linux) => {
      const q = await linux.mq_open("/q", BOTH, 0o600, SIZE);
      await linux.mq_unlink("/q");
      const stop = new AbortController();
      const aborted = linux.sigwait([c.SIGUSR2], { signal: stop.signal });
      await linux.mq_notify(q, ASK);
      stop.abort();
      await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
      await linux.mq_send(q, bytes("told"), 0);
      expect(await linux.sigwait([c.SIGUSR1, c.SIGUSR2])).toBe(c.SIGUSR2);
      await expect(linux.sigwait([c.SIGKILL])).rejects.toMatchObject({ code: "EINVAL" });
      await expect(linux.mq_notify(q, { notify: c.SIGEV_SIGNAL, signo: c.SIGKILL })).rejects.toMatchObject({
        code: "ENOSYS",
      });
      await linux.mq_close(q);
    });
  });

  it("that never comes is a deadlock, which says whose message is missing", async () => {
    const error = await errorOf(
      simulate({}, async (linux) => {
        const q = await linux.mq_open("/q", BOTH, 0o600, SIZE);
        await linux.mq_notify(q, ASK);
        await Promise.all([linux.sigwait([c.SIGUSR2]), linux.sigwait([c.SIGTERM])]);
      }),
    );
    expect(error.message).toContain(
      "for SIGUSR2, which tells of a message in the message queue /q: it is empty, and open for sending by pid 2 itself (fd 3) alone",
    );
    expect(error.message).toContain("waits in sigwait([SIGTERM])");
    expect(error.message).toContain("for a signal: no message queue is to tell it of a message by one");
  });
});
