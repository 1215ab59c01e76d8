// POSIX shared memory by hand, on rules that properties/ holds against the real kernel; and those that it cannot reach there:
// the model's own limits, settings of the whole machine, and what a snapshot costs.
import { describe, expect, test } from "vitest";
import { FORM_BLOCKING } from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import type { Mapping } from "../../src/mapping.js";
import { Machine } from "./machine.js";
import { bytes, Driver } from "./testing.js";

const BOTH = c.O_RDWR | c.O_CREAT;
const PAGE = 4096;
const READ_WRITE = c.PROT_READ | c.PROT_WRITE;
const MIB = 1 << 20;

class Memory extends Driver {
  open(name = "/m", oflag = BOTH, mode = 0o666): number {
    return this.call("shm_open", name, oflag, mode) as number;
  }

  /** What pread gives: the bytes, or -errno. */
  at(fd: number, offset: number, length: number): number[] | number {
    const { call, result } = this.start("pread", [fd, new Uint8Array(length), offset]);
    return result < 0 ? result : [...(call.payload as { bytes: Uint8Array }).bytes.subarray(0, result)];
  }

  map(fd: number, length = PAGE, prot = READ_WRITE, process = this.process): Mapping {
    const { call } = this.start("mmap", [null, length, prot, c.MAP_SHARED, fd, 0], FORM_BLOCKING, process);
    return call.value as Mapping;
  }

  size(fd: number): number {
    return (this.call("fstat", fd) as { size: number }).size;
  }
}

describe("names", () => {
  test("are judged before a descriptor is looked for, lengths after it", () => {
    const d = new Memory({ rlimitNofile: 4 });
    for (const name of ["", "/", "//", "/.", "/..", "/a/b", "/a/"]) expect(d.open(name)).toBe(-c.EINVAL);
    expect(d.open(`/${"x".repeat(256)}`)).toBe(-c.ENAMETOOLONG);
    expect(d.open("///m")).toBe(3);
    expect(d.open(`/${"x".repeat(256)}`)).toBe(-c.EMFILE);
    expect(d.open(`/${"x".repeat(4087)}`)).toBe(-c.ENAMETOOLONG);
    expect(d.call("shm_unlink", "m")).toBe(0);
    expect(d.call("shm_unlink", "/m")).toBe(-c.ENOENT);
  });

  test("an object lives on without its name, and its name is free", () => {
    const d = new Memory();
    const old = d.open();
    d.call("write", old, bytes(3, 1));
    d.call("shm_unlink", "/m");
    const fresh = d.open("/m", BOTH | c.O_EXCL);
    expect(d.size(fresh)).toBe(0);
    expect(d.at(old, 0, 5)).toEqual([1, 2, 3]);
    expect(d.machine.sharedObjects().map(({ name }) => name)).toEqual([undefined, "/m"]);
    d.call("close", old);
    expect(d.machine.sharedObjects()).toHaveLength(1);
  });

  test("where regular files are protected, O_CREAT opens one's own and root's objects only", () => {
    const d = new Memory({ protectedRegular: 1 });
    const other = d.machine.createProcess({ uid: 1000, gid: 1000 });
    const third = d.machine.createProcess({ uid: 1001, gid: 1001 });
    const openAs = (process: number, oflag: number, name = "/m"): number =>
      d.start("shm_open", [name, oflag, 0o666], 0, process).result;
    d.call("umask", 0);
    expect(openAs(other, BOTH)).toBe(3);
    expect(d.open("/m", c.O_RDWR)).toBe(3);
    expect(d.open("/m", BOTH)).toBe(-c.EACCES);
    expect(openAs(third, BOTH)).toBe(-c.EACCES);
    expect(openAs(third, c.O_RDONLY)).toBe(3);
    expect(d.open("/n", BOTH)).toBe(4);
    expect(openAs(other, BOTH, "/n")).toBe(4);
  });
});

