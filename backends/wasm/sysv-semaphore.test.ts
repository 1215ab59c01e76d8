// System V semaphores by hand: what properties/ cannot see from outside, and rules one at a time.
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
import type { SemaphoreLimits, SemaphoreOperation, SemaphoreSetStatus } from "../../src/sysv-semaphore.js";
import type { Form } from "./machine.js";
import { Driver, type Started } from "./testing.js";

/** One operation: a semaphore, what is done, flags. */
const o = (num: number, op: number, flg = 0): SemaphoreOperation => ({ num, op, flg });

/** A set with these values. */
function make(d: Driver, values: readonly number[], key = c.IPC_PRIVATE, mode = 0o600): number {
  const id = d.call("semget", key, values.length, c.IPC_CREAT | mode) as number;
  if (values.some((value) => value !== 0)) d.call("semctl", id, 0, c.SETALL, values);
  return id;
}

const values = (d: Driver, id: number): unknown => d.call("semctl", id, 0, c.GETALL);
const status = (d: Driver, id: number): SemaphoreSetStatus =>
  d.call("semctl", id, 0, c.IPC_STAT) as SemaphoreSetStatus;
const begin = (d: Driver, id: number, ...sops: SemaphoreOperation[]): Started => d.start("semop", [id, sops]);
const operate = (d: Driver, id: number, ...sops: SemaphoreOperation[]): number =>
  begin(d, id, ...sops).result;
const beginIn = (
  d: Driver,
  process: number,
  id: number,
  sops: readonly SemaphoreOperation[],
  form: Form = FORM_BLOCKING,
): Started => d.start("semop", [id, sops], form, process);
const waiting = (d: Driver, ...all: readonly Started[]): boolean[] =>
  all.map(({ task }) => d.machine.taskState(task) === TASK_BLOCKED);
const counts = (d: Driver, id: number, num: number): unknown[] => [
  d.call("semctl", id, num, c.GETNCNT),
  d.call("semctl", id, num, c.GETZCNT),
];

/** Lets a process end. @returns how many steps it takes */
function die(d: Driver, process: number): number {
  d.start("exit", [0], FORM_BLOCKING, process);
  return finish(d);
}

function finish(d: Driver): number {
  for (let steps = 0; ; steps++) {
    const task = d.runnable().find((one) => d.machine.taskState(one) === TASK_EXITING);
    if (task === undefined) return steps;
    d.machine.exitStep(task);
  }
}

