// Pipes as objects, on both kernels: reading, writing, closing, and what their errors say.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { F_GETFD, FD_CLOEXEC, PIPE_BUF } from "../constants.js";
import { SyscallError } from "../errors.js";
import type { Linux } from "../linux.js";
import { program } from "../program.js";
import { explore } from "../simulation/explore.js";
import { simulate } from "../simulation/simulate.js";
import { bytes, collected, failureOf, testerOf, text } from "../testing.js";
import { Pipe } from "./pipe.js";
import { PipeReader } from "./reader.js";
import { spawnWith } from "./spawn.js";
import { PipeWriter } from "./writer.js";

const test = testerOf(real, listOwned);
const CAPACITY = 65536;

describe("a pipe", () => {
  test("gives what was written, and null at the end", async (linux) => {
    const pipe = await Pipe.create(linux);
    expect(await pipe.writer.write("größe")).toBe(7);
    expect(await pipe.writer.write(Uint8Array.of(0, 255))).toBe(2);
    expect(await pipe.reader.available()).toBe(9);
    expect(text(await pipe.reader.read(7))).toBe("größe");
    expect(await pipe.reader.read()).toEqual(Uint8Array.of(0, 255));
    await pipe.writer.close();
    expect(await pipe.reader.read()).toBe(null);
    expect(await pipe.reader.readInto(new Uint8Array(1))).toBe(0);
    await pipe.close();
  });

  test("is not inherited by children that it is not passed to", async (linux) => {
    const pipe = await Pipe.create(linux);
    for (const { fd } of [pipe.reader, pipe.writer]) expect(await linux.fcntl(fd, F_GETFD)).toBe(FD_CLOEXEC);
    await pipe.close();
  });

  test("is closed once, however often, and closed by await using", async (linux) => {
    const pipe = await Pipe.create(linux);
    const closing = pipe.reader.close();
    expect(pipe.reader.isClosed).toBe(true);
    expect(pipe.reader.fd).toBe(-1);
    await Promise.all([closing, pipe.reader.close(), pipe.close(), pipe.close()]);
    await pipe[Symbol.asyncDispose]();
    await pipe.writer[Symbol.asyncDispose]();
  });

  test("never touches a descriptor again that it has closed", async (linux) => {
    const first = await Pipe.create(linux, { name: "first" });
    await first.close();
    const second = await Pipe.create(linux);
    await first.close();
    for (const used of [
      first.reader.read(),
      first.reader.readInto(new Uint8Array(1)),
      collected(first.reader),
      first.writer.write("x"),
      first.writer.getCapacity(),
    ]) {
      const error = await failureOf(used);
      expect(error).toBeInstanceOf(SyscallError);
      expect(error.message).toMatch(
        /^EBADF: bad file descriptor, (read|write|fcntl) \(this end was closed\), pipe "first"$/,
      );
    }
    expect(await second.reader.available()).toBe(0);
    await second.close();
  });

  test("ends what waits on an end that is closed", async (linux) => {
    const { reader, writer } = await Pipe.create(linux, { name: "jobs" });
    const reading = failureOf(reader.read());
    await linux.getpid();
    await reader.close();
    expect((await reading).message).toBe(
      'EBADF: bad file descriptor, read (this end was closed), pipe "jobs"',
    );
    await writer.close();

    const full = await Pipe.create(linux);
    const writing = failureOf(full.writer.write(new Uint8Array(CAPACITY + 1)));
    await linux.getpid();
    await full.writer.close();
    expect(await writing).toMatchObject({ code: "EBADF", bytesWritten: CAPACITY });
    await full.reader.close();
  });

  test("names itself in errors, if it has a name", async (linux) => {
    const pipe = await Pipe.create(linux, { name: "jobs" });
    await pipe.reader.close();
    const error = await failureOf(pipe.writer.write("x"));
    expect(error.message).toBe(`EPIPE: broken pipe, write, fd ${pipe.writer.fd}, pipe "jobs"`);
    expect(error.stack).toContain('pipe "jobs"');
    expect(error).toMatchObject({ code: "EPIPE", errno: -32, syscall: "write", bytesWritten: 0 });
    await pipe.close();
  });

  test("that is nonblocking does not wait", async (linux) => {
    const pipe = await Pipe.create(linux, { nonblocking: true });
    expect(await failureOf(pipe.reader.read())).toMatchObject({ code: "EAGAIN" });
    const error = await failureOf(pipe.writer.write(new Uint8Array(CAPACITY + 5)));
    expect(error).toMatchObject({ code: "EAGAIN", bytesWritten: CAPACITY });
    await pipe.close();
  });

  test("with packets keeps writes apart", async (linux) => {
    const pipe = await Pipe.create(linux, { packets: true });
    await pipe.writer.write("one");
    await pipe.writer.write("two");
    expect(text(await pipe.reader.read(PIPE_BUF))).toBe("one");
    expect(text(await pipe.reader.read(PIPE_BUF))).toBe("two");
    await pipe.close();
  });

  test("of two descriptors owns them", async (linux) => {
    const [reader, writer] = await linux.pipe2();
    const pipe = Pipe.from(linux, { reader, writer });
    await pipe.writer.write("x");
    expect(text(await pipe.reader.read())).toBe("x");
    await pipe.close();
    await expect(linux.close(reader)).rejects.toMatchObject({ code: "EBADF" });
  });

  it("is refused a descriptor that was not passed", async () => {
    const linux = { ...real, fds: { out: 5 } };
    expect(PipeWriter.from(linux, "out").fd).toBe(5);
    expect(() => PipeReader.from(linux, "in")).toThrow(
      'PipeReader.from: no descriptor was passed as "in": those passed are out',
    );
    expect(() => PipeReader.from({ ...real, fds: {} }, "constructor")).toThrow("none were");
    expect(() => PipeReader.from(linux, undefined)).toThrow(
      'PipeReader.from: "fd" must be a 32-bit integer, not undefined',
    );
  });
});

