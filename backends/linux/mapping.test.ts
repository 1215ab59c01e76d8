// Mappings on the real kernel: the same program on both kernels, and what must not crash, in processes of their own.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import * as c from "../../src/constants.js";
import type { Linux } from "../../src/linux.js";
import { simulate } from "../../src/simulation/index.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";

const PAGE = 4096;
const BOTH = c.PROT_READ | c.PROT_WRITE;

afterEach(async () => {
  for (const fd of listOwned()) await linux.close(fd);
});

const outcome = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .then(
      (value) => value,
      (error) => error.code ?? error.name,
    );

/** What a program comes to on both kernels, which must be the same. */
async function onBoth(program: (linux: Linux) => Promise<unknown>): Promise<unknown> {
  let simulated: unknown;
  await simulate({ leaks: "ignore" }, async (model) => {
    simulated = await program(model);
  });
  const real = await program(linux);
  expect(simulated).toEqual(real);
  return real;
}

async function mapped(kernel: Linux, size = 3 * PAGE, prot = BOTH, flags: number = c.MAP_SHARED) {
  const fd = await kernel.memfd_create("x", c.MFD_ALLOW_SEALING);
  await kernel.ftruncate(fd, size);
  return { fd, mapping: await kernel.mmap(null, size, prot, flags, fd) };
}

describe("a mapping, on both kernels", () => {
  it("is the object itself: arrays, reads and writes show the same", async () => {
    const result = await onBoth(async (kernel) => {
      const { fd, mapping } = await mapped(kernel, 10_000);
      const byte = new Uint8Array(1);
      mapping.bytes[5] = 7;
      await kernel.pread(fd, byte, 5);
      await kernel.pwrite(fd, new Uint8Array([9]), 9999);
      const other = await kernel.mmap(null, PAGE, c.PROT_READ, c.MAP_SHARED, fd, PAGE);
      Atomics.add(mapping.array(Int32Array, PAGE), 3, 5);
      await kernel.memory_write(mapping.address + 8, new Uint8Array([1, 2]));
      const array = [byte[0], mapping.bytes[9999], other.array(Int32Array)[3], mapping.bytes[9]];
      for (const { address, length } of [mapping, other]) await kernel.munmap(address, length);
      return array;
    });
    expect(result).toEqual([7, 9, 5, 2]);
  });

  it("outlives its name and its descriptor", async () => {
    const result = await onBoth(async (kernel) => {
      const name = `/linux-ipc-mapping-test-${process.pid}`;
      const fd = await kernel.shm_open(name, c.O_RDWR | c.O_CREAT | c.O_EXCL, 0o600);
      await kernel.write(fd, new Uint8Array(100).fill(3));
      const mapping = await kernel.mmap(null, 100, BOTH, c.MAP_SHARED, fd);
      await kernel.shm_unlink(name);
      await kernel.close(fd);
      const { bytes } = mapping;
      const seen = [bytes.length, bytes[99]];
      await kernel.munmap(mapping.address, mapping.length);
      return seen;
    });
    expect(result).toEqual([100, 3]);
  });

  it("a private one is its own: what is written there is nobody else's", async () => {
    const result = await onBoth(async (kernel) => {
      const { fd, mapping } = await mapped(kernel, PAGE, BOTH, c.MAP_PRIVATE);
      const byte = new Uint8Array(1);
      mapping.bytes[0] = 1;
      await kernel.memory_write(mapping.address + 1, new Uint8Array([2]));
      await kernel.pread(fd, byte, 0);
      const without = await kernel.mmap(null, 10, BOTH, c.MAP_PRIVATE | c.MAP_ANONYMOUS, -1);
      without.bytes[9] = 4;
      const read = new Uint8Array(4);
      const count = await kernel.memory_read(without.address + 8, read);
      const seen = [byte[0], mapping.bytes[1], count, read[1], without.bytes.length];
      for (const { address, length } of [mapping, without]) await kernel.munmap(address, length);
      return seen;
    });
    expect(result).toEqual([0, 2, 4, 4, 10]);
  });

  it("is read-only until mprotect, and then writes to the object", async () => {
    const result = await onBoth(async (kernel) => {
      const { fd, mapping } = await mapped(kernel, 2 * PAGE, c.PROT_READ);
      const refused = await outcome(() => kernel.memory_write(mapping.address, new Uint8Array(1)));
      await kernel.mprotect(mapping.address + PAGE, PAGE, BOTH);
      mapping.bytes[PAGE] = 6;
      const byte = new Uint8Array(1);
      await kernel.pread(fd, byte, PAGE);
      const partly = await kernel.memory_write(mapping.address + PAGE, new Uint8Array(PAGE + 1));
      await kernel.mprotect(mapping.address, PAGE, c.PROT_NONE);
      const none = await outcome(() => mapping.bytes);
      await kernel.munmap(mapping.address, mapping.length);
      return [refused, byte[0], partly, none];
    });
    expect(result).toEqual(["EFAULT", 6, PAGE, "EFAULT"]);
  });

  it("arrays must fit, and addresses must be those of mappings", async () => {
    const result = await onBoth(async (kernel) => {
      const { fd, mapping } = await mapped(kernel, PAGE);
      const seen = [
        await outcome(() => mapping.array(Int32Array, 0, 1025)),
        await outcome(() => mapping.array(Int32Array, -4)),
        await outcome(() => mapping.array(Int32Array, 2)),
        await outcome(() => mapping.array(Uint8Array, 4096).length),
        await outcome(() => kernel.munmap(4096, PAGE)),
        await outcome(() => kernel.munmap(mapping.address, 2 * PAGE)),
        await outcome(() => kernel.mprotect(4096, PAGE, 1)),
        await outcome(() => kernel.msync(4096, PAGE, c.MS_SYNC)),
        await outcome(() => kernel.memory_read(4096, new Uint8Array(1))),
        await outcome(() => kernel.memory_write(-1, new Uint8Array(1))),
        await outcome(() => kernel.mmap(null, PAGE, c.PROT_EXEC, c.MAP_SHARED, fd)),
        await outcome(() => kernel.mmap(null, PAGE, BOTH, c.MAP_SHARED | c.MAP_FIXED, fd)),
        await outcome(() => kernel.mmap(4096 as unknown as null, PAGE, BOTH, c.MAP_SHARED, fd)),
        await outcome(() => kernel.mmap(null, 2 ** 50, BOTH, c.MAP_SHARED, fd)),
        await outcome(() => kernel.mmap(null, 2 ** 33, BOTH, c.MAP_SHARED, fd)),
        await outcome(() => kernel.mmap(null, PAGE, BOTH, c.MAP_SHARED, 0)),
        await outcome(() => kernel.mmap(null, -1, BOTH, c.MAP_SHARED, fd)),
      ];
      await kernel.munmap(mapping.address, PAGE);
      return seen;
    });
    expect(result).toEqual([
      "RangeError",
      "RangeError",
      "RangeError",
      0,
      "EINVAL",
      "EINVAL",
      "ENOMEM",
      "ENOMEM",
      "EFAULT",
      "EFAULT",
      "ENOSYS",
      "ENOSYS",
      "ENOSYS",
      "ENOMEM",
      "ENOMEM",
      "EBADF",
      "ERR_INVALID_ARG_TYPE",
    ]);
  });

  it("blocking calls do the same", () => {
    const fd = linux.sync.memfd_create("x");
    linux.sync.ftruncate(fd, PAGE);
    const mapping = linux.sync.mmap(null, PAGE, BOTH, c.MAP_SHARED, fd);
    mapping.bytes[1] = 5;
    const byte = new Uint8Array(1);
    expect(linux.sync.pread(fd, byte, 1)).toBe(1);
    linux.sync.munmap(mapping.address, PAGE);
    expect(byte[0]).toBe(5);
  });
});

