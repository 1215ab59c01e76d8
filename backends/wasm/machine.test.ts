// The machine by hand: one attempt at a time, on rules that properties/ holds against the real kernel.
import { describe, expect, test } from "vitest";
import { BLOCKED, FORM_AWAITED, GONE, TASK_EXITING } from "../../assembly/abi/model.js";
import type { Call } from "../../src/call.js";
import * as c from "../../src/constants.js";
import { syscalls } from "../../src/syscalls.js";
import { Machine, type MachineOptions } from "./machine.js";
import { bytes, Driver } from "./testing.js";

describe("pipes", () => {
  test("descriptors are the lowest that are free", () => {
    const d = new Driver();
    expect(d.pipe()).toEqual([3, 4]);
    expect(d.call("dup", 3)).toBe(5);
    expect(d.call("close", 4)).toBe(0);
    expect(d.call("dup", 5)).toBe(4);
    expect(d.call("dup2", 3, 700)).toBe(700);
    expect(d.call("fcntl", 3, c.F_DUPFD, 700)).toBe(701);
    expect(d.call("dup2", 3, 2)).toBe(-c.EBADF);
    expect(d.call("dup2", 3, 1024)).toBe(-c.EBADF);
  });

  test("bytes come out as they went in, across the I/O window and with a blocked writer in between", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const sent = bytes(200_000);
    const writing = d.start("write", [w, sent]);
    expect(writing.result).toBe(BLOCKED);
    const received = new Uint8Array(200_000);
    let at = 0;
    while (at < sent.length) {
      const n = d.call("read", r, received.subarray(at, at + 70_000)) as number;
      expect(n).toBeGreaterThan(0);
      at += n;
      if (d.runnable().includes(writing.task)) {
        const result = d.go(writing);
        if (result !== BLOCKED) expect(result).toBe(200_000);
      }
    }
    expect(received).toEqual(sent);
  });

  test("a pipe is full by slots, not by bytes", () => {
    const d = new Driver();
    const [r, w] = d.pipe(c.O_NONBLOCK);
    for (let n = 0; n < 16; n++) expect(d.call("write", w, bytes(2049))).toBe(2049);
    expect(d.call("ioctl", r, c.FIONREAD)).toBe(16 * 2049);
    expect(d.call("write", w, bytes(2048))).toBe(-c.EAGAIN);
    expect(d.call("write", w, bytes(2047))).toBe(2047);
    expect(d.call("poll", [{ fd: w, events: c.POLLOUT }], 0)).toEqual([0]);
    expect(d.call("read", r, new Uint8Array(2049))).toBe(2049);
    expect(d.call("poll", [{ fd: w, events: c.POLLOUT }], 0)).toEqual([c.POLLOUT]);
  });

  test("the last writer's close is the end, the last reader's an error", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const reading = d.start("read", [r, new Uint8Array(1)]);
    expect(reading.result).toBe(BLOCKED);
    d.call("close", w);
    expect(d.go(reading)).toBe(0);
    const [r2, w2] = d.pipe();
    d.call("close", r2);
    expect(d.call("write", w2, bytes(1))).toBe(-c.EPIPE);
    expect(d.call("write", w2, bytes(0))).toBe(0);
    expect(d.call("poll", [{ fd: w2, events: 0 }], -1)).toEqual([c.POLLERR]);
  });

  test("packets keep their borders, and a short read drops the rest of one", () => {
    const d = new Driver();
    const [r, w] = d.pipe(c.O_DIRECT);
    d.call("write", w, bytes(10));
    d.call("write", w, bytes(20));
    expect(d.call("read", r, new Uint8Array(4))).toBe(4);
    expect(d.call("read", r, new Uint8Array(100))).toBe(20);
  });
});

