// System V message queues by hand: what properties/ cannot see from outside, and rules one at a time.
import { describe, expect, test } from "vitest";
import { BLOCKED, FORM_AWAITED, FORM_BLOCKING, TASK_BLOCKED, TASK_WOKEN } from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import type { QueueLimits, QueueStatus } from "../../src/sysv-queue.js";
import { bytes, Driver, type Started } from "./testing.js";

const make = (d: Driver, key = c.IPC_PRIVATE, flags = 0o600): number =>
  d.call("msgget", key, c.IPC_CREAT | flags) as number;
const send = (d: Driver, id: number, type: bigint | number, length: number, flags = 0, start = 0): unknown =>
  d.call("msgsnd", id, type, bytes(length, start), flags);
const receive = (d: Driver, id: number, type: bigint | number = 0, flags = 0, room = 100): unknown =>
  d.call("msgrcv", id, new Uint8Array(room), type, flags | c.IPC_NOWAIT);
const status = (d: Driver, id: number): QueueStatus => d.call("msgctl", id, c.IPC_STAT) as QueueStatus;
const sending = (d: Driver, id: number, type: bigint | number, length: number): Started =>
  d.start("msgsnd", [id, type, bytes(length), 0]);
const receiving = (d: Driver, id: number, type: bigint | number = 0, flags = 0, room = 100): Started =>
  d.start("msgrcv", [id, new Uint8Array(room), type, flags]);
const change = (d: Driver, id: number, settings: object): unknown => {
  const { perm, qbytes } = status(d, id);
  const { uid, gid, mode } = perm;
  return d.call("msgctl", id, c.IPC_SET, { uid, gid, mode, qbytes, ...settings });
};
/** What a further attempt comes to: of a receiver that completes, what it received. */
const go = (d: Driver, started: Started): unknown => {
  const result = d.go(started);
  return result < 0 ? result : (started.call.value ?? result);
};
const got = (length: number, type: bigint): object => ({ length, type });

describe("identifiers", () => {
  test("an index is given again after 64, with another sequence number; a stale identifier is none", () => {
    const d = new Driver();
    const kept = make(d);
    const given = Array.from({ length: 130 }, () => {
      const id = make(d);
      d.call("msgctl", id, c.IPC_RMID);
      return id;
    });
    expect(kept).toBe(0);
    expect(given.slice(0, 3)).toEqual([1, 2, 3]);
    expect(given.slice(62, 65)).toEqual([63, 32769, 32770]);
    expect(given.slice(125, 128)).toEqual([32831, 65537, 65538]);
    expect(send(d, 1, 1, 1)).toBe(-c.EINVAL);
    expect(d.call("msgctl", 32769 * 5, c.MSG_STAT_ANY)).toBe(-c.EINVAL);
    expect(d.call("msgctl", 32768 * 5, c.MSG_STAT_ANY)).toMatchObject({ id: 0 });
  });

  test("beyond 64 objects the round grows with them", () => {
    const d = new Driver();
    const ids = Array.from({ length: 100 }, () => make(d));
    expect(ids).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect((d.call("msgctl", 0, c.MSG_INFO) as QueueLimits).index).toBe(99);
    for (const id of ids.slice(10)) d.call("msgctl", id, c.IPC_RMID);
    expect((d.call("msgctl", 0, c.MSG_INFO) as QueueLimits).index).toBe(9);
    expect(make(d)).toBe(32768 + 10);
  });

  test("there are msgmni queues, and no more than the model has", () => {
    const few = new Driver({ msgmni: 2 });
    expect([make(few), make(few), make(few)]).toEqual([0, 1, -c.ENOSPC]);
    const many = new Driver();
    for (let count = 0; count < 256; count++) expect(make(many)).toBeGreaterThanOrEqual(0);
    expect(make(many)).toBe(-c.ENOSPC);
  });
});

