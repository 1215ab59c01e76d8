// System V queues on the real kernel: each scenario runs in a node process of its own, with the built package, in an IPC
// namespace of its own where that is allowed.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as c from "../../src/constants.js";
import type { QueueLimits } from "../../src/sysv-queue.js";
import { Driver } from "../wasm/testing.js";

const program = fileURLToPath(new URL("./fixtures/sysv-queues.mjs", import.meta.url));

const isolating = spawnSync("unshare", ["--ipc", "true"]).status === 0 ? ["unshare", "--ipc"] : [];

function run(scenario: string) {
  const [file, ...args] = [...isolating, process.execPath, program, scenario];
  const { stdout, stderr, status, error } = spawnSync(file as string, args, {
    encoding: "utf8",
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  if (error !== undefined) throw error;
  return { result: stdout === "" ? undefined : JSON.parse(stdout), status, errors: stderr };
}

function resultOf(scenario: string): unknown {
  const { result, status, errors } = run(scenario);
  expect(status, errors).toBe(0);
  expect(errors).toBe("");
  return result;
}

describe("calls that need not wait", () => {
  it("send, receive and tell of a queue", () => {
    expect(resultOf("at once")).toEqual({
      second: { length: 6, type: "4611686018427387905" },
      cut: { length: 3, type: "3" },
      filled: [0, 1, 2, 3, 4, 5, 0, 0, 0, 1, 2, 0],
      state: { qnum: 1, cbytes: 5, pids: true, times: true, mode: 0o600 },
      errors: ["ENOMSG", "EINVAL", "EINVAL", "EINVAL", "EINVAL", "ENOENT"],
    });
  });

  it("make keys of files", () => {
    expect(resultOf("keys")).toEqual({ isSame: true, isOther: true, high: 1, missing: "ENOENT" });
  });

  it.skipIf(isolating.length === 0)("number queues as the model does", () => {
    const d = new Driver();
    const ids: number[] = [];
    const kept: number[] = [];
    for (let round = 0; round < 150; round++) {
      const id = d.call("msgget", c.IPC_PRIVATE, 0o600) as number;
      ids.push(id);
      if (round % 7 === 3) kept.push(id);
      else d.call("msgctl", id, c.IPC_RMID);
      if (round % 20 === 19) d.call("msgctl", kept.shift(), c.IPC_RMID);
      ids.push((d.call("msgctl", 0, c.MSG_INFO) as QueueLimits).index);
    }
    expect(resultOf("identifiers")).toEqual(ids);
  });
});

describe("calls that wait", () => {
  it("wait in the kernel, and are served there", () => {
    expect(resultOf("waits")).toEqual({
      received: { length: 4, type: "7" },
      bytes: [9, 10, 11, 12, 0],
      untouched: true,
      lrpid: true,
      busy: 0,
    });
  });

  it("are served in their order", () => {
    expect(resultOf("order")).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("end when the queue is removed", () => {
    expect(resultOf("removal")).toEqual(["EIDRM", "EIDRM", "EIDRM", "EINVAL", 0]);
  });

  it("send the bytes of the time of the call", () => {
    expect(resultOf("a copy of the bytes")).toEqual([100, 101, 102, 103, 104, 0, 0, 0, 0]);
  });

  it("give a message up by the error, if the buffer is gone when it comes", () => {
    expect(resultOf("a detached buffer")).toEqual({
      name: "TypeError",
      message: 'msgrcv: "buffer" must be left as it is while the call waits, not detached or resized',
      bytes: [0, 1, 2],
      type: "6",
    });
  });

  it("need no buffer for an empty message", () => {
    expect(resultOf("a detached empty buffer")).toEqual({ length: 0, type: "6" });
  });
});

describe("an aborted call", () => {
  it("leaves its queue, and takes nothing", () => {
    expect(resultOf("abort")).toEqual({
      aborted: ["ABORT_ERR", "ABORT_ERR"],
      left: 1,
      early: "ABORT_ERR",
      after: 1,
      busy: 0,
    });
  });

  it("that received its message all the same gives it: none is ever lost", () => {
    expect(resultOf("abort races")).toEqual({ sum: 200, other: 0, hasBoth: true });
  });
});

describe("the end of a process", () => {
  it.each([
    ["exit", 7],
    ["exit while it waits", 8],
  ])("keeps its status while a call waits: %s", (scenario, status) => {
    expect(run(scenario)).toEqual({ result: undefined, status, errors: "" });
  });

  it("a call of a Worker ends with it when it is terminated", () => {
    expect(resultOf("a Worker, terminated")).toEqual({ isSoon: true });
  });
});
