// Openings that wait in lanes: each scenario runs in a node process of its own, with the built package.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("./fixtures/lanes.mjs", import.meta.url));

function run(scenario: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "linux-ipc-lanes-"));
  try {
    const { stdout, stderr, status, error } = spawnSync(process.execPath, [program, scenario, folder], {
      encoding: "utf8",
      timeout: 50_000,
      killSignal: "SIGKILL",
      env: { ...process.env, ...env },
    });
    if (error !== undefined) throw error;
    return { result: stdout === "" ? undefined : JSON.parse(stdout), status, errors: stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function resultOf(scenario: string, env?: Record<string, string>): unknown {
  const { result, status, errors } = run(scenario, env);
  expect(status, errors).toBe(0);
  expect(errors).toBe("");
  return result;
}

describe("an awaited open of a FIFO", () => {
  it("waits for the other end, and leaves no O_NONBLOCK behind", () => {
    expect(resultOf("pair")).toEqual({ flags: [0, 1], count: 3, left: 0 });
  });

  it("of both ends at once opens both", () => {
    expect(resultOf("at once")).toBe(0);
  });

  it("begins where the process was when it was called", () => {
    expect(resultOf("a relative path")).toBe(0);
  });

  it("waits twenty times over, and leaves nothing open", () => {
    expect(resultOf("twenty")).toEqual({ isEach: true, busy: 0, left: 0 });
  });

  it("holds its number while it waits", () => {
    expect(resultOf("reserved")).toEqual([1, "EBUSY", "EBADF", 0]);
  });

  it("beyond the cap is refused, and names the knob", () => {
    expect(resultOf("cap", { LINUX_IPC_MAX_LANES: "3" })).toEqual({
      maxLanes: 3,
      code: "EAGAIN",
      isPath: true,
      hint: "no more than 3 calls of a thread can wait in lanes at a time: LINUX_IPC_MAX_LANES",
      results: new Array(3).fill("ABORT_ERR"),
      busy: 0,
    });
  });

  it("of a device goes there as well, for some wait", () => {
    expect(resultOf("devices")).toEqual([5, 0, 5]);
  });
});

describe("an aborted open", () => {
  it("rejects before, while the lane starts, and while it waits; and not once it has completed", () => {
    expect(resultOf("abort")).toEqual({
      before: "ABORT_ERR",
      cold: ["AbortError", "reason"],
      warm: "ABORT_ERR",
      during: "ABORT_ERR",
      writer: "ENXIO",
      left: 0,
    });
  });

  it("that completes meanwhile gives its descriptor, and never leaks it", () => {
    expect(resultOf("abort races")).toEqual({ sum: 200, other: 0, left: 0 });
  });
});

describe("the end of a process", () => {
  it("comes naturally beside an idle lane", () => {
    expect(resultOf("idle")).toBe("ABORT_ERR");
  });

  it.each([
    ["exit", 7],
    ["exit at once", 8],
    ["open at the end", 6],
    ["exit while a Worker's waits", 9],
    ["unlinked", 5],
  ])("keeps its status while a lane waits: %s", (scenario, status) => {
    expect(run(scenario)).toEqual({ result: undefined, status, errors: "" });
  });

  it("by an uncaught error is no different", () => {
    expect(run("throw")).toMatchObject({
      status: 1,
      errors: expect.stringContaining("thrown beside a lane"),
    });
  });

  it("that spawn started tells of the call left behind", () => {
    expect(run("spawned")).toEqual({
      result: 0,
      status: 0,
      errors: expect.stringContaining("waited (1): they are cancelled"),
    });
  });
});

describe("in a Worker", () => {
  it("a FIFO is opened, and its descriptor is the process's", () => {
    expect(resultOf("a Worker's")).toEqual({ status: 0, left: 0 });
  });

  it("a waiting open ends with it when it is terminated", () => {
    expect(resultOf("a Worker, terminated")).toEqual({ isSoon: true, left: 0 });
  });

  it("a waiting open ends with it when it exits", () => {
    expect(resultOf("a Worker that exits")).toBe(3);
  });
});
