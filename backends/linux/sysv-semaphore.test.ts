// System V semaphores on the real kernel: each scenario runs in a node process of its own, with the built package, in an IPC
// namespace of its own where that is allowed.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("./fixtures/sysv-semaphores.mjs", import.meta.url));

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
  it("operate, and tell of a set", () => {
    expect(resultOf("at once")).toEqual({
      values: [2, 1],
      one: 1,
      isOwnPid: true,
      state: { nsems: 2, times: true, mode: 0o600, limits: [true, 32767, 32767] },
      errors: ["EINVAL", "EFBIG", "ERANGE", "E2BIG", "EAGAIN", "EAGAIN", "EINVAL", "EINVAL", "ENOENT"],
    });
  });

  it("set all values, or none if there are too few: no memory beyond them is read", () => {
    expect(resultOf("values of all")).toEqual({
      errors: ["EFAULT", "EFAULT", "EFAULT", "ERANGE"],
      before: [1, 2, 3],
      after: [7, 8, 9],
      isSame: true,
    });
  });
});

describe("calls that wait", () => {
  it("wait in the kernel, and are served there", () => {
    expect(resultOf("waits")).toEqual({ between: [1, 0], after: [0, 0], isOwnPid: true, busy: 0 });
  });

  it("find out in the kernel which operation may not wait", () => {
    expect(resultOf("some may wait")).toEqual(["EAGAIN", "EAGAIN", [1, 0]]);
  });

  it("are served in their order", () => {
    expect(resultOf("order")).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("end when the set is removed", () => {
    expect(resultOf("removal")).toEqual(["EIDRM", "EIDRM", "EIDRM", "EINVAL", 0]);
  });

  it("end when their time is over, and not before", () => {
    expect(resultOf("times")).toEqual({
      late: "EAGAIN",
      isNotEarly: true,
      inTime: "done",
      sync: "EAGAIN",
      busy: 0,
    });
  });
});

describe("an aborted call", () => {
  it("leaves its line, and takes nothing", () => {
    expect(resultOf("abort")).toEqual({
      aborted: ["ABORT_ERR", "ABORT_ERR"],
      left: [1],
      early: "ABORT_ERR",
      busy: 0,
    });
  });

  it("that was served all the same says so: nothing is ever lost", () => {
    expect(resultOf("abort races")).toEqual({ sum: 200, other: 0, hasBoth: true });
  });
});

describe("SEM_UNDO", () => {
  it("is the process's, in whichever lane a call waited: not undone when a lane ends, undone when the process is killed", () => {
    expect(resultOf("undo is the process's")).toEqual({
      inChild: { value: 0, busy: 0, kept: 4 },
      held: [0, 0],
      after: [6, 0],
    });
  });

  it("lets the next go on when the holder exits", () => {
    expect(resultOf("undo at exit")).toEqual({ held: [0], after: [0] });
  });
});

describe("the end of a process", () => {
  it.each([
    ["exit", 7],
    ["exit while it waits", 8],
  ])("keeps its status while a call waits: %s", (scenario, status) => {
    expect(run(scenario)).toEqual({ result: undefined, status, errors: "" });
  });
});