describe("what must not crash", () => {
  const fixture = fileURLToPath(new URL("./fixtures/mappings.mjs", import.meta.url));

  function resultOf(scenario: string): unknown {
    const command = ["--expose-gc", fixture, scenario];
    const options = { encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" } as const;
    const { stdout, stderr, status, signal } = spawnSync(process.execPath, command, options);
    expect([status, signal, stderr]).toEqual([0, null, ""]);
    return JSON.parse(stdout);
  }

  it("arrays of what was unmapped are empty", () => {
    expect(resultOf("revoked")).toEqual({
      lengths: [0, 0, 0, 0],
      bytes: ["EFAULT", "EFAULT"],
      left: PAGE,
      gone: "EFAULT",
      again: [null, "EINVAL"],
    });
  });

  it("arrays of what must not be written can be, and nobody sees it", () => {
    expect(resultOf("protected")).toEqual({
      seen: 1,
      through: 0,
      refused: "EFAULT",
      none: "EFAULT",
      after: 2,
    });
  });

  it("an object that is too short, or is cut off, is an error wherever it can be one", () => {
    expect(resultOf("short")).toEqual({
      before: "EFAULT",
      cut: "EFAULT",
      read: PAGE,
      beyond: ["EFAULT", "EFAULT"],
    });
  });

  it("a sealed file cannot be cut off", () => {
    expect(resultOf("sealed")).toEqual({ cut: "EPERM", busy: "EBUSY", sealed: 0, write: "EPERM", read: 1 });
  });

  it("mappings come and go by the thousand, while memory is collected", () => {
    expect(resultOf("many")).toEqual({ sum: 0, lengths: [0] });
  });

  it("mappings that are forgotten are used up", () => {
    expect(resultOf("forgotten")).toMatchObject({ enough: true });
  });

  it("processes that map one object see one memory, and Atomics are exact", () => {
    expect(resultOf("shared")).toEqual({ count: 200_000, plain: 2, statuses: [0, 0] });
  });
});