describe("a receiver that waits", () => {
  test("is handed its message, though others of other types lie there; who wants another waits on", () => {
    const d = new Driver();
    const id = make(d);
    send(d, id, 7, 1);
    const two = receiving(d, id, 2);
    const three = receiving(d, id, 3);
    const notSeven = receiving(d, id, 7, c.MSG_EXCEPT);
    send(d, id, 3, 5);
    expect(status(d, id)).toMatchObject({ qnum: 1, cbytes: 1 });
    expect(go(d, three)).toEqual(got(5, 3n));
    send(d, id, 9, 6);
    expect(go(d, notSeven)).toEqual(got(6, 9n));
    expect(d.machine.taskState(two.task)).toBe(TASK_BLOCKED);
    expect(receive(d, id)).toEqual(got(1, 7n));
  });

  test("with too little room fails when the message comes, and the next in line is handed it", () => {
    const d = new Driver();
    const id = make(d);
    const small = receiving(d, id, 0, 0, 4);
    const cutting = receiving(d, id, 0, c.MSG_NOERROR, 3);
    send(d, id, 1, 5);
    expect(go(d, small)).toBe(-c.E2BIG);
    expect(go(d, cutting)).toEqual(got(3, 1n));
    const only = receiving(d, id, 0, 0, 4);
    send(d, id, 1, 5);
    expect(go(d, only)).toBe(-c.E2BIG);
    expect(status(d, id).qnum).toBe(1);
  });

  test("of several the first is served; a change makes all look again, in any order", () => {
    const d = new Driver();
    const id = make(d);
    const first = receiving(d, id);
    const second = receiving(d, id);
    change(d, id, {});
    expect(go(d, first)).toBe(BLOCKED);
    // The second has not looked yet, and is now the first in line.
    send(d, id, 1, 1);
    expect(go(d, second)).toEqual(got(1, 1n));
    expect(d.machine.taskState(first.task)).toBe(TASK_BLOCKED);
  });

  test("may be handed a message between a change that shuts it out and its look", () => {
    const d = new Driver({ uid: 1000 });
    const id = make(d, c.IPC_PRIVATE, 0o600);
    const [early, late] = [receiving(d, id), receiving(d, id)];
    change(d, id, { mode: 0o200 });
    send(d, id, 1, 2);
    expect(go(d, early)).toEqual(got(2, 1n));
    expect(go(d, late)).toBe(-c.EACCES);
  });

  test("ends when the queue is removed; one that was handed a message keeps it, whatever comes", () => {
    const d = new Driver();
    const id = make(d);
    const [first, second, third] = [receiving(d, id), receiving(d, id), receiving(d, id, 5)];
    send(d, id, 1, 2);
    d.machine.interrupt(second.task);
    d.call("msgctl", id, c.IPC_RMID);
    d.machine.interrupt(first.task);
    expect(go(d, first)).toEqual(got(2, 1n));
    expect([go(d, second), go(d, third)]).toEqual([-c.EIDRM, -c.EIDRM]);
  });

  test("a signal ends it; one that comes after the message does not", () => {
    const d = new Driver();
    const id = make(d);
    const [first, second] = [receiving(d, id), receiving(d, id)];
    send(d, id, 1, 2);
    d.machine.interrupt(first.task);
    d.machine.interrupt(second.task);
    // Until it has looked it is still in line.
    send(d, id, 2, 3);
    expect(go(d, first)).toEqual(got(2, 1n));
    expect(go(d, second)).toEqual(got(3, 2n));
    const third = receiving(d, id);
    d.machine.interrupt(third.task);
    expect(go(d, third)).toBe(-c.EINTR);
    expect(send(d, id, 1, 1)).toBe(0);
    expect(status(d, id).qnum).toBe(1);
  });
});