describe("operations", () => {
  test("are done all at once or not at all, and wait for the first that cannot be done", () => {
    const d = new Driver();
    const id = make(d, [1, 0, 0]);
    const both = begin(d, id, o(0, -1), o(1, -1), o(2, 5));
    expect(both.result).toBe(BLOCKED);
    expect(values(d, id)).toEqual([1, 0, 0]);
    expect([counts(d, id, 0), counts(d, id, 1)]).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(operate(d, id, o(1, 1))).toBe(0);
    // Served by the one who made it possible, before it runs again.
    expect(values(d, id)).toEqual([0, 0, 5]);
    expect(d.go(both)).toBe(0);
  });

  test("are done in their order", () => {
    const d = new Driver();
    const id = make(d, [0]);
    expect(operate(d, id, o(0, 1), o(0, -1))).toBe(0);
    expect(operate(d, id, o(0, 0), o(0, 3), o(0, -1))).toBe(0);
    expect(values(d, id)).toEqual([2]);
    expect(operate(d, id, o(0, -3, c.IPC_NOWAIT), o(0, 3))).toBe(-c.EAGAIN);
    expect(operate(d, id, o(0, -2), o(0, 0), o(0, 32767), o(0, 1))).toBe(-c.ERANGE);
    expect(values(d, id)).toEqual([2]);
  });

  test("that wait until a semaphore is 0 come before those that take, and note who they were done for", () => {
    const d = new Driver();
    const other = d.machine.createProcess();
    const id = make(d, [2]);
    const zero = beginIn(d, other, id, [o(0, 0)]);
    expect(counts(d, id, 0)).toEqual([0, 1]);
    expect(operate(d, id, o(0, -2))).toBe(0);
    expect(d.go(zero)).toBe(0);
    const { pid } = d.machine.processes().find(({ process }) => process === other) as { pid: number };
    expect(d.call("semctl", id, 0, c.GETPID)).toBe(pid);
  });

  test("fail in the kernel's order", () => {
    const d = new Driver({ semopm: 2 });
    const id = make(d, [0]);
    const three = [o(9, 1), o(0, 1), o(0, 1)];
    expect(d.call("semop", -1, three)).toBe(-c.E2BIG);
    expect(d.call("semop", -1, [])).toBe(-c.EINVAL);
    expect(d.call("semtimedop", id, three, -1n)).toBe(-c.E2BIG);
    expect(d.call("semtimedop", id, [o(9, 1)], -1n)).toBe(-c.EINVAL);
    expect(d.call("semop", id + 1, [o(9, 1)])).toBe(-c.EINVAL);
    expect(d.call("semop", id, [o(0, 1), o(1, 1)])).toBe(-c.EFBIG);
    expect(d.call("semop", id, [o(0, -1, c.IPC_NOWAIT), o(0, -1)])).toBe(-c.EAGAIN);
    expect(d.call("semop", id, [o(0, 32767), o(0, 1)])).toBe(-c.ERANGE);
    expect(values(d, id)).toEqual([0]);
  });

  test("of one who waits may come to an error by another's: IPC_NOWAIT further on, or a range", () => {
    const d = new Driver();
    const id = make(d, [0, 0, 32767]);
    const impatient = begin(d, id, o(0, -1), o(1, -1, c.IPC_NOWAIT));
    const tooMuch = begin(d, id, o(0, -2), o(2, 1));
    operate(d, id, o(0, 2));
    expect([d.go(impatient), d.go(tooMuch)]).toEqual([-c.EAGAIN, -c.ERANGE]);
    expect(values(d, id)).toEqual([2, 0, 32767]);
  });
});

describe("the line", () => {
  test("is gone through from the first, and who wants less is not held up by who wants more", () => {
    const d = new Driver();
    const id = make(d, [0]);
    const [two, one, alsoOne] = [begin(d, id, o(0, -2)), begin(d, id, o(0, -1)), begin(d, id, o(0, -1))];
    operate(d, id, o(0, 1));
    expect(waiting(d, two, one, alsoOne)).toEqual([true, false, true]);
    operate(d, id, o(0, 2));
    expect(waiting(d, two, alsoOne)).toEqual([false, true]);
  });

  test("is one for the set while a call of several operations waits: what it does may let one before it go on", () => {
    const d = new Driver();
    const id = make(d, [0, 0]);
    const first = begin(d, id, o(1, -1));
    const complex = begin(d, id, o(0, -1), o(1, 1));
    const last = begin(d, id, o(0, -1));
    expect([counts(d, id, 0), counts(d, id, 1)]).toEqual([
      [2, 0],
      [1, 0],
    ]);
    operate(d, id, o(0, 1));
    expect(waiting(d, first, complex, last)).toEqual([false, false, true]);
    expect(values(d, id)).toEqual([0, 0]);
  });

  test("goes back to the semaphores when no call of several operations is left", () => {
    const d = new Driver();
    const id = make(d, [0, 0]);
    const simple = begin(d, id, o(0, -1));
    const complex = begin(d, id, o(1, -1), o(0, -1));
    d.machine.interrupt(complex.task);
    expect(d.go(complex)).toBe(-c.EINTR);
    const later = begin(d, id, o(0, -1));
    operate(d, id, o(0, 1));
    expect(waiting(d, simple, later)).toEqual([false, true]);
  });

  test("counts a call where it was stopped when it was last tried", () => {
    const d = new Driver();
    const id = make(d, [1, 1]);
    const zeros = begin(d, id, o(0, 0), o(1, 0));
    expect([counts(d, id, 0), counts(d, id, 1)]).toEqual([
      [0, 1],
      [0, 0],
    ]);
    operate(d, id, o(0, -1));
    operate(d, id, o(0, 1));
    // Nobody looks at those that wait for 0 when something grows.
    expect([counts(d, id, 0), counts(d, id, 1)]).toEqual([
      [0, 0],
      [0, 1],
    ]);
    operate(d, id, o(1, -1));
    expect(waiting(d, zeros)).toEqual([true]);
    operate(d, id, o(0, -1));
    expect(d.go(zeros)).toBe(0);
  });

  test("is told, with who waits for what, in order", () => {
    const d = new Driver();
    const other = d.machine.createProcess();
    const id = make(d, [1, 0], 0x77);
    const [zero, take, both] = [
      begin(d, id, o(0, 0)),
      beginIn(d, other, id, [o(1, -2)]),
      begin(d, id, o(0, -1), o(1, -3)),
    ];
    const [own] = d.machine.processes();
    expect(d.machine.semaphoreSets()).toEqual([
      {
        id,
        key: 0x77,
        semaphores: [
          {
            value: 1,
            lastPid: own?.pid,
            waiters: [{ task: zero.task, process: d.process, op: 0, operationCount: 1 }],
          },
          {
            value: 0,
            lastPid: own?.pid,
            waiters: [
              { task: take.task, process: other, op: -2, operationCount: 1 },
              { task: both.task, process: d.process, op: -3, operationCount: 2 },
            ],
          },
        ],
      },
    ]);
  });
});

