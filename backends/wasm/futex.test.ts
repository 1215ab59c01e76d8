// Futexes and words of memory by hand, on rules that properties/ holds against the real kernel; and those that it cannot reach there: who of
// several is woken where the kernel's hash decides, and the steps of a death.
import { describe, expect, test } from "vitest";
import { BLOCKED, FORM_AWAITED, FORM_BLOCKING, GONE, TASK_WOKEN } from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import { FUTEX_OP } from "../../src/futex.js";
import type { Mapping } from "../../src/mapping.js";
import { Driver, type Started } from "./testing.js";

const PAGE = 4096;
const READ_WRITE = c.PROT_READ | c.PROT_WRITE;
const ALL = 0x7fffffff;

class Words extends Driver {
  readonly fd = this.call("memfd_create", "x", 0) as number;
  readonly other = this.machine.createProcess();
  readonly base: number;
  /** Where the other process has the same object. */
  readonly there: number;

  constructor() {
    super();
    this.call("ftruncate", this.fd, PAGE);
    this.base = this.map().address;
    const shared = this.machine.shareDescriptor(this.process, this.fd, this.other);
    // Something before it, so that its addresses are others.
    this.start("mmap", [null, PAGE, READ_WRITE, c.MAP_SHARED, shared, 0], FORM_BLOCKING, this.other);
    const mapping = this.start(
      "mmap",
      [null, PAGE, READ_WRITE, c.MAP_SHARED, shared, 0],
      FORM_BLOCKING,
      this.other,
    );
    this.there = (mapping.call.value as Mapping).address;
  }

  map(flags = c.MAP_SHARED, protection = READ_WRITE): Mapping {
    return this.call("mmap", null, PAGE, protection, flags, this.fd, 0) as Mapping;
  }

  wait(address: number, process = this.process, ...rest: unknown[]): Started {
    const [operation = c.FUTEX_WAIT, ...more] = rest;
    return this.start("futex", [address, operation, 0, ...more], FORM_BLOCKING, process);
  }

  wake(address: number, count: number, operation = c.FUTEX_WAKE): unknown {
    return this.call("futex", address, operation, count);
  }

  load(address: number): unknown {
    return this.call("memory_load", address);
  }

  isWoken({ task }: Started): boolean {
    return this.machine.taskState(task) === TASK_WOKEN;
  }
}

