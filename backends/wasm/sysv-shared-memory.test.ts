// System V shared memory by hand: what properties/ cannot see from outside, and rules one at a time.
import { describe, expect, test } from "vitest";
import { FORM_BLOCKING, TASK_EXITING } from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import type { Mapping } from "../../src/mapping.js";
import type { SegmentLimits, SegmentStatus, SegmentUse } from "../../src/sysv-shared-memory.js";
import { Machine, type MachineOptions } from "./machine.js";
import { Driver } from "./testing.js";

const PAGE = 4096;
const READ_WRITE = c.PROT_READ | c.PROT_WRITE;

class Segments extends Driver {
  make(size: number, key = c.IPC_PRIVATE, mode = 0o600): number {
    return this.call("shmget", key, size, c.IPC_CREAT | mode) as number;
  }

  attach(id: number, process = this.process, address: number | null = null, flags = 0): Mapping {
    const { call, result } = this.start("shmat", [id, address, flags], FORM_BLOCKING, process);
    expect(result).toBe(0);
    return call.value as Mapping;
  }

  status(id: number): SegmentStatus {
    return this.call("shmctl", id, c.IPC_STAT) as SegmentStatus;
  }

  counts(...ids: readonly number[]): number[] {
    return ids.map((id) => this.status(id).nattch);
  }

  /** What the parts of a process look like: pages from the start of the mapping on, and whether they can be written. */
  parts(): string[] {
    return this.machine
      .mappedParts()
      .map(
        ({ address, mapping, pages, protection }) =>
          `${(address - mapping) / PAGE}+${pages}${protection === READ_WRITE ? "w" : ""}`,
      )
      .sort();
  }

  /** Lets a process end. */
  die(process: number): void {
    this.start("exit", [0], FORM_BLOCKING, process);
    for (;;) {
      const task = this.runnable().find((one) => this.machine.taskState(one) === TASK_EXITING);
      if (task === undefined) return;
      this.machine.exitStep(task);
    }
  }
}

describe("segments", () => {
  test("are one memory to all who attach them, and outlive them", () => {
    const d = new Segments();
    const id = d.make(2 * PAGE, 7);
    const other = d.machine.createProcess();
    const [mine, theirs] = [d.attach(id), d.attach(id, other)];
    Atomics.add(mine.array(Int32Array, PAGE), 1, 5);
    expect(theirs.bytes[PAGE + 4]).toBe(5);
    expect(d.counts(id)).toEqual([2]);
    d.call("shmdt", mine.address);
    expect(() => mine.bytes).toThrow("EFAULT");
    d.die(other);
    expect(d.counts(id)).toEqual([0]);
    expect(d.attach(d.call("shmget", 7, 0, 0) as number).bytes[PAGE + 4]).toBe(5);
  });

  test("are gone with the last attachment once they were removed, and their bytes are zero for the next", () => {
    const d = new Segments();
    const id = d.make(PAGE, 7);
    const other = d.machine.createProcess();
    const mapping = d.attach(id);
    mapping.bytes.fill(9);
    d.attach(id, other);
    d.call("shmctl", id, c.IPC_RMID);
    expect(d.machine.sharedSegments()).toMatchObject([
      { key: c.IPC_PRIVATE, isRemoved: true, attachments: 2 },
    ]);
    expect(d.call("shmget", 7, PAGE, 0)).toBe(-c.ENOENT);
    expect(d.status(id).perm.mode).toBe(0o600 | c.SHM_DEST);
    const again = d.attach(id);
    expect(again.bytes[0]).toBe(9);
    for (const { address } of [mapping, again]) d.call("shmdt", address);
    expect(d.counts(id)).toEqual([1]);
    d.die(other);
    expect(d.call("shmctl", id, c.IPC_STAT)).toBe(-c.EINVAL);
    expect(d.machine.sharedObjects()).toEqual([]);
    expect(d.attach(d.make(PAGE)).bytes[0]).toBe(0);
  });

  test("note who came and went last, and when", () => {
    const d = new Segments();
    const id = d.make(PAGE);
    const other = d.machine.createProcess();
    const [own, others] = d.machine.processes().map(({ pid }) => pid) as [number, number];
    const { ctime } = d.status(id);
    expect(d.status(id)).toMatchObject({ cpid: own, lpid: 0, atime: 0n, dtime: 0n, segsz: PAGE });
    d.start("clock_nanosleep", [c.CLOCK_MONOTONIC, 0, 5_000_000_000n]);
    d.machine.fireTimer();
    const mapping = d.attach(id, other);
    expect(d.status(id)).toMatchObject({ cpid: own, lpid: others, atime: ctime + 5n, dtime: 0n, ctime });
    d.start("clock_nanosleep", [c.CLOCK_MONOTONIC, 0, 2_000_000_000n]);
    d.machine.fireTimer();
    d.start("shmdt", [mapping.address], FORM_BLOCKING, other);
    expect(d.status(id)).toMatchObject({ lpid: others, atime: ctime + 5n, dtime: ctime + 7n, ctime });
    d.call("shmctl", id, c.IPC_SET, { uid: 1, gid: 2, mode: 0o7640 });
    expect(d.status(id)).toMatchObject({ ctime: ctime + 7n, perm: { uid: 1, gid: 2, cuid: 0, mode: 0o640 } });
  });

  test("are in a snapshot, with their bytes", () => {
    const d = new Segments();
    const id = d.make(PAGE);
    const empty = d.machine.snapshot();
    const mapping = d.attach(id);
    mapping.bytes[5] = 3;
    const state = d.machine.snapshot();
    const hash = d.machine.hash();
    mapping.bytes[5] = 4;
    expect(d.machine.hash()).not.toBe(hash);
    d.call("shmdt", mapping.address);
    d.call("shmctl", id, c.IPC_RMID);
    d.machine.restore(state);
    expect([d.machine.hash(), mapping.bytes[5], d.counts(id)]).toEqual([hash, 3, [1]]);
    d.machine.restore(empty);
    expect(d.counts(id)).toEqual([0]);
  });
});