describe("a wait", () => {
  test("ends when its time is over, unless it was served until it looks", () => {
    const d = new Driver();
    const id = make(d, [0]);
    const late = d.start("semtimedop", [id, [o(0, -1)], 1000n]);
    const later = d.start("semtimedop", [id, [o(0, -1)], 1000n]);
    d.machine.fireTimer();
    expect(d.go(late)).toBe(-c.EAGAIN);
    expect(counts(d, id, 0)).toEqual([1, 0]);
    operate(d, id, o(0, 1));
    expect(d.go(later)).toBe(0);
    expect(values(d, id)).toEqual([0]);
  });

  test("of no time looks once; of a time that is none never ends", () => {
    const d = new Driver();
    const id = make(d, [0]);
    const none = d.start("semtimedop", [id, [o(0, -1)], 0n]);
    expect(none.result).toBe(BLOCKED);
    d.machine.fireTimer();
    expect(d.go(none)).toBe(-c.EAGAIN);
    d.start("semtimedop", [id, [o(0, -1)], 2n ** 63n - 1n]);
    d.start("semtimedop", [id, [o(0, -1)], null]);
    expect(d.machine.hasTimer()).toBe(false);
  });

  test("ends when the set is removed, and the set is gone with all it had", () => {
    const d = new Driver();
    const other = d.machine.createProcess();
    const id = make(d, [1, 1]);
    beginIn(d, other, id, [o(0, -1, c.SEM_UNDO)]);
    const all = [
      begin(d, id, o(0, -1)),
      begin(d, id, o(1, 0)),
      begin(d, id, o(0, -1), o(1, 0)),
      begin(d, id, o(0, -1)),
    ];
    expect(d.call("semctl", id, 0, c.IPC_RMID)).toBe(0);
    expect(all.map((one) => d.go(one))).toEqual(all.map(() => -c.EIDRM));
    expect(d.call("semctl", id, 0, c.GETALL)).toBe(-c.EINVAL);
    expect(d.machine.semaphoreSets()).toEqual([]);
  });

  test("of an awaited call begins in a thread of its own, a step after the attempt", () => {
    const d = new Driver();
    const id = make(d, [0, 0]);
    const one = beginIn(d, d.process, id, [o(0, -1)], FORM_AWAITED);
    expect([one.result, d.machine.taskState(one.task)]).toEqual([BLOCKED, TASK_WOKEN]);
    expect(counts(d, id, 0)).toEqual([0, 0]);
    expect(d.go(one)).toBe(BLOCKED);
    expect(counts(d, id, 0)).toEqual([1, 0]);
    // Which operation stops it is not known to an attempt that never waits.
    const mixed = [o(0, -1, c.IPC_NOWAIT), o(1, -1)];
    const undecided = beginIn(d, d.process, id, mixed, FORM_AWAITED);
    expect([undecided.result, d.go(undecided)]).toEqual([BLOCKED, -c.EAGAIN]);
    const decided = [o(0, -1, c.IPC_NOWAIT), o(1, 1)];
    expect(beginIn(d, d.process, id, decided, FORM_AWAITED).result).toBe(-c.EAGAIN);
    expect(d.start("semtimedop", [id, [o(0, -1)], 0n], FORM_AWAITED).result).toBe(-c.EAGAIN);
  });
});