describe("waiting and waking", () => {
  test("wherever processes have an object mapped, they wait at the same words, in line", () => {
    const d = new Words();
    const waits = [d.wait(d.base), d.wait(d.there, d.other), d.wait(d.base)];
    expect(d.wait(d.base + 4).result).toBe(BLOCKED);
    expect(d.machine.futexes().map(({ place, waiters }) => [place, waiters.length])).toEqual([
      [0, 3],
      [4, 1],
    ]);
    expect(d.wake(d.base, 2)).toBe(2);
    expect(waits.map((wait) => d.isWoken(wait))).toEqual([true, true, false]);
    expect(d.go(waits[1] as Started)).toBe(0);
    expect(d.wake(d.base, ALL)).toBe(1);
  });

  test("one's own words are others than those of all, at the same address", () => {
    const d = new Words();
    const own = d.wait(d.base, d.process, c.FUTEX_WAIT | c.FUTEX_PRIVATE_FLAG);
    const shared = d.wait(d.base);
    expect(d.wake(d.base, ALL)).toBe(1);
    expect([d.isWoken(own), d.isWoken(shared)]).toEqual([false, true]);
    expect(d.wake(d.base, ALL, c.FUTEX_WAKE | c.FUTEX_PRIVATE_FLAG)).toBe(1);
  });

  test("a wake-up of nobody wakes one; memory_notify and Mapping.wake of nobody do not, and do", () => {
    const d = new Words();
    d.wait(d.base);
    expect(d.call("memory_notify", d.base, 0)).toBe(0);
    expect(d.wake(d.base, 0)).toBe(1);
    d.wait(d.base);
    expect(d.wake(d.base, -1)).toBe(1);
    d.wait(d.base);
    const mapping = d.map();
    expect(mapping.wake(0, 1)).toBe(1);
    expect(() => mapping.wake(2, 1)).toThrow("EINVAL");
    expect(() => mapping.wake(PAGE, 1)).toThrow(RangeError);
  });

  test("who was woken was woken, though a signal and its time come before it looks", () => {
    const d = new Words();
    const wait = d.wait(d.base, d.process, c.FUTEX_WAIT, 1000n);
    d.machine.fireTimer();
    expect(d.isWoken(wait)).toBe(true);
    // It is still in line: the wake-up is spent on it.
    expect(d.wake(d.base, 1)).toBe(1);
    d.machine.interrupt(wait.task);
    expect(d.go(wait)).toBe(0);
    const late = d.wait(d.base, d.process, c.FUTEX_WAIT, 1000n);
    d.machine.fireTimer();
    d.machine.interrupt(late.task);
    expect(d.go(late)).toBe(-c.ETIMEDOUT);
    const interrupted = d.wait(d.base);
    d.machine.interrupt(interrupted.task);
    expect(d.go(interrupted)).toBe(-c.EINTR);
    expect(d.machine.futexes()).toEqual([]);
  });

  test("a wake-up may be spent on a thread that dies", () => {
    const d = new Words();
    const dying = d.wait(d.there, d.other);
    const living = d.wait(d.base);
    const [{ pid } = { pid: 0 }] = d.machine.processes().filter(({ process }) => process === d.other);
    d.call("kill", pid, c.SIGKILL);
    expect(d.wake(d.base, 1)).toBe(1);
    expect(d.isWoken(living)).toBe(false);
    expect(d.go(dying)).toBe(GONE);
    expect(d.wake(d.base, 1)).toBe(1);
  });

  test("an awaited wait begins in a thread of its own a step later, and looks again", () => {
    const d = new Words();
    const start = (): Started => d.start("futex", [d.base, c.FUTEX_WAIT, 0], FORM_AWAITED);
    const wait = start();
    expect([wait.result, d.isWoken(wait)]).toEqual([BLOCKED, true]);
    d.call("memory_store", d.base, 1);
    expect(d.go(wait)).toBe(-c.EAGAIN);
    d.call("memory_store", d.base, 0);
    const again = start();
    expect([d.go(again), d.isWoken(again)]).toEqual([BLOCKED, false]);
    expect(d.start("futex", [d.base, c.FUTEX_WAIT, 0, 0n], FORM_AWAITED).result).toBe(-c.ETIMEDOUT);
  });

  test("bits choose who is woken; FUTEX_WAKE_OP and FUTEX_REQUEUE do not look at them", () => {
    const d = new Words();
    const bits = (mask: number): Started => d.wait(d.base, d.process, c.FUTEX_WAIT_BITSET, null, 0, mask);
    const waits = [bits(1), bits(2), bits(3), bits(4)];
    expect(d.call("futex", d.base, c.FUTEX_WAKE_BITSET, ALL, 0, 0, 2)).toBe(2);
    expect(waits.map((wait) => d.isWoken(wait))).toEqual([false, true, true, false]);
    expect(d.call("futex", d.base, c.FUTEX_REQUEUE, 1, ALL, d.base + 8)).toBe(2);
    expect(d.isWoken(waits[0] as Started)).toBe(true);
    expect(d.call("futex", d.base + 8, c.FUTEX_WAKE_BITSET, ALL, 0, 0, 3)).toBe(0);
    expect(d.call("futex", d.base + 8, c.FUTEX_WAKE_BITSET, ALL, 0, 0, 4)).toBe(1);
  });

  test("memory that is waited in stays mapped", () => {
    const d = new Words();
    const wait = d.wait(d.base + 64);
    const lane = d.start("memory_wait", [d.map().address, 0], FORM_AWAITED);
    expect(d.call("munmap", d.base, PAGE)).toBe(-c.EBUSY);
    expect(d.call("munmap", d.base, 0)).toBe(-c.EINVAL);
    const second = d.machine.mappedParts().filter(({ process }) => process === d.process)[1];
    expect(d.call("munmap", second?.mapping, PAGE)).toBe(-c.EBUSY);
    d.wake(d.base + 64, 1);
    d.go(wait);
    expect(d.call("munmap", d.base, PAGE)).toBe(0);
    d.machine.cancel(lane.task);
    expect(d.call("munmap", second?.mapping, PAGE)).toBe(0);
  });
});

