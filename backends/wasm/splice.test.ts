// tee, splice and vmsplice by hand: what properties/ cannot see from outside, and rules one at a time.
import { describe, expect, test } from "vitest";
import { BLOCKED, FORM_AWAITED, FORM_BLOCKING, TASK_BLOCKED } from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import { bytes, Driver } from "./testing.js";

const PAGE = 4096;

function read(d: Driver, fd: number, size = 70_000): Uint8Array {
  const buffer = new Uint8Array(size);
  const count = d.call("read", fd, buffer) as number;
  return buffer.subarray(0, Math.max(count, 0));
}

function fill(d: Driver, fd: number, pages = 16): void {
  for (let page = 0; page < pages; page++) expect(d.call("write", fd, bytes(PAGE))).toBe(PAGE);
}

const splice = (d: Driver, from: number, to: number, size: number, flags = 0): unknown =>
  d.call("splice", from, null, to, null, size, flags);

describe("tee", () => {
  test("both pipes have the bytes, and each is read for itself", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    d.call("write", w, bytes(10));
    d.call("write", w, bytes(PAGE, 10));
    expect(d.call("tee", r, w2, 12)).toBe(12);
    expect(read(d, r, 10)).toEqual(bytes(10));
    expect(read(d, r2)).toEqual(bytes(12));
    expect(read(d, r)).toEqual(bytes(PAGE, 10));
  });

  test("a write joins the slot in the first pipe, not the copy", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    d.call("write", w, bytes(3));
    d.call("tee", r, w2, 100);
    d.call("write", w, bytes(3, 3));
    d.call("write", w2, bytes(3, 50));
    expect(d.machine.pipes().map(({ slotsUsed }) => slotsUsed)).toEqual([1, 2]);
    expect(read(d, r)).toEqual(bytes(6));
    expect(read(d, r2)).toEqual(Uint8Array.of(0, 1, 2, 50, 51, 52));
  });

  test("packets stay packets, the last one cut off", () => {
    const d = new Driver();
    const [r, w] = d.pipe(c.O_DIRECT);
    const [r2, w2] = d.pipe();
    d.call("write", w, bytes(5));
    d.call("write", w, bytes(5, 5));
    expect(d.call("tee", r, w2, 7)).toBe(7);
    expect([read(d, r2).length, read(d, r2).length, read(d, r).length]).toEqual([5, 2, 5]);
  });

  test("one that was woken may lose its input to another before it copies", () => {
    for (const isLate of [false, true]) {
      const d = new Driver();
      const [r, w] = d.pipe();
      const [, w2] = d.pipe();
      const copying = d.start("tee", [r, w2, 10]);
      const reading = d.start("read", [r, new Uint8Array(10)]);
      d.call("write", w, bytes(3));
      if (isLate) expect(d.go(copying)).toBe(BLOCKED);
      expect(d.go(reading)).toBe(3);
      expect(d.go(copying)).toBe(isLate ? 0 : BLOCKED);
    }
  });

  test("one that waited for room gives 0 if its input was emptied meanwhile; splice starts over", () => {
    for (const name of ["tee", "splice"] as const) {
      const d = new Driver();
      const [r, w] = d.pipe();
      const [r2, w2] = d.pipe();
      d.call("write", w, bytes(2));
      fill(d, w2);
      const args = name === "tee" ? [r, w2, 10] : [r, null, w2, null, 10];
      const call = d.start(name, args);
      expect(call.result).toBe(BLOCKED);
      read(d, r);
      expect(d.machine.taskState(call.task)).toBe(TASK_BLOCKED);
      read(d, r2, PAGE);
      expect(d.go(call)).toBe(BLOCKED);
      if (name === "tee") {
        expect(d.go(call)).toBe(0);
        continue;
      }
      d.call("write", w, bytes(4));
      expect(d.go(call)).toBe(4);
    }
  });
});

