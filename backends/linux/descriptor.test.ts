// The table of descriptors: duplicates, flags, and what must never be touched.
import { closeSync, fstatSync, openSync, readdirSync, readlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  O_CLOEXEC,
  O_DIRECT,
  O_NONBLOCK,
} from "../../src/constants.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";

let r: number;
let w: number;

beforeEach(async () => {
  [r, w] = await linux.pipe2(O_CLOEXEC);
});

afterEach(async () => {
  for (const fd of listOwned()) await linux.close(fd);
});

/** A number that is free, with another free one above. */
const FREE = 300;

/** What each descriptor of node's own refers to. */
function nodesOwn(): Map<number, string> {
  const ours = new Set(listOwned());
  const found = new Map<number, string>();
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      if (!ours.has(Number(name))) found.set(Number(name), readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The one that the directory was read by.
    }
  }
  return found;
}

describe("dup", () => {
  it("shares the open file", async () => {
    const copy = await linux.dup(w);
    await linux.fcntl(copy, F_SETFL, O_NONBLOCK);
    await expect(linux.fcntl(w, F_GETFL)).resolves.toBe(O_NONBLOCK | 1);
    await expect(linux.fcntl(copy, F_GETFD)).resolves.toBe(0);
  });

  it("keeps the pipe open when the original is closed", async () => {
    const copy = await linux.dup(w);
    await linux.write(w, new Uint8Array(1));
    await linux.close(w);
    await linux.write(copy, new Uint8Array(1));
    await linux.close(copy);
    await expect(linux.read(r, new Uint8Array(4))).resolves.toBe(2);
    await expect(linux.read(r, new Uint8Array(4))).resolves.toBe(0);
  });
});

describe("dup2", () => {
  it("takes a free number", async () => {
    await expect(linux.dup2(r, FREE)).resolves.toBe(FREE);
    expect(fstatSync(FREE).ino).toBe(fstatSync(r).ino);
  });

  it("replaces a descriptor of the program, and ends what waits on it", async () => {
    const [r2, w2] = await linux.pipe2();
    const read = linux.read(r2, new Uint8Array(1));
    await expect(linux.dup2(r, r2)).resolves.toBe(r2);
    await expect(read).rejects.toMatchObject({ code: "EBADF" });
    await expect(linux.write(w2, new Uint8Array(1))).rejects.toMatchObject({ code: "EPIPE" });
    await linux.write(w, new Uint8Array(3));
    await expect(linux.read(r2, new Uint8Array(9))).resolves.toBe(3);
  });

  it("of a descriptor onto itself does nothing", async () => {
    const read = linux.read(r, new Uint8Array(1));
    await expect(linux.dup2(r, r)).resolves.toBe(r);
    await linux.write(w, new Uint8Array(1));
    await expect(read).resolves.toBe(1);
  });

  it("never closes a descriptor of node", async () => {
    const before = nodesOwn();
    for (const fd of before.keys()) {
      await expect(linux.dup2(r, fd)).rejects.toMatchObject({ code: "EBADF" });
      await expect(linux.dup3(r, fd, O_CLOEXEC)).rejects.toMatchObject({ code: "EBADF" });
      await expect(linux.close(fd)).rejects.toMatchObject({ code: "EBADF" });
    }
    expect(nodesOwn()).toEqual(before);
  });

  it("never closes a file that node opened", async () => {
    const fd = openSync("/proc/self/comm", "r");
    await expect(linux.dup2(r, fd)).rejects.toMatchObject({ code: "EBADF" });
    expect(readlinkSync(`/proc/self/fd/${fd}`)).toMatch("comm");
    closeSync(fd);
  });

  it.each([-1, 1 << 30, 2 ** 31 - 1])("onto %i is EBADF", async (newfd) => {
    await expect(linux.dup2(r, newfd)).rejects.toMatchObject({ code: "EBADF" });
  });

  it("of what is not open is EBADF", async () => {
    await expect(linux.dup2(FREE, FREE)).rejects.toMatchObject({ code: "EBADF" });
    await expect(linux.dup2(FREE, r)).rejects.toMatchObject({ code: "EBADF" });
    await expect(linux.fcntl(r, F_GETFD)).resolves.toBe(FD_CLOEXEC);
  });
});

describe("dup3", () => {
  it("sets FD_CLOEXEC if asked to", async () => {
    await linux.dup3(r, FREE, O_CLOEXEC);
    await linux.dup3(r, FREE + 1, 0);
    await expect(linux.fcntl(FREE, F_GETFD)).resolves.toBe(FD_CLOEXEC);
    await expect(linux.fcntl(FREE + 1, F_GETFD)).resolves.toBe(0);
    await linux.dup3(r, FREE, 0);
    await expect(linux.fcntl(FREE, F_GETFD)).resolves.toBe(0);
  });

  it("refuses unknown flags and equal descriptors before it looks at them", async () => {
    await expect(linux.dup3(FREE, FREE, 0)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(linux.dup3(FREE, r, 1)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(linux.dup3(FREE, r, 0)).rejects.toMatchObject({ code: "EBADF" });
  });
});

describe("fcntl", () => {
  it("duplicates at or above a number", async () => {
    await expect(linux.fcntl(r, F_DUPFD, FREE)).resolves.toBe(FREE);
    await expect(linux.fcntl(r, F_DUPFD_CLOEXEC, FREE)).resolves.toBe(FREE + 1);
    await expect(linux.fcntl(FREE + 1, F_GETFD)).resolves.toBe(FD_CLOEXEC);
    await expect(linux.fcntl(r, F_DUPFD, -1)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(linux.fcntl(r, F_DUPFD, 2 ** 30)).rejects.toMatchObject({ code: "EINVAL" });
  });

  it("sets and shows flags", async () => {
    await linux.fcntl(r, F_SETFD, 0);
    await expect(linux.fcntl(r, F_GETFD)).resolves.toBe(0);
    await linux.fcntl(r, F_SETFL, O_NONBLOCK | O_DIRECT);
    await expect(linux.fcntl(r, F_GETFL)).resolves.toBe(O_NONBLOCK | O_DIRECT);
  });

  it("knows no other command, and looks at the descriptor first", async () => {
    await expect(linux.fcntl(r, 1099)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(linux.fcntl(FREE, 1099)).rejects.toMatchObject({ code: "EBADF" });
  });
});

describe("close", () => {
  it("ends a descriptor once", async () => {
    await linux.close(r);
    await expect(linux.close(r)).rejects.toMatchObject({ code: "EBADF", syscall: "close", fd: r });
  });
});
