import { openSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "../../src/constants.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";

let r: number;
let w: number;

beforeEach(async () => {
  [r, w] = await linux.pipe2();
});

afterEach(async () => {
  for (const fd of listOwned()) await linux.close(fd);
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("an awaited poll", () => {
  it("tells at once what is ready", async () => {
    await linux.write(w, new Uint8Array(1));
    const entries = [
      { fd: r, events: POLLIN },
      { fd: w, events: POLLIN | POLLOUT },
      { fd: -1, events: POLLIN },
    ];
    await expect(linux.poll(entries, -1)).resolves.toEqual([POLLIN, POLLOUT, 0]);
  });

  it("waits for the first of several descriptors", async () => {
    const [r2, w2] = await linux.pipe2();
    const entries = [r, r2].map((fd) => ({ fd, events: POLLIN }));
    const done = linux.poll(entries, -1);
    await turn();
    await linux.write(w2, new Uint8Array(1));
    await expect(done).resolves.toEqual([0, POLLIN]);
  });

  it("waits for room, which is a whole page", async () => {
    await linux.write(w, new Uint8Array(65536));
    const done = linux.poll([{ fd: w, events: POLLOUT }], -1);
    await linux.read(r, new Uint8Array(4095));
    await expect(linux.poll([{ fd: w, events: POLLOUT }], 0)).resolves.toEqual([0]);
    await linux.read(r, new Uint8Array(1));
    await expect(done).resolves.toEqual([POLLOUT]);
  });

  it("tells of the other side's end without being asked", async () => {
    const reader = linux.poll([{ fd: r, events: 0 }], -1);
    await turn();
    await linux.close(w);
    await expect(reader).resolves.toEqual([POLLHUP]);
    const [r2, w2] = await linux.pipe2();
    await linux.close(r2);
    await expect(linux.poll([{ fd: w2, events: 0 }], -1)).resolves.toEqual([POLLERR]);
  });

  it("tells of a descriptor that is closed while it waits", async () => {
    const entries = [r, w].map((fd) => ({ fd, events: POLLIN }));
    const done = linux.poll(entries, -1);
    await turn();
    await linux.close(r);
    expect((await done)[0]).toBe(POLLNVAL);
  });

  it("calls a foreign descriptor POLLNVAL", async () => {
    await expect(linux.poll([{ fd: 0, events: POLLIN }], -1)).resolves.toEqual([POLLNVAL]);
  });

  it("serves several waiters of one descriptor, a read and polls", async () => {
    const polls = [1, 2, 3].map(() => linux.poll([{ fd: r, events: POLLIN }], -1));
    await turn();
    await linux.write(w, new Uint8Array(1));
    expect(await Promise.all(polls)).toEqual([[POLLIN], [POLLIN], [POLLIN]]);
  });

  it("ends when its time is over, not before", async () => {
    const start = process.hrtime.bigint();
    await expect(linux.poll([{ fd: r, events: POLLIN }], 15)).resolves.toEqual([0]);
    expect(process.hrtime.bigint() - start).toBeGreaterThanOrEqual(15_000_000n);
    await expect(linux.poll([], 1)).resolves.toEqual([]);
  });

  it("takes a file for always ready, which epoll refuses", async () => {
    const fd = openSync("/proc/self/exe", "r");
    linux.adopt(fd);
    await expect(linux.poll([{ fd, events: POLLIN }], -1)).resolves.toEqual([POLLIN]);
    await expect(linux.poll([{ fd, events: 0 }], 5)).resolves.toEqual([0]);
  });

  it("of more entries than RLIMIT_NOFILE is EINVAL", async () => {
    const entries = new Array(1_100_000).fill({ fd: -1, events: 0 });
    await expect(linux.poll(entries, 0)).rejects.toMatchObject({ code: "EINVAL" });
  });

  it("of many entries works", async () => {
    const entries = new Array(5000).fill({ fd: w, events: POLLOUT });
    await expect(linux.poll(entries, 0)).resolves.toEqual(new Array(5000).fill(POLLOUT));
  });

  it("can be aborted", async () => {
    const abort = new AbortController();
    const done = linux.poll([], -1, { signal: abort.signal });
    abort.abort();
    await expect(done).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("sync.poll", () => {
  it("waits for its time", () => {
    const start = process.hrtime.bigint();
    expect(linux.sync.poll([{ fd: r, events: POLLIN }], 5)).toEqual([0]);
    expect(process.hrtime.bigint() - start).toBeGreaterThanOrEqual(5_000_000n);
    expect(linux.sync.poll([{ fd: 0, events: POLLIN }], -1)).toEqual([POLLNVAL]);
  });
});