describe("a read", () => {
  test("takes no more than it is told, and leaves the rest", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write("abcdef");
    const buffer = new Uint8Array(2);
    expect(await reader.readInto(buffer)).toBe(2);
    expect(text(buffer)).toBe("ab");
    expect(text(await reader.read(3))).toBe("cde");
    expect(await failureOf(reader.read(0))).toBeInstanceOf(TypeError);
    expect(await failureOf(reader.read(-1))).toBeInstanceOf(TypeError);
    expect(text(await reader.read(1e9))).toBe("f");
    await writer.close();
    await reader.close();
  });

  test("gives bytes of its own", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const all: Uint8Array[] = [];
    for (const size of [1, 40_000, 3, 32_768, 32_769]) {
      await writer.write(new Uint8Array(size).fill(all.length + 1));
      all.push((await reader.read()) as Uint8Array);
    }
    expect(all.map((each, i) => each.every((byte) => byte === i + 1))).toEqual(Array(5).fill(true));
    await writer.close();
    await reader.close();
  });

  test("may wait beside others: each byte goes to one of them", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const reads = Array.from({ length: 3 }, () => reader.read(1));
    await writer.write("abc");
    expect((await Promise.all(reads)).map(text).sort()).toEqual(["a", "b", "c"]);
    await writer.close();
    await reader.close();
  });
});

describe("readAll and text", () => {
  test("read until the end", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const data = new Uint8Array(3 * CAPACITY).map((_, i) => i % 251);
    const [read] = await Promise.all([reader.readAll(), writer.write(data).then(() => writer.close())]);
    expect(Buffer.compare(read, data)).toBe(0);
    expect(await reader.text()).toBe("");
    await reader.close();
  });

  test("refuse more than the limit, and lose none of it", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write("abcd");
    await writer.close();
    const error = await failureOf(reader.text({ limit: 3 }));
    expect(error).toMatchObject({ name: "RangeError", code: "ERR_TOO_LONG", limit: 3 });
    expect(await reader.available()).toBe(4);
    expect(text(await reader.read(1))).toBe("a");
    expect(await reader.text({ limit: 3 })).toBe("bcd");
    await reader.close();
  });
});