describe("FUTEX_REQUEUE", () => {
  test("moves to the end of the other line, and counts whom it wakes and moves", () => {
    const d = new Words();
    const there = d.wait(d.base + 8);
    const waits = [d.wait(d.base), d.wait(d.base), d.wait(d.base), d.wait(d.base)];
    expect(d.call("futex", d.base, c.FUTEX_CMP_REQUEUE, 1, 2, d.base + 8, 1)).toBe(-c.EAGAIN);
    expect(d.call("futex", d.base, c.FUTEX_CMP_REQUEUE, 1, 2, d.base + 8, 0)).toBe(3);
    expect(waits.map((wait) => d.isWoken(wait))).toEqual([true, false, false, false]);
    expect(d.wake(d.base + 8, 2)).toBe(2);
    expect([there, ...waits.slice(1)].map((wait) => d.isWoken(wait))).toEqual([true, true, false, false]);
    expect(d.wake(d.base, ALL)).toBe(1);
  });

  test("to the same word leaves them where they are", () => {
    const d = new Words();
    const waits = [d.wait(d.base), d.wait(d.base)];
    expect(d.call("futex", d.base, c.FUTEX_REQUEUE, 0, 1, d.base)).toBe(1);
    d.wake(d.base, 1);
    expect(waits.map((wait) => d.isWoken(wait))).toEqual([true, false]);
  });

  test("counts below 0 are wrong, and come out before an odd address", () => {
    const d = new Words();
    expect(d.call("futex", d.base + 1, c.FUTEX_REQUEUE, -1, 0, d.base)).toBe(-c.EINVAL);
    expect(d.call("futex", d.base, c.FUTEX_REQUEUE, 0, -1, d.base)).toBe(-c.EINVAL);
    expect(d.call("futex", d.base, c.FUTEX_REQUEUE, 0, 0, 0)).toBe(-c.EFAULT);
  });
});

describe("FUTEX_WAKE_OP", () => {
  test.each([
    [c.FUTEX_OP_SET, -3, -3],
    [c.FUTEX_OP_ADD, -3, 7],
    [c.FUTEX_OP_OR, 5, 15],
    [c.FUTEX_OP_ANDN, 2, 8],
    [c.FUTEX_OP_XOR, 3, 9],
    [c.FUTEX_OP_OR | c.FUTEX_OP_OPARG_SHIFT, 36, 26],
  ])("operation %i with %i makes 10 %i", (op, argument, expected) => {
    const d = new Words();
    d.call("memory_store", d.base + 4, 10);
    expect(d.call("futex", d.base, c.FUTEX_WAKE_OP, 1, 1, d.base + 4, FUTEX_OP(op, argument, 0, 0))).toBe(0);
    expect(d.load(d.base + 4)).toBe(expected);
  });

  test("wakes at the second word if that was as was asked", () => {
    const d = new Words();
    const add = (cmp: number, argument: number): unknown =>
      d.call("futex", d.base, c.FUTEX_WAKE_OP, 1, 1, d.base + 4, FUTEX_OP(c.FUTEX_OP_ADD, 1, cmp, argument));
    d.wait(d.base + 4);
    expect(add(c.FUTEX_OP_CMP_LT, 0)).toBe(0);
    d.wait(d.base);
    expect(add(c.FUTEX_OP_CMP_GE, 1)).toBe(2);
    expect(add(9, 0)).toBe(-c.ENOSYS);
    expect(d.load(d.base + 4)).toBe(3);
    expect(d.call("futex", d.base, c.FUTEX_WAKE_OP, 1, 1, d.base + 4, FUTEX_OP(5, 1, 0, 0))).toBe(-c.ENOSYS);
    expect(d.load(d.base + 4)).toBe(3);
  });
});

describe("futex_waitv", () => {
  const words = (...places: number[]): { val: number; uaddr: number; flags: number }[] =>
    places.map((uaddr) => ({ val: 0, uaddr, flags: c.FUTEX2_SIZE_U32 }));

  test("gives the place of the last word at which it was woken", () => {
    const d = new Words();
    const wait = d.start("futex_waitv", [words(d.base, d.base + 4, d.base + 8), 0, null, 0]);
    expect(d.wake(d.base + 4, 1)).toBe(1);
    expect(d.wake(d.base, 1)).toBe(1);
    expect(d.wake(d.base, 1)).toBe(0);
    expect(d.go(wait)).toBe(1);
    expect(d.machine.futexes()).toEqual([]);
  });

  test("wants what the kernel knows, in its order", () => {
    const d = new Words();
    const call = (...args: unknown[]): unknown => d.call("futex_waitv", ...args);
    expect(call(words(d.base), 1, null, 0)).toBe(-c.EINVAL);
    expect(call([], 0, null, 0)).toBe(-c.EINVAL);
    expect(call(words(...Array(129).fill(d.base)), 0, null, 0)).toBe(-c.EINVAL);
    expect(call(words(0), 0, 1n, 7)).toBe(-c.EINVAL);
    expect(call(words(0, d.base + 1), 0, null, 0)).toBe(-c.EFAULT);
    expect(call([{ val: 0, uaddr: 0, flags: 0 }], 0, null, 0)).toBe(-c.EINVAL);
    expect(call([{ val: 1, uaddr: d.base, flags: 2 }, ...words(d.base)], 0, null, 0)).toBe(-c.EAGAIN);
    expect(d.machine.futexes()).toEqual([]);
  });

  test("of 128 words leaves nothing when its time is over", () => {
    const d = new Words();
    const empty = d.machine.hash();
    const many = words(...Array.from({ length: 128 }, (_, place) => d.base + 4 * place));
    const wait = d.start("futex_waitv", [many, 0, 2_000_000_000n, c.CLOCK_MONOTONIC]);
    expect(d.machine.futexes()).toHaveLength(128);
    d.machine.fireTimer();
    expect(d.go(wait)).toBe(-c.ETIMEDOUT);
    expect(d.machine.futexes()).toEqual([]);
    expect(d.machine.hash()).not.toBe(empty);
  });
});

