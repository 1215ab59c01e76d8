// Calls on paths, and FIFOs, on the real kernel, as far as nothing waits in a lane (lanes.test.ts).
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  F_GETFL,
  F_SETFL,
  O_ACCMODE,
  O_CREAT,
  O_DIRECT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TMPFILE,
  O_WRONLY,
  POLLHUP,
  POLLIN,
  S_IFDIR,
  S_IFIFO,
  S_ISVTX,
} from "../../src/constants.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";
import { swappedFlags } from "./libc.js";
import { privates } from "./shared.js";

let folder: string;
let fifo: string;
let mask: number;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "linux-ipc-paths-"));
  mask = linux.sync.umask(0o022);
});

afterAll(() => {
  linux.sync.umask(mask);
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  fifo = join(folder, "fifo");
  await linux.mkfifo(fifo, 0o600);
});

afterEach(async () => {
  for (const fd of listOwned()) await linux.close(fd);
  await linux.unlink(fifo).catch(() => {});
});

const inFolder = (name: string): string => join(folder, name);
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error) => error.code,
  );
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Both ends of the FIFO, neither of them O_NONBLOCK. */
async function openBoth(): Promise<[number, number]> {
  const r = await linux.open(fifo, O_RDONLY | O_NONBLOCK);
  const w = await linux.open(fifo, O_WRONLY);
  await linux.fcntl(r, F_SETFL, 0);
  return [r, w];
}

describe("files", () => {
  it("are made less the umask, told of, changed and removed", async () => {
    const directory = inFolder("directory");
    await linux.mkdir(directory, 0o1777);
    await expect(linux.stat(directory)).resolves.toEqual({
      mode: S_IFDIR | S_ISVTX | 0o755,
      nlink: expect.any(Number),
      size: expect.any(Number),
      uid: process.getuid?.(),
      gid: process.getgid?.(),
    });
    await linux.chmod(directory, 0o700);
    expect((await linux.stat(directory)).mode).toBe(S_IFDIR | 0o700);
    await linux.mkfifo(join(directory, "inner"), 0o666);
    expect((await linux.stat(join(directory, "inner"))).mode).toBe(S_IFIFO | 0o644);
    await expect(codeOf(linux.rmdir(directory))).resolves.toBe("ENOTEMPTY");
    await linux.unlink(join(directory, "inner"));
    await linux.rmdir(directory);
    expect(existsSync(directory)).toBe(false);
  });

  it("that cannot be say why, and name their path", async () => {
    const missing = inFolder("missing");
    await expect(linux.stat(missing)).rejects.toMatchObject({
      code: "ENOENT",
      path: missing,
      message: `ENOENT: no such file or directory, stat '${missing}'`,
    });
    expect(() => linux.sync.unlink(missing)).toThrow(
      expect.objectContaining({ code: "ENOENT", path: missing }),
    );
    const calls = [
      [linux.mkfifo(fifo, 0o600), "EEXIST"],
      [linux.mkdir(fifo, 0o700), "EEXIST"],
      [linux.mkdir(join(fifo, "below"), 0o700), "ENOTDIR"],
      [linux.rmdir(fifo), "ENOTDIR"],
      [linux.unlink(folder), "EISDIR"],
      [linux.rmdir(`${folder}/.`), "EINVAL"],
      [linux.rmdir("/"), "EBUSY"],
      [linux.chmod("", 0), "ENOENT"],
      [linux.mkfifo(inFolder("n".repeat(256)), 0o600), "ENAMETOOLONG"],
      [linux.stat("d/".repeat(2048)), "ENAMETOOLONG"],
      [linux.open("d/".repeat(2048), O_RDONLY), "ENAMETOOLONG"],
    ] as const;
    for (const [call, code] of calls) await expect(codeOf(call)).resolves.toBe(code);
  });

  it("are told of by a descriptor of the program only", async () => {
    const [r] = await linux.pipe2();
    expect((await linux.fstat(r)).mode).toBe(S_IFIFO | 0o600);
    await expect(linux.fstat(0)).rejects.toMatchObject({ code: "EBADF", fd: 0 });
    expect(linux.sync.fstat(r)).toEqual(await linux.fstat(r));
  });

  it("take any bits for a mode", async () => {
    for (const mode of [-1, 2 ** 31 - 1, -(2 ** 31)]) {
      await linux.chmod(fifo, mode);
      expect((await linux.stat(fifo)).mode).toBe(S_IFIFO | (mode & 0o7777));
      expect(await linux.umask(mode)).toBe(0o022);
      expect(await linux.umask(0o022)).toBe(mode & 0o777);
    }
  });
});

