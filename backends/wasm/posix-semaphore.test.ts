// POSIX semaphores by hand: what properties/ cannot see from outside, and rules one at a time.
import { describe, expect, test } from "vitest";
import {
  BLOCKED,
  FORM_AWAITED,
  FORM_BLOCKING,
  GONE,
  TASK_BLOCKED,
  TASK_EXITING,
  TASK_WOKEN,
} from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import type { Mapping } from "../../src/mapping.js";
import { Driver, type Started } from "./testing.js";

const PAGE = 4096;
const BOTH = c.PROT_READ | c.PROT_WRITE;

/** Opens a semaphore, in a process of its own choice. */
function open(d: Driver, name: string, value = 0, process = d.process): Mapping {
  const { call, result } = d.start("sem_open", [name, c.O_CREAT, 0o666, value], FORM_BLOCKING, process);
  expect(result).toBe(0);
  return call.value as Mapping;
}

/** The words of a semaphore: its value, how many wait, whose it is. */
const words = ({ bytes }: Mapping): number[] => [...new Int32Array(bytes.buffer, bytes.byteOffset, 3)];

const wait = (d: Driver, { address }: Mapping, process = d.process, form = FORM_BLOCKING as 0 | 1): Started =>
  d.start("sem_wait", [address], form, process);

describe("a named semaphore", () => {
  test("is 32 bytes of an object of shared memory, as glibc lays them out", () => {
    const d = new Driver();
    const { bytes } = open(d, "/s", 3);
    expect([...bytes]).toEqual([3, 0, 0, 0, 0, 0, 0, 0, 128, ...Array(23).fill(0)]);
    expect(d.machine.sharedObjects()).toMatchObject([{ name: "/sem.s", size: 32 }]);
    const fd = d.call("shm_open", "/sem.s", c.O_RDWR) as number;
    const seen = new Uint8Array(40);
    expect(d.call("pread", fd, seen, 0)).toBe(32);
    expect(seen[0]).toBe(3);
  });

  test("has one address however often a process opens it, and another by a name with other slashes", () => {
    const d = new Driver();
    const first = open(d, "/s", 1);
    expect(open(d, "/s", 7).address).toBe(first.address);
    const other = open(d, "s");
    expect(other.address).not.toBe(first.address);
    first.bytes[0] = 9;
    expect(other.bytes[0]).toBe(9);
    expect(d.call("sem_close", first.address)).toBe(0);
    expect(d.call("sem_post", first.address)).toBe(0);
    expect(d.call("sem_close", first.address)).toBe(0);
    expect(d.call("sem_close", first.address)).toBe(-c.EINVAL);
    expect(d.call("sem_post", first.address)).toBe(-c.EFAULT);
    expect(d.call("sem_getvalue", other.address)).toBe(10);
  });

  test("is closed by none but sem_close", () => {
    const d = new Driver();
    const { address } = open(d, "/s");
    expect(d.call("munmap", address, PAGE)).toBe(-c.EINVAL);
    expect(d.call("mprotect", address, PAGE, 0)).toBe(-c.ENOMEM);
    expect(d.call("msync", address, PAGE, c.MS_SYNC)).toBe(-c.ENOMEM);
    const mapping = d.call("mmap", null, PAGE, BOTH, c.MAP_SHARED | c.MAP_ANONYMOUS, -1, 0) as Mapping;
    expect(d.call("sem_close", mapping.address)).toBe(-c.EINVAL);
    expect(d.call("sem_close", address + 8)).toBe(-c.EINVAL);
  });

  test("lives on when its name is gone, and another gets the name", () => {
    const d = new Driver();
    const before = open(d, "/s", 1);
    expect(d.call("sem_unlink", "/s")).toBe(0);
    expect(d.call("sem_unlink", "/s")).toBe(-c.ENOENT);
    const after = open(d, "/s", 2);
    expect(after.address).not.toBe(before.address);
    expect(d.call("sem_getvalue", before.address)).toBe(1);
    expect(d.call("sem_close", before.address)).toBe(0);
    expect(d.machine.sharedObjects()).toHaveLength(1);
  });

  test("its value is looked at only where one is made, and where a name is asked to be new before that", () => {
    const d = new Driver();
    const tooMuch = c.SEM_VALUE_MAX + 1;
    expect(d.call("sem_open", "/s", c.O_CREAT, 0o600, tooMuch)).toBe(-c.EINVAL);
    open(d, "/s");
    expect(d.start("sem_open", ["/s", c.O_CREAT, 0o600, tooMuch]).result).toBe(0);
    expect(d.call("sem_open", "/s", c.O_CREAT | c.O_EXCL, 0o600, tooMuch)).toBe(-c.EINVAL);
    expect(d.call("sem_open", "/s", c.O_CREAT | c.O_EXCL, 0o600, 0)).toBe(-c.EEXIST);
  });

  test("a name has up to 251 bytes", () => {
    const d = new Driver();
    const named = (length: number): string => "x".repeat(length);
    expect(d.start("sem_open", [named(251), c.O_CREAT, 0]).result).toBe(0);
    for (const length of [252, 255, 256, 5000]) {
      expect(d.call("sem_open", named(length), c.O_CREAT, 0)).toBe(-c.ENAMETOOLONG);
      expect(d.call("sem_unlink", named(length))).toBe(-c.ENAMETOOLONG);
    }
    for (const name of ["", "///", "a/b", "a/"]) {
      expect(d.call("sem_open", name, c.O_CREAT, 0)).toBe(-c.EINVAL);
      expect(d.call("sem_unlink", name)).toBe(-c.ENOENT);
    }
  });

  test("who may not read and write it may not open it, even who has made it", () => {
    const d = new Driver({ uid: 1000, gid: 1000 });
    expect(d.start("sem_open", ["/s", c.O_CREAT, 0o444, 0]).result).toBe(0);
    expect(d.call("sem_open", "/s", 0)).toBe(-c.EACCES);
  });

  test("to open one takes a descriptor for a moment", () => {
    const d = new Driver({ rlimitNofile: 4 });
    expect(d.start("sem_open", ["/s", c.O_CREAT, 0o600, 0]).result).toBe(0);
    d.call("memfd_create", "x", 0);
    expect(d.call("sem_open", "/s", 0)).toBe(-c.EMFILE);
    expect(d.call("sem_open", "/t", c.O_CREAT | c.O_EXCL, 0o600, 0)).toBe(-c.EMFILE);
  });
});

