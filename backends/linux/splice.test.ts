// readv, writev, tee, splice, vmsplice and the capacity of pipes on the real kernel.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  F_GETPIPE_SZ,
  F_SETFL,
  F_SETPIPE_SZ,
  FIONREAD,
  IOV_MAX,
  O_CLOEXEC,
  O_DIRECT,
  O_NONBLOCK,
  O_RDWR,
  SPLICE_F_GIFT,
  SPLICE_F_NONBLOCK,
} from "../../src/constants.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";
import * as libc from "./libc.js";
import { privates } from "./shared.js";

const CAPACITY = 65536;
const PAGE = 4096;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (...buffers: Uint8Array[]): string =>
  buffers.map((buffer) => new TextDecoder().decode(buffer)).join("|");

let r: number;
let w: number;
let r2: number;
let w2: number;

beforeEach(async () => {
  [r, w] = await linux.pipe2(O_CLOEXEC);
  [r2, w2] = await linux.pipe2(O_CLOEXEC);
});

afterEach(async () => {
  for (const fd of listOwned()) await linux.close(fd);
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error) => error.code ?? error.name,
  );
const held = (fd: number): Promise<number> => linux.ioctl(fd, FIONREAD);
const fill = (fd: number): Promise<number> => linux.write(fd, new Uint8Array(CAPACITY));

async function readText(fd: number): Promise<string> {
  const buffer = new Uint8Array(100);
  return text(buffer.subarray(0, await linux.read(fd, buffer)));
}

describe("readv", () => {
  it("fills one buffer after the other", async () => {
    await linux.write(w, bytes("hello"));
    const [a, b, c] = [new Uint8Array(2), new Uint8Array(0), new Uint8Array(4)];
    await expect(linux.readv(r, [a, b, c])).resolves.toBe(5);
    expect(text(a, b, c)).toBe("he||llo\0");
  });

  it("waits for a writer, and gives 0 at the end", async () => {
    const buffers = [new Uint8Array(1), new Uint8Array(1)];
    const done = linux.readv(r, buffers);
    await turn();
    await linux.write(w, bytes("xy"));
    await expect(done).resolves.toBe(2);
    const last = linux.readv(r, buffers);
    await linux.close(w);
    await expect(last).resolves.toBe(0);
  });

  it("ends with a TypeError if a buffer is transferred away while it waits", async () => {
    const buffer = new Uint8Array(4);
    const failed = expect(linux.readv(r, [new Uint8Array(1), buffer])).rejects.toThrow(TypeError);
    structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
    await linux.write(w, bytes("kept"));
    await failed;
    await expect(held(r)).resolves.toBe(4);
  });

  it("judges the descriptor before the buffers, and takes IOV_MAX of them", async () => {
    const many = Array.from({ length: IOV_MAX + 1 }, () => new Uint8Array(1));
    await expect(codeOf(linux.readv(w, many))).resolves.toBe("EBADF");
    await expect(codeOf(linux.readv(r, many))).resolves.toBe("EINVAL");
    await expect(codeOf(linux.readv(r, []))).resolves.toBe(0);
    await expect(codeOf(linux.readv(w, []))).resolves.toBe("EBADF");
    await linux.write(w, new Uint8Array(IOV_MAX).fill(7));
    await expect(linux.readv(r, many.slice(1))).resolves.toBe(IOV_MAX);
    expect(many.slice(1).every(([byte]) => byte === 7)).toBe(true);
    await linux.fcntl(r, F_SETFL, O_NONBLOCK);
    await expect(codeOf(linux.readv(r, [new Uint8Array(1)]))).resolves.toBe("EAGAIN");
    expect(() => linux.sync.readv(r, many)).toThrow("EINVAL");
  });
});