describe("open", () => {
  it("of a writer without a reader is ENXIO if it must not wait", async () => {
    await expect(linux.open(fifo, O_WRONLY | O_NONBLOCK)).rejects.toMatchObject({
      code: "ENXIO",
      path: fifo,
      hint: "a FIFO that nobody has open for reading",
    });
    expect(listOwned()).toEqual([]);
  });

  it("of a writer with a reader gives an open file without O_NONBLOCK", async () => {
    const [r, w] = await openBoth();
    expect((await linux.fcntl(w, F_GETFL)) & (O_ACCMODE | O_NONBLOCK)).toBe(O_WRONLY);
    await linux.write(w, new Uint8Array(3));
    await expect(linux.read(r, new Uint8Array(9))).resolves.toBe(3);
  });

  it("for reading and writing does not wait", async () => {
    const fd = await linux.open(fifo, O_RDWR);
    const done = linux.read(fd, new Uint8Array(9));
    await turn();
    await linux.write(fd, new Uint8Array(2));
    await expect(done).resolves.toBe(2);
    await linux.close(fd);
    await expect(codeOf(linux.open(fifo, O_WRONLY | O_NONBLOCK))).resolves.toBe("ENXIO");
  });

  it("of directories and files gives descriptors that never wait", async () => {
    const directory = await linux.open(folder, O_RDONLY | O_DIRECTORY);
    await expect(codeOf(linux.read(directory, new Uint8Array(1)))).resolves.toBe("EISDIR");
    writeFileSync(inFolder("file"), "some text");
    const file = await linux.open(inFolder("file"), O_RDWR);
    const buffer = new Uint8Array(4);
    await expect(linux.read(file, buffer)).resolves.toBe(4);
    await expect(linux.readv(file, [buffer, new Uint8Array(9)])).resolves.toBe(5);
    await expect(linux.writev(file, [buffer, buffer])).resolves.toBe(8);
    await expect(linux.read(file, buffer)).resolves.toBe(0);
  });

  it("refuses what cannot be opened so", async () => {
    symlinkSync(fifo, inFolder("link"));
    symlinkSync("loop", inFolder("loop"));
    const calls = [
      [linux.open(folder, O_WRONLY), "EISDIR"],
      [linux.open(fifo, O_RDONLY | O_DIRECTORY), "ENOTDIR"],
      [linux.open(join(fifo, "below"), O_RDONLY), "ENOTDIR"],
      [linux.open(inFolder("link"), O_RDWR | O_NOFOLLOW), "ELOOP"],
      [linux.open(inFolder("loop"), O_RDONLY), "ELOOP"],
      [linux.open(fifo, O_ACCMODE), "EINVAL"],
      [linux.open(fifo, O_RDWR | O_DIRECT), "EINVAL"],
      [linux.open(fifo, O_CREAT), "ENOSYS"],
      [linux.open(fifo, O_PATH), "ENOSYS"],
      [linux.open(folder, O_TMPFILE | O_RDWR), "ENOSYS"],
      [linux.open("", O_RDONLY), "ENOENT"],
    ] as const;
    for (const [call, code] of calls) await expect(codeOf(call)).resolves.toBe(code);
    expect(listOwned()).toEqual([]);
  });

  it("gives the lowest free number", async () => {
    const first = await linux.open(folder, O_RDONLY);
    const second = await linux.open(folder, O_RDONLY);
    await linux.close(first);
    await expect(linux.open(fifo, O_RDWR)).resolves.toBe(first);
    expect(second).toBe(first + 1);
  });

  it("plain is one open(2)", () => {
    const fd = linux.sync.open(fifo, O_RDONLY | O_NONBLOCK);
    expect(linux.sync.read(fd, new Uint8Array(1))).toBe(0);
    expect(() => linux.sync.open(inFolder("missing"), O_RDONLY)).toThrow("ENOENT");
  });
});

describe("a FIFO", () => {
  it("that never had a writer is at its end, also for an awaited read that may wait", async () => {
    const r = await linux.open(fifo, O_RDONLY | O_NONBLOCK);
    await expect(linux.read(r, new Uint8Array(1))).resolves.toBe(0);
    await linux.fcntl(r, F_SETFL, 0);
    await expect(linux.read(r, new Uint8Array(1))).resolves.toBe(0);
    await expect(linux.readv(r, [new Uint8Array(1)])).resolves.toBe(0);
    await expect(linux.poll([{ fd: r, events: POLLIN }], 0)).resolves.toEqual([0]);
  });

  it("whose writers have left is at its end until another comes", async () => {
    const [r, w] = await openBoth();
    const done = linux.read(r, new Uint8Array(1));
    await turn();
    await linux.close(w);
    await expect(done).resolves.toBe(0);
    await expect(linux.read(r, new Uint8Array(1))).resolves.toBe(0);
    await expect(linux.poll([{ fd: r, events: POLLIN }], 0)).resolves.toEqual([POLLHUP]);
    const again = await linux.open(fifo, O_WRONLY);
    await expect(linux.poll([{ fd: r, events: POLLIN }], 0)).resolves.toEqual([0]);
    const next = linux.read(r, new Uint8Array(2));
    await turn();
    await linux.write(again, new Uint8Array(2));
    await expect(next).resolves.toBe(2);
  });

  it("without a name goes on", async () => {
    const [r, w] = await openBoth();
    await linux.unlink(fifo);
    const done = linux.read(r, new Uint8Array(1));
    await turn();
    await linux.write(w, new Uint8Array(1));
    await expect(done).resolves.toBe(1);
    expect(privates[r]).toBeGreaterThan(0);
    expect((await linux.fstat(r)).nlink).toBe(0);
  });

  it("is closed by both of its descriptors: the program's and the private one", async () => {
    const [r, w] = await openBoth();
    await linux.write(w, new Uint8Array(1));
    await linux.read(r, new Uint8Array(1));
    await linux.close(r);
    await expect(codeOf(linux.write(w, new Uint8Array(1)))).resolves.toBe("EPIPE");
    await expect(codeOf(linux.open(fifo, O_WRONLY | O_NONBLOCK))).resolves.toBe("ENXIO");
  });
});

it("arm64 has each two flags' bits exchanged", () => {
  // asm/fcntl.h of both.
  const x64 = { O_DIRECT: 0o40000, O_LARGEFILE: 0o100000, O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 };
  const arm64 = { O_DIRECT: 0o200000, O_LARGEFILE: 0o400000, O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000 };
  for (const name of Object.keys(x64) as (keyof typeof x64)[]) {
    expect(swappedFlags(x64[name] | O_NONBLOCK)).toBe(arm64[name] | O_NONBLOCK);
    expect(swappedFlags(arm64[name])).toBe(x64[name]);
  }
});
