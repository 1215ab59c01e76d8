// Ends as node's streams, on both kernels.
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Readable, Transform, type Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { describe, expect } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { Pipe } from "../pipe/pipe.js";
import { failureOf, testerOf } from "../testing.js";
import { toNodeReadable, toNodeWritable } from "./index.js";

const test = testerOf(real, listOwned);
const CAPACITY = 65536;

/** Not `once`, which rejects if there is an error before. */
const closeOf = (stream: Readable | Writable): Promise<void> =>
  new Promise((resolve) => stream.on("close", resolve));

describe("a readable stream", () => {
  test("gives what is written, until the end, and closes the reader then", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const sent = new Uint8Array(3 * CAPACITY).map((_, i) => i % 251);
    const writing = writer.write(sent).then(() => writer.close());
    const read: Buffer[] = [];
    for await (const chunk of toNodeReadable(reader)) read.push(chunk);
    expect(Buffer.compare(Buffer.concat(read), sent)).toBe(0);
    expect(reader.isClosed).toBe(true);
    await writing;
  });

  test("reads nothing before somebody asks for it, and goes on by events too", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write("abc");
    const stream = toNodeReadable(reader, { chunkSize: 1 });
    await linux.getpid();
    expect(await writer.available()).toBe(3);
    const read: string[] = [];
    stream.on("data", (chunk) => read.push(String(chunk)));
    await writer.write("de");
    await writer.close();
    await closeOf(stream);
    expect(read).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("that is paused reads no further", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write("abc");
    const stream = toNodeReadable(reader, { chunkSize: 1 });
    const [first] = await new Promise<Buffer[]>((resolve) =>
      stream.on("data", (chunk) => {
        stream.pause();
        resolve([chunk]);
      }),
    );
    expect(String(first)).toBe("a");
    for (let i = 0; i < 5; i++) await linux.getpid();
    expect(await writer.available()).toBeGreaterThanOrEqual(1);
    stream.destroy();
    await finished(stream).catch(() => {});
    expect(reader.isClosed).toBe(true);
    await writer.close();
  });

  test("that is destroyed while it waits closes the reader", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const stream = toNodeReadable(reader);
    stream.resume();
    await linux.getpid();
    const closed = closeOf(stream);
    stream.destroy();
    await closed;
    expect(reader.isClosed).toBe(true);
    expect(await failureOf(writer.write("x"))).toMatchObject({ code: "EPIPE" });
    await writer.close();
  });

  test("fails with the error of the read, and closes the reader", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const stream = toNodeReadable(reader, { timeout: 1 });
    stream.resume();
    expect(await failureOf(finished(stream))).toMatchObject({ name: "TimeoutError" });
    expect(reader.isClosed).toBe(true);
    await writer.close();
  });

  test("works with readline", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await writer.write("one\ntwo\n");
    await writer.close();
    const lines: string[] = [];
    const input = toNodeReadable(reader);
    const closed = closeOf(input);
    for await (const line of createInterface({ input })) lines.push(line);
    await closed;
    expect(lines).toEqual(["one", "two"]);
  });
});

describe("a writable stream", () => {
  test("says no while it is full, and drains", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const stream = toNodeWritable(writer, { highWaterMark: CAPACITY });
    expect(stream.write(new Uint8Array(2 * CAPACITY))).toBe(false);
    const drained = once(stream, "drain");
    let read = 0;
    while (read < 2 * CAPACITY) read += ((await reader.read()) as Uint8Array).length;
    await drained;
    stream.end("x");
    expect(await reader.text()).toBe("x");
    await finished(stream);
    expect(writer.isClosed).toBe(true);
    await reader.close();
  });

  test("that is destroyed while it waits closes the writer", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    const stream = toNodeWritable(writer);
    stream.on("error", () => {});
    stream.write(new Uint8Array(CAPACITY + 1));
    await linux.getpid();
    const closed = closeOf(stream);
    stream.destroy(new Error("enough"));
    await closed;
    expect(writer.isClosed).toBe(true);
    expect((await reader.readAll()).length).toBe(CAPACITY);
    await reader.close();
  });

  test("fails when no reader is left", async (linux) => {
    const { reader, writer } = await Pipe.create(linux);
    await reader.close();
    const stream = toNodeWritable(writer);
    stream.write("x");
    expect(await failureOf(finished(stream))).toMatchObject({ code: "EPIPE", bytesWritten: 0 });
    expect(writer.isClosed).toBe(true);
  });

  test("is the end of a pipeline", async (linux) => {
    const [a, b] = [await Pipe.create(linux), await Pipe.create(linux)];
    const upper = new Transform({
      transform: (chunk, _encoding, callback) => callback(null, String(chunk).toUpperCase()),
    });
    const piping = pipeline(toNodeReadable(a.reader), upper, toNodeWritable(b.writer));
    await a.writer.write("through");
    await a.writer.close();
    expect(await b.reader.text()).toBe("THROUGH");
    await piping;
    expect([a.reader.isClosed, b.writer.isClosed]).toEqual([true, true]);
    await b.reader.close();
  });
});
