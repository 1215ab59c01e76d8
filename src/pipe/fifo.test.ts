// FIFOs as objects, on both kernels: making, opening, removing, and what their errors say.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linux as real } from "linux-ipc/native";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { S_IFIFO, S_IFMT } from "../constants.js";
import { type Linux, WEXITSTATUS } from "../linux.js";
import { program } from "../program.js";
import { explore } from "../simulation/explore.js";
import { collected, failureOf, testerOf, text } from "../testing.js";
import { Fifo, type FifoEnd } from "./fifo.js";
import { Pipe } from "./pipe.js";
import { PipeReader } from "./reader.js";
import { PipeWriter } from "./writer.js";

// The built backend: an open that waits does so on a thread of its own, which loads its module.
const descriptors = new URL("../../dist/backends/linux/descriptors.js", import.meta.url).href;
const { listOwned } = (await import(descriptors)) as { listOwned(): number[] };
const test = testerOf(real, listOwned);

// The real kernel's: the model's tree is new each time, and relative names are in its /tmp.
const home = process.cwd();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "linux-ipc-fifo-"));
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

/** Both ends, opened as one opens them: each waits for the other. */
const bothEnds = (fifo: Fifo): Promise<[FifoEnd<"read">, FifoEnd<"write">]> =>
  Promise.all([fifo.open({ mode: "read" }), fifo.open({ mode: "write" })]);

/** Whether a path is there. */
const isThere = (linux: Linux, path: string): Promise<boolean> =>
  linux.stat(path).then(
    () => true,
    () => false,
  );

describe("a FIFO", () => {
  test("is made with permissions, opens when both ends do, and carries bytes", async (linux) => {
    const fifo = await Fifo.create(linux, "log", { mode: 0o640 });
    const { mode } = await linux.stat("log");
    expect(mode & S_IFMT).toBe(S_IFIFO);
    expect(mode & 0o777).toBe(0o640 & ~(await mask(linux)));
    const [reader, writer] = await bothEnds(fifo);
    expect(reader).toBeInstanceOf(PipeReader);
    expect(writer).toBeInstanceOf(PipeWriter);
    await writer.write("one\ntwo\n");
    await writer.close();
    expect(await collected(reader.lines())).toEqual(["one", "two"]);
    await reader.close();
    await fifo.unlink();
    expect(await isThere(linux, "log")).toBe(false);
  });

  test("that is closed closes its ends, and removes its name if that was asked for", async (linux) => {
    const kept = await Fifo.create(linux, "kept");
    const removed = await Fifo.create(linux, "removed", { unlinkOnClose: true });
    const [first, second] = [await bothEnds(kept), await bothEnds(removed)];
    const ends = [...first, ...second];
    await first[0].close();
    await Promise.all([kept.close(), kept.close(), removed[Symbol.asyncDispose]()]);
    expect(ends.map(({ isClosed }) => isClosed)).toEqual([true, true, true, true]);
    expect([await isThere(linux, "kept"), await isThere(linux, "removed")]).toEqual([true, false]);
    await linux.unlink("kept");
  });

  test("that is closed ends the opens that wait, and opens no more", async (linux) => {
    const fifo = await Fifo.create(linux, "log", { unlinkOnClose: true });
    const waiting = failureOf(fifo.open({ mode: "read" }));
    const timed = failureOf(fifo.open({ mode: "read", timeout: 60_000 }));
    await linux.getpid();
    await fifo.close();
    const closed = "EBADF: bad file descriptor, open 'log' (this object was closed)";
    expect((await waiting).message).toBe(closed);
    expect((await timed).message).toBe(closed);
    expect((await failureOf(fifo.open({ mode: "read-write" }))).message).toBe(closed);
  });

  test("is removed once; that another has removed it is an error of unlink, not of close", async (linux) => {
    const fifo = await Fifo.create(linux, "log", { unlinkOnClose: true });
    await linux.unlink("log");
    expect(await failureOf(fifo.unlink())).toMatchObject({ code: "ENOENT", syscall: "unlink", path: "log" });
    await fifo.close();
    const second = await Fifo.create(linux, "log", { unlinkOnClose: true });
    await Promise.all([second.unlink(), second.unlink()]);
    await linux.mkfifo("log", 0o600);
    await second.close();
    expect(await isThere(linux, "log")).toBe(true);
    await linux.unlink("log");
  });

  test("says its path in errors", async (linux) => {
    const fifo = await Fifo.create(linux, "log");
    const again = await failureOf(Fifo.create(linux, "log"));
    expect(again).toMatchObject({ code: "EEXIST", path: "log" });
    expect(again.message).toMatch(/^EEXIST: .*'log'$/);
    expect(await failureOf(Fifo.open(linux, "nothing", { mode: "read" }))).toMatchObject({
      code: "ENOENT",
      syscall: "open",
      path: "nothing",
    });
    const [reader, writer] = await bothEnds(fifo);
    await reader.close();
    expect((await failureOf(writer.write("x"))).message).toBe(
      `EPIPE: broken pipe, write, fd ${writer.fd}, FIFO "log"`,
    );
    await writer.close();
    await fifo.unlink();
  });

  test("refuses a mode that there is not", async (linux) => {
    const error = await failureOf(Fifo.open(linux, "log", { mode: "append" as "read" }));
    expect(error.message).toBe('open: "options.mode" must be "read", "write" or "read-write", not "append"');
    expect(await failureOf(Fifo.open(linux, "log", {} as { mode: "read" }))).toBeInstanceOf(TypeError);
    expect(await failureOf(Fifo.open(linux, "log", { mode: "read", timeout: -1 }))).toBeInstanceOf(TypeError);
  });

  test("is what is opened, or nothing is", async (linux) => {
    await linux.mkdir("folder", 0o700);
    expect(await failureOf(Fifo.open(linux, "folder", { mode: "read" }))).toMatchObject({
      code: "EINVAL",
      message: "EINVAL: invalid argument, open 'folder' (it is no FIFO)",
    });
    await linux.rmdir("folder");
  });

  it.runIf(process.platform === "linux")("is no file that somebody's shell made in its place", async () => {
    writeFileSync("log", "");
    expect(await failureOf(Fifo.open(real, "log", { mode: "write" }))).toMatchObject({ code: "EINVAL" });
    expect(listOwned()).toEqual([]);
    expect(readdirSync(".")).toEqual(["log"]);
  });
});