describe("awaited calls", () => {
  test("close ends those that wait on the descriptor", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const reading = d.start("read", [r, new Uint8Array(1)], FORM_AWAITED);
    const writing = d.start("write", [w, bytes(70_000)], FORM_AWAITED);
    expect([reading.result, writing.result]).toEqual([BLOCKED, BLOCKED]);
    d.call("close", w);
    expect(d.go(writing)).toBe(65_536);
    const polling = d.start("poll", [[{ fd: 99, events: c.POLLIN }], -1], FORM_AWAITED);
    expect(polling.call.value).toEqual([c.POLLNVAL]);
    d.call("close", r);
    expect(d.go(reading)).toBe(-c.EBADF);
  });

  test("a write that lost its last reader half-way never goes on into what takes its number", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const writing = d.start("write", [w, bytes(70_000)], FORM_AWAITED);
    d.call("close", r);
    d.call("close", w);
    expect(d.pipe()).toEqual([r, w]);
    expect(d.go(writing)).toBe(65_536);
    expect(d.call("ioctl", r, c.FIONREAD)).toBe(0);
  });

  test("a close does not release what a blocked thread holds", () => {
    const d = new Driver();
    const [r, w] = d.pipe();
    const reading = d.start("read", [r, new Uint8Array(1)]);
    d.call("close", r);
    expect(d.call("write", w, bytes(1))).toBe(1);
    expect(d.go(reading)).toBe(1);
    // The thread gives the file up in a step of its own, on its way back to the program.
    expect(d.call("write", w, bytes(1))).toBe(1);
    expect(d.machine.exitStep(reading.task)).toBe(true);
    expect(d.call("write", w, bytes(1))).toBe(-c.EPIPE);
  });
});

describe("processes", () => {
  const nothing = { url: "", ordinal: 0, main: async () => {} };

  /** Spawn takes programs that program() made; by hand we pass only what the model looks at. */
  function spawn(
    d: Driver,
    fds: Record<string, number>,
  ): { pid: number; process: number; fds: Record<string, number> } {
    const task = d.machine.createTask(d.process, FORM_AWAITED);
    const request = {
      program: nothing,
      args: [],
      names: Object.keys(fds),
      fds: Object.values(fds),
      execArgv: [],
    };
    const call = {
      ...syscalls.getpid.marshal(0, 0, 0),
      syscall: syscalls.spawn,
      payload: request,
    } as unknown as Call;
    const pid = d.machine.attempt(task, call);
    return { pid, ...(call.value as { process: number; fds: Record<string, number> }) };
  }

  test("a killed process closes what it held, then its parent reaps it", () => {
    const d = new Driver();
    const [r, w] = d.pipe(c.O_CLOEXEC);
    const child = spawn(d, { out: w });
    expect(child.fds).toEqual({ out: 3 });
    d.call("close", w);
    const waiting = d.start("waitpid", [child.pid, 0], FORM_AWAITED);
    const reading = d.start("read", [r, new Uint8Array(1)], FORM_AWAITED);
    expect(d.call("kill", child.pid, c.SIGKILL)).toBe(0);
    expect(d.runnable().map((task) => d.machine.taskState(task))).toEqual([TASK_EXITING]);
    const [exitTask] = d.runnable() as [number];
    expect(d.machine.exitStep(exitTask)).toBe(false);
    expect(d.runnable()).toContain(reading.task);
    expect(d.go(reading)).toBe(0);
    expect(d.machine.exitStep(exitTask)).toBe(true);
    expect(d.go(waiting)).toBe(child.pid);
    expect(waiting.call.value).toEqual({ pid: child.pid, status: c.SIGKILL });
    expect(d.call("waitpid", -1, 0)).toBe(-c.ECHILD);
    expect(d.call("kill", child.pid, 0)).toBe(-c.ESRCH);
  });

  test("init is root's and cannot be killed", () => {
    const asRoot = new Driver();
    expect(asRoot.call("kill", 1, c.SIGKILL)).toBe(0);
    expect(asRoot.call("kill", 1, 0)).toBe(0);
    expect(new Driver({ uid: 1000 }).call("kill", 1, 0)).toBe(-c.EPERM);
  });

  test("exit of oneself leaves nobody to return to", () => {
    const d = new Driver();
    d.pipe();
    expect(d.start("exit", [3]).result).toBe(GONE);
    for (let [task] = d.runnable(); task !== undefined; [task] = d.runnable()) d.machine.exitStep(task);
    expect(d.machine.processes()).toEqual([]);
    expect(d.machine.pipes()).toEqual([]);
  });
});