describe("SEM_UNDO", () => {
  test("is undone when the process ends, of the set used last first, before its descriptors are closed", () => {
    const d = new Driver();
    const child = d.machine.createProcess();
    const [first, second] = [make(d, [3]), make(d, [0, 5])];
    beginIn(d, child, first, [o(0, -2, c.SEM_UNDO), o(0, -1)]);
    beginIn(d, child, second, [o(0, 4, c.SEM_UNDO), o(1, -1, c.SEM_UNDO)]);
    beginIn(d, child, first, [o(0, 0, c.SEM_UNDO)]);
    d.start("pipe2", [0], FORM_BLOCKING, child);
    d.start("exit", [0], FORM_BLOCKING, child);
    const step = (): unknown => {
      const task = d.runnable()[0] as number;
      d.machine.exitStep(task);
      return [values(d, first), values(d, second), d.machine.descriptors(child).length];
    };
    expect([step(), step()]).toEqual([
      [[2], [4, 4], 2],
      [[2], [0, 5], 2],
    ]);
    finish(d);
    expect(d.machine.pipes()).toEqual([]);
  });

  test("is undone as far as the range goes, and lets others go on", () => {
    const d = new Driver();
    const [low, high] = [d.machine.createProcess(), d.machine.createProcess()];
    const id = make(d, [0, 32767, 0]);
    beginIn(d, low, id, [o(0, 2, c.SEM_UNDO)]);
    operate(d, id, o(0, -1));
    beginIn(d, high, id, [o(1, -5, c.SEM_UNDO)]);
    operate(d, id, o(1, 3));
    const zero = begin(d, id, o(0, 0));
    die(d, low);
    expect(d.go(zero)).toBe(0);
    die(d, high);
    expect(values(d, id)).toEqual([0, 32767, 0]);
  });

  test("is forgotten by SETVAL for one semaphore and by SETALL for all", () => {
    const d = new Driver();
    const child = d.machine.createProcess();
    const [id, other] = [make(d, [5, 5]), make(d, [5])];
    beginIn(d, child, id, [o(0, -1, c.SEM_UNDO), o(1, -1, c.SEM_UNDO)]);
    beginIn(d, child, other, [o(0, -1, c.SEM_UNDO)]);
    d.call("semctl", id, 0, c.SETVAL, 7);
    d.call("semctl", other, 0, c.SETALL, [7]);
    die(d, child);
    expect([values(d, id), values(d, other)]).toEqual([[7, 5], [7]]);
  });

  test("is not undone by a failed call, nor beyond the range of an adjustment", () => {
    const d = new Driver();
    const id = make(d, [0, 0]);
    for (let round = 0; round < 2; round++) {
      operate(d, id, o(0, 16384, c.SEM_UNDO));
      operate(d, id, o(0, -16384));
    }
    expect(operate(d, id, o(1, 1, c.SEM_UNDO), o(0, 1, c.SEM_UNDO))).toBe(-c.ERANGE);
    expect(operate(d, id, o(0, -1, c.SEM_UNDO | c.IPC_NOWAIT))).toBe(-c.EAGAIN);
    expect(operate(d, id, o(0, 1), o(0, -1, c.SEM_UNDO))).toBe(0);
    expect(values(d, id)).toEqual([0, 0]);
  });

  test("of a call that waited is that of the one who waited, killed or not", () => {
    const d = new Driver();
    const child = d.machine.createProcess();
    const { pid } = d.machine.processes().find(({ process }) => process === child) as { pid: number };
    const id = make(d, [0, 0]);
    const served = beginIn(d, child, id, [o(0, -1, c.SEM_UNDO)]);
    const dying = beginIn(d, child, id, [o(1, -1, c.SEM_UNDO)]);
    operate(d, id, o(0, 1));
    expect(d.go(served)).toBe(0);
    d.call("kill", pid, c.SIGKILL);
    // The thread has not left its line yet.
    operate(d, id, o(1, 1));
    expect(values(d, id)).toEqual([0, 0]);
    expect(d.go(dying)).toBe(GONE);
    finish(d);
    expect(values(d, id)).toEqual([1, 1]);
  });

  test("an awaited call of a dying process leaves its line in a step of its own", () => {
    const d = new Driver();
    const child = d.machine.createProcess();
    const id = make(d, [0, 0]);
    const call = beginIn(d, child, id, [o(0, -1), o(1, -1)], FORM_AWAITED);
    d.go(call);
    const behind = begin(d, id, o(0, -1));
    d.start("exit", [0], FORM_BLOCKING, child);
    operate(d, id, o(0, 1), o(1, 1));
    // What it was given is lost: it had no SEM_UNDO.
    expect([values(d, id), waiting(d, behind)]).toEqual([[0, 0], [true]]);
    finish(d);
    expect(values(d, id)).toEqual([0, 0]);
    operate(d, id, o(0, 1));
    expect(d.go(behind)).toBe(0);
  });

  test("leaves nothing behind when a process waits in vain and dies", () => {
    const d = new Driver();
    const child = d.machine.createProcess();
    const id = make(d, [0, 0]);
    const call = beginIn(d, child, id, [o(0, -1, c.SEM_UNDO), o(1, -1)], FORM_AWAITED);
    d.go(call);
    die(d, child);
    const [set] = d.machine.semaphoreSets();
    expect(set?.semaphores.flatMap(({ waiters }) => waiters)).toEqual([]);
    expect(begin(d, id, o(0, -1)).result).toBe(BLOCKED);
  });
});

