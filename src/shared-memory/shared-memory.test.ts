// Shared memory as objects, on both kernels.
import { afterEach, describe, expect, it } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { F_GETFD, FD_CLOEXEC, O_CREAT, O_RDONLY, O_RDWR } from "../constants.js";
import type { Linux } from "../linux.js";
import { simulate } from "../simulation/simulate.js";
import { bytes, failureOf, testerOf, text } from "../testing.js";
import type { SharedMemoryCreateOptions } from "./options.js";
import { SharedMemory } from "./shared-memory.js";

const test = testerOf(real, listOwned);
const NAME = `/linux-ipc-class-${process.pid}`;
const NEW: SharedMemoryCreateOptions = { size: 10_000, unlinkOnClose: true };

afterEach(async () => {
  if (process.platform === "linux") await real.shm_unlink(NAME).catch(() => undefined);
});

const create = (linux: Linux, options: Partial<SharedMemoryCreateOptions> = {}): Promise<SharedMemory> =>
  SharedMemory.create(linux, NAME, { ...NEW, ...options });

describe("shared memory", () => {
  test("is zero at first, and one memory for all who attach it", async (linux) => {
    const memory = await create(linux);
    const same = await SharedMemory.attach(linux, NAME);
    expect([memory.name, memory.size, memory.isWritable, memory.isClosed]).toEqual([
      NAME,
      10_000,
      true,
      false,
    ]);
    expect([same.size, same.bytes.every((byte) => byte === 0)]).toEqual([10_000, true]);
    memory.bytes.set([1, 2, 3], 9_990);
    expect([...same.bytes.subarray(9_990, 9_994)]).toEqual([1, 2, 3, 0]);
    Atomics.add(same.array(Int32Array, 8, 1), 0, 0x01020304);
    expect(memory.array(Uint8Array, 8, 4)).toEqual(Uint8Array.of(4, 3, 2, 1));
    expect(memory.array(Float64Array).length).toBe(1250);
    expect(() => memory.array(Int32Array, 9_999, 1)).toThrow(RangeError);
    await same.close();
    await memory.close();
    expect(await failureOf(SharedMemory.attach(linux, NAME))).toMatchObject({ code: "ENOENT" });
  });

  test("is read and written by guarded copies", async (linux) => {
    const memory = await create(linux);
    await memory.write("größe", 9_993);
    expect(text(await memory.read(9_993))).toBe("größe");
    expect(text(memory.bytes.subarray(9_993))).toBe("größe");
    memory.bytes[0] = 7;
    expect(await memory.read(0, 2)).toEqual(Uint8Array.of(7, 0));
    expect((await memory.read()).length).toBe(10_000);
    const buffer = new Uint8Array(3);
    expect(await memory.readInto(buffer, 9_997)).toBe(3);
    expect(buffer).toEqual(memory.bytes.slice(9_997));
    const source = bytes("abc");
    const writing = memory.write(source);
    source.fill(0);
    await writing;
    expect(text(await memory.read(0, 3))).toBe("abc");
    expect(await memory.read(10_000)).toEqual(new Uint8Array(0));
    for (const wrong of [
      () => memory.write("x", 10_000),
      () => memory.read(9_999, 2),
      () => memory.readInto(buffer, 9_998),
      () => memory.read(10_001),
    ]) {
      expect(await failureOf(wrong())).toMatchObject({ name: "RangeError", code: "ERR_OUT_OF_RANGE" });
    }
    expect((await failureOf(memory.write("xy", 9_999))).message).toBe("write: bytes 9999 to 10001 of 10000");
    await memory.sync();
    await memory.close();
  });

  test("becomes larger and smaller, and others learn of it", async (linux) => {
    const memory = await create(linux, { size: 5000 });
    const other = await SharedMemory.attach(linux, NAME);
    memory.bytes.fill(5);
    await memory.resize(20_000);
    expect([memory.size, memory.bytes[4999], memory.bytes[5000]]).toEqual([20_000, 5, 0]);
    expect(other.size).toBe(5000);
    expect(await other.refresh()).toBe(20_000);
    memory.bytes[19_999] = 9;
    expect(other.bytes[19_999]).toBe(9);
    await memory.resize(100);
    expect([memory.size, memory.bytes.length]).toEqual([100, 100]);
    // The arrays are not asked for: what was cut off is not there.
    expect(() => other.bytes).toThrow("EFAULT");
    expect((await other.read()).length).toBe(100);
    expect(await other.refresh()).toBe(100);
    await memory.resize(5000);
    expect([memory.bytes[99], memory.bytes[100]]).toEqual([5, 0]);
    const changes = [memory.resize(6000), memory.resize(3000), memory.refresh()];
    await Promise.all(changes);
    expect(memory.size).toBe(3000);
    await other.close();
    await memory.close();
  });

  test("without a name is sealed against being resized, and is handed on by its descriptor", async (linux) => {
    const memory = await SharedMemory.anonymous(linux, 100, { name: "board" });
    expect(await memory.seals()).toEqual({
      shrink: true,
      grow: true,
      write: false,
      futureWrite: false,
      seal: false,
    });
    const error = await failureOf(memory.resize(50));
    expect(error.message).toBe(
      "EPERM: operation not permitted, ftruncate, fd " +
        `${memory.fd} (the memory is sealed: SharedMemory.anonymous(…, { resizable: true })), shared memory "board"`,
    );
    expect([memory.size, memory.bytes.length]).toEqual([100, 100]);
    expect(await linux.fcntl(memory.fd, F_GETFD)).toBe(FD_CLOEXEC);
    const fd = await linux.dup(memory.fd);
    const same = await SharedMemory.from(linux, fd);
    memory.bytes[99] = 9;
    expect([same.size, same.bytes[99], same.fd, same.isWritable]).toEqual([100, 9, fd, true]);
    await memory.seal({ futureWrite: true, seal: true });
    const reader = await SharedMemory.from(linux, await linux.dup(fd), { name: "board" });
    expect([reader.isWritable, reader.bytes[99], (await reader.seals()).futureWrite]).toEqual([
      false,
      9,
      true,
    ]);
    expect((await failureOf(reader.write("x"))).message).toContain(
      '(the memory is sealed), shared memory "board"',
    );
    expect((await failureOf(same.seal({ write: true }))).message).toContain("takes no seals");
    memory.bytes[98] = 8;
    expect(reader.bytes[98]).toBe(8);
    await reader.close();
    await same.close();
    expect((await failureOf(memory.unlink())).message).toContain("does not know its name");
    await memory.close();
    const free = await SharedMemory.anonymous(linux, 10, { resizable: true });
    await free.resize(10_000);
    expect(free.bytes.length).toBe(10_000);
    expect((await failureOf(free.seal({ write: true }))).message).toMatch(/^EBUSY.*futureWrite/);
    await free.close();
  });

  test("is attached for reading", async (linux) => {
    const memory = await create(linux);
    const reader = await SharedMemory.attach(linux, NAME, { access: "read" });
    memory.bytes[5] = 5;
    expect([reader.bytes[5], reader.isWritable]).toEqual([5, false]);
    expect((await failureOf(reader.write("x"))).message).toContain("(the memory was attached for reading)");
    expect((await failureOf(reader.resize(5))).message).toContain("(the memory was attached for reading)");
    expect([reader.size, (await reader.read()).length]).toEqual([10_000, 10_000]);
    const fd = await linux.shm_open(NAME, O_RDONLY);
    expect((await failureOf(SharedMemory.from(linux, fd, { access: "read-write" }))).message).toMatch(
      /^EACCES: .*\(not open for reading and writing: \{ access: "read" \}\)/,
    );
    const same = await SharedMemory.from(linux, fd);
    expect(same.isWritable).toBe(false);
    await same.close();
    await reader.close();
    await memory.close();
  });

  test("has its size when it is attached", async (linux) => {
    const fd = await linux.shm_open(NAME, O_RDWR | O_CREAT, 0o600);
    expect((await failureOf(SharedMemory.attach(linux, NAME, { timeout: 1 }))).message).toBe(
      `SharedMemory.attach: timed out after 1 ms, for its maker to give it a size, shared memory "${NAME}"`,
    );
    expect((await failureOf(SharedMemory.from(linux, fd))).message).toContain("(it has no size yet)");
    const stop = new AbortController();
    const aborted = failureOf(SharedMemory.attach(linux, NAME, { signal: stop.signal }));
    const attaching = [SharedMemory.attach(linux, NAME), SharedMemory.createOrAttach(linux, NAME, NEW)];
    await linux.clock_nanosleep(1, 0, 3_000_000n);
    stop.abort();
    expect(await aborted).toMatchObject({ name: "AbortError" });
    await linux.ftruncate(fd, 77);
    for (const memory of await Promise.all(attaching)) {
      expect(memory.size).toBe(77);
      await memory.close();
    }
    await linux.close(fd);
    const again = await SharedMemory.attach(linux, NAME);
    await again.unlink();
    await again.unlink();
    await again.close();
  });

  test("that is removed while somebody waits for its size is made by that one", async (linux) => {
    const fd = await linux.shm_open(NAME, O_RDWR | O_CREAT, 0o600);
    const finding = failureOf(SharedMemory.attach(linux, NAME)).catch(() => undefined);
    const making = SharedMemory.createOrAttach(linux, NAME, NEW);
    await linux.clock_nanosleep(1, 0, 2_000_000n);
    await linux.shm_unlink(NAME);
    const memory = await making;
    expect(memory.size).toBe(10_000);
    const error = await finding;
    if (error !== undefined) expect(error).toMatchObject({ code: "ENOENT" });
    await linux.close(fd);
    await memory.close();
  });

  test("keeps nothing open that it could not make", async (linux) => {
    const memory = await create(linux);
    expect((await failureOf(create(linux))).message).toBe(
      `EEXIST: file exists, shm_open '${NAME}', shared memory "${NAME}"`,
    );
    await memory.close();
    const huge = 2 ** 42;
    await failureOf(create(linux, { size: huge }));
    await failureOf(SharedMemory.anonymous(linux, huge));
    expect(await failureOf(SharedMemory.attach(linux, NAME))).toMatchObject({ code: "ENOENT" });
    const [readEnd, writeEnd] = await linux.pipe2();
    await failureOf(SharedMemory.from(linux, readEnd));
    await linux.close(readEnd);
    await linux.close(writeEnd);
  });
});