describe("writev", () => {
  it("writes one buffer after the other", async () => {
    await expect(linux.writev(w, [bytes("he"), bytes(""), bytes("llo")])).resolves.toBe(5);
    await expect(readText(r)).resolves.toBe("hello");
    expect(linux.sync.writev(w, [bytes("a"), bytes("bc")])).toBe(3);
    expect(linux.sync.readv(r, [new Uint8Array(1), new Uint8Array(9)])).toBe(3);
  });

  it("is one write: one packet, or nothing of it, up to PIPE_BUF bytes", async () => {
    const [out, into] = await linux.pipe2(O_DIRECT);
    await linux.writev(into, [bytes("one "), bytes("packet")]);
    await linux.write(into, bytes("more"));
    await expect(readText(out)).resolves.toBe("one packet");
    await linux.fcntl(w, F_SETFL, O_NONBLOCK);
    await linux.write(w, new Uint8Array(CAPACITY - PAGE));
    await linux.write(w, new Uint8Array(1));
    await expect(codeOf(linux.writev(w, [new Uint8Array(2048), new Uint8Array(2048)]))).resolves.toBe(
      "EAGAIN",
    );
  });

  it("of more than the pipe holds completes as it is read, in the bytes of the call", async () => {
    const parts = [3, 70_000, 1, 65_536, 90_000].map((size, index) => new Uint8Array(size).fill(index + 1));
    const sent = Buffer.concat(parts);
    const done = linux.writev(w, parts);
    for (const part of parts) part.fill(0);
    const received: Buffer[] = [];
    for (let left = sent.length; left > 0; ) {
      const buffer = Buffer.alloc(20_000);
      const count = await linux.read(r, buffer);
      received.push(buffer.subarray(0, count));
      left -= count;
    }
    await expect(done).resolves.toBe(sent.length);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });

  it("aborted in the middle gives the count", async () => {
    const abort = new AbortController();
    const done = linux.writev(w, [new Uint8Array(CAPACITY), new Uint8Array(1)], { signal: abort.signal });
    await turn();
    abort.abort();
    await expect(done).resolves.toBe(CAPACITY);
  });

  it("goes by other means where the pipe cannot be opened again", async () => {
    for (const fd of [r, w]) privates[fd] = -2;
    const parts = [new Uint8Array(50_000).fill(1), new Uint8Array(50_000).fill(2)];
    const done = linux.writev(w, parts);
    const received = new Uint8Array(100_000);
    for (let at = 0; at < received.length; ) {
      const rest = received.subarray(at);
      at += await linux.readv(r, [rest.subarray(0, 1000), rest.subarray(1000, 20_000)]);
    }
    await expect(done).resolves.toBe(100_000);
    expect(Buffer.concat(parts).equals(received)).toBe(true);
  });
});

describe("tee", () => {
  it("copies, and consumes nothing", async () => {
    await linux.write(w, bytes("twice"));
    await expect(linux.tee(r, w2, 100)).resolves.toBe(5);
    await expect(linux.tee(r, w2, 2)).resolves.toBe(2);
    await expect(readText(r2)).resolves.toBe("twicetw");
    await expect(readText(r)).resolves.toBe("twice");
  });

  it("waits for the one that is not ready, and then for the other", async () => {
    await fill(w2);
    const done = linux.tee(r, w2, 9);
    await turn();
    await linux.write(w, bytes("data"));
    const before = process.cpuUsage();
    await linux.poll([], 100);
    // The pipe that is ready does not keep it busy.
    expect(process.cpuUsage(before).user).toBeLessThan(80_000);
    await linux.read(r2, new Uint8Array(PAGE));
    await expect(done).resolves.toBe(4);
    await expect(held(r)).resolves.toBe(4);
  });

  it("looks at what it is given in the kernel's order", async () => {
    const UNKNOWN = 64;
    const results = [
      [linux.tee(r, w2, 0, UNKNOWN), "EINVAL"],
      [linux.tee(999, 999, 0), 0],
      [linux.tee(r, w, 5), "EINVAL"],
      [linux.tee(w, w2, 5), "EBADF"],
      [linux.tee(r, r2, 5), "EBADF"],
      [linux.tee(0, w2, 5), "EBADF"],
      [linux.tee(r, w2, 2 ** 53 - 1, SPLICE_F_NONBLOCK), "EAGAIN"],
    ] as const;
    for (const [call, expected] of results) await expect(codeOf(call)).resolves.toBe(expected);
    expect(() => linux.sync.tee(r, w2, 1, SPLICE_F_NONBLOCK)).toThrow("EAGAIN");
  });

  it("of an ended pipe gives 0, and into one without a reader EPIPE", async () => {
    await linux.write(w, bytes("x"));
    await linux.close(r2);
    await expect(codeOf(linux.tee(r, w2, 5))).resolves.toBe("EPIPE");
    await linux.close(w);
    await linux.read(r, new Uint8Array(1));
    const [, into] = await linux.pipe2();
    await expect(linux.tee(r, into, 5)).resolves.toBe(0);
  });
});

