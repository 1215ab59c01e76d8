// POSIX message queues on the real kernel: awaited calls and plain ones, and what goes on between them.
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import * as c from "../../src/constants.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";
import * as libc from "./libc.js";
import { waitingCount } from "./readiness.js";
import { ownQueues } from "./testing.js";

ownQueues();

// Where the namespace is shared after all, names must not be anybody's.
const NAME = `/linux-ipc-test-${process.pid}`;
const OTHER = `${NAME}-other`;
const BOTH = c.O_RDWR | c.O_CREAT;
const SIZE = { maxmsg: 2, msgsize: 16 };

afterEach(async () => {
  for (const fd of listOwned()) await linux.close(fd);
  for (const name of [NAME, OTHER]) await linux.mq_unlink(name).catch(() => undefined);
  expect(waitingCount()).toBe(0);
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error) => error.code ?? error.name,
  );
const open = (oflag = BOTH, size: typeof SIZE | null = SIZE): Promise<number> =>
  linux.mq_open(NAME, oflag, 0o600, size);
const now = (): Promise<bigint> => linux.clock_gettime(c.CLOCK_REALTIME);
const soon = async (milliseconds: number): Promise<bigint> =>
  (await now()) + BigInt(milliseconds) * 1_000_000n;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function receive(mqdes: number, options: { signal?: AbortSignal } = {}): Promise<string> {
  const buffer = new Uint8Array(16);
  const { length, priority } = await linux.mq_receive(mqdes, buffer, options);
  return `${new TextDecoder().decode(buffer.subarray(0, length))} ${priority}`;
}

describe("a queue", () => {
  it("has attributes, gives messages by priority, and forgets its name but not its messages", async () => {
    const q = await open();
    expect(await linux.mq_getattr(q)).toEqual({ flags: 0, ...SIZE, curmsgs: 0 });
    await linux.mq_send(q, bytes("low"), 1);
    await linux.mq_send(q, bytes("high"), 32767);
    expect(await codeOf(linux.mq_send(q, bytes("x"), 32768))).toBe("EINVAL");
    await linux.mq_unlink(NAME);
    expect(await codeOf(open(c.O_RDWR))).toBe("ENOENT");
    expect(await linux.mq_setattr(q, { flags: c.O_NONBLOCK })).toEqual({ flags: 0, ...SIZE, curmsgs: 2 });
    expect(await codeOf(linux.mq_send(q, bytes("x"), 0))).toBe("EAGAIN");
    expect([await receive(q), await receive(q)]).toEqual(["high 32767", "low 1"]);
    expect(await codeOf(receive(q))).toBe("EAGAIN");
    expect(await linux.fcntl(q, c.F_GETFD)).toBe(c.FD_CLOEXEC);
    expect(await linux.fstat(q)).toMatchObject({ mode: c.S_IFREG | 0o600, nlink: 0 });
  });

  it("has the system's attributes where none are given, and takes buffers of any length", async () => {
    const q = await open(BOTH, null);
    const { maxmsg, msgsize } = await linux.mq_getattr(q);
    expect(maxmsg).toBeGreaterThan(0);
    await linux.mq_send(q, new Uint8Array(msgsize).fill(7), 3);
    const buffer = new Uint8Array(100_000).fill(1);
    expect(await linux.mq_receive(q, buffer)).toEqual({ length: msgsize, priority: 3 });
    expect([buffer[msgsize - 1], buffer[msgsize]]).toEqual([7, 1]);
    expect(await codeOf(linux.mq_receive(q, new Uint8Array(msgsize - 1)))).toBe("EMSGSIZE");
    await linux.mq_send(q, new Uint8Array(0), 0);
    expect(linux.sync.mq_receive(q, buffer)).toEqual({ length: 0, priority: 0 });
  });

  it("can be polled and read like another file, also while it is empty", async () => {
    const q = await open();
    const buffer = new Uint8Array(100);
    expect(await linux.poll([{ fd: q, events: c.POLLIN | c.POLLOUT }], -1)).toEqual([c.POLLOUT]);
    expect(await linux.read(q, buffer)).toBe(60);
    expect(new TextDecoder().decode(buffer.subarray(0, 8))).toBe("QSIZE:0 ");
    expect(await linux.read(q, buffer)).toBe(0);
    expect(await codeOf(linux.write(q, bytes("x")))).toBe("EINVAL");
    const polled = linux.poll([{ fd: q, events: c.POLLIN }], -1);
    await turn();
    linux.sync.mq_send(q, bytes("wakes"), 0);
    expect(await polled).toEqual([c.POLLIN]);
  });

  it("tells what was wrong: the queue, the limit and its knob", async () => {
    const error = (promise: Promise<unknown>): Promise<Error> =>
      promise.then(
        () => new Error("none"),
        (e) => e,
      );
    const q = await open();
    expect((await error(linux.mq_open(OTHER, c.O_RDONLY))).message).toBe(
      `ENOENT: no such file or directory, mq_open '${OTHER}'`,
    );
    expect((await error(linux.mq_unlink("none"))).message).toContain("EINVAL");
    expect((await error(open(BOTH | c.O_EXCL))).message).toContain(`EEXIST: file exists, mq_open '${NAME}'`);
    expect((await error(linux.mq_send(q, new Uint8Array(17), 0))).message).toContain(
      `mq_send, fd ${q} (the limit is the queue's msgsize: mq_getattr)`,
    );
    const tooMany = linux.mq_open(OTHER, BOTH, 0o600, { maxmsg: 70000, msgsize: 1 });
    expect((await error(tooMany)).message).toContain("/proc/sys/fs/mqueue/msg_max and msgsize_max");
    expect((await error(linux.mq_send(99, bytes("x"), 0))).message).toContain(
      "fd 99 (this program did not open",
    );
    expect(await error(linux.mq_open("/x", BOTH, 0o600, { maxmsg: 1.5, msgsize: 1 }))).toBeInstanceOf(
      TypeError,
    );
  });
});