describe("a write", () => {
  test("of more than the pipe holds is whole when it is done", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const data = new Uint8Array(2 * CAPACITY + 17).map((_, i) => i % 249);
    const writing = writer.write(data);
    const read: number[] = [];
    while (read.length < data.length) read.push(...((await reader.read(30_000)) as Uint8Array));
    expect(await writing).toBe(data.length);
    expect(Buffer.compare(Uint8Array.from(read), data)).toBe(0);
    await writer.close();
    await reader.close();
  });

  test("comes after those that were called before it, and is not mixed with them", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const sizes = [CAPACITY + 1, 3, 0, 2 * CAPACITY, 1];
    const writes = sizes.map((size, i) => writer.write(new Uint8Array(size).fill(i)));
    const all = Promise.all(writes).then(() => writer.close());
    const read = await reader.readAll();
    await all;
    let at = 0;
    for (const [i, size] of sizes.entries()) {
      expect(read.subarray(at, at + size).every((byte) => byte === i)).toBe(true);
      at += size;
    }
    expect(read.length).toBe(at);
    await reader.close();
  });

  test("of nothing tells whether there is a writer's end", async (linux) => {
    const pipe = await Pipe.create(linux);
    expect(await pipe.writer.write("")).toBe(0);
    expect(await failureOf(PipeWriter.from(linux, pipe.reader.fd).write(""))).toMatchObject({
      code: "EBADF",
    });
    await pipe.close();
  });

  test("of what is no bytes is a TypeError", async (linux) => {
    const pipe = await Pipe.create(linux);
    const error = await failureOf(pipe.writer.write(5 as unknown as string));
    expect(error.message).toBe('write: "data" must be a Uint8Array or a string, not 5');
    await pipe.close();
  });

  test("is of the bytes that are there, whatever an array says of itself", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const liar = Object.defineProperty(bytes("abc"), "length", { value: 1e9 });
    expect(await writer.write(liar)).toBe(3);
    expect(text(await reader.read())).toBe("abc");
    await writer.close();
    await reader.close();
  });

  test("that waits for its turn with a bad signal keeps nobody else from theirs", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const first = writer.write(new Uint8Array(CAPACITY + 1));
    const bad = writer.write("x", { signal: {} as AbortSignal });
    const last = writer.write("y");
    expect(await failureOf(bad)).toBeInstanceOf(TypeError);
    await reader.read();
    expect(await Promise.all([first, last])).toEqual([CAPACITY + 1, 1]);
    await writer.close();
    await reader.close();
  });

  test("whose reader goes half-way says how far it came", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const writing = failureOf(writer.write(new Uint8Array(3 * CAPACITY)));
    await reader.read(PIPE_BUF);
    await reader.close();
    const { code, bytesWritten } = (await writing) as Error & { code: string; bytesWritten: number };
    expect(code).toBe("EPIPE");
    expect(bytesWritten).toBeGreaterThanOrEqual(CAPACITY);
    expect(bytesWritten).toBeLessThanOrEqual(CAPACITY + PIPE_BUF);
    await writer.close();
  });
});

const reverse = program(import.meta.url, async function reverse(linux) {
  const [input, out] = [PipeReader.from(linux, "input"), PipeWriter.from(linux, "out")];
  for await (const line of input.lines()) await out.write(`${[...line].reverse().join("")}\n`);
});