describe("splice", () => {
  test("whole slots move as they are: a write joins the last one", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    d.call("write", w, bytes(3));
    expect(splice(d, r, w2, 100)).toBe(3);
    d.call("write", w2, bytes(3, 3));
    expect(d.machine.pipes().map(({ slotsUsed }) => slotsUsed)).toEqual([0, 1]);
    expect(read(d, r2)).toEqual(bytes(6));
  });

  test("of a part, the rest stays where it was, and no write joins the part", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    d.call("write", w, bytes(10));
    expect(splice(d, r, w2, 4)).toBe(4);
    d.call("write", w2, bytes(1, 99));
    d.call("write", w, bytes(2, 10));
    expect(d.machine.pipes().map(({ slotsUsed }) => slotsUsed)).toEqual([1, 2]);
    expect(read(d, r2)).toEqual(Uint8Array.of(0, 1, 2, 3, 99));
    expect(read(d, r)).toEqual(bytes(8, 4));
  });

  test("it stops at a full pipe, and a freed slot wakes who waits to write", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    fill(d, w);
    fill(d, w2, 10);
    const writing = d.start("write", [w, bytes(2 * PAGE)]);
    expect(writing.result).toBe(BLOCKED);
    expect(splice(d, r, w2, 1_000_000)).toBe(6 * PAGE);
    expect(d.go(writing)).toBe(2 * PAGE);
    expect(splice(d, r, w2, 1, c.SPLICE_F_NONBLOCK)).toBe(-c.EAGAIN);
    expect(read(d, r2)).toEqual(Uint8Array.from({ length: 16 * PAGE }, (_, i) => (i % PAGE) % 251));
  });

  test("its checks have the kernel's order", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [, w2] = d.pipe();
    expect(splice(d, 99, 99, 0, 16)).toBe(0);
    expect(splice(d, 99, 99, 1, 16)).toBe(-c.EINVAL);
    expect(d.call("tee", 99, 99, 0, 16)).toBe(-c.EINVAL);
    expect(d.call("tee", 99, 99, 0)).toBe(0);
    expect(d.call("splice", 99, 0n, w, null, 1)).toBe(-c.EBADF);
    expect(d.call("splice", w, 0n, w2, null, 1)).toBe(-c.ESPIPE);
    expect(d.call("splice", r, null, w2, 0n, 1)).toBe(-c.ESPIPE);
    expect(splice(d, w, w2, 1)).toBe(-c.EBADF);
    expect(splice(d, r, w, 1)).toBe(-c.EINVAL);
    expect(d.call("tee", r, w, 1)).toBe(-c.EINVAL);
  });

  test("the end of the input is 0, unless nobody reads the output", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    d.call("close", w);
    expect([splice(d, r, w2, 1), d.call("tee", r, w2, 1)]).toEqual([0, 0]);
    d.call("close", r2);
    expect([splice(d, r, w2, 1), d.call("tee", r, w2, 1)]).toEqual([-c.EPIPE, -c.EPIPE]);
  });

  test("O_NONBLOCK of either descriptor counts", () => {
    const d = new Driver();
    const [r] = d.pipe(c.O_NONBLOCK);
    const [r2, w2] = d.pipe();
    const [, w3] = d.pipe(c.O_NONBLOCK);
    expect(splice(d, r, w2, 1)).toBe(-c.EAGAIN);
    expect(splice(d, r2, w3, 1)).toBe(-c.EAGAIN);
    expect(d.start("splice", [r2, null, w2, null, 1]).result).toBe(-c.EINVAL);
  });

  test("a blocked one holds both files; each last use is closed in a step of its own", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    const moving = d.start("splice", [r, null, w2, null, 10]);
    expect(moving.result).toBe(BLOCKED);
    d.call("close", r);
    d.call("close", w2);
    expect(d.call("write", w, bytes(5))).toBe(5);
    expect(d.go(moving)).toBe(5);
    expect(d.call("write", w, bytes(1))).toBe(1);
    expect(d.machine.exitStep(moving.task)).toBe(false);
    expect(d.call("write", w, bytes(1))).toBe(-c.EPIPE);
    expect(read(d, r2)).toEqual(bytes(5));
    expect(d.start("read", [r2, new Uint8Array(1)], FORM_AWAITED).result).toBe(BLOCKED);
    expect(d.machine.exitStep(moving.task)).toBe(true);
    expect(read(d, r2)).toEqual(bytes(0));
  });

  test("every wake-up reaches one that waits, and a reader besides", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [, w2] = d.pipe();
    const started = [
      d.start("read", [r, new Uint8Array(1)]),
      d.start("read", [r, new Uint8Array(1)]),
      d.start("splice", [r, null, w2, null, 1]),
      d.start("tee", [r, w2, 1]),
    ];
    d.call("write", w, bytes(1));
    expect(d.runnable()).toEqual([0, 2, 3].map((index) => started[index]?.task));
  });
});