describe("waiting", () => {
  test("a waiter is counted; who gives wakes the first in line, and another may take before him", () => {
    const d = new Driver();
    const s = open(d, "/s");
    const first = wait(d, s);
    const second = wait(d, s);
    expect([first.result, second.result]).toEqual([BLOCKED, BLOCKED]);
    expect(words(s)).toEqual([0, 2, 128]);
    expect(d.call("sem_post", s.address)).toBe(0);
    expect(d.machine.taskState(first.task)).toBe(TASK_WOKEN);
    expect(d.call("sem_trywait", s.address)).toBe(0);
    expect(d.go(first)).toBe(BLOCKED);
    expect(words(s)).toEqual([0, 2, 128]);
    // He is the last in line now.
    d.call("sem_post", s.address);
    expect(d.machine.taskState(second.task)).toBe(TASK_WOKEN);
    expect(d.go(second)).toBe(0);
    expect(words(s)).toEqual([0, 1, 128]);
  });

  test("who is interrupted, or whose time is over, is counted no more", () => {
    const d = new Driver();
    const s = open(d, "/s");
    const interrupted = wait(d, s);
    d.machine.interrupt(interrupted.task);
    expect(d.go(interrupted)).toBe(-c.EINTR);
    const timed = d.start("sem_timedwait", [s.address, 2_000_000_000_000_000_000n]);
    expect(words(s)).toEqual([0, 1, 128]);
    d.machine.fireTimer();
    expect(d.go(timed)).toBe(-c.ETIMEDOUT);
    expect(words(s)).toEqual([0, 0, 128]);
  });

  test("who was woken looks, whatever else has happened to him: he takes, or waits again", () => {
    const d = new Driver();
    const s = open(d, "/s");
    const waiter = wait(d, s);
    d.call("sem_post", s.address);
    d.machine.interrupt(waiter.task);
    expect(d.go(waiter)).toBe(0);
    const again = wait(d, s);
    d.call("sem_post", s.address);
    d.machine.interrupt(again.task);
    d.call("sem_trywait", s.address);
    expect(d.go(again)).toBe(BLOCKED);
    expect(d.machine.taskState(again.task)).toBe(TASK_BLOCKED);
  });

  test("an awaited call that is given up and finds nothing ends, though it was woken", () => {
    const d = new Driver();
    const s = open(d, "/s");
    const waiter = wait(d, s, d.process, FORM_AWAITED);
    expect(words(s)).toEqual([0, 0, 128]);
    expect(d.go(waiter)).toBe(BLOCKED);
    expect(words(s)).toEqual([0, 1, 128]);
    d.call("sem_post", s.address);
    d.machine.interrupt(waiter.task);
    d.call("sem_trywait", s.address);
    expect(d.go(waiter)).toBe(-c.EINTR);
    expect(words(s)).toEqual([0, 0, 128]);
  });

  test("who is killed while he waits stays counted, and may be woken in vain", () => {
    const d = new Driver();
    const child = d.machine.createProcess();
    const s = open(d, "/s");
    const theirs = open(d, "/s", 0, child);
    const dying = wait(d, theirs, child, FORM_AWAITED);
    d.go(dying);
    const waiter = wait(d, s);
    const { pid } = d.machine.processes()[1] as { pid: number };
    expect(d.call("kill", pid, c.SIGKILL)).toBe(0);
    // The thread is on its way out of the kernel, and still in line.
    d.call("sem_post", s.address);
    expect(d.machine.taskState(waiter.task)).toBe(TASK_BLOCKED);
    for (;;) {
      const task = d.runnable().find((one) => d.machine.taskState(one) === TASK_EXITING);
      if (task === undefined) break;
      d.machine.exitStep(task);
    }
    expect(words(s)).toEqual([1, 2, 128]);
    expect(d.machine.posixSemaphores()).toMatchObject([
      { value: 1, counted: 2, waiters: [{ task: waiter.task }] },
    ]);
  });

  test("a blocked thread that is killed touches nothing any more", () => {
    const d = new Driver();
    const child = d.machine.createProcess();
    const s = open(d, "/s");
    const dying = wait(d, open(d, "/s", 0, child), child);
    const { pid } = d.machine.processes()[1] as { pid: number };
    d.call("kill", pid, c.SIGKILL);
    expect(d.go(dying)).toBe(GONE);
    expect(words(s)).toEqual([0, 1, 128]);
  });

  test("what is waited in is neither unmapped nor closed, nor protected", () => {
    const d = new Driver();
    const s = open(d, "/s");
    const m = d.call("mmap", null, PAGE, BOTH, c.MAP_SHARED | c.MAP_ANONYMOUS, -1, 0) as Mapping;
    d.call("sem_init", m.address, 1, 0);
    const waiters = [wait(d, s), wait(d, m)];
    expect(d.call("sem_close", s.address)).toBe(-c.EBUSY);
    expect(d.call("munmap", m.address, PAGE)).toBe(-c.EBUSY);
    for (const protection of [c.PROT_NONE, c.PROT_READ, c.PROT_WRITE]) {
      expect(d.call("mprotect", m.address, PAGE, protection)).toBe(-c.EBUSY);
    }
    expect(d.call("mprotect", m.address, PAGE, BOTH)).toBe(0);
    // One opening of two.
    open(d, "/s");
    expect(d.call("sem_close", s.address)).toBe(0);
    for (const waiter of waiters) expect(d.machine.cancel(waiter.task)).toBe(-c.EINTR);
    expect(d.call("sem_close", s.address)).toBe(0);
    expect(d.call("munmap", m.address, PAGE)).toBe(0);
  });
});