describe("words of memory", () => {
  test("are read, written, added to and exchanged, with their sign", () => {
    const d = new Words();
    expect(d.call("memory_store", d.base, 0xffffffff)).toBeDefined();
    expect(d.load(d.base)).toBe(-1);
    expect(d.call("memory_add", d.base, 3)).toBe(-1);
    expect(d.call("memory_compare_exchange", d.base, 3, 9)).toBe(2);
    expect(d.call("memory_compare_exchange", d.base, 2, 9)).toBe(2);
    expect(d.map().array(Int32Array)[0]).toBe(9);
  });

  test("what is written needs PROT_WRITE, what is read no more than any protection", () => {
    const d = new Words();
    const { address } = d.map(c.MAP_SHARED, c.PROT_READ);
    expect(d.load(address)).toBe(0);
    expect(d.start("memory_store", [address, 1]).result).toBe(-c.EFAULT);
    expect(d.wait(address).result).toBe(BLOCKED);
    const writable = d.map(c.MAP_SHARED, c.PROT_WRITE).address;
    expect(d.load(writable)).toBe(0);
    expect(d.start("memory_load", [writable + 2]).result).toBe(-c.EINVAL);
    expect(d.start("memory_load", [writable + PAGE]).result).toBe(-c.EFAULT);
    d.call("ftruncate", d.fd, 0);
    expect(d.start("memory_load", [writable]).result).toBe(-c.EFAULT);
    expect(d.wait(writable, d.process, c.FUTEX_WAIT | c.FUTEX_PRIVATE_FLAG).result).toBe(-c.EFAULT);
    expect(d.wake(writable, 1, c.FUTEX_WAKE | c.FUTEX_PRIVATE_FLAG)).toBe(0);
    expect(d.wake(writable, 1)).toBe(-c.EFAULT);
  });

  test("a private mapping that may not be written is no memory for all to wait at", () => {
    const d = new Words();
    const { address } = d.map(c.MAP_PRIVATE | c.MAP_ANONYMOUS, c.PROT_READ);
    expect(d.wait(address).result).toBe(-c.EFAULT);
    expect(d.wait(address, d.process, c.FUTEX_WAIT | c.FUTEX_PRIVATE_FLAG).result).toBe(BLOCKED);
  });

  test("a wait tells how it ended", () => {
    const d = new Words();
    expect(d.call("memory_wait", d.base, 1)).toBe("not-equal");
    const late = d.start("memory_wait", [d.base, 0, 5n]);
    d.machine.fireTimer();
    expect([d.go(late), late.call.value]).toEqual([0, "timed-out"]);
    const wait = d.start("memory_wait", [d.base, 0]);
    expect(d.call("memory_notify", d.base)).toBe(1);
    expect([d.go(wait), wait.call.value]).toEqual([0, "ok"]);
    expect(d.call("memory_wait", d.base, 0, -1n)).toBe(-c.EINVAL);
  });
});