describe("what is attached", () => {
  test("counts by its parts, which stay what an mprotect has made them", () => {
    const d = new Segments();
    const id = d.make(4 * PAGE);
    const { address } = d.attach(id);
    const protect = (page: number, pages: number, protection: number): unknown =>
      d.call("mprotect", address + page * PAGE, pages * PAGE, protection);
    protect(1, 3, c.PROT_READ);
    expect(d.parts()).toEqual(["0+1w", "1+3"]);
    protect(1, 1, READ_WRITE);
    expect(d.parts()).toEqual(["0+2w", "2+2"]);
    protect(3, 1, READ_WRITE);
    expect(d.parts()).toEqual(["0+2w", "2+1", "3+1w"]);
    protect(2, 1, READ_WRITE);
    expect([d.parts(), d.counts(id)]).toEqual([["0+2w", "2+1w", "3+1w"], [3]]);
    protect(0, 4, READ_WRITE);
    expect(d.counts(id)).toEqual([3]);
    d.call("munmap", address + PAGE, PAGE);
    expect([d.parts(), d.counts(id)]).toEqual([["0+1w", "2+1w", "3+1w"], [3]]);
    d.call("shmdt", address);
    expect([d.parts(), d.counts(id)]).toEqual([[], [0]]);
  });

  test("has arrays only while all of it can be read and written", () => {
    const d = new Segments();
    const id = d.make(2 * PAGE);
    const mapping = d.attach(id);
    const readOnly = d.attach(id, d.process, null, c.SHM_RDONLY);
    expect(() => readOnly.bytes).toThrow("EFAULT");
    d.call("mprotect", mapping.address + PAGE, PAGE, c.PROT_READ);
    expect(() => mapping.bytes).toThrow("EFAULT");
    d.call("mprotect", mapping.address + PAGE, PAGE, READ_WRITE);
    expect(mapping.bytes).toHaveLength(2 * PAGE);
    expect(d.call("mprotect", readOnly.address, PAGE, READ_WRITE)).toBe(-c.EACCES);
  });

  test("can be replaced, by itself too, when it was removed already", () => {
    const d = new Segments();
    const id = d.make(2 * PAGE);
    const small = d.make(100);
    const { address } = d.attach(id);
    d.call("shmctl", id, c.IPC_RMID);
    expect(d.attach(id, d.process, address, c.SHM_REMAP).bytes).toHaveLength(2 * PAGE);
    expect(d.counts(id)).toEqual([1]);
    const first = d.attach(small, d.process, address + 9, c.SHM_REMAP | c.SHM_RND);
    expect([first.address, first.length, d.counts(id, small)]).toEqual([address, 100, [1, 1]]);
    // Both were attached at this address: the lower part first.
    d.call("shmdt", address);
    expect(d.counts(id, small)).toEqual([1, 0]);
    d.call("shmdt", address);
    expect(d.call("shmctl", id, c.IPC_STAT)).toBe(-c.EINVAL);
    expect(d.call("shmdt", address)).toBe(-c.EINVAL);
  });

  test("goes into holes of its range, and nowhere else that is asked for", () => {
    const d = new Segments();
    const [id, small] = [d.make(3 * PAGE), d.make(PAGE)];
    const { address } = d.attach(id);
    const anonymous = d.call("mmap", null, PAGE, READ_WRITE, c.MAP_SHARED | c.MAP_ANONYMOUS, -1) as Mapping;
    const at = (place: number, flags = 0): number => d.start("shmat", [small, place, flags]).result;
    expect([
      at(address),
      at(address + 1),
      at(8),
      at(8, c.SHM_RND),
      at(anonymous.address, c.SHM_REMAP),
    ]).toEqual(Array(5).fill(-c.EINVAL));
    d.call("munmap", address + PAGE, PAGE);
    expect(at(address + PAGE)).toBe(0);
    expect(at(address + PAGE)).toBe(-c.EINVAL);
    expect(d.start("shmat", [id, address + PAGE, c.SHM_REMAP]).result).toBe(-c.EINVAL);
    expect(d.call("shmdt", anonymous.address)).toBe(-c.EINVAL);
    expect(d.counts(id, small)).toEqual([2, 1]);
  });

  test("uses up the parts of address spaces", () => {
    const d = new Segments();
    const id = d.make(3 * PAGE);
    // Three of each, and one: 1024 in all.
    for (let attached = 0; attached < 341; attached++) {
      d.call("mprotect", d.attach(id).address + PAGE, PAGE, c.PROT_READ);
    }
    d.attach(id);
    expect(d.start("shmat", [id, null, 0]).result).toBe(-c.ENOMEM);
    expect(d.counts(id)).toEqual([1024]);
  });
});