describe("a semaphore without a name", () => {
  const memory = (d: Driver, flags: number, process = d.process, fd = -1): Mapping =>
    d.start("mmap", [null, PAGE, BOTH, flags, fd, 0], FORM_BLOCKING, process).call.value as Mapping;

  test("takes 12 bytes, and leaves the rest", () => {
    const d = new Driver();
    const m = memory(d, c.MAP_SHARED | c.MAP_ANONYMOUS);
    m.bytes.fill(0xff);
    expect(d.call("sem_init", m.address + 8, -5, 7)).toBe(0);
    expect([...m.bytes.subarray(8, 24)]).toEqual([7, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 255, 255, 255, 255]);
    expect(d.call("sem_init", m.address + 8, 0, c.SEM_VALUE_MAX)).toBe(0);
    expect(m.bytes[16]).toBe(0);
    expect(d.call("sem_post", m.address + 8)).toBe(-c.EOVERFLOW);
    expect(d.call("sem_init", m.address, 1, c.SEM_VALUE_MAX + 1)).toBe(-c.EINVAL);
  });

  test("of one process is none for another, though it is in the same memory", () => {
    const d = new Driver();
    const other = d.machine.createProcess();
    const fd = d.call("shm_open", "/m", c.O_RDWR | c.O_CREAT, 0o600) as number;
    d.call("ftruncate", fd, PAGE);
    const mine = memory(d, c.MAP_SHARED, d.process, fd);
    const theirs = memory(d, c.MAP_SHARED, other, d.machine.shareDescriptor(d.process, fd, other));
    for (const [pshared, state] of [
      [0, TASK_BLOCKED],
      [1, TASK_WOKEN],
    ] as const) {
      d.call("sem_init", mine.address, pshared, 0);
      const waiter = wait(d, theirs, other);
      expect(d.call("sem_post", mine.address)).toBe(0);
      expect(d.machine.taskState(waiter.task)).toBe(state);
      d.machine.cancel(waiter.task);
    }
  });

  test("what is no semaphore, and where there is none, is refused", () => {
    const d = new Driver();
    const m = memory(d, c.MAP_SHARED | c.MAP_ANONYMOUS);
    m.array(Int32Array)[2] = 5;
    for (const name of ["sem_wait", "sem_trywait", "sem_post", "sem_getvalue", "sem_destroy"] as const) {
      expect(d.call(name, m.address)).toBe(-c.EINVAL);
      expect(d.call(name, m.address + 4)).toBe(-c.EINVAL);
      expect(d.call(name, m.address + PAGE - 24)).toBe(-c.EFAULT);
      expect(d.call(name, m.address + PAGE)).toBe(-c.EFAULT);
      expect(d.call(name, -8)).toBe(-c.EFAULT);
    }
    d.call("mprotect", m.address, PAGE, c.PROT_READ);
    expect(d.call("sem_getvalue", m.address + 64)).toBe(0);
    expect(d.call("sem_post", m.address + 64)).toBe(-c.EFAULT);
    d.call("mprotect", m.address, PAGE, c.PROT_WRITE);
    expect(d.call("sem_post", m.address + 64)).toBe(-c.EFAULT);
  });

  test("a value that nobody has given carries over, as in glibc", () => {
    const d = new Driver();
    const m = memory(d, c.MAP_SHARED | c.MAP_ANONYMOUS);
    m.array(Int32Array)[0] = -1;
    expect(d.call("sem_getvalue", m.address)).toBe(-1);
    expect(d.call("sem_post", m.address)).toBe(0);
    expect([...m.array(Int32Array, 0, 3)]).toEqual([0, 1, 0]);
  });
});
