// POSIX message queues by hand, on rules that properties/ holds against the real kernel; and those that it cannot reach there:
// limits that CAP_SYS_RESOURCE lifts, messages longer than the window, open files that are used up.
import { describe, expect, test } from "vitest";
import { BLOCKED, FORM_AWAITED, FORM_BLOCKING } from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import type { MachineOptions } from "./machine.js";
import { bytes, Driver, type Started } from "./testing.js";

const BOTH = c.O_RDWR | c.O_CREAT;
const SIZE = { maxmsg: 2, msgsize: 16 };
const ALL = (1n << BigInt(c.CAP_LAST_CAP + 1)) - 1n;
const WITHOUT_RESOURCE: MachineOptions = { capabilities: ALL & ~(1n << BigInt(c.CAP_SYS_RESOURCE)) };
const START_NS = 946_684_800_000_000_000n;

class Queues extends Driver {
  open(name = "/q", oflag = BOTH, size: object | null = SIZE, mode = 0o666): number {
    return this.call("mq_open", name, oflag, mode, size) as number;
  }

  send(mqdes: number, text: string, priority = 0): number {
    return this.call("mq_send", mqdes, bytesOf(text), priority) as number;
  }

  /** A message as text with its priority, or -errno. */
  receive(mqdes: number, room = 16): unknown {
    return textOf(this.start("mq_receive", [mqdes, new Uint8Array(room)]));
  }

  count(mqdes: number): number {
    return (this.call("mq_getattr", mqdes) as { curmsgs: number }).curmsgs;
  }