describe("limits", () => {
  test("are told, with what is used", () => {
    const d = new Segments({ shmmax: 10_000n, shmall: 5n, shmmni: 3 });
    expect(d.call("shmctl", 0, c.IPC_INFO)).toEqual({
      index: 0,
      shmmax: 10_000n,
      shmmin: 1n,
      shmmni: 3,
      shmseg: 3,
      shmall: 5n,
    } satisfies SegmentLimits);
    expect([d.make(0), d.make(10_001)]).toEqual([-c.EINVAL, -c.EINVAL]);
    d.make(10_000);
    expect(d.make(10_000)).toBe(-c.ENOSPC);
    d.make(1);
    d.make(1);
    expect(d.make(1)).toBe(-c.ENOSPC);
    expect(d.call("shmctl", 0, c.SHM_INFO)).toMatchObject({
      index: 2,
      used_ids: 3,
      shm_tot: 5,
    } satisfies Partial<SegmentUse>);
  });

  test("are Linux's if nothing is said", () => {
    const { shmmax, shmall, shmmni } = new Segments().call("shmctl", 0, c.IPC_INFO) as SegmentLimits;
    expect([shmmax, shmall, shmmni]).toEqual([2n ** 64n - 1n - 2n ** 24n, 2n ** 64n - 1n - 2n ** 24n, 4096]);
  });

  test("of the model: what an object may have, and how many there are", () => {
    const d = new Segments({ sharedObjectMax: 1 << 20 });
    expect(d.make((1 << 20) + 1)).toBe(-c.ENOMEM);
    for (let made = 0; made < 64; made++) expect(d.make(1 << 20)).toBeGreaterThanOrEqual(0);
    expect(d.make(1)).toBe(-c.ENOMEM);
  });

  test("on what may be locked are a user's, not a process's", () => {
    const d = new Segments({ rlimitMemlock: 3 * PAGE });
    const [alice, bob] = [1, 2].map((uid) => d.machine.createProcess({ uid, gid: uid })) as [number, number];
    const by = (process: number, name: "shmget" | "shmctl", ...args: unknown[]): number =>
      d.start(name, args, FORM_BLOCKING, process).result;
    const make = (process: number): number => by(process, "shmget", c.IPC_PRIVATE, 2 * PAGE, 0o600);
    const [first, second, third, rich] = [make(alice), make(alice), make(bob), d.make(9 * PAGE)];
    expect(by(alice, "shmctl", first, c.SHM_LOCK)).toBe(0);
    expect(by(alice, "shmctl", first, c.SHM_LOCK)).toBe(0);
    expect(by(alice, "shmctl", second, c.SHM_LOCK)).toBe(-c.ENOMEM);
    expect(by(alice, "shmctl", third, c.SHM_LOCK)).toBe(-c.EPERM);
    expect(by(bob, "shmctl", third, c.SHM_LOCK)).toBe(0);
    expect(d.call("shmctl", rich, c.SHM_LOCK)).toBe(0);
    expect(d.machine.sharedSegments().map(({ isLocked }) => isLocked)).toEqual([true, false, true, true]);
    by(alice, "shmctl", first, c.SHM_UNLOCK);
    expect(by(alice, "shmctl", second, c.SHM_LOCK)).toBe(0);
    expect(d.status(second).perm.mode).toBe(0o600 | c.SHM_LOCKED);
  });

  test("of 0 forbid to lock", () => {
    const d = new Segments({ rlimitMemlock: 0 });
    const alice = d.machine.createProcess({ uid: 1, gid: 1 });
    const { result } = d.start("shmget", [c.IPC_PRIVATE, 1, 0o600], FORM_BLOCKING, alice);
    const lock = (command: number): number =>
      d.start("shmctl", [result, command], FORM_BLOCKING, alice).result;
    expect([lock(c.SHM_LOCK), lock(c.SHM_UNLOCK)]).toEqual([-c.EPERM, 0]);
  });

  test.each([
    ["shmmax", { shmmax: 1 as unknown as bigint }],
    ["shmall", { shmall: 2n ** 64n }],
    ["shmall", { shmall: -1n }],
    ["shmmni", { shmmni: 32769 }],
  ] satisfies [string, MachineOptions][])("%s out of its range is refused", (name, options) => {
    expect(() => new Machine(options)).toThrow(`machine: "${name}" is out of range`);
  });
});