describe("an awaited call", () => {
  it("waits for a message, and for room, without blocking the thread", async () => {
    const q = await open();
    const first = receive(q);
    const second = receive(q);
    await turn();
    linux.sync.mq_send(q, bytes("one"), 0);
    linux.sync.mq_send(q, bytes("two"), 0);
    expect(await Promise.all([first, second])).toEqual(["one 0", "two 0"]);
    const sent = Array.from({ length: 5 }, (_, index) => linux.mq_send(q, bytes(`${index}`), 0));
    await turn();
    const got: string[] = [];
    for (let index = 0; index < 5; index++) got.push(await receive(q));
    await Promise.all(sent);
    expect(got.sort()).toEqual(["0 0", "1 0", "2 0", "3 0", "4 0"]);
  });

  it("sends the bytes of the time of the call", async () => {
    const q = await open();
    await linux.mq_send(q, bytes("a"), 0);
    await linux.mq_send(q, bytes("b"), 0);
    const message = bytes("before");
    const sent = linux.mq_send(q, message, 0);
    message.set(bytes("after!"));
    expect([await receive(q), await receive(q)]).toEqual(["a 0", "b 0"]);
    await sent;
    expect(await receive(q)).toBe("before 0");
  });

  it("that is aborted has taken nothing and sent nothing", async () => {
    const q = await open();
    for (let round = 0; round < 50; round++) {
      const stop = new AbortController();
      const taken = codeOf(receive(q, { signal: stop.signal }));
      if (round % 2 === 0) await turn();
      // The message and the abort come in the same turn.
      linux.sync.mq_send(q, bytes("kept"), 0);
      stop.abort();
      const outcome = await taken;
      expect(outcome === "ABORT_ERR" ? await receive(q) : outcome).toBe("kept 0");
      expect((await linux.mq_getattr(q)).curmsgs).toBe(0);
    }
    await linux.mq_send(q, bytes("a"), 0);
    await linux.mq_send(q, bytes("b"), 0);
    const stop = new AbortController();
    const sent = codeOf(linux.mq_send(q, bytes("never"), 0, { signal: stop.signal }));
    await turn();
    stop.abort();
    expect(await sent).toBe("ABORT_ERR");
    expect([await receive(q), await receive(q)]).toEqual(["a 0", "b 0"]);
    expect((await linux.mq_getattr(q)).curmsgs).toBe(0);
  });

  it("ends at its time, and at once where that is past", async () => {
    const q = await open();
    const buffer = new Uint8Array(16);
    expect(await codeOf(linux.mq_timedreceive(q, buffer, 0n))).toBe("ETIMEDOUT");
    expect(await codeOf(linux.mq_timedreceive(q, buffer, -1n))).toBe("EINVAL");
    expect(await codeOf(linux.mq_timedreceive(q, buffer, -(1n << 40n)))).toBe("EINVAL");
    const until = await soon(20);
    expect(await codeOf(linux.mq_timedreceive(q, buffer, until))).toBe("ETIMEDOUT");
    expect((await now()) >= until).toBe(true);
    await linux.mq_timedsend(q, bytes("a"), 0, 0n);
    await linux.mq_timedsend(q, bytes("b"), 0, 0n);
    expect(await codeOf(linux.mq_timedsend(q, bytes("c"), 0, await soon(5)))).toBe("ETIMEDOUT");
    const late = linux.mq_timedsend(q, bytes("c"), 0, await soon(60_000));
    await turn();
    expect(await receive(q)).toBe("a 0");
    await late;
    expect((await linux.mq_getattr(q)).curmsgs).toBe(2);
  });

  it("ends with EBADF when its descriptor is closed, and O_NONBLOCK set meanwhile does not end it", async () => {
    const q = await open();
    const other = await open(c.O_RDWR);
    const waiting = codeOf(receive(q));
    const going = receive(other);
    await turn();
    await linux.mq_setattr(other, { flags: c.O_NONBLOCK });
    await linux.mq_close(q);
    expect(await waiting).toBe("EBADF");
    const sender = await open(c.O_WRONLY);
    await linux.mq_send(sender, bytes("x"), 0);
    expect(await going).toBe("x 0");
    expect(await codeOf(receive(sender))).toBe("EBADF");
  });

  it("on a descriptor that is not the program's is EBADF, with the kernel's order of checks", async () => {
    expect(await codeOf(linux.mq_send(1, bytes("x"), 0))).toBe("EBADF");
    expect(await codeOf(linux.mq_send(1, bytes("x"), 40000))).toBe("EINVAL");
    expect(await codeOf(linux.mq_timedreceive(1, new Uint8Array(1), -1n))).toBe("EINVAL");
    expect(await codeOf(linux.mq_notify(1, { notify: 7 }))).toBe("EINVAL");
    expect(await codeOf(linux.mq_setattr(1, { flags: 1 }))).toBe("EINVAL");
    expect(await codeOf(linux.mq_close(1))).toBe("EBADF");
    const [r] = await linux.pipe2();
    expect(await codeOf(linux.mq_getattr(r))).toBe("EBADF");
  });
});

