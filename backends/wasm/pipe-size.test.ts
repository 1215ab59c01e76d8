// F_GETPIPE_SZ and F_SETPIPE_SZ by hand.
import { expect, test } from "vitest";
import { BLOCKED } from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import type { MachineOptions } from "./machine.js";
import { bytes, Driver } from "./testing.js";

/** User 1 has no capability. */
const user: MachineOptions = { uid: 1, gid: 1 };

const setSize = (d: Driver, fd: number, size: number): unknown => d.call("fcntl", fd, c.F_SETPIPE_SZ, size);

test("sizes are powers of two, a page at least", () => {
  const d = new Driver();
  const [r, w] = d.pipe();
  expect(d.call("fcntl", r, c.F_GETPIPE_SZ, 0)).toBe(65_536);
  expect([0, 1, 4096, 4097, 65_537].map((size) => setSize(d, w, size))).toEqual([
    4096, 4096, 4096, 8192, 131_072,
  ]);
  expect(setSize(d, w, 2 ** 31 + 1 - 2 ** 32)).toBe(-c.EINVAL);
  expect(setSize(d, w, -1)).toBe(-c.EINVAL);
  expect(d.call("fcntl", r, c.F_GETPIPE_SZ, 0)).toBe(131_072);
});

test("page size is the machine's", () => {
  for (const pageSize of [16_384, 65_536] as const) {
    const d = new Driver({ pageSize });
    const [r] = d.pipe();
    expect(setSize(d, r, 1)).toBe(pageSize);
    expect(setSize(d, r, pageSize + 1)).toBe(2 * pageSize);
  }
});

test("it shrinks to the slots in use, no further", () => {
  const d = new Driver();
  const [, w] = d.pipe(c.O_DIRECT);
  for (let count = 0; count < 5; count++) d.call("write", w, bytes(1));
  expect(setSize(d, w, 16_384)).toBe(-c.EBUSY);
  expect(setSize(d, w, 16_385)).toBe(32_768);
});

test("growing wakes who waits to write", () => {
  const d = new Driver();
  const [, w] = d.pipe();
  d.call("write", w, bytes(65_536));
  const first = d.start("write", [w, bytes(4096)]);
  const second = d.start("write", [w, bytes(4096)]);
  expect(setSize(d, w, 131_072)).toBe(131_072);
  expect(d.runnable()).toEqual([first.task]);
  expect(d.go(first)).toBe(4096);
  expect(d.go(second)).toBe(4096);
});

test("without CAP_SYS_RESOURCE pipe-max-size is the most, except for what is as large already", () => {
  const d = new Driver({ ...user, pipeMaxSize: 131_072 });
  const [r] = d.pipe();
  expect([131_072, 131_073, 2 ** 31 - 2 ** 32].map((size) => setSize(d, r, size))).toEqual([
    131_072,
    -c.EPERM,
    -c.EPERM,
  ]);
  const root = new Driver({ pipeMaxSize: 131_072 });
  const [r2] = root.pipe();
  expect(setSize(root, r2, 131_073)).toBe(262_144);
});

test("all pipes of a user count together", () => {
  for (const limit of ["pipeUserPagesSoft", "pipeUserPagesHard"] as const) {
    const d = new Driver({ ...user, [limit]: 40 });
    const [r] = d.pipe();
    const [r2] = d.pipe();
    expect(setSize(d, r, 17 * 4096)).toBe(-c.EPERM);
    expect(setSize(d, r, 8 * 4096)).toBe(8 * 4096);
    expect(setSize(d, r2, 32 * 4096)).toBe(32 * 4096);
    expect(setSize(d, r, 16 * 4096)).toBe(-c.EPERM);
    expect(setSize(d, r2, 4096)).toBe(4096);
    expect(setSize(d, r, 32 * 4096)).toBe(32 * 4096);
  }
});

test("a size beyond the model's slots is no memory, and leaves all as it was", () => {
  const d = new Driver();
  const [r, w] = d.pipe();
  expect(setSize(d, r, 2 ** 30)).toBe(-c.ENOMEM);
  expect(d.start("write", [w, bytes(65_537)]).result).toBe(BLOCKED);
});

test("what is no pipe has no size", () => {
  const d = new Driver();
  const directory = d.call("open", ".", c.O_RDONLY) as number;
  expect(d.call("fcntl", directory, c.F_GETPIPE_SZ, 0)).toBe(-c.EBADF);
  expect(setSize(d, directory, 4096)).toBe(-c.EBADF);
});