describe("bytes", () => {
  test("what was never written is zero, and so is what was cut off and comes again", () => {
    const d = new Memory();
    const fd = d.open();
    d.call("pwrite", fd, bytes(4, 1), 10);
    expect(d.at(fd, 8, 10)).toEqual([0, 0, 1, 2, 3, 4]);
    d.call("ftruncate", fd, 11);
    d.call("ftruncate", fd, 13);
    expect(d.at(fd, 9, 10)).toEqual([0, 1, 0, 0]);
  });

  test("reads and writes of more than the window are one step", () => {
    const d = new Memory();
    const fd = d.open();
    const written = bytes(200_001, 5);
    expect(d.call("write", fd, written)).toBe(200_001);
    const buffer = new Uint8Array(200_010);
    expect(d.call("pread", fd, buffer, 1)).toBe(200_000);
    expect(Buffer.compare(buffer.subarray(0, 200_000), written.subarray(1))).toBe(0);
    expect(d.call("pwrite", fd, written, 100_000)).toBe(200_001);
    expect(d.size(fd)).toBe(300_001);
  });

  test("the largest object is the machine's: a write ends there, or is EFBIG", () => {
    const d = new Memory({ sharedObjectMax: 65536 });
    const fd = d.open();
    expect(d.call("ftruncate", fd, 65537)).toBe(-c.EFBIG);
    expect(d.call("ftruncate", fd, 65536)).toBe(0);
    expect(d.call("pwrite", fd, bytes(10), 65530)).toBe(6);
    expect(d.call("pwrite", fd, bytes(10), 65536)).toBe(-c.EFBIG);
    expect(d.call("pwrite", fd, bytes(10), 2 ** 40)).toBe(-c.EFBIG);
    expect(d.at(fd, 2 ** 40, 10)).toEqual([]);
  });

  test("objects are used up", () => {
    const d = new Memory({ sharedObjectMax: 64 * MIB });
    const fd = d.open();
    expect(d.open("/n")).toBe(-c.ENOSPC);
    expect(d.call("memfd_create", "x")).toBe(-c.ENOSPC);
    d.call("close", fd);
    expect(d.open("/n")).toBe(-c.ENOSPC);
    d.call("shm_unlink", "/m");
    expect(d.call("memfd_create", "x")).toBe(3);
    expect(() => new Machine({ sharedObjectMax: 65537 })).toThrow("sharedObjectMax");
  });
});

describe("a snapshot", () => {
  test("holds an object up to its last byte that is not zero, and puts it back", () => {
    const d = new Memory();
    const before = d.machine.snapshot().length;
    const fd = d.open();
    d.call("ftruncate", fd, MIB);
    d.call("pwrite", fd, bytes(100, 1), 4000);
    const state = d.machine.snapshot();
    expect(state.length).toBeLessThan(before + 5000);
    const hash = d.machine.hash();
    d.call("pwrite", fd, bytes(100, 7), MIB - 100);
    d.call("pwrite", fd, bytes(100, 7), 4000);
    expect(d.machine.hash()).not.toBe(hash);
    d.machine.restore(state);
    expect(d.machine.hash()).toBe(hash);
    expect(d.at(fd, 4000, 3)).toEqual([1, 2, 3]);
    expect(d.at(fd, MIB - 3, 3)).toEqual([0, 0, 0]);
  });

  test("zeroes that were written are as if they were not", () => {
    const d = new Memory();
    const fd = d.open();
    d.call("ftruncate", fd, 1000);
    const hash = d.machine.hash();
    d.call("pwrite", fd, bytes(10, 1), 500);
    d.call("pwrite", fd, new Uint8Array(10), 500);
    expect(d.machine.hash()).toBe(hash);
  });
});