describe("semctl", () => {
  test("sets values, tells of times, and refuses what it must", () => {
    const d = new Driver();
    const id = make(d, [0, 0]);
    expect(status(d, id)).toMatchObject({ nsems: 2, otime: 0n, ctime: 946_684_800n });
    operate(d, id, o(0, 1));
    expect(status(d, id).otime).toBe(946_684_800n);
    expect(d.call("semctl", id, 0, c.SETALL, [1])).toBe(-c.EFAULT);
    expect(d.call("semctl", id, 0, c.SETALL, [1, 32768])).toBe(-c.ERANGE);
    expect(d.call("semctl", id, 0, c.SETALL, [1, 2, 65535])).toBe(0);
    expect(d.call("semctl", id, 5, c.SETVAL, 32768)).toBe(-c.ERANGE);
    expect(d.call("semctl", id, 2, c.SETVAL, 1)).toBe(-c.EINVAL);
    expect(d.call("semctl", id, -1, c.GETVAL)).toBe(-c.EINVAL);
    expect(d.call("semctl", id, -1, c.GETALL)).toEqual([1, 2]);
  });

  test("serves those whom a new value lets go on, and only then counts as an operation", () => {
    const d = new Driver();
    const id = make(d, [1, 0]);
    d.call("semctl", id, 0, c.SETVAL, 2);
    expect(status(d, id).otime).toBe(0n);
    const [zero, take] = [begin(d, id, o(0, 0)), begin(d, id, o(1, -2))];
    d.call("semctl", id, 0, c.SETALL, [0, 3]);
    expect([d.go(zero), d.go(take)]).toEqual([0, 0]);
    expect(values(d, id)).toEqual([0, 1]);
    expect(status(d, id).otime).toBe(946_684_800n);
  });

  test("asks for the right permissions, of the semaphores and of the set", () => {
    const d = new Driver();
    const id = make(d, [1], c.IPC_PRIVATE, 0o644);
    const stranger = d.machine.createProcess({ uid: 1000, gid: 1000 });
    const as = (name: "semop" | "semctl" | "semget", ...args: unknown[]): unknown => {
      const { call, result } = d.start(name, args, FORM_BLOCKING, stranger);
      return call.value ?? result;
    };
    expect(as("semctl", id, 0, c.GETVAL)).toBe(1);
    expect(as("semctl", id, 0, c.SETVAL, 1)).toBe(-c.EACCES);
    expect(as("semop", id, [o(0, 1)])).toBe(-c.EACCES);
    expect(as("semop", id, [o(0, 0, c.IPC_NOWAIT)])).toBe(-c.EAGAIN);
    expect(as("semctl", id, 0, c.IPC_RMID)).toBe(-c.EPERM);
    d.call("semctl", id, 0, c.IPC_SET, { uid: 1000, gid: 0, mode: 0o200 });
    expect(as("semop", id, [o(0, 0, c.IPC_NOWAIT)])).toBe(-c.EACCES);
    expect(as("semctl", id, 0, c.SEM_STAT)).toBe(-c.EACCES);
    expect(as("semctl", id, 0, c.SEM_STAT_ANY)).toMatchObject({ id, nsems: 1 });
    expect(as("semctl", id, 0, c.IPC_RMID)).toBe(0);
  });
});