describe("a notification", () => {
  it("is registered for one, dropped by a close, used up by a message, and withdrawn", async () => {
    const q = await open();
    await linux.mq_notify(q, { notify: c.SIGEV_NONE });
    expect(await codeOf(linux.mq_notify(q, { notify: c.SIGEV_NONE }))).toBe("EBUSY");
    await linux.mq_notify(q, null);
    await linux.mq_notify(q, { notify: c.SIGEV_SIGNAL, signo: 0 });
    await linux.close(await linux.dup(q));
    await linux.mq_notify(q, { notify: c.SIGEV_NONE });
    // What awaits is no receiver that waits in the kernel: it does not keep the notification from being used up.
    const waiting = receive(q);
    await turn();
    linux.sync.mq_send(q, bytes("x"), 0);
    expect(await waiting).toBe("x 0");
    await linux.mq_notify(q, { notify: c.SIGEV_NONE });
    expect(await codeOf(linux.mq_notify(q, { notify: c.SIGEV_SIGNAL, signo: c.SIGKILL }))).toBe("ENOSYS");
    expect(await codeOf(linux.mq_notify(q, { notify: c.SIGEV_SIGNAL, signo: 65 }))).toBe("EINVAL");
    expect(await codeOf(linux.mq_notify(q, { notify: c.SIGEV_THREAD }))).toBe("ENOSYS");
  });
});

describe("the system calls that libc may lack", () => {
  it("do what its functions do", async () => {
    // A thread of its own finds none of libc's: glibc before 2.34 looks so.
    const script = `
      const { workerData, parentPort } = require("node:worker_threads");
      import(workerData.libc).then(async (libc) => {
        const zero = libc.scratch.address;
        const { view, bytes } = libc.scratch;
        const fd = libc.syscallOnName(workerData.numbers[0], workerData.name.slice(1), ${BOTH}, 0o600, 0);
        bytes.set([104, 105], 512);
        const sent = libc.syscall5(workerData.numbers[2], fd, zero + 512, 2, 7, 0);
        const length = libc.syscall5(workerData.numbers[3], fd, zero + 1024, 16384, zero + 256, 0);
        const unlinked = libc.syscallOnName(workerData.numbers[1], workerData.name.slice(1), 0, 0, 0);
        libc.close(fd);
        parentPort.postMessage([sent, length, view.getUint32(256, true), bytes[1025], unlinked]);
      });`;
    const numbers = process.arch === "x64" ? [240, 241, 242, 243] : [180, 181, 182, 183];
    const worker = new Worker(script, {
      eval: true,
      workerData: {
        libc: new URL("../../dist/backends/linux/libc.js", import.meta.url).href,
        numbers,
        name: NAME,
      },
    });
    const failed = new Promise((_, reject) => worker.once("error", reject));
    const answer = new Promise((resolve) => worker.once("message", resolve));
    expect(await Promise.race([answer, failed])).toEqual([0, 2, 7, 105, 0]);
    expect(libc.failure).toBeUndefined();
  });
});
