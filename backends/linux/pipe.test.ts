// Pipes of the real kernel, awaited and plain, in this process.
import { closeSync, constants, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  F_GETFL,
  F_SETFL,
  FIONREAD,
  O_ACCMODE,
  O_CLOEXEC,
  O_DIRECT,
  O_NONBLOCK,
  PIPE_BUF,
} from "../../src/constants.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";
import * as libc from "./libc.js";
import { privates } from "./shared.js";

const CAPACITY = 65536;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (buffer: Uint8Array): string => new TextDecoder().decode(buffer);

let r: number;
let w: number;

beforeEach(async () => {
  [r, w] = await linux.pipe2(O_CLOEXEC);
});

afterEach(async () => {
  for (const fd of listOwned()) await linux.close(fd);
});

/** The flags of an open file, as /proc shows them. */
const flagsOf = (fd: number): number =>
  Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "", 8);

/** One turn of the event loop, with what came in it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("an awaited read", () => {
  it("gives what is there, up to the buffer", async () => {
    await linux.write(w, bytes("hello"));
    const buffer = new Uint8Array(3);
    await expect(linux.read(r, buffer)).resolves.toBe(3);
    expect(text(buffer)).toBe("hel");
    await expect(linux.read(r, new Uint8Array(9))).resolves.toBe(2);
  });

  it("waits for a writer, and fills the buffer at completion only", async () => {
    const buffer = new Uint8Array(4).fill(7);
    const done = linux.read(r, buffer);
    await turn();
    expect([...buffer]).toEqual([7, 7, 7, 7]);
    await linux.write(w, bytes("ab"));
    await expect(done).resolves.toBe(2);
    expect([...buffer]).toEqual([97, 98, 7, 7]);
  });

  it("gives 0 when the last writer closes while it waits", async () => {
    const done = linux.read(r, new Uint8Array(4));
    await turn();
    await linux.close(w);
    await expect(done).resolves.toBe(0);
  });

  it("gives 0 at the end also if the write end was used, whose private descriptor is closed first", async () => {
    await linux.write(w, bytes("x"));
    await linux.close(w);
    await expect(linux.read(r, new Uint8Array(4))).resolves.toBe(1);
    await expect(linux.read(r, new Uint8Array(4))).resolves.toBe(0);
  });

  it("of no bytes gives 0 on the read end and EBADF on the write end", async () => {
    await expect(linux.read(r, new Uint8Array(0))).resolves.toBe(0);
    await expect(linux.read(w, new Uint8Array(0))).rejects.toMatchObject({ code: "EBADF" });
  });

  it("of the write end is EBADF", async () => {
    await expect(linux.read(w, new Uint8Array(1))).rejects.toMatchObject({ code: "EBADF", errno: -9, fd: w });
  });

  it("fills a buffer over shared memory", async () => {
    const buffer = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
    await linux.write(w, bytes("shared"));
    await expect(linux.read(r, buffer)).resolves.toBe(4);
    expect([...buffer]).toEqual([...bytes("shar")]);
    await expect(linux.write(w, new Uint8Array(new SharedArrayBuffer(9000)))).resolves.toBe(9000);
  });

  it("ends with a TypeError, and takes nothing, if its buffer is transferred away while it waits", async () => {
    const buffer = new Uint8Array(4);
    const done = linux.read(r, buffer);
    structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
    const failed = expect(done).rejects.toThrow(TypeError);
    await linux.write(w, bytes("kept"));
    await failed;
    await expect(linux.read(r, new Uint8Array(9))).resolves.toBe(4);
  });
});

describe("an awaited write", () => {
  it("of more than the pipe holds completes as it is read", async () => {
    const sent = new Uint8Array(5 * CAPACITY + 17).map((_, index) => index % 251);
    const done = linux.write(w, sent);
    const received: number[] = [];
    while (received.length < sent.length) {
      const buffer = new Uint8Array(30000);
      const count = await linux.read(r, buffer);
      received.push(...buffer.subarray(0, count));
    }
    await expect(done).resolves.toBe(sent.length);
    expect(Buffer.compare(Buffer.from(received), sent)).toBe(0);
  });

  it("keeps its bytes when the caller changes them while it waits", async () => {
    await linux.write(w, new Uint8Array(CAPACITY));
    const sent = bytes("before");
    const done = linux.write(w, sent);
    sent.set(bytes("after!"));
    await linux.read(r, new Uint8Array(CAPACITY));
    await done;
    const buffer = new Uint8Array(6);
    await linux.read(r, buffer);
    expect(text(buffer)).toBe("before");
  });

  it("goes on from where it was when it is woken with room for less than the rest", async () => {
    const sent = new Uint8Array(3 * CAPACITY + 1234).map((_, index) => index % 251);
    const done = linux.write(w, sent);
    const received = new Uint8Array(sent.length);
    for (let at = 0; at < sent.length; ) {
      at += linux.sync.read(r, received.subarray(at, at + 5000));
      await turn();
    }
    expect(await done).toBe(sent.length);
    expect(Buffer.compare(received, sent)).toBe(0);
  });

  it("of at most PIPE_BUF bytes goes whole or not at all", async () => {
    await linux.write(w, new Uint8Array(CAPACITY - PIPE_BUF));
    await linux.write(w, new Uint8Array(PIPE_BUF - 1));
    const done = linux.write(w, new Uint8Array(PIPE_BUF));
    await turn();
    await expect(linux.ioctl(r, FIONREAD)).resolves.toBe(CAPACITY - 1);
    await linux.read(r, new Uint8Array(PIPE_BUF));
    await expect(done).resolves.toBe(PIPE_BUF);
  });

  it("without a reader is EPIPE, and SIGPIPE does not end the process", async () => {
    await linux.close(r);
    await expect(linux.write(w, bytes("x"))).rejects.toMatchObject({
      code: "EPIPE",
      errno: -32,
      syscall: "write",
    });
  });

  it("whose reader goes half-way gives the count", async () => {
    const done = linux.write(w, new Uint8Array(3 * CAPACITY));
    await turn();
    await linux.read(r, new Uint8Array(2 * PIPE_BUF));
    await turn();
    await linux.close(r);
    await expect(done).resolves.toBe(CAPACITY + 2 * PIPE_BUF);
  });

  it("aborted in the middle gives the count", async () => {
    const abort = new AbortController();
    const done = linux.write(w, new Uint8Array(2 * CAPACITY), { signal: abort.signal });
    await turn();
    abort.abort();
    await expect(done).resolves.toBe(CAPACITY);
  });

  it("aborted before its first byte rejects", async () => {
    await linux.write(w, new Uint8Array(CAPACITY));
    const abort = new AbortController();
    const done = linux.write(w, bytes("x"), { signal: abort.signal });
    abort.abort();
    await expect(done).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("O_NONBLOCK", () => {
  it("is never set on the program's open file by a call that waits", async () => {
    const done = linux.read(r, new Uint8Array(1));
    await turn();
    expect(flagsOf(r) & O_NONBLOCK).toBe(0);
    await linux.write(w, new Uint8Array(1));
    await done;
    const full = linux.write(w, new Uint8Array(2 * CAPACITY));
    await turn();
    expect(flagsOf(w) & O_NONBLOCK).toBe(0);
    await linux.close(r);
    await full;
  });

  it("makes an awaited read EAGAIN at once", async () => {
    await linux.fcntl(r, F_SETFL, O_NONBLOCK);
    await expect(linux.read(r, new Uint8Array(1))).rejects.toMatchObject({ code: "EAGAIN" });
    await expect(linux.read(r, new Uint8Array(1))).rejects.toMatchObject({ code: "EAGAIN" });
  });

  it("makes a write that does not fit give its count at once, and EAGAIN when full", async () => {
    await linux.fcntl(w, F_SETFL, O_NONBLOCK);
    await expect(linux.write(w, new Uint8Array(2 * CAPACITY))).resolves.toBe(CAPACITY);
    await expect(linux.write(w, new Uint8Array(1))).rejects.toMatchObject({ code: "EAGAIN" });
  });

  it("taken away again makes the read wait", async () => {
    await linux.fcntl(r, F_SETFL, O_NONBLOCK);
    await expect(linux.read(r, new Uint8Array(1))).rejects.toMatchObject({ code: "EAGAIN" });
    await linux.fcntl(r, F_SETFL, 0);
    const done = linux.read(r, new Uint8Array(1));
    await turn();
    await linux.write(w, bytes("y"));
    await expect(done).resolves.toBe(1);
  });
});

describe("O_DIRECT", () => {
  it("keeps packets apart", async () => {
    const [packetsOut, packetsIn] = await linux.pipe2(O_DIRECT);
    await linux.write(packetsIn, bytes("one"));
    await linux.write(packetsIn, bytes("two"));
    const buffer = new Uint8Array(10);
    await expect(linux.read(packetsOut, buffer)).resolves.toBe(3);
    await expect(linux.read(packetsOut, buffer)).resolves.toBe(3);
  });

  it("set later is obeyed by the private descriptor", async () => {
    const buffer = new Uint8Array(20);
    await linux.write(w, bytes("plain"));
    await linux.read(r, buffer);
    await linux.fcntl(w, F_SETFL, O_DIRECT);
    await expect(linux.fcntl(w, F_GETFL)).resolves.toBe(O_DIRECT | 1);
    await linux.write(w, bytes("one"));
    await linux.write(w, bytes("two"));
    await expect(linux.read(r, buffer)).resolves.toBe(3);
    await expect(linux.read(r, buffer)).resolves.toBe(3);
  });
});

describe("close while calls wait", () => {
  it("ends reads with EBADF, and a write with its count", async () => {
    const [r2, w2] = await linux.pipe2();
    const reads = [linux.read(r, new Uint8Array(1)), linux.read(r, new Uint8Array(1))];
    const write = linux.write(w2, new Uint8Array(2 * CAPACITY));
    await turn();
    await Promise.all([linux.close(r), linux.close(w2)]);
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: "EBADF" });
    await expect(write).resolves.toBe(CAPACITY);
    await linux.close(r2);
  });

  it("reaches a call although the number is used again at once", async () => {
    const read = linux.read(r, new Uint8Array(1));
    const closed = linux.close(r);
    const reopened = linux.pipe2();
    await closed;
    const [again, writer] = await reopened;
    expect(again).toBe(r);
    await expect(read).rejects.toMatchObject({ code: "EBADF" });
    const next = linux.read(again, new Uint8Array(1));
    await linux.write(writer, new Uint8Array(1));
    await expect(next).resolves.toBe(1);
  });
});

describe("many waiters", () => {
  it("of one pipe each get a byte", async () => {
    const reads = Array.from({ length: 200 }, () => linux.read(r, new Uint8Array(1)));
    await turn();
    for (let index = 0; index < 200; index += 50) {
      await linux.write(w, new Uint8Array(50));
      await turn();
    }
    expect(await Promise.all(reads)).toEqual(new Array(200).fill(1));
  });

  it("of 1,000 pipes leave the event loop and fs alone", async () => {
    const pipes = await Promise.all(Array.from({ length: 1000 }, () => linux.pipe2(O_CLOEXEC)));
    const reads = pipes.map(([end]) => linux.read(end, new Uint8Array(4)));
    await turn();
    // libuv's pool would be full, had any of them gone there.
    const { readFile } = await import("node:fs/promises");
    await expect(readFile("/proc/self/comm", "utf8")).resolves.toMatch(/./);
    for (const [, end] of pipes) writeSync(end, "data");
    expect(await Promise.all(reads)).toEqual(new Array(1000).fill(4));
  });
});

describe("sync", () => {
  it("reads and writes on the calling thread", () => {
    expect(linux.sync.write(w, bytes("now"))).toBe(3);
    const buffer = new Uint8Array(8);
    expect(linux.sync.read(r, buffer)).toBe(3);
    expect(() => linux.sync.read(w, buffer)).toThrow(expect.objectContaining({ code: "EBADF" }));
  });

  it("makes one write(2)", () => {
    linux.sync.fcntl(w, F_SETFL, O_NONBLOCK);
    expect(linux.sync.write(w, new Uint8Array(2 * CAPACITY))).toBe(CAPACITY);
    expect(() => linux.sync.write(w, new Uint8Array(1))).toThrow(expect.objectContaining({ code: "EAGAIN" }));
  });
});

describe("foreign descriptors", () => {
  it("are EBADF until adopted", async () => {
    const fd = openSync("/proc/self/comm", "r");
    await expect(linux.read(fd, new Uint8Array(4))).rejects.toMatchObject({ code: "EBADF" });
    linux.adopt(fd);
    await expect(linux.read(fd, new Uint8Array(4))).resolves.toBe(4);
    await linux.close(fd);
    expect(() => closeSync(fd)).toThrow("EBADF");
    expect(() => linux.adopt(fd)).toThrow("EBADF");
  });

  it("adopted twice are still one", async () => {
    const fd = openSync("/dev/null", "r+");
    linux.adopt(fd);
    linux.adopt(fd);
    expect((await linux.fcntl(fd, F_GETFL)) & O_ACCMODE).toBe(2);
    await linux.close(fd);
    await expect(linux.close(fd)).rejects.toMatchObject({ code: "EBADF" });
  });
});

describe("pipe2", () => {
  it("refuses unknown flags, and leaves nothing open", async () => {
    const before = listOwned();
    await expect(linux.pipe2(0o10)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(linux.pipe2(0o200)).rejects.toMatchObject({ code: "ENOPKG" });
    expect(listOwned()).toEqual(before);
  });

  it("gives the lowest free numbers, whatever waits", async () => {
    const done = linux.read(r, new Uint8Array(1));
    await linux.write(w, new Uint8Array(2));
    await done;
    const [r2, w2] = await linux.pipe2();
    expect([r2, w2]).toEqual([w + 1, w + 2]);
  });
});

describe("descriptors that cannot be opened again", () => {
  const asyncExec = async (command: string) => {
    const { execSync } = await import("node:child_process");
    execSync(command);
  };

  it("such as the write end of a FIFO without readers give EPIPE at once", async () => {
    const path = `/tmp/linux-ipc-${process.pid}.fifo`;
    await asyncExec(`mkfifo ${path}`);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    unlinkSync(path);
    closeSync(reader);
    linux.adopt(writer);
    await expect(linux.write(writer, bytes("x"))).rejects.toMatchObject({ code: "EPIPE" });
  });

  it("such as an eventfd are waited for all the same", async () => {
    const fd = libc.eventfd(0, 0);
    linux.adopt(fd);
    const buffer = new Uint8Array(8);
    const done = linux.read(fd, buffer);
    await turn();
    await expect(linux.write(fd, new Uint8Array([5, 0, 0, 0, 0, 0, 0, 0]))).resolves.toBe(8);
    await expect(done).resolves.toBe(8);
    expect(buffer[0]).toBe(5);
    expect(flagsOf(fd) & O_NONBLOCK).toBe(0);
  });

  it("such as pipes of another user are read and written by other means", async () => {
    // What the failed reopening leaves behind.
    for (const fd of [r, w]) privates[fd] = -2;
    const sent = new Uint8Array(3 * CAPACITY).map((_, index) => index % 251);
    const done = linux.write(w, sent);
    const received: number[] = [];
    while (received.length < sent.length) {
      const buffer = new Uint8Array(10000);
      received.push(...buffer.subarray(0, await linux.read(r, buffer)));
    }
    await expect(done).resolves.toBe(sent.length);
    expect(Buffer.compare(Buffer.from(received), sent)).toBe(0);
    const last = linux.read(r, new Uint8Array(1));
    await turn();
    await linux.close(w);
    await expect(last).resolves.toBe(0);
    expect(privates[r]).toBe(-2);
  });

  it("such as files need no waiting", async () => {
    const fd = openSync("/proc/self/comm", "r");
    linux.adopt(fd);
    const buffer = new Uint8Array(3);
    await expect(linux.read(fd, buffer)).resolves.toBe(3);
    await expect(linux.read(fd, buffer)).resolves.toBeGreaterThan(0);
  });
});

describe("a number that was closed behind the program's back", () => {
  it("and given again is a new descriptor, without the old private one", async () => {
    await linux.write(w, bytes("old"));
    closeSync(w);
    closeSync(r);
    const [again, other] = await linux.pipe2();
    expect([again, other]).toEqual([r, w]);
    await linux.write(other, bytes("new!"));
    const buffer = new Uint8Array(9);
    await expect(linux.read(again, buffer)).resolves.toBe(4);
  });
});