describe("mappings", () => {
  test("two processes that map one object see one memory, at addresses of their own", () => {
    const d = new Memory();
    const fd = d.open();
    d.call("ftruncate", fd, 2 * PAGE);
    const other = d.machine.createProcess();
    const shared = d.machine.shareDescriptor(d.process, fd, other);
    const [first, second, third] = [d.map(fd), d.map(fd), d.map(shared, 2 * PAGE, READ_WRITE, other)];
    first.bytes[7] = 1;
    expect([second.bytes[7], third.bytes[7], d.at(fd, 7, 1)]).toEqual([1, 1, [1]]);
    expect(second.address).not.toBe(first.address);
    expect(third.address).toBe(first.address);
    third.bytes[PAGE] = 2;
    expect(d.at(fd, PAGE, 1)).toEqual([2]);
  });

  test("what arrays write is in a snapshot, and is put back and zeroed", () => {
    const d = new Memory();
    const fd = d.open();
    d.call("ftruncate", fd, MIB);
    const mapping = d.map(fd, MIB);
    const empty = d.machine.snapshot();
    const hash = d.machine.hash();
    mapping.bytes[5000] = 3;
    const state = d.machine.snapshot();
    expect(state.length - empty.length).toBeLessThan(6000);
    expect(d.machine.hash()).not.toBe(hash);
    mapping.bytes[MIB - 1] = 4;
    d.machine.restore(state);
    expect([mapping.bytes[5000], mapping.bytes[MIB - 1]]).toEqual([3, 0]);
    d.machine.restore(empty);
    expect(d.machine.hash()).toBe(hash);
    expect(mapping.bytes[5000]).toBe(0);
  });

  test("an object lives while it is mapped, and its bytes are zero for the next one", () => {
    const d = new Memory();
    const fd = d.call("memfd_create", "x") as number;
    d.call("ftruncate", fd, PAGE);
    const mapping = d.map(fd);
    mapping.bytes[0] = 9;
    d.call("close", fd);
    expect(d.machine.sharedObjects()).toHaveLength(1);
    expect(mapping.bytes[0]).toBe(9);
    d.call("munmap", mapping.address, PAGE);
    expect(d.machine.sharedObjects()).toHaveLength(0);
    expect(() => mapping.bytes).toThrow("EFAULT");
    const next = d.call("memfd_create", "y") as number;
    d.call("ftruncate", next, PAGE);
    expect(d.at(next, 0, 1)).toEqual([0]);
  });

  test("a process that ends is mapped nowhere any more", () => {
    const d = new Memory();
    const fd = d.call("memfd_create", "x", c.MFD_ALLOW_SEALING) as number;
    d.call("ftruncate", fd, PAGE);
    const other = d.machine.createProcess();
    const shared = d.machine.shareDescriptor(d.process, fd, other);
    d.map(shared, PAGE, READ_WRITE, other);
    expect(d.call("fcntl", fd, c.F_ADD_SEALS, c.F_SEAL_WRITE)).toBe(-c.EBUSY);
    d.start("exit", [0], FORM_BLOCKING, other);
    for (const task of d.runnable()) d.machine.exitStep(task);
    expect(d.call("fcntl", fd, c.F_ADD_SEALS, c.F_SEAL_WRITE)).toBe(0);
    expect(d.machine.mappedParts()).toEqual([]);
  });

  test("what was split and is alike again leaves no trace, and ranges are given anew", () => {
    const d = new Memory();
    const fd = d.open();
    d.call("ftruncate", fd, 4 * PAGE);
    const { address } = d.map(fd, 4 * PAGE);
    const hash = d.machine.hash();
    d.call("mprotect", address + PAGE, PAGE, c.PROT_READ);
    expect(d.machine.mappedParts()).toHaveLength(3);
    d.call("mprotect", address, 2 * PAGE, READ_WRITE);
    expect(d.machine.hash()).toBe(hash);
    const second = d.map(fd);
    expect(second.address).toBeGreaterThan(address + 4 * PAGE);
    d.call("munmap", address + PAGE, PAGE);
    expect(d.map(fd).address).toBeGreaterThan(second.address);
    d.call("munmap", address, 4 * PAGE);
    expect(d.map(fd).address).toBe(address);
  });

  test("parts are used up", () => {
    const d = new Memory();
    const fd = d.open();
    d.call("ftruncate", fd, PAGE);
    const made = Array.from({ length: 1024 }, () => d.map(fd));
    expect(made.every((mapping) => mapping !== undefined)).toBe(true);
    expect(d.start("mmap", [null, PAGE, READ_WRITE, c.MAP_SHARED, fd, 0]).result).toBe(-c.ENOMEM);
    expect(d.call("munmap", made[0]?.address, PAGE)).toBe(-c.ENOMEM);
  });

  test("a mapping is no larger than an object may be", () => {
    const d = new Memory({ sharedObjectMax: 65536 });
    const fd = d.open();
    const map = (length: number, offset: number): number =>
      d.start("mmap", [null, length, READ_WRITE, c.MAP_SHARED, fd, offset]).result;
    expect(map(65537, 0)).toBe(-c.ENOMEM);
    expect(map(PAGE, 65536)).toBe(-c.ENOMEM);
    expect(map(PAGE, 65536 - PAGE)).toBe(0);
  });
});