describe("opening a FIFO", () => {
  test("for both is one descriptor, that does not wait, and sees no end", async (linux) => {
    const fifo = await Fifo.create(linux, "log", { unlinkOnClose: true });
    const both = await fifo.open({ mode: "read-write" });
    expect(both).toBeInstanceOf(Pipe);
    expect(both.reader.fd).toBe(both.writer.fd);
    const writer = await fifo.open({ mode: "write" });
    await writer.write("a");
    await writer.close();
    expect(text(await both.reader.read())).toBe("a");
    expect(await failureOf(both.reader.read(1, { timeout: 1 }))).toMatchObject({ name: "TimeoutError" });
    await both.close();
    expect(both.writer.isClosed).toBe(true);
    await fifo.close();
  });

  test("without waiting: a reader that is at its end, a writer that is ENXIO", async (linux) => {
    const fifo = await Fifo.create(linux, "log", { unlinkOnClose: true });
    expect(await failureOf(fifo.open({ mode: "write", nonblocking: true }))).toMatchObject({ code: "ENXIO" });
    const reader = await fifo.open({ mode: "read", nonblocking: true });
    expect(await reader.read()).toBe(null);
    const writer = await fifo.open({ mode: "write", nonblocking: true });
    expect(await failureOf(reader.read())).toMatchObject({ code: "EAGAIN" });
    await writer.close();
    expect(await reader.read()).toBe(null);
    await fifo.close();
  });

  test("ends by a timeout or a signal, and leaves nothing open", async (linux) => {
    const fifo = await Fifo.create(linux, "log", { unlinkOnClose: true });
    const late = await failureOf(fifo.open({ mode: "read", timeout: 1 }));
    expect(late).toMatchObject({ name: "TimeoutError", path: "log" });
    expect(late.message).toBe('open: timed out after 1 ms, FIFO "log"');
    const stop = new AbortController();
    const opening = failureOf(Fifo.open(linux, "log", { mode: "write", signal: stop.signal }));
    await linux.getpid();
    stop.abort();
    expect(await opening).toMatchObject({ name: "AbortError" });
    const signal = AbortSignal.abort();
    expect(await failureOf(fifo.open({ mode: "read", signal }))).toMatchObject({ name: "AbortError" });
    await fifo.close();
  });

  test("again after the last writer has gone goes on reading", async (linux) => {
    const fifo = await Fifo.create(linux, "log", { unlinkOnClose: true });
    const [reader, first] = await bothEnds(fifo);
    await first.write("1");
    await first.close();
    expect(text(await reader.read())).toBe("1");
    expect(await reader.read()).toBe(null);
    const second = await fifo.open({ mode: "write" });
    await second.write("2");
    expect(text(await reader.read())).toBe("2");
    await fifo.close();
  });
});

const speaker = program(import.meta.url, async function speaker(linux, line: string) {
  await using out = await Fifo.open(linux, "log", { mode: "write" });
  await out.write(`${line}\n`);
});

const impatient = program(import.meta.url, async function impatient(linux) {
  const opening = Fifo.open(linux, "log", { mode: "write", timeout: 5 });
  return await opening.then(
    () => 0,
    () => 1,
  );
});

describe("a FIFO between processes", () => {
  it("brings the lines of all writers, whole, in every order", async () => {
    const orders = new Set<string>();
    await explore({ schedules: 150, leaks: "fail" }, async (linux) => {
      await using fifo = await Fifo.create(linux, "log", { unlinkOnClose: true });
      for (const line of ["one", "two"]) await linux.spawn(speaker, { args: [line] });
      // Open for writing as well: it does not end between one writer and the next.
      const { reader } = await fifo.open({ mode: "read-write" });
      const lines: string[] = [];
      for await (const line of reader.lines()) if (lines.push(line) === 2) break;
      for (let i = 0; i < 2; i++) await linux.waitpid(-1);
      orders.add(lines.join());
    });
    expect([...orders].sort()).toEqual(["one,two", "two,one"]);
  });

  it("opens with a timeout or not at all, in every order", async () => {
    const outcomes = new Set<string>();
    await explore({ schedules: 200, leaks: "fail" }, async (linux) => {
      await using fifo = await Fifo.create(linux, "log", { unlinkOnClose: true });
      const pid = await linux.spawn(impatient);
      const opened = await fifo.open({ mode: "read", timeout: 5 }).then(
        () => "read",
        (error: Error) => error.name,
      );
      const { status } = await linux.waitpid(pid);
      outcomes.add(`${opened}, ${WEXITSTATUS(status) === 0 ? "written" : "not written"}`);
    });
    expect(outcomes).toContain("read, written");
    expect(outcomes).toContain("TimeoutError, not written");
  });
});

async function mask(linux: Linux): Promise<number> {
  const before = await linux.umask(0);
  await linux.umask(before);
  return before;
}