describe("limits", () => {
  test("of a set, of all sets, of sets", () => {
    const d = new Driver({ semmsl: 3, semmns: 5, semmni: 3 });
    expect(d.call("semget", 1, 4, c.IPC_CREAT)).toBe(-c.EINVAL);
    expect(d.call("semget", 1, 0, c.IPC_CREAT)).toBe(-c.EINVAL);
    expect(d.call("semget", 1, 3, c.IPC_CREAT | 0o600)).toBe(0);
    expect(d.call("semget", 1, 4, 0)).toBe(-c.EINVAL);
    expect(d.call("semget", 1, 0, 0)).toBe(0);
    expect(d.call("semget", 2, 3, c.IPC_CREAT)).toBe(-c.ENOSPC);
    expect(d.call("semget", 2, 1, c.IPC_CREAT)).toBe(1);
    expect(d.call("semget", 1, 2, c.IPC_CREAT | c.IPC_EXCL)).toBe(-c.EEXIST);
    expect(d.call("semget", 2, 2, 0)).toBe(-c.EINVAL);
    expect(d.call("semget", 3, 1, c.IPC_CREAT)).toBe(2);
    expect(d.call("semctl", 0, 0, c.SEM_INFO)).toMatchObject({ semusz: 3, semaem: 5, index: 2 });
    expect(d.call("semctl", 2, 0, c.IPC_RMID)).toBe(0);
    expect(d.call("semctl", 1, 0, c.IPC_RMID)).toBe(0);
    expect((d.call("semctl", 0, 0, c.IPC_INFO) as SemaphoreLimits).index).toBe(0);
  });

  test("of the model: semaphores, operations that wait, what is to be undone", () => {
    const d = new Driver({ semopm: 8192 });
    const id = d.call("semget", c.IPC_PRIVATE, 8000, 0o600) as number;
    expect(d.call("semget", c.IPC_PRIVATE, 193, 0o600)).toBe(-c.ENOSPC);
    const small = d.call("semget", c.IPC_PRIVATE, 192, 0o600) as number;
    const many = (count: number): SemaphoreOperation[] => Array(count).fill(o(0, -1));
    expect(operate(d, small, ...many(8000))).toBe(BLOCKED);
    expect(operate(d, small, ...many(193))).toBe(-c.ENOMEM);
    expect(operate(d, small, ...many(192))).toBe(BLOCKED);
    expect(operate(d, id, o(0, 1, c.SEM_UNDO))).toBe(0);
    expect(operate(d, small, o(0, 1, c.SEM_UNDO))).toBe(0);
    const other = d.machine.createProcess();
    expect(beginIn(d, other, small, [o(0, 1, c.SEM_UNDO)]).result).toBe(-c.ENOMEM);
    d.call("semctl", id, 0, c.IPC_RMID);
    expect(beginIn(d, other, small, [o(0, 1, c.SEM_UNDO)]).result).toBe(0);
  });

  test("must be numbers that a kernel takes", () => {
    expect(() => new Driver({ semopm: 8193 })).toThrow('"semopm" is out of range');
    expect(() => new Driver({ semmni: 32769 })).toThrow('"semmni" is out of range');
    expect(() => new Driver({ semmsl: 2 ** 31 })).toThrow('"semmsl" is out of range');
  });
});