describe("awaited", () => {
  test("it waits for input, then for room, and gives what one attempt moves", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    fill(d, w2);
    const moving = d.start("splice", [r, null, w2, null, 10_000], FORM_AWAITED);
    expect(moving.result).toBe(BLOCKED);
    read(d, r2, PAGE);
    expect(d.machine.taskState(moving.task)).toBe(TASK_BLOCKED);
    d.call("write", w2, bytes(PAGE));
    d.call("write", w, bytes(3));
    expect(d.go(moving)).toBe(BLOCKED);
    expect(d.machine.taskState(moving.task)).toBe(TASK_BLOCKED);
    read(d, r2, PAGE);
    expect(d.go(moving)).toBe(3);
  });

  test("a close of the descriptor that it waits on ends it", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [, w2] = d.pipe();
    const first = d.start("tee", [r, w2, 10], FORM_AWAITED);
    d.call("close", r);
    expect(d.go(first)).toBe(-c.EBADF);
    const [r3, w3] = d.pipe();
    fill(d, w2);
    d.call("write", w3, bytes(1));
    const second = d.start("splice", [r3, null, w2, null, 10], FORM_AWAITED);
    expect(second.result).toBe(BLOCKED);
    d.call("close", w2);
    expect(d.go(second)).toBe(-c.EBADF);
    expect(d.call("write", w, bytes(1))).toBe(-c.EPIPE);
  });

  test("SPLICE_F_NONBLOCK and O_NONBLOCK make it not wait", () => {
    const d = new Driver();
    const [r] = d.pipe();
    const [, w2] = d.pipe();
    const args = [r, null, w2, null, 10];
    expect(d.start("splice", [...args, c.SPLICE_F_NONBLOCK], FORM_AWAITED).result).toBe(-c.EAGAIN);
    d.call("fcntl", w2, c.F_SETFL, c.O_NONBLOCK);
    expect(d.start("splice", args, FORM_AWAITED).result).toBe(-c.EAGAIN);
  });
});

describe("vmsplice", () => {
  test("each buffer begins a slot, and takes one more for each further page", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const buffers = [bytes(1), bytes(5000, 1), bytes(0), bytes(PAGE, 2), bytes(PAGE + 1, 3)];
    expect(d.call("vmsplice", w, buffers)).toBe(13_194);
    expect(d.machine.pipes()[0]?.slotsUsed).toBe(6);
    d.call("write", w, bytes(1, 77));
    expect(d.machine.pipes()[0]?.slotsUsed).toBe(7);
    const all = [...buffers, bytes(1, 77)].flatMap((buffer) => [...buffer]);
    expect([...read(d, r)]).toEqual(all);
  });

  test("it waits for one slot, then fills all that are free: beyond the window too", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    d.call("fcntl", w, c.F_SETPIPE_SZ, 64 * PAGE);
    fill(d, w, 64);
    const sent = bytes(50 * PAGE + 10);
    const putting = d.start("vmsplice", [w, [sent.subarray(0, 100_000), sent.subarray(100_000)]]);
    expect(putting.result).toBe(BLOCKED);
    read(d, r, 40 * PAGE);
    // 100,000 bytes take 25 slots, and 15 are left.
    expect(d.go(putting)).toBe(100_000 + 15 * PAGE);
    read(d, r, 24 * PAGE);
    expect(read(d, r, 300_000)).toEqual(sent.subarray(0, 100_000 + 15 * PAGE));
  });

  test("on a read end it fills the buffers, across packets and beyond the window", () => {
    const d = new Driver();
    const [r, w] = d.pipe(c.O_DIRECT);
    d.call("fcntl", w, c.F_SETPIPE_SZ, 64 * PAGE);
    const sent = bytes(40 * PAGE);
    d.call("write", w, sent);
    const received = [new Uint8Array(3), new Uint8Array(30 * PAGE), new Uint8Array(5)];
    expect(d.call("vmsplice", r, received)).toBe(30 * PAGE + 8);
    expect(received[0]).toEqual(sent.subarray(0, 3));
    expect(received[1]).toEqual(sent.subarray(3, 30 * PAGE + 3));
    expect(received[2]).toEqual(sent.subarray(30 * PAGE + 3, 30 * PAGE + 8));
    // The rest of a packet is not dropped.
    expect(read(d, r).length).toBe(PAGE - 8);
  });

  test("O_NONBLOCK means nothing to it", () => {
    const d = new Driver();
    const [r, w] = d.pipe(c.O_NONBLOCK);
    const filling = d.start("vmsplice", [r, [new Uint8Array(5)]]);
    expect(filling.result).toBe(BLOCKED);
    const awaited = d.start("vmsplice", [r, [new Uint8Array(5)]], FORM_AWAITED);
    expect(awaited.result).toBe(BLOCKED);
    expect(d.call("vmsplice", r, [new Uint8Array(5)], c.SPLICE_F_NONBLOCK)).toBe(-c.EAGAIN);
    d.call("write", w, bytes(8));
    expect([d.go(filling), d.go(awaited)]).toEqual([5, 3]);
  });

  test("its checks have the kernel's order", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const many = Array.from({ length: c.IOV_MAX + 1 }, () => bytes(1));
    expect(d.call("vmsplice", 99, many, 16)).toBe(-c.EINVAL);
    expect(d.call("vmsplice", 99, many)).toBe(-c.EBADF);
    expect(d.call("vmsplice", r, many)).toBe(-c.EINVAL);
    expect(d.call("vmsplice", w, many)).toBe(-c.EINVAL);
    expect(d.call("vmsplice", w, many.slice(1), c.SPLICE_F_NONBLOCK)).toBe(16);
    d.call("close", r);
    expect([d.call("vmsplice", w, []), d.call("vmsplice", w, [bytes(1)])]).toEqual([0, -c.EPIPE]);
  });
});