describe("senders that wait", () => {
  const full = (d: Driver, qbytes: number): number => {
    const id = make(d);
    change(d, id, { qbytes });
    send(d, id, 1, qbytes);
    return id;
  };

  test("are woken one and all for whom there is room; the others go behind them, in their order", () => {
    const d = new Driver();
    const id = full(d, 10);
    const calls = [9, 3, 8, 4].map((length) => sending(d, id, 2, length));
    // Another small one, so that there is room for 5.
    receive(d, id);
    send(d, id, 1, 5);
    receive(d, id, 1);
    expect(calls.map(({ task }) => d.machine.taskState(task))).toEqual(new Array(4).fill(TASK_WOKEN));
    expect(go(d, calls[1] as Started)).toBe(0);
    expect(go(d, calls[3] as Started)).toBe(0);
    expect(go(d, calls[0] as Started)).toBe(BLOCKED);
    expect(go(d, calls[2] as Started)).toBe(BLOCKED);
    receive(d, id);
    expect(
      calls.map(({ task }) => d.machine.taskState(task)).filter((state) => state === TASK_WOKEN),
    ).toEqual([]);
    receive(d, id);
    expect(go(d, calls[2] as Started)).toBe(0);
    expect(go(d, calls[0] as Started)).toBe(BLOCKED);
  });

  test("a larger queue lets them go on, and a signal ends one although there is room", () => {
    const d = new Driver();
    const id = full(d, 10);
    const [first, second] = [sending(d, id, 1, 5), sending(d, id, 1, 6)];
    change(d, id, { qbytes: 30 });
    d.machine.interrupt(first.task);
    expect(go(d, first)).toBe(-c.EINTR);
    expect(go(d, second)).toBe(0);
  });

  test("a removed queue ends them", () => {
    const d = new Driver();
    const id = full(d, 10);
    const call = sending(d, id, 1, 5);
    d.machine.interrupt(call.task);
    d.call("msgctl", id, c.IPC_RMID);
    expect(go(d, call)).toBe(-c.EIDRM);
    expect(d.machine.sysvQueues()).toEqual([]);
  });

  test("messages of no bytes count too: as many as bytes would fit", () => {
    const d = new Driver();
    const id = make(d);
    change(d, id, { qbytes: 3 });
    expect([0, 0, 0, 0].map((length) => send(d, id, 1, length, c.IPC_NOWAIT))).toEqual([0, 0, 0, -c.EAGAIN]);
    expect(receive(d, id)).toEqual(got(0, 1n));
  });
});

describe("types", () => {
  test("negative: the least type up to it, the first of that", () => {
    const d = new Driver();
    const id = make(d);
    for (const [index, type] of [5, 3, 9, 3].entries()) send(d, id, type, index + 1);
    expect(receive(d, id, -2)).toBe(-c.ENOMSG);
    expect(receive(d, id, -8)).toEqual(got(2, 3n));
    expect(receive(d, id, -(1n << 63n))).toEqual(got(4, 3n));
    expect(receive(d, id, 5, c.MSG_EXCEPT)).toEqual(got(3, 9n));
  });

  test("they are C longs", () => {
    const d = new Driver();
    const id = make(d);
    const types = [(1n << 63n) - 1n, 1n << 53n, (1n << 53n) + 1n, 1n << 32n];
    for (const [index, type] of types.entries()) send(d, id, type, index);
    expect(receive(d, id, (1n << 53n) + 1n)).toEqual(got(2, (1n << 53n) + 1n));
    expect(receive(d, id, 1n << 32n)).toEqual(got(3, 1n << 32n));
    expect(receive(d, id, 0)).toEqual(got(0, (1n << 63n) - 1n));
    expect(send(d, id, -1, 1)).toBe(-c.EINVAL);
  });

  test("MSG_COPY takes a place, and leaves the message where it is", () => {
    const d = new Driver();
    const id = make(d);
    send(d, id, 4, 2);
    send(d, id, 5, 3);
    expect(receive(d, id, 1, c.MSG_COPY)).toEqual(got(3, 5n));
    expect(receive(d, id, 2, c.MSG_COPY)).toBe(-c.ENOMSG);
    expect(receive(d, id, -1, c.MSG_COPY)).toBe(-c.ENOMSG);
    expect(receive(d, id, 1, c.MSG_COPY, 2)).toBe(-c.E2BIG);
    expect(receive(d, id, 1, c.MSG_COPY | c.MSG_NOERROR, 2)).toBe(-c.EINVAL);
    expect(receive(d, id, 1, c.MSG_COPY | c.MSG_EXCEPT)).toBe(-c.EINVAL);
    expect(d.call("msgrcv", id, new Uint8Array(9), 0, c.MSG_COPY)).toBe(-c.EINVAL);
    expect(status(d, id)).toMatchObject({ qnum: 2, lrpid: 0, rtime: 0n });
  });
});