  status(mqdes: number): string {
    const buffer = new Uint8Array(100);
    const length = this.call("read", mqdes, buffer) as number;
    return new TextDecoder().decode(buffer.subarray(0, length));
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a receive came to. */
function textOf({ call, result }: Started): unknown {
  if (result < 0) return result;
  const { length, priority } = call.value as { length: number; priority: number };
  return `${new TextDecoder().decode((call.payload as Uint8Array).subarray(0, length))} ${priority}`;
}

const received = (d: Queues, waiting: Started): unknown => textOf({ ...waiting, result: d.go(waiting) });

describe("names", () => {
  test("are judged in the kernel's order", () => {
    const d = new Queues({ rlimitNofile: 4 });
    const long = "x".repeat(4096);
    expect(d.call("mq_open", "/", BOTH)).toBe(-c.ENOENT);
    expect(d.call("mq_open", "//", BOTH)).toBe(-c.EACCES);
    expect(d.call("mq_open", "/.", BOTH)).toBe(-c.EACCES);
    expect(d.call("mq_open", "/..", BOTH)).toBe(-c.EACCES);
    expect(d.call("mq_open", `/${"x".repeat(256)}`, BOTH)).toBe(-c.ENAMETOOLONG);
    expect(d.call("mq_open", `/a/${"x".repeat(256)}`, BOTH)).toBe(-c.EACCES);
    expect(d.call("mq_open", `/a/${long}`, BOTH)).toBe(-c.ENAMETOOLONG);
    expect(d.open(`/${"x".repeat(255)}`)).toBe(3);
    // No descriptor is left: that comes out before what is wrong with a name, and after its length.
    expect(d.call("mq_open", "/.", BOTH)).toBe(-c.EMFILE);
    expect(d.call("mq_open", `/a/${long}`, BOTH)).toBe(-c.ENAMETOOLONG);
    expect(d.call("mq_unlink", `/${"x".repeat(255)}`)).toBe(0);
    expect(d.call("mq_unlink", "/.")).toBe(-c.EACCES);
    expect(d.call("mq_unlink", "/x")).toBe(-c.ENOENT);
  });

  test("are not those of files, and a queue lives on for who has it open", () => {
    const d = new Queues();
    const q = d.open();
    expect(d.call("stat", "/q")).toBe(-c.ENOENT);
    d.send(q, "kept");
    expect(d.call("fstat", q)).toEqual({ mode: c.S_IFREG | 0o644, nlink: 1, uid: 0, gid: 0, size: 80 });
    expect(d.call("mq_unlink", "/q")).toBe(0);
    expect(d.call("fstat", q)).toMatchObject({ nlink: 0 });
    expect(d.open("/q", c.O_RDWR)).toBe(-c.ENOENT);
    const other = d.open();
    expect(d.count(other)).toBe(0);
    expect(d.receive(q)).toBe("kept 0");
  });
});

describe("messages", () => {
  test("come out by priority, and first come first served within one", () => {
    const d = new Queues();
    const q = d.open("/q", BOTH, { maxmsg: 5, msgsize: 16 });
    for (const [text, priority] of [
      ["a", 1],
      ["b", 3],
      ["c", 1],
      ["", 32767],
      ["e", 3],
    ] as const)
      expect(d.send(q, text, priority)).toBe(0);
    expect(Array.from({ length: 5 }, () => d.receive(q))).toEqual([" 32767", "b 3", "e 3", "a 1", "c 1"]);
    expect(d.send(q, "f", 32768)).toBe(-c.EINVAL);
    expect(d.send(q, "x".repeat(17))).toBe(-c.EMSGSIZE);
    expect(d.receive(q, 15)).toBe(-c.EMSGSIZE);
  });

  test("are handed to the first who waits, and never lie in the queue meanwhile", () => {
    const d = new Queues();
    const q = d.open();
    const first = d.start("mq_receive", [q, new Uint8Array(16)]);
    const second = d.start("mq_receive", [q, new Uint8Array(16)]);
    expect([first.result, second.result]).toEqual([BLOCKED, BLOCKED]);
    d.send(q, "one");
    expect(d.count(q)).toBe(0);
    expect(d.runnable()).toEqual([first.task]);
    d.send(q, "two");
    d.send(q, "three");
    expect(d.count(q)).toBe(1);
    expect(received(d, second)).toBe("two 0");
    expect(received(d, first)).toBe("one 0");
    expect(d.receive(q)).toBe("three 0");
  });

  test("of a sender that waits go in as soon as one comes out, in the order of the senders", () => {
    const d = new Queues();
    const q = d.open();
    d.send(q, "a");
    d.send(q, "b");
    const first = d.start("mq_send", [q, bytesOf("c"), 0]);
    const second = d.start("mq_send", [q, bytesOf("d"), 9]);
    expect(d.receive(q)).toBe("a 0");
    expect(d.runnable()).toEqual([first.task]);
    expect(d.count(q)).toBe(2);
    expect(d.go(first)).toBe(0);
    expect(d.receive(q)).toBe("b 0");
    expect(d.receive(q)).toBe("d 9");
    expect(d.receive(q)).toBe("c 0");
    expect(d.go(second)).toBe(0);
  });

  test("are delivered although a signal or the time came too, and else are not", () => {
    const d = new Queues();
    const q = d.open();
    const soon = START_NS + 1_000_000_000n;
    const served = d.start("mq_timedreceive", [q, new Uint8Array(16), soon]);
    const late = d.start("mq_timedreceive", [q, new Uint8Array(16), soon]);
    const signalled = d.start("mq_receive", [q, new Uint8Array(16)]);
    d.machine.fireTimer();
    d.machine.interrupt(signalled.task);
    d.send(q, "just in time");
    expect(received(d, served)).toBe("just in time 0");
    expect(d.go(late)).toBe(-c.ETIMEDOUT);
    expect(d.go(signalled)).toBe(-c.EINTR);
    d.send(q, "a");
    d.send(q, "b");
    const sender = d.start("mq_send", [q, bytesOf("never"), 0]);
    expect(d.machine.cancel(sender.task)).toBe(-c.EINTR);
    expect([d.receive(q), d.receive(q), d.count(q)]).toEqual(["a 0", "b 0", 0]);
  });

  test("times are judged first, and count only where it would wait", () => {
    const d = new Queues();
    const q = d.open();
    expect(d.call("mq_timedreceive", 99, new Uint8Array(16), -1n)).toBe(-c.EINVAL);
    expect(d.call("mq_timedreceive", 99, new Uint8Array(16), 1n)).toBe(-c.EBADF);
    expect(d.call("mq_timedreceive", q, new Uint8Array(16), 1n)).toBe(-c.ETIMEDOUT);
    expect(d.call("mq_timedsend", q, bytesOf("a"), 0, 1n)).toBe(0);
    expect(d.call("mq_timedsend", q, bytesOf("b"), 0, 1n)).toBe(0);
    expect(d.call("mq_timedsend", q, bytesOf("c"), 0, 1n)).toBe(-c.ETIMEDOUT);
    const never = d.start("mq_timedsend", [q, bytesOf("d"), 0, (1n << 63n) - 1n]);
    expect([never.result, d.machine.hasTimer()]).toEqual([BLOCKED, false]);
  });

  test("may be longer than the window of the host", () => {
    const d = new Queues({ mqMsgsizeMax: 1 << 20 });
    const q = d.open("/q", BOTH, { maxmsg: 1, msgsize: 200_000 });
    const sent = bytes(200_000);
    expect(d.call("mq_send", q, sent, 5)).toBe(0);
    const buffer = new Uint8Array(200_000);
    expect(d.call("mq_receive", q, buffer)).toEqual({ length: 200_000, priority: 5 });
    expect(Buffer.compare(buffer, sent)).toBe(0);
  });

  test("leave no trace once they are gone, nor do their queues", () => {
    const d = new Queues();
    const before = d.machine.hash();
    const q = d.open();
    for (const text of ["a", "b"]) d.send(q, text);
    const sender = d.start("mq_send", [q, bytesOf("c"), 0]);
    d.call("mq_unlink", "/q");
    d.call("mq_close", q);
    d.machine.cancel(sender.task);
    for (const task of d.runnable()) while (!d.machine.exitStep(task));
    expect(d.machine.hash()).toBe(before);
  });
});

describe("an awaited call", () => {
  test("waits as a poll does: others may be served before it, and nothing is handed to it", () => {
    const d = new Queues();
    const q = d.open();
    const awaited = d.start("mq_receive", [q, new Uint8Array(16)], FORM_AWAITED);
    const blocked = d.start("mq_receive", [q, new Uint8Array(16)], FORM_BLOCKING);
    d.send(q, "for the thread");
    expect(d.runnable()).toEqual([blocked.task]);
    expect(received(d, blocked)).toBe("for the thread 0");
    d.send(q, "stolen");
    expect(d.runnable()).toEqual([awaited.task]);
    expect(d.receive(q)).toBe("stolen 0");
    expect(d.go(awaited)).toBe(BLOCKED);
    d.send(q, "taken");
    expect(received(d, awaited)).toBe("taken 0");
  });

  test("ends with EBADF when its descriptor is closed, and takes nothing", () => {
    const d = new Queues();
    const q = d.open();
    const other = d.open("/q", c.O_RDWR);
    const awaited = d.start("mq_receive", [q, new Uint8Array(16)], FORM_AWAITED);
    d.call("mq_close", q);
    d.send(other, "kept");
    expect(d.go(awaited)).toBe(-c.EBADF);
    expect(d.receive(other)).toBe("kept 0");
  });
});

describe("notifications", () => {
  const NONE = { notify: c.SIGEV_NONE };

  test("are for one process, once, of a message that finds the queue empty and nobody blocked", () => {
    const d = new Queues();
    const other = d.machine.createProcess();
    const q = d.open();
    const ask = (process: number, what: object | null): number =>
      d.start("mq_notify", [process === other ? theirs : q, what], FORM_BLOCKING, process).result;
    const theirs = d.start("mq_open", ["/q", c.O_RDWR], FORM_BLOCKING, other).result;
    expect(ask(d.process, NONE)).toBe(0);
    expect(ask(d.process, NONE)).toBe(-c.EBUSY);
    expect(ask(other, NONE)).toBe(-c.EBUSY);
    // To withdraw another's does nothing.
    expect(ask(other, null)).toBe(0);
    expect(ask(other, NONE)).toBe(-c.EBUSY);
    const blocked = d.start("mq_receive", [q, new Uint8Array(16)]);
    d.send(q, "handed over");
    expect(d.go(blocked)).toBe(11);
    expect(ask(other, NONE)).toBe(-c.EBUSY);
    d.send(q, "tells");
    expect(ask(other, NONE)).toBe(0);
    // It was not empty.
    d.send(q, "tells nobody");
    expect(ask(d.process, NONE)).toBe(-c.EBUSY);
  });

  test("are dropped when the process closes any descriptor of the queue", () => {
    const d = new Queues();
    const q = d.open();
    const unrelated = d.open("/q", c.O_RDONLY);
    expect(d.call("mq_notify", q, { notify: c.SIGEV_SIGNAL, signo: 0 })).toBe(0);
    const pid = String(d.call("getpid")).padEnd(6);
    expect(d.status(q)).toBe(`QSIZE:0          NOTIFY:0     SIGNO:0     NOTIFY_PID:${pid}\n`);
    d.call("dup2", q, unrelated);
    expect(d.call("mq_notify", q, NONE)).toBe(0);
    d.send(q, "12345");
    expect(d.status(d.open("/q", c.O_RDONLY))).toBe(
      "QSIZE:5          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n",
    );
    expect(d.call("mq_notify", q, { notify: 4 })).toBe(-c.EINVAL);
    expect(d.call("mq_notify", q, { notify: c.SIGEV_SIGNAL, signo: 65 })).toBe(-c.EINVAL);
    expect(d.call("mq_notify", 99, { notify: 4 })).toBe(-c.EINVAL);
    expect(d.call("mq_notify", 99, null)).toBe(-c.EBADF);
  });
});

describe("descriptors", () => {
  test("are close-on-exec, keep odd flags, and answer what other files do", () => {
    const d = new Queues();
    const odd = c.O_ASYNC | c.O_NOATIME | c.O_DIRECTORY | (1 << 30);
    const q = d.open("/q", BOTH | odd | c.O_NOCTTY);
    expect(d.call("fcntl", q, c.F_GETFD)).toBe(c.FD_CLOEXEC);
    expect(d.call("fcntl", q, c.F_GETFL)).toBe(c.O_RDWR | odd);
    expect(d.call("fcntl", q, c.F_SETFL, c.O_DIRECT)).toBe(-c.EINVAL);
    expect(d.call("write", q, bytes(1))).toBe(-c.EINVAL);
    expect(d.call("write", q, bytes(0))).toBe(-c.EINVAL);
    expect(d.call("read", q, new Uint8Array(5))).toBe(5);
    expect(d.call("ioctl", q, c.FIONREAD)).toBe(75);
    expect(d.status(q)).toHaveLength(55);
    expect(d.status(q)).toBe("");
    expect(d.call("poll", [{ fd: q, events: c.POLLIN | c.POLLOUT }], 0)).toEqual([c.POLLOUT]);
    const [r, w] = d.pipe();
    expect(d.call("splice", r, null, q, null, 1)).toBe(-c.EINVAL);
    expect(d.call("splice", q, null, w, null, 1)).toBe(-c.EINVAL);
    expect(d.call("tee", q, w, 1)).toBe(-c.EINVAL);
    expect(d.call("mq_getattr", r)).toBe(-c.EBADF);
    expect(d.call("mq_close", r)).toBe(0);
  });

  test("that a queue was made with, and could not be opened, leave the queue", () => {
    const d = new Queues({ ...WITHOUT_RESOURCE, capabilities: 0n, fileMax: 0 });
    expect(d.open()).toBe(-c.ENFILE);
    expect(d.machine.messageQueues()).toMatchObject([{ name: "/q", messages: 0, maxMessages: 2 }]);
    const e = new Queues();
    expect(e.open("/q", BOTH | c.O_DIRECT)).toBe(-c.EINVAL);
    expect(e.open("/q", c.O_RDWR)).toBe(3);
    // Neither for reading nor for writing: only a new queue opens so.
    expect(e.open("/q", c.O_ACCMODE)).toBe(-c.EINVAL);
    expect(e.open("/r", c.O_ACCMODE | c.O_CREAT)).toBe(4);
    expect(e.send(4, "x")).toBe(-c.EBADF);
    expect(e.receive(4)).toBe(-c.EBADF);
    expect(e.call("read", 4, new Uint8Array(9))).toBe(-c.EBADF);
  });
});

describe("limits", () => {
  test("on messages and their length are the machine's, and CAP_SYS_RESOURCE lifts them", () => {
    const low = { mqMsgMax: 4, mqMsgsizeMax: 300, rlimitMsgqueue: 0xffffffff };
    const d = new Queues({ ...low, ...WITHOUT_RESOURCE });
    expect(d.open("/q", BOTH, { maxmsg: 5, msgsize: 1 })).toBe(-c.EINVAL);
    expect(d.open("/q", BOTH, { maxmsg: 1, msgsize: 301 })).toBe(-c.EINVAL);
    expect(d.open("/q", BOTH, { maxmsg: 0, msgsize: 1 })).toBe(-c.EINVAL);
    expect(d.open("/q", BOTH, { maxmsg: 1, msgsize: -(2 ** 53) + 1 })).toBe(-c.EINVAL);
    // Without attributes a queue has the defaults, or the limits if these are lower.
    expect(d.call("mq_getattr", d.open("/q", BOTH, null))).toMatchObject({ maxmsg: 4, msgsize: 300 });
    const e = new Queues(low);
    expect(e.open("/q", BOTH, { maxmsg: 65537, msgsize: 1 })).toBe(-c.EINVAL);
    expect(e.open("/q", BOTH, { maxmsg: 65536, msgsize: 2 ** 24 })).toBe(3);
    expect(() => new Queues({ mqMsgsizeMax: 127 })).toThrow(/"mqMsgsizeMax" is out of range/);
  });

  test("on queues: queues_max for all, RLIMIT_MSGQUEUE for each user, given back by the last close", () => {
    const bytesOfOne = 2 * (48 + 48 + 16);
    const d = new Queues({ ...WITHOUT_RESOURCE, mqQueuesMax: 2, rlimitMsgqueue: 2 * bytesOfOne - 1 });
    const q = d.open();
    expect(d.open("/r")).toBe(-c.EMFILE);
    const stranger = d.machine.createProcess({ uid: 1000 });
    expect(d.start("mq_open", ["/r", BOTH, 0o666, SIZE], FORM_BLOCKING, stranger).result).toBe(3);
    expect(d.open("/s")).toBe(-c.ENOSPC);
    d.call("mq_unlink", "/q");
    expect(d.open("/s")).toBe(-c.ENOSPC);
    d.call("mq_close", q);
    expect(d.open("/s")).toBe(3);
  });

  test("the mode counts for others, and their queues are theirs to remove", () => {
    const d = new Queues();
    d.open("/q", BOTH, SIZE, 0o604);
    const stranger = d.machine.createProcess({ uid: 1000, gid: 1000 });
    const as = (name: "mq_open" | "mq_unlink", ...args: unknown[]): number =>
      d.start(name, args, FORM_BLOCKING, stranger).result;
    expect(as("mq_open", "/q", c.O_RDONLY)).toBe(3);
    expect(as("mq_open", "/q", c.O_RDWR)).toBe(-c.EACCES);
    expect(as("mq_unlink", "/q")).toBe(-c.EACCES);
    expect(as("mq_open", "/theirs", BOTH, 0o600, SIZE)).toBe(4);
    expect(as("mq_unlink", "/theirs")).toBe(0);
  });
});