describe("readv and writev", () => {
  test("are read and write of the buffers together, beyond the window and blocked in between", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const sent = bytes(150_000);
    const parts = [
      sent.subarray(0, 10),
      sent.subarray(10, 10),
      sent.subarray(10, 140_000),
      sent.subarray(140_000),
    ];
    for (const form of [FORM_BLOCKING, FORM_AWAITED] as const) {
      const writing = d.start("writev", [w, parts], form);
      let { result } = writing;
      const received: number[] = [];
      while (received.length < sent.length) {
        const into = [new Uint8Array(1), new Uint8Array(0), new Uint8Array(69_999)];
        const count = d.call("readv", r, into) as number;
        received.push(...into.flatMap((part) => [...part]).slice(0, count));
        while (result === BLOCKED && d.machine.taskState(writing.task) !== TASK_BLOCKED)
          result = d.go(writing);
      }
      expect(result).toBe(150_000);
      expect(received).toEqual([...sent]);
    }
  });

  test("their checks have the kernel's order", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const many = Array.from({ length: c.IOV_MAX + 1 }, () => bytes(1));
    expect(d.call("readv", 99, many)).toBe(-c.EBADF);
    expect([d.call("readv", w, many), d.call("readv", r, many)]).toEqual([-c.EBADF, -c.EINVAL]);
    expect([d.call("writev", w, many), d.call("writev", r, many)]).toEqual([-c.EINVAL, -c.EBADF]);
    expect(d.call("readv", w, [])).toBe(-c.EBADF);
    expect([d.call("readv", r, []), d.call("writev", w, [bytes(0)])]).toEqual([0, 0]);
    expect(d.call("writev", w, many.slice(1))).toBe(c.IOV_MAX);
    const directory = d.call("open", ".", c.O_RDONLY) as number;
    expect([d.call("readv", directory, []), d.call("readv", directory, [bytes(1)])]).toEqual([0, -c.EISDIR]);
  });
});

describe("equal states are equal bytes", () => {
  test("shared frames leave nothing behind, whoever is read first", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const [r2, w2] = d.pipe();
    const empty = d.machine.hash();
    for (const order of [
      [r, r2],
      [r2, r],
    ] as const) {
      d.call("write", w, bytes(100));
      d.call("tee", r, w2, 60);
      splice(d, r, w2, 10);
      d.call("write", w, bytes(100));
      read(d, order[0], 50);
      read(d, order[1]);
      read(d, order[0]);
      expect(d.machine.hash()).toBe(empty);
    }
  });

  test("what was shared and is no more looks as if it never had been", () => {
    const shown = (useTee: boolean): bigint => {
      const d = new Driver();
      const [r, w] = d.pipe();
      const [r2, w2] = d.pipe();
      d.call("write", w, bytes(100));
      if (useTee) {
        d.call("tee", r, w2, 60);
        d.call("write", w, bytes(100));
        read(d, r, 30);
        read(d, r2);
      } else {
        d.call("write", w, bytes(100));
        read(d, r, 30);
      }
      return d.machine.hash();
    };
    expect(shown(true)).toBe(shown(false));
  });
});
