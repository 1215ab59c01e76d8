// POSIX shared memory on the real kernel: awaited calls and plain ones.
import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import * as c from "../../src/constants.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";

const NAME = `/linux-ipc-test-${process.pid}`;
const BOTH = c.O_RDWR | c.O_CREAT;

afterEach(async () => {
  for (const fd of listOwned()) await linux.close(fd);
  await linux.shm_unlink(NAME).catch(() => undefined);
  expect(existsSync(`/dev/shm${NAME}`)).toBe(false);
});

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error) => error.code ?? error.name,
  );
const text = async (fd: number, offset = 0): Promise<string> => {
  const buffer = new Uint8Array(32);
  return new TextDecoder().decode(buffer.subarray(0, await linux.pread(fd, buffer, offset)));
};
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("an object", () => {
  it("is made, sized, written and read at places, and outlives its name", async () => {
    const fd = await linux.shm_open(NAME, BOTH | c.O_EXCL, 0o600);
    expect(await linux.fcntl(fd, c.F_GETFD)).toBe(c.FD_CLOEXEC);
    await linux.ftruncate(fd, 8);
    expect(await linux.pwrite(fd, bytes("hello"), 6)).toBe(5);
    const { size, mode, nlink } = await linux.fstat(fd);
    expect([size, mode & 0o777, nlink]).toEqual([11, 0o600, 1]);
    const again = await linux.shm_open(NAME.slice(1), c.O_RDONLY);
    expect(await text(again, 4)).toBe("\0\0hello");
    await linux.shm_unlink(NAME);
    expect((await linux.fstat(fd)).nlink).toBe(0);
    expect(await text(again, 6)).toBe("hello");
    expect(await codeOf(linux.shm_open(NAME, c.O_RDWR))).toBe("ENOENT");
  });

  it("a name that is none is refused, and so is one that is a directory's", async () => {
    for (const name of ["", "/", "/.", "/..", "/a/b", "//"]) {
      expect(await codeOf(linux.shm_open(name, c.O_RDONLY))).toBe("EINVAL");
      expect(await codeOf(linux.shm_unlink(name))).toBe("EINVAL");
    }
    expect(await codeOf(linux.shm_open(`/${"x".repeat(300)}`, c.O_RDONLY))).toBe("ENAMETOOLONG");
  });

  it("what fails says what it was made on", async () => {
    await expect(linux.shm_open(NAME, c.O_RDWR)).rejects.toMatchObject({
      code: "ENOENT",
      syscall: "shm_open",
      path: NAME,
    });
  });
});

describe("a file in memory", () => {
  it("is sealed: what others rely on can be changed no more", async () => {
    const fd = await linux.memfd_create("sealed", c.MFD_ALLOW_SEALING | c.MFD_CLOEXEC);
    await linux.write(fd, bytes("fixed"));
    await linux.fcntl(fd, c.F_ADD_SEALS, c.F_SEAL_SHRINK | c.F_SEAL_GROW);
    expect(await codeOf(linux.ftruncate(fd, 4))).toBe("EPERM");
    expect(await codeOf(linux.ftruncate(fd, 6))).toBe("EPERM");
    expect(await codeOf(linux.pwrite(fd, bytes("!"), 5))).toBe("EPERM");
    await linux.fcntl(fd, c.F_ADD_SEALS, c.F_SEAL_WRITE | c.F_SEAL_SEAL);
    expect(await codeOf(linux.pwrite(fd, bytes("!"), 0))).toBe("EPERM");
    expect(await codeOf(linux.fcntl(fd, c.F_ADD_SEALS, c.F_SEAL_EXEC))).toBe("EPERM");
    expect(await linux.fcntl(fd, c.F_GET_SEALS)).toBe(15);
    expect(await text(fd)).toBe("fixed");
  });

  it("a write that a seal cuts short gives its count, and does not wait for the rest", async () => {
    const fd = await linux.memfd_create("short", c.MFD_ALLOW_SEALING);
    await linux.ftruncate(fd, 8192);
    await linux.fcntl(fd, c.F_ADD_SEALS, c.F_SEAL_GROW);
    expect(await linux.write(fd, new Uint8Array(10_000))).toBe(8192);
    expect(await linux.writev(fd, [])).toBe(0);
    expect(await codeOf(linux.write(fd, new Uint8Array(1)))).toBe("EPERM");
    expect(linux.sync.pwrite(fd, new Uint8Array(10_000), 4096)).toBe(4096);
  });

  it("a place that is none, and descriptors that have none", async () => {
    const fd = await linux.memfd_create("places");
    const [reader, writer] = await linux.pipe2();
    const one = new Uint8Array(1);
    expect(await codeOf(linux.pread(fd, one, -1))).toBe("EINVAL");
    expect(await codeOf(linux.pwrite(fd, new Uint8Array(0), -1))).toBe("EINVAL");
    expect(await codeOf(linux.pread(999, one, 0))).toBe("EBADF");
    expect(await codeOf(linux.pread(0, one, 0))).toBe("EBADF");
    expect(await codeOf(linux.pread(reader, one, 0))).toBe("ESPIPE");
    expect(await codeOf(linux.pwrite(writer, new Uint8Array(0), 0))).toBe("ESPIPE");
    expect(await codeOf(linux.ftruncate(writer, 0))).toBe("EINVAL");
    expect(await linux.pread(fd, one, Number.MAX_SAFE_INTEGER)).toBe(0);
    await expect(linux.pread(fd, one, 1.5)).rejects.toThrow("offset");
    await expect(linux.ftruncate(fd, 2 ** 53)).rejects.toThrow("length");
  });

  it("what stands beyond the end has nothing left", async () => {
    const fd = await linux.memfd_create("cut");
    await linux.write(fd, bytes("hello"));
    await linux.ftruncate(fd, 2);
    expect(await linux.ioctl(fd, c.FIONREAD)).toBe(0);
    expect(await linux.read(fd, new Uint8Array(4))).toBe(0);
  });
});