describe("state", () => {
  test("equal states are equal bytes and hash alike, however they came to be", () => {
    const d = new Driver();
    const before = d.machine.snapshot();
    const hash = d.machine.hash();
    const [r, w] = d.pipe();
    d.call("write", w, bytes(5000));
    const between = d.machine.snapshot();
    d.call("read", r, new Uint8Array(5000));
    d.call("close", r);
    d.call("close", w);
    expect(d.machine.snapshot()).toEqual(before);
    expect(d.machine.hash()).toBe(hash);
    d.machine.restore(between);
    expect(d.machine.hash()).not.toBe(hash);
    const buffer = new Uint8Array(5000);
    expect(d.call("read", r, buffer)).toBe(5000);
    expect(buffer).toEqual(bytes(5000));
    d.machine.restore(before);
    expect(d.machine.hash()).toBe(hash);
  });

  test("a task that its first attempt creates is as good as one that was created before it", () => {
    const [apart, together] = [new Driver(), new Driver()];
    // Some wait, one writes more than the window holds, and two fail.
    const calls: [keyof typeof syscalls, unknown[]][] = [
      ["pipe2", [0]],
      ["read", [3, new Uint8Array(1)]],
      ["waitpid", [-1]],
      ["write", [4, bytes(200_000)]],
      ["write", [9, bytes(1)]],
      ["clock_nanosleep", [c.CLOCK_MONOTONIC, 0, 5n]],
      ["getpid", []],
    ];
    for (const [name, args] of calls) {
      const one = apart.start(name, args, FORM_AWAITED);
      const task = together.machine.nextTask;
      const call = syscalls[name].marshal(args[0], args[1], args[2]);
      const result = together.machine.attemptNext(task, together.process, FORM_AWAITED, call);
      expect({ task, result, value: call.value }).toEqual({
        task: one.task,
        result: one.result,
        value: one.call.value,
      });
      expect(together.machine.snapshot()).toEqual(apart.machine.snapshot());
    }
  });

  test("no task is next in a full machine, and none but the next can be created", () => {
    const d = new Driver();
    const getpid = syscalls.getpid.marshal(undefined, undefined, undefined);
    const { nextTask } = d.machine;
    expect(() => d.machine.attemptNext(nextTask + 1, d.process, FORM_AWAITED, getpid)).toThrow(
      /not the next/,
    );
    d.machine.reset();
    const process = d.machine.createProcess();
    while (d.machine.nextTask >= 0) d.machine.createTask(process, FORM_AWAITED);
    expect(d.machine.createTask(process, FORM_AWAITED)).toBe(-1);
  });

  test("time passes when a timer fires", () => {
    const d = new Driver();
    const start = d.call("clock_gettime", c.CLOCK_MONOTONIC) as bigint;
    const sleeping = d.start("clock_nanosleep", [c.CLOCK_MONOTONIC, 0, 5_000_000_000n], FORM_AWAITED);
    const polling = d.start("poll", [[], 10], FORM_AWAITED);
    expect(d.machine.hasTimer()).toBe(true);
    d.machine.fireTimer();
    expect(d.runnable()).toEqual([polling.task]);
    expect(d.go(polling)).toBe(0);
    d.machine.fireTimer();
    expect(d.go(sleeping)).toBe(0);
    expect(d.call("clock_gettime", c.CLOCK_MONOTONIC)).toBe(start + 5_000_000_000n);
    expect(d.machine.hasTimer()).toBe(false);
  });

  test("an option out of range is a TypeError that names it", () => {
    expect(() => new Machine({ rlimitNofile: 4096 })).toThrow(/"rlimitNofile"/);
    expect(() => new Machine({ pageSize: 5000 as 4096 })).toThrow(/"pageSize"/);
    expect(() => new Machine({ pagesize: 4096 } as MachineOptions)).toThrow(/unknown option "pagesize"/);
  });
});