describe("closing", () => {
  test("detaches, and removes the name of what the object has made, unless it is another's", async (linux) => {
    const memory = await SharedMemory.createOrAttach(linux, NAME, NEW);
    const guest = await SharedMemory.createOrAttach(linux, NAME, NEW);
    await guest.close();
    const kept = memory.bytes;
    const closing = memory.close();
    expect(memory.close()).toBe(closing);
    await closing;
    await memory[Symbol.asyncDispose]();
    if (linux === real) expect(kept.length).toBe(0);
    expect([memory.isClosed, memory.fd]).toEqual([true, -1]);
    expect(() => memory.bytes).toThrow(`EBADF: bad file descriptor, mapping (this object was closed)`);
    for (const used of [
      () => memory.read(),
      () => memory.write("x"),
      () => memory.resize(5),
      () => memory.refresh(),
      () => memory.sync(),
      () => memory.seals(),
    ]) {
      expect(await failureOf(used())).toMatchObject({ code: "EBADF" });
    }
    const first = await create(linux);
    await SharedMemory.unlink(linux, NAME);
    const second = await create(linux);
    await first.close();
    const found = await SharedMemory.attach(linux, NAME);
    await found.close();
    await second.close();
    expect(await failureOf(SharedMemory.unlink(linux, NAME))).toMatchObject({ code: "ENOENT" });
  });

  test("waits for a change of size that is going on", async (linux) => {
    const memory = await create(linux);
    const changes = [memory.resize(20_000), memory.close()];
    await Promise.all(changes);
    expect(await failureOf(SharedMemory.attach(linux, NAME))).toMatchObject({ code: "ENOENT" });
  });
});

