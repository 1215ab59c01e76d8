// Ends as web streams, on both kernels: nothing is read before somebody asks, and what ends the stream closes the end.
import { describe, expect } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { bytes, failureOf, testerOf, text } from "../testing.js";
import { Pipe } from "./pipe.js";

const test = testerOf(real, listOwned);
const CAPACITY = 65536;

describe("a readable stream", () => {
  test("gives what is written, until the end, and closes the reader then", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const sent = new Uint8Array(2 * CAPACITY).map((_, i) => i % 251);
    const writing = writer.write(sent).then(() => writer.close());
    const read = new Uint8Array(await new Response(reader.toReadableStream()).arrayBuffer());
    expect(Buffer.compare(read, sent)).toBe(0);
    expect(reader.isClosed).toBe(true);
    await writing;
  });

  test("reads nothing before it is asked to, and no more than it is asked for", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write("abc");
    const stream = reader.toReadableStream({ chunkSize: 1 }).getReader();
    await linux.getpid();
    expect(await writer.available()).toBe(3);
    expect(text((await stream.read()).value ?? null)).toBe("a");
    await linux.getpid();
    expect(await writer.available()).toBe(2);
    await stream.cancel();
    expect(reader.isClosed).toBe(true);
    expect(await failureOf(writer.write("x"))).toMatchObject({ code: "EPIPE" });
    await writer.close();
  });

  test("fills the buffer of a BYOB reader", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write("abc");
    const stream = reader.toReadableStream().getReader({ mode: "byob" });
    const first = await stream.read(new Uint8Array(2));
    expect(text(first.value ?? null)).toBe("ab");
    expect(await writer.available()).toBe(1);
    expect(text((await stream.read(new Uint8Array(8))).value ?? null)).toBe("c");
    await writer.close();
    expect((await stream.read(new Uint8Array(8))).done).toBe(true);
    expect(reader.isClosed).toBe(true);
  });

  test("that is cancelled while it waits closes the reader", async (linux) => {
    for (const mode of ["default", "byob"]) {
      const { reader, writer } = await Pipe.create(linux);
      const stream = reader.toReadableStream();
      const waiting =
        mode === "byob"
          ? stream.getReader({ mode: "byob" })
          : (stream.getReader() as unknown as ReadableStreamBYOBReader);
      const read = waiting.read(new Uint8Array(4));
      await linux.getpid();
      await waiting.cancel();
      expect((await read).done).toBe(true);
      expect(reader.isClosed).toBe(true);
      await writer.close();
    }
  });

  test("breaks by a timeout, and closes the reader", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const stream = reader.toReadableStream({ timeout: 1 }).getReader();
    expect(await failureOf(stream.read())).toMatchObject({ name: "TimeoutError" });
    expect(reader.isClosed).toBe(true);
    await writer.close();
  });

  test("begins with what an iteration had left, and lets nobody else read", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write("a\nb\n");
    for await (const line of reader.lines()) {
      expect(line).toBe("a");
      break;
    }
    const stream = reader.toReadableStream();
    expect(await failureOf(reader.read())).toMatchObject({ code: "ERR_INVALID_STATE" });
    expect(() => reader.toReadableStream()).toThrow("must end first");
    await writer.close();
    expect(await new Response(stream).text()).toBe("b\n");
  });
});

describe("a writable stream", () => {
  test("writes one chunk at a time, waits for it, and closes the writer", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const stream = writer.toWritableStream().getWriter();
    expect(stream.desiredSize).toBe(1);
    const first = stream.write(new Uint8Array(CAPACITY + 1));
    expect(stream.desiredSize).toBe(0);
    const second = stream.write("text");
    const closing = stream.close();
    const all = await reader.readAll();
    expect(all.length).toBe(CAPACITY + 5);
    expect(text(all.subarray(-4))).toBe("text");
    await Promise.all([first, second, closing]);
    expect(writer.isClosed).toBe(true);
    await reader.close();
  });

  test("that is aborted while it waits closes the writer", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const stream = writer.toWritableStream().getWriter();
    const writing = failureOf(stream.write(new Uint8Array(CAPACITY + 1)));
    while ((await reader.available()) < CAPACITY);
    stream.closed.catch(() => {});
    await stream.abort(new Error("enough"));
    expect(await writing).toMatchObject({ name: "AbortError", bytesWritten: CAPACITY });
    expect(writer.isClosed).toBe(true);
    expect((await reader.readAll()).length).toBe(CAPACITY);
    await reader.close();
  });

  test("breaks when no reader is left, and closes the writer", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await reader.close();
    const stream = writer.toWritableStream().getWriter();
    stream.closed.catch(() => {});
    expect(await failureOf(stream.write(bytes("x")))).toMatchObject({ code: "EPIPE" });
    expect(writer.isClosed).toBe(true);
  });

  test("joins a stream to it, pipe to pipe", async (linux) => {
    const [a, b] = [await Pipe.create(linux), await Pipe.create(linux)];
    const piping = a.reader.toReadableStream().pipeTo(b.writer.toWritableStream());
    await a.writer.write("through");
    await a.writer.close();
    expect(await b.reader.text()).toBe("through");
    await piping;
    expect([a.reader.isClosed, b.writer.isClosed]).toEqual([true, true]);
    await b.reader.close();
  });
});