describe("splice", () => {
  it("moves what is there", async () => {
    await linux.write(w, bytes("moved"));
    await expect(linux.splice(r, null, w2, null, 3)).resolves.toBe(3);
    await expect(readText(r2)).resolves.toBe("mov");
    expect(linux.sync.splice(r, null, w2, null, 2 ** 53 - 1)).toBe(2);
    await expect(readText(r2)).resolves.toBe("ed");
  });

  it("waits, and ends when its descriptor is closed or its signal aborted", async () => {
    const done = linux.splice(r, undefined, w2, undefined, 9);
    await turn();
    await linux.write(w, bytes("late"));
    await expect(done).resolves.toBe(4);
    const abort = new AbortController();
    const aborted = linux.splice(r, null, w2, null, 9, 0, { signal: abort.signal });
    const closed = linux.splice(r, null, w2, null, 9);
    const closedOut = linux.tee(r, w2, 9);
    await turn();
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    await linux.close(r);
    await expect(closed).rejects.toMatchObject({ code: "EBADF", syscall: "splice" });
    await expect(codeOf(closedOut)).resolves.toBe("EBADF");
  });

  it("does not wait if one of the open files has O_NONBLOCK", async () => {
    await linux.fcntl(w2, F_SETFL, O_NONBLOCK);
    await expect(codeOf(linux.splice(r, null, w2, null, 9))).resolves.toBe("EAGAIN");
    await expect(codeOf(linux.tee(r, w2, 9))).resolves.toBe("EAGAIN");
  });

  it("serves many that wait, readers among them", async () => {
    const reads = Array.from({ length: 10 }, () => linux.read(r, new Uint8Array(1)));
    const splices = Array.from({ length: 10 }, () => linux.splice(r, null, w2, null, 1));
    await turn();
    for (let count = 0; count < 20; count++) await linux.write(w, new Uint8Array(1));
    expect(await Promise.all([...reads, ...splices])).toEqual(new Array(20).fill(1));
    await expect(held(r2)).resolves.toBe(10);
  });

  it("moves to and from places of files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "linux-ipc-splice-"));
    const path = join(folder, "file");
    writeFileSync(path, "0123456789");
    const file = await linux.open(path, O_RDWR);
    await expect(linux.splice(file, 4n, w, null, 3)).resolves.toBe(3);
    await expect(linux.splice(r, null, file, 0n, 3)).resolves.toBe(3);
    expect(readFileSync(path, "utf8")).toBe("4563456789");
    await expect(codeOf(linux.splice(r, 0n, w2, null, 3))).resolves.toBe("ESPIPE");
    await expect(codeOf(linux.splice(file, -1n, w, null, 3))).resolves.toBe("EINVAL");
    await expect(codeOf(linux.splice(file, null, file, null, 3))).resolves.toBe("EINVAL");
    await expect(linux.splice(file, 10n, w, null, 3)).resolves.toBe(0);
    rmSync(folder, { recursive: true });
  });

  it("asks what is no pipe before it could wait there", async () => {
    const counter = libc.eventfd(0, 0);
    linux.adopt(counter);
    await linux.write(w, new Uint8Array(8).fill(1));
    await fill(w2);
    // It is the program's thread that must not stop, whatever the kernel answers.
    await codeOf(linux.splice(r, null, counter, null, 8, SPLICE_F_NONBLOCK));
    await expect(codeOf(linux.splice(counter, null, w2, null, 8, SPLICE_F_NONBLOCK))).resolves.toMatch(/^E/);
  });
});