describe("a write of many pieces", () => {
  test("is one write if they are few bytes", async (linux) => {
    const { reader, writer } = await Pipe.create(linux, { packets: true });
    expect(await writer.writev(["one, ", bytes("two"), "", "\n"])).toBe(9);
    expect(text(await reader.read())).toBe("one, two\n");
    expect(await writer.writev([])).toBe(0);
    await writer.close();
    await reader.close();
  });

  test("is whole, of however many and however long ones", async (linux) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(0, 1, 4095, 4096, 4097, 40_000), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(1, 600),
        async (sizes, times) => {
          const { reader, writer } = await Pipe.create(linux);
          const small = times > 1;
          const pieces = Array.from({ length: times }, () => sizes)
            .flat()
            .map((size, i) => new Uint8Array(small ? size % 4093 : size).fill(i));
          const writing = writer.writev(pieces).then(async (written) => {
            await writer.close();
            return written;
          });
          const read = await reader.readAll();
          expect(await writing).toBe(read.length);
          expect(Buffer.compare(read, Buffer.concat(pieces))).toBe(0);
          await reader.close();
        },
      ),
      { numRuns: 8 },
    );
  });

  test("says how far it came", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const pieces = Array.from({ length: 20 }, () => new Uint8Array(4096));
    const error = await failureOf(writer.writev(pieces, { timeout: 1 }));
    expect(error).toMatchObject({ name: "TimeoutError", syscall: "writev", bytesWritten: CAPACITY });
    await writer.close();
    await reader.close();
  });

  test("of which one is no bytes is a TypeError that names it", async (linux) => {
    const pipe = await Pipe.create(linux);
    const error = await failureOf(pipe.writer.writev(["a", 1 as unknown as string]));
    expect(error.message).toBe('writev: "pieces[1]" must be a Uint8Array or a string, not 1');
    expect(await failureOf(pipe.writer.writev("ab" as unknown as string[]))).toBeInstanceOf(TypeError);
    await pipe.close();
  });
});

describe("the capacity", () => {
  test("is that of both ends, and a power of two", async (linux) => {
    const pipe = await Pipe.create(linux, { capacity: 100_000 });
    expect(await pipe.reader.getCapacity()).toBe(131_072);
    expect(await pipe.reader.setCapacity(4096)).toBe(4096);
    expect(await pipe.writer.getCapacity()).toBe(4096);
    await pipe.writer.write(new Uint8Array(4096));
    expect(await pipe.writer.setCapacity(8192)).toBe(8192);
    await pipe.writer.write(new Uint8Array(4096));
    expect(await failureOf(pipe.writer.setCapacity(4096))).toMatchObject({ code: "EBUSY" });
    await pipe.close();
  });

  test("that is refused leaves no pipe behind", async (linux) => {
    expect(await failureOf(Pipe.create(linux, { capacity: -1 }))).toMatchObject({ code: "EINVAL" });
    expect(await failureOf(Pipe.create(linux, { capacity: 1.5 }))).toBeInstanceOf(TypeError);
  });
});