describe("robust locks", () => {
  const HEAD = 512;
  const lockAt = (lock: number): number => 1024 + 16 * lock;

  /** The other process's list, and its locks, each with the word 8 bytes behind its link. */
  function listOf(d: Words, locks: readonly number[], pending = -1): number {
    const memory = d.map().array(BigInt64Array);
    const at = (place: number): bigint => BigInt(d.there + place);
    const set = (place: number, value: bigint): void => {
      memory[place / 8] = value;
    };
    const links = [...locks.map((lock) => at(lockAt(lock))), at(HEAD)];
    set(HEAD, links[0] as bigint);
    set(HEAD + 8, 8n);
    set(HEAD + 16, pending < 0 ? 0n : at(lockAt(pending)));
    for (const [place, lock] of locks.entries()) set(lockAt(lock), links[place + 1] as bigint);
    expect(d.start("set_robust_list", [d.there + HEAD, 24], FORM_BLOCKING, d.other).result).toBe(0);
    return d.machine.processes().find(({ process }) => process === d.other)?.pid ?? 0;
  }

  /** Ends the other process, as far as the steps go in which locks are released. @returns the words after each step */
  function deathOf(d: Words, pid: number, locks: readonly number[]): number[][] {
    d.call("kill", pid, c.SIGKILL);
    const seen: number[][] = [];
    for (const [task] = d.runnable(); d.machine.processes().length > 1; ) {
      d.machine.exitStep(task as number);
      seen.push(locks.map((lock) => d.load(d.base + lockAt(lock) + 8) as number));
    }
    return seen;
  }

  const DEAD = c.FUTEX_OWNER_DIED;
  const WAITED = c.FUTEX_WAITERS | 0;

  test("are released one a step, in the order of the list, and one who waits is woken", () => {
    const d = new Words();
    const pid = listOf(d, [1, 0, 2]);
    const set = (lock: number, word: number): unknown =>
      d.call("memory_store", d.base + lockAt(lock) + 8, word);
    set(0, pid);
    set(1, pid | WAITED);
    set(2, 77);
    const word = d.base + lockAt(1) + 8;
    const waits = [1, 2].map(() => d.start("futex", [word, c.FUTEX_WAIT, pid | WAITED]));
    const seen = deathOf(d, pid, [0, 1, 2]);
    expect(seen[0]).toEqual([pid, DEAD | WAITED, 77]);
    expect(seen[1]).toEqual([DEAD, DEAD | WAITED, 77]);
    expect(seen.at(-1)).toEqual([DEAD, DEAD | WAITED, 77]);
    expect(waits.map((wait) => d.isWoken(wait))).toEqual([true, false]);
  });

  test("that which is being changed comes last, once; if it is free already, one who waits is woken", () => {
    const d = new Words();
    const pid = listOf(d, [0, 1], 0);
    for (const lock of [0, 1]) d.call("memory_store", d.base + lockAt(lock) + 8, pid);
    expect(deathOf(d, pid, [0, 1]).slice(0, 2)).toEqual([
      [pid, DEAD],
      [DEAD, DEAD],
    ]);
    const e = new Words();
    const other = listOf(e, [], 3);
    const wait = e.wait(e.base + lockAt(3) + 8);
    deathOf(e, other, [3]);
    expect(e.isWoken(wait)).toBe(true);
  });

  test("a list that goes in a circle ends after 2048 entries; one that leads nowhere, there", () => {
    const d = new Words();
    const pid = listOf(d, [0]);
    d.map().array(BigInt64Array)[lockAt(0) / 8] = BigInt(d.there + lockAt(0));
    d.call("memory_store", d.base + lockAt(0) + 8, pid);
    expect(deathOf(d, pid, [0]).at(-1)).toEqual([DEAD]);
    const e = new Words();
    const other = listOf(e, [0, 1], 2);
    e.map().array(BigInt64Array)[lockAt(0) / 8] = 1n;
    for (const lock of [0, 1, 2]) e.call("memory_store", e.base + lockAt(lock) + 8, other);
    expect(deathOf(e, other, [0, 1, 2]).at(-1)).toEqual([DEAD, other, other]);
  });

  test("the head is told to who has set it", () => {
    const d = new Words();
    expect(d.start("get_robust_list", [0]).call.value).toBeNull();
    expect(d.call("set_robust_list", d.base + HEAD, 23)).toBe(-c.EINVAL);
    d.call("set_robust_list", d.base + HEAD, 24);
    d.call("memory_store", d.base + HEAD, 5);
    const head = d.call("get_robust_list", 0) as Mapping;
    expect([head.address, head.length, head.array(Int32Array)[0]]).toEqual([d.base + HEAD, 24, 5]);
  });
});

test("a snapshot holds who waits where", () => {
  const d = new Words();
  const before = d.machine.hash();
  const wait = d.wait(d.base);
  const waiting = d.machine.snapshot();
  d.wake(d.base, 1);
  d.go(wait);
  expect(d.machine.hash()).toBe(before);
  d.machine.restore(waiting);
  expect(d.machine.futexes()[0]).toEqual({
    object: 0,
    process: undefined,
    place: 0,
    value: 0,
    waiters: [{ task: wait.task, process: d.process, bitset: 0xffffffff }],
  });
});