describe("vmsplice", () => {
  it("puts each buffer into a page of its own, as it is at the call", async () => {
    const buffer = bytes("one");
    await expect(linux.vmsplice(w, [buffer, bytes("two")], SPLICE_F_GIFT)).resolves.toBe(6);
    buffer.fill(0);
    await expect(linux.vmsplice(w, [bytes("three")])).resolves.toBe(5);
    await expect(readText(r)).resolves.toBe("onetwothree");
    const pages = Array.from({ length: 20 }, () => bytes("x"));
    await expect(linux.vmsplice(w, pages)).resolves.toBe(CAPACITY / PAGE);
    expect(linux.sync.vmsplice(w2, [new Uint8Array(3 * CAPACITY)])).toBe(CAPACITY);
  });

  it("waits for room with a copy, and gives what one attempt moved", async () => {
    await fill(w);
    const buffer = bytes("later");
    const done = linux.vmsplice(w, [buffer, buffer]);
    await turn();
    structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
    await linux.read(r, new Uint8Array(PAGE));
    await expect(done).resolves.toBe(5);
    await linux.read(r, new Uint8Array(CAPACITY - PAGE));
    await expect(readText(r)).resolves.toBe("later");
  });

  it("keeps thousands of gifts apart", async () => {
    for (let count = 0; count < 2000; count++) {
      await linux.vmsplice(w, [bytes(`${count};`)]);
      if (count % 16 !== 15) continue;
      const expected = Array.from({ length: 16 }, (_, index) => `${count - 15 + index};`).join("");
      await expect(readText(r)).resolves.toBe(expected);
    }
  });

  it("fills buffers from a read end", async () => {
    const [a, b] = [new Uint8Array(2), new Uint8Array(9)];
    const done = linux.vmsplice(r, [a, b]);
    await turn();
    await linux.write(w, bytes("hello"));
    await expect(done).resolves.toBe(5);
    expect(text(a, b.subarray(0, 3))).toBe("he|llo");
    await linux.close(w);
    await expect(linux.vmsplice(r, [a])).resolves.toBe(0);
  });

  it("does not mind O_NONBLOCK of the open file, only its flag", async () => {
    await linux.fcntl(r, F_SETFL, O_NONBLOCK);
    await expect(codeOf(linux.vmsplice(r, [new Uint8Array(1)], SPLICE_F_NONBLOCK))).resolves.toBe("EAGAIN");
    const done = linux.vmsplice(r, [new Uint8Array(1)]);
    await turn();
    await linux.write(w, bytes("x"));
    await expect(done).resolves.toBe(1);
  });

  it("looks at what it is given in the kernel's order", async () => {
    const none = await linux.open("/proc/self/comm", O_RDWR);
    const many = Array.from({ length: IOV_MAX + 1 }, () => bytes("x"));
    const results = [
      [linux.vmsplice(999, [], 64), "EINVAL"],
      [linux.vmsplice(999, []), "EBADF"],
      [linux.vmsplice(w, []), 0],
      [linux.vmsplice(w, many), "EINVAL"],
      [linux.vmsplice(none, []), 0],
      [linux.vmsplice(none, [bytes("x")]), "EBADF"],
      [linux.close(r), undefined],
      [linux.vmsplice(w, [bytes("x")]), "EPIPE"],
    ] as const;
    for (const [call, expected] of results) await expect(codeOf(call)).resolves.toBe(expected);
  });
});

describe("the capacity of a pipe", () => {
  it("is told and set in pages, to a power of two", async () => {
    await expect(linux.fcntl(r, F_GETPIPE_SZ)).resolves.toBe(CAPACITY);
    await expect(linux.fcntl(w, F_SETPIPE_SZ, 5000)).resolves.toBe(2 * PAGE);
    await expect(linux.fcntl(r, F_GETPIPE_SZ)).resolves.toBe(2 * PAGE);
    await expect(linux.fcntl(r, F_SETPIPE_SZ, 0)).resolves.toBe(PAGE);
    await expect(codeOf(linux.fcntl(r, F_SETPIPE_SZ, -1))).resolves.toBe("EINVAL");
  });

  it("is never less than what is held", async () => {
    await linux.write(w, new Uint8Array(2 * PAGE));
    await expect(codeOf(linux.fcntl(w, F_SETPIPE_SZ, PAGE))).resolves.toBe("EBUSY");
  });

  it("lets a write go on that waits", async () => {
    await fill(w);
    const done = linux.write(w, bytes("more"));
    await turn();
    await linux.fcntl(r, F_SETPIPE_SZ, 2 * CAPACITY);
    await expect(done).resolves.toBe(4);
  });

  it("beyond the limit names it", async () => {
    const result = await linux.fcntl(r, F_SETPIPE_SZ, 1 << 30).catch((error) => error);
    // With CAP_SYS_RESOURCE there is none.
    if (typeof result !== "number") {
      expect(result).toMatchObject({ code: "EPERM", hint: expect.stringContaining("pipe-max-size") });
    }
  });

  it("is that of pipes only", async () => {
    const file = await linux.open("/proc/self/comm", O_RDWR);
    await expect(codeOf(linux.fcntl(file, F_GETPIPE_SZ))).resolves.toBe("EBADF");
  });
});
