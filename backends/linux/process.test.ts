// Processes, and what a process does as a whole: each scenario runs in a node process of its own, with the
// built package.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

function run(name: string, file = "scenarios"): { result: unknown; status: number | null; errors: string } {
  const path = fileURLToPath(new URL(`./fixtures/${file}.mjs`, import.meta.url));
  const { stdout, stderr, status, error } = spawnSync(process.execPath, [path, name], {
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  if (error !== undefined) throw error;
  return { result: stdout === "" ? undefined : JSON.parse(stdout), status, errors: stderr };
}

const resultOf = (name: string, file?: string): unknown => {
  const { result, status, errors } = run(name, file);
  expect(status, errors).toBe(0);
  return result;
};

describe("spawn", () => {
  it("starts a program with arguments and descriptors by name", () => {
    expect(resultOf("spawn")).toEqual({
      reply: { args: ["a", { b: [1, null] }, "é\0"], read: "question", names: ["requests", "replies"] },
      status: 0,
      leftovers: true,
    });
  });

  it("passes arguments of any size", () => {
    expect(resultOf("large arguments")).toBe(7);
  });

  it("lets a child inherit the program's descriptors without FD_CLOEXEC, and no others", () => {
    expect(resultOf("inheritance")).toEqual([0, "EBADF", 0, "EBADF", "EBADF"]);
  });

  it("refuses what is not open, and leaves nothing behind", () => {
    expect(resultOf("spawn of what is not open")).toEqual(["EBADF", 0]);
  });
});

describe("spawn of an executable", () => {
  it("joins files by pipes, and leaves nothing behind", () => {
    expect(resultOf("a pipeline of executables")).toEqual({
      output: "c\nb\n",
      status: 0,
      sort: 0,
      leftovers: true,
    });
  });

  it("passes one descriptor as two streams", () => {
    expect(resultOf("standard streams of an executable")).toEqual({
      both: "to stdout\nto stderr\n",
      status: 7 << 8,
    });
  });

  it("passes standard streams of this process, in each other's place too", () => {
    expect(resultOf("standard streams exchanged")).toEqual({ read: "through the exchange", status: 0 });
  });

  it("lets it inherit the program's descriptors without FD_CLOEXEC, and no others", () => {
    const { pipes, expected, ...rest } = resultOf("descriptors of an executable") as Record<string, unknown>;
    expect(pipes).toEqual(expected);
    expect(rest).toEqual({ others: [], isClosed: true });
  });

  it("ignores and blocks no signal there", () => {
    expect(resultOf("signals of an executable")).toEqual([0, 0]);
  });

  it("lets SIGPIPE end one that writes without a reader", () => {
    expect(resultOf("yes | head")).toEqual({ output: "y\ny\n", status: 13 });
  });

  it("passes this process's environment, or the one that is given", () => {
    expect(resultOf("the environment of an executable")).toEqual({ isOwn: true, given: "A=é=1\nB=\n" });
  });

  it("says why it cannot, makes no child then, and leaves nothing behind", () => {
    expect(resultOf("executables that cannot be started")).toEqual({
      codes: {
        "no such name": "ENOENT",
        "no such file": "ENOENT",
        "no name": "ENOENT",
        "a file as a directory": "ENOTDIR",
        "a folder": "EACCES",
        "not executable": "EACCES",
        "no format": "ENOEXEC",
        "too long": "E2BIG",
        "a closed descriptor": "EBADF",
      },
      children: "ECHILD",
      status: 5 << 8,
      left: 0,
    });
  });

  it("has a plain form", () => {
    expect(resultOf("executables by plain calls")).toEqual({ output: "plain\n", status: 0 });
  });
});

describe("the status of a child", () => {
  it("is what its main function returned, or 1 if that threw, or what it called exit with", () => {
    expect(resultOf("statuses")).toEqual([0, 300 & 0xff, 0, 1, 5, 10].map((status) => status << 8));
  });

  it("is 0 for one that returned while a call of it waited; it is told of on stderr", () => {
    expect(run("a call left behind")).toEqual({
      result: 0,
      status: 0,
      errors: "linux-ipc: leaving returned while calls of it waited (1): they are cancelled\n",
    });
  });

  it("tells of SIGKILL; until it is reaped the child is there for kill", () => {
    expect(resultOf("kill")).toEqual({
      before: "done",
      running: { pid: 0, status: 0 },
      zombie: "done",
      status: 9,
      after: "ESRCH",
    });
  });
});

describe("waitpid", () => {
  it("for any child includes those started later, and ends with ECHILD when none is left", () => {
    expect(resultOf("waitpid for any")).toEqual({
      none: "ECHILD",
      isSecond: true,
      status: 4,
      last: ["ECHILD", "reaped"],
    });
  });

  it("never reaps the children of node", () => {
    expect(resultOf("children of node")).toEqual({ stdout: "of node\n", isOurs: true, code: "ECHILD" });
  });

  it("in its plain form blocks the thread", () => {
    expect(resultOf("sync waitpid")).toEqual({ isFirst: true, status: 3, killed: 9 });
  });
});

describe("the end of a process", () => {
  it("comes by itself when nothing is waited for, and not before", () => {
    // The pipe, two private descriptors of it, the epoll descriptor, its doorbell and a timer.
    expect(resultOf("natural end")).toEqual({ count: 4, leftovers: 2 + 2 - 1 + 3 });
  });

  it("comes by process.exit() while calls wait", () => {
    expect(run("end while a call waits").status).toBe(7);
  });

  it("comes by an uncaught error while calls wait", () => {
    const { status, errors } = run("throw while a call waits");
    expect(status).toBe(1);
    expect(errors).toContain("thrown beside a wait");
  });
});

it("a call that waits costs no processor time", () => {
  expect(resultOf("an idle loop")).toEqual({ isIdle: true });
});

describe("in a Worker", () => {
  it("calls wait as on the main thread, on the same descriptors", () => {
    // The pipe, a private descriptor of each end; the epoll descriptor and the doorbell of the Worker are
    // gone.
    expect(resultOf("a Worker that waits")).toEqual({
      read: "to the Worker",
      slept: true,
      status: 0,
      leftovers: 4,
    });
  });

  it("a call ends with EBADF when another thread closes its descriptor", () => {
    expect(resultOf("a Worker whose descriptor is closed elsewhere")).toEqual({ code: "EBADF", left: 1 });
  });

  it("a call that waits does not hold up terminate(), and leaves nothing for long", () => {
    // The epoll descriptor, the doorbell and a timer.
    expect(resultOf("a Worker that waits, terminated")).toEqual({ isSoon: true, closed: 3 });
  });

  it("a call that waits does not hold up process.exit()", () => {
    expect(run("end while a Worker waits").status).toBe(7);
  });

  it("plain calls block that thread only", () => {
    expect(resultOf("plain calls in Workers")).toEqual([1, 1]);
  });

  it("programs are started and waited for", () => {
    expect(resultOf("a child of a Worker")).toEqual({ status: 6, left: "ECHILD" });
  });

  it("descriptors are made for the whole process", () => {
    expect(resultOf("a descriptor made in a Worker")).toBe(3);
  });
});

describe("where it cannot work", () => {
  it.each([
    ["platform", /^linux-ipc\/native needs Linux and ffi-rs: this is darwin$/],
    ["worker", /^linux-ipc\/native in a Worker: import "linux-ipc\/native" on the main thread/],
  ])("(%s) the import succeeds, and calls say why they fail", (kind, reason) => {
    const message = expect.stringMatching(reason);
    const expected = { awaited: message, plain: message, adopt: message, arguments: "TypeError" };
    expect(resultOf(kind, "elsewhere")).toEqual(expected);
  });
});