describe("a bad argument", () => {
  // A kernel of which nothing may be asked.
  const linux = new Proxy({ fds: {} } as Linux, {
    get: (target, name) => {
      if (name === "fds") return target.fds;
      throw new Error(`${String(name)} was called`);
    },
  });
  // biome-ignore lint/suspicious/noExplicitAny: what the types forbid
  const bad = (value: unknown): any => value;
  const reader = PipeReader.from(linux, 3);
  const writer = PipeWriter.from(linux, 4);
  const wrong: Record<string, () => unknown> = {
    'Pipe.create: "options" must be an object, not null': () => Pipe.create(linux, bad(null)),
    'Pipe.create: "options.capacity" must be a 32-bit integer, not "1"': () =>
      Pipe.create(linux, { capacity: bad("1") }),
    'Pipe.create: "options.packets" must be a boolean, not 1': () => Pipe.create(linux, { packets: bad(1) }),
    'Pipe.create: "options.nonblocking" must be a boolean, not "no"': () =>
      Pipe.create(linux, { nonblocking: bad("no") }),
    'Pipe.create: "options.name" must be a string, not 5': () => Pipe.create(linux, { name: bad(5) }),
    'PipeReader.from: "fd" must be a 32-bit integer, not 1.5': () => PipeReader.from(linux, 1.5),
    'PipeWriter.from: "options" must be an object, not 5': () => PipeWriter.from(linux, 5, bad(5)),
    'read: "maxBytes" must be an integer of at least 1, not 0': () => reader.read(0),
    'readAll: "options.limit" must be an integer of at least 1, not -1': () => reader.readAll({ limit: -1 }),
    'readAll: "options" must be an object, not 5': () => reader.readAll(bad(5)),
    'text: "options.fatal" must be a boolean, not 1': () => reader.text({ fatal: bad(1) }),
    'chunks: "options" must be an object, not null': () => reader.chunks(bad(null)),
    'lines: "options.crlf" must be a boolean, not "\\r\\n"': () => reader.lines({ crlf: bad("\r\n") }),
    'toReadableStream: "options.chunkSize" must be an integer of at least 1, not 0': () =>
      reader.toReadableStream({ chunkSize: 0 }),
    'write: "data" must be a Uint8Array or a string, not undefined': () => writer.write(bad(undefined)),
    'writev: "pieces" must be an array, not "x"': () => writer.writev(bad("x")),
    'write: "options.timeout" must be a number of milliseconds, at least 0, not "1"': () =>
      writer.write("x", { timeout: bad("1") }),
    'setCapacity: "bytes" must be a 32-bit integer, not undefined': () => writer.setCapacity(bad(undefined)),
    'spawnWith: "options" must be an object, not 5': () => spawnWith(linux, reverse, bad(5)),
  };

  it.each(Object.keys(wrong))("is told of before a call is made: %s", async (message) => {
    const error = await failureOf((async () => await wrong[message]?.())());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(message);
  });
});

describe("a child", () => {
  it("is handed ends over, finds them by name, and ends them when it is done", async () => {
    await explore({ schedules: 50, leaks: "fail" }, async (linux) => {
      const [there, back] = [await Pipe.create(linux), await Pipe.create(linux)];
      const pid = await spawnWith(linux, reverse, { fds: { input: there.reader, out: back.writer } });
      expect([there.reader.isClosed, back.writer.isClosed]).toEqual([true, true]);
      await there.writer.write("one\ntwo\n");
      await there.writer.close();
      expect(await collected(back.reader.lines())).toEqual(["eno", "owt"]);
      await back.reader.close();
      expect(await linux.waitpid(pid)).toEqual({ pid, status: 0 });
    });
  });

  it("that cannot be started leaves the ends open, as do ends that are passed by number", async () => {
    await simulate({ leaks: "fail" }, async (linux) => {
      const pipe = await Pipe.create(linux);
      const failed = spawnWith(linux, reverse, { fds: { input: pipe.reader, out: 99 } });
      expect(await failureOf(failed)).toMatchObject({ code: "EBADF" });
      expect(pipe.reader.isClosed).toBe(false);
      const back = await Pipe.create(linux);
      const pid = await spawnWith(linux, reverse, { fds: { input: pipe.reader.fd, out: back.writer } });
      expect([pipe.reader.isClosed, back.writer.isClosed]).toEqual([false, true]);
      await pipe.close();
      await linux.waitpid(pid);
      await back.close();
    });
  });
});

describe("chunks", () => {
  test("are the bytes that were written, in whatever pieces", async (linux) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        async (pieces, chunkSize) => {
          await using reader = await (async () => {
            const pipe = await Pipe.create(linux);
            for (const piece of pieces) await pipe.writer.write(piece);
            await pipe.writer.close();
            return pipe.reader;
          })();
          const chunks = await collected(reader.chunks({ chunkSize }));
          expect(chunks.every(({ length }) => length > 0 && length <= chunkSize)).toBe(true);
          expect(chunks.flatMap((chunk) => [...chunk])).toEqual(pieces.flatMap((piece) => [...piece]));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("go on after a loop that was left", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write(bytes("abc"));
    for await (const chunk of reader.chunks({ chunkSize: 1 })) {
      expect(text(chunk)).toBe("a");
      break;
    }
    await writer.close();
    expect((await collected(reader)).map(text)).toEqual(["bc"]);
    await reader.close();
  });
});