describe("limits", () => {
  test("qbytes is an int to the kernel: what is more is cut off, what is negative is huge", () => {
    const d = new Driver();
    const id = make(d);
    change(d, id, { qbytes: 2 ** 32 + 5 });
    expect(status(d, id).qbytes).toBe(5);
    change(d, id, { qbytes: 2 ** 31 });
    expect(status(d, id).qbytes).toBe(2 ** 64 - 2 ** 31);
    expect(send(d, id, 1, 100)).toBe(0);
    const unable = new Driver({ capabilities: 0n });
    const other = make(unable);
    expect(change(unable, other, { qbytes: 2 ** 31 })).toBe(-c.EPERM);
    expect(change(unable, other, { qbytes: 16385 })).toBe(-c.EPERM);
    expect(change(unable, other, { qbytes: 16384 })).toBe(0);
  });

  test("a message has msgmax bytes, a queue msgmnb", () => {
    const d = new Driver({ msgmax: 65536, msgmnb: 70_000 });
    const id = make(d);
    expect(send(d, id, 1, 65537)).toBe(-c.EINVAL);
    expect(send(d, id, 1, 65536)).toBe(0);
    expect(send(d, id, 1, 4465, c.IPC_NOWAIT)).toBe(-c.EAGAIN);
    expect(receive(d, id, 0, 0, 70_000)).toEqual(got(65536, 1n));
    expect(() => new Driver({ msgmax: 65537 })).toThrow(/"msgmax" is out of range/);
  });

  test("what all queues hold is told, and forgotten with them", () => {
    const d = new Driver();
    const [a, b] = [make(d), make(d)];
    for (const id of [a, a, b]) send(d, id, 1, 1000);
    expect(d.call("msgctl", 0, c.MSG_INFO)).toMatchObject({ msgpool: 2, msgmap: 3, msgtql: 3000, index: 1 });
    expect(d.call("msgctl", 0, c.IPC_INFO)).toEqual({
      index: 1,
      msgpool: 512_000,
      msgmap: 16384,
      msgmax: 8192,
      msgmnb: 16384,
      msgmni: 32000,
      msgssz: 16,
      msgtql: 16384,
      msgseg: 65535,
    });
    for (const id of [a, b]) d.call("msgctl", id, c.IPC_RMID);
    expect(d.call("msgctl", 0, c.MSG_INFO)).toMatchObject({ msgpool: 0, msgmap: 0, msgtql: 0, index: 0 });
  });
});

describe("forms", () => {
  test("an awaited call tries, and waits in line a step later", () => {
    const d = new Driver();
    const id = make(d);
    const waiting = d.start("msgrcv", [id, new Uint8Array(9), 0, 0], FORM_AWAITED);
    expect(waiting.result).toBe(BLOCKED);
    expect(d.machine.taskState(waiting.task)).toBe(TASK_WOKEN);
    const blocking = d.start("msgrcv", [id, new Uint8Array(9), 0, 0], FORM_BLOCKING);
    expect(go(d, waiting)).toBe(BLOCKED);
    send(d, id, 1, 3);
    expect(go(d, blocking)).toEqual(got(3, 1n));
    send(d, id, 2, 4);
    expect(go(d, waiting)).toEqual(got(4, 2n));
  });

  test("a queue outlives its maker, and what a dead receiver was handed is lost", () => {
    const d = new Driver();
    const other = d.machine.createProcess();
    const id = make(d);
    const waiting = d.start("msgrcv", [id, new Uint8Array(9), 0, 0], FORM_AWAITED, other);
    go(d, waiting);
    const pid = d.machine.processes().find(({ process }) => process === other)?.pid as number;
    expect(d.call("kill", pid, c.SIGKILL)).toBe(0);
    // Its thread has not left the kernel yet.
    send(d, id, 1, 3);
    expect(status(d, id)).toMatchObject({ qnum: 0, lrpid: pid });
    expect(d.machine.exitStep(waiting.task)).toBe(false);
    send(d, id, 1, 4);
    expect(status(d, id).qnum).toBe(1);
  });
});