describe("an error", () => {
  it("says which limit was hit", async () => {
    await simulate({}, async (linux) => {
      expect((await failureOf(create(linux, { size: 2 ** 21 }))).message).toContain(
        "machine.sharedObjectMax",
      );
    });
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
  const wrong: Record<string, () => unknown> = {
    'SharedMemory.create: "name" must be a string, not 5': () => SharedMemory.create(linux, bad(5), NEW),
    'SharedMemory.create: "options.size" must be an integer of at least 1, not undefined': () =>
      SharedMemory.create(linux, "/x", bad({})),
    'SharedMemory.create: "options.size" must be an integer of at least 1, not 0': () =>
      SharedMemory.create(linux, "/x", { size: 0 }),
    'SharedMemory.create: "options.mode" must be a 32-bit integer, not "600"': () =>
      SharedMemory.create(linux, "/x", { size: 1, mode: bad("600") }),
    'SharedMemory.create: "options.unlinkOnClose" must be a boolean, not 1': () =>
      SharedMemory.create(linux, "/x", { size: 1, unlinkOnClose: bad(1) }),
    'SharedMemory.createOrAttach: "options.timeout" must be a number of milliseconds, at least 0, not -1':
      () => SharedMemory.createOrAttach(linux, "/x", { size: 1, timeout: -1 }),
    'SharedMemory.attach: "options" must be an object, not 5': () => SharedMemory.attach(linux, "/x", bad(5)),
    'SharedMemory.attach: "options.access" must be "read" or "read-write", not "write"': () =>
      SharedMemory.attach(linux, "/x", { access: bad("write") }),
    'SharedMemory.attach: "options.signal" must be an AbortSignal, not 5': () =>
      SharedMemory.attach(linux, "/x", { signal: bad(5) }),
    'SharedMemory.anonymous: "size" must be an integer of at least 1, not 1.5': () =>
      SharedMemory.anonymous(linux, 1.5),
    'SharedMemory.anonymous: "options.resizable" must be a boolean, not 1': () =>
      SharedMemory.anonymous(linux, 1, { resizable: bad(1) }),
    'SharedMemory.anonymous: "options.name" must be a string without NUL, not one with NUL in it': () =>
      SharedMemory.anonymous(linux, 1, { name: "a\0b" }),
    'SharedMemory.from: "fd" must be a 32-bit integer, not undefined': () =>
      SharedMemory.from(linux, undefined),
    'SharedMemory.from: no descriptor was passed as "board": none were': () =>
      SharedMemory.from(linux, "board"),
  };

  it.each(Object.keys(wrong))("is told of before a call is made: %s", async (message) => {
    const error = await failureOf((async () => await wrong[message]?.())());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  });

  it("of an open object too", async () => {
    await simulate({}, async (model) => {
      const memory = await create(model);
      const told: [() => Promise<unknown>, string][] = [
        [() => memory.read(-1), 'read: "byteOffset" must be an integer of at least 0, not -1'],
        [() => memory.read(0, 0.5), 'read: "length" must be an integer of at least 0, not 0.5'],
        [() => memory.readInto(bad([])), 'readInto: "buffer" must be a Uint8Array, not an array'],
        [() => memory.write(bad(5)), 'write: "data" must be a Uint8Array or a string, not 5'],
        [() => memory.resize(0), 'resize: "size" must be an integer of at least 1, not 0'],
        [() => memory.seal(bad(undefined)), 'seal: "seals" must be an object, not undefined'],
        [() => memory.seal({ grow: bad(1) }), 'seal: "seals.grow" must be a boolean, not 1'],
      ];
      for (const [wrongly, message] of told) {
        const error = await failureOf(wrongly());
        expect([error.message, error instanceof TypeError]).toEqual([message, true]);
      }
      await memory.close();
    });
  });
});
