// Executables on the model: a stand-in of the user's runs in the place of a file.
import { describe, expect, it } from "vitest";
import { EPIPE } from "../../assembly/abi/errno.js";
import * as c from "../constants.js";
import { executable, type Linux, program, type SyscallError, WEXITSTATUS } from "../index.js";
import { explore, simulate } from "./index.js";
import { errorOf } from "./testing.js";

type Streams = { stdin: number; stdout: number };

/** Repeats a line until nobody reads. A real one would end by SIGPIPE. */
const yes = executable("/usr/bin/yes", {
  model: async (linux, line = "y") => {
    const { stdout } = linux.fds as Streams;
    try {
      for (;;) await linux.write(stdout, Buffer.from(`${line}\n`.repeat(1000)));
    } catch (error) {
      if ((error as SyscallError).errno !== -EPIPE) throw error;
      return 128 + 13;
    }
  },
});

const head = executable("head", {
  model: async (linux) => {
    const { stdin, stdout } = linux.fds as Streams;
    const buffer = new Uint8Array(4);
    const count = await linux.read(stdin, buffer);
    await linux.write(stdout, buffer.subarray(0, count));
  },
});

async function yesHead(linux: Linux): Promise<{ output: string; statuses: number[] }> {
  const [fromYes, toHead] = await linux.pipe2(c.O_CLOEXEC);
  const [fromHead, toUs] = await linux.pipe2(c.O_CLOEXEC);
  const pids = [
    await linux.spawn(yes, { args: ["no"], fds: { stdout: toHead }, env: { LC_ALL: "C" } }),
    await linux.spawn(head, { args: ["-n", "1"], fds: { stdin: fromYes, stdout: toUs } }),
  ];
  for (const fd of [fromYes, toHead, toUs]) await linux.close(fd);
  const buffer = new Uint8Array(100);
  const count = await linux.read(fromHead, buffer);
  await linux.close(fromHead);
  const statuses: number[] = [];
  for (const pid of pids) statuses.push(WEXITSTATUS((await linux.waitpid(pid)).status));
  return { output: Buffer.from(buffer.subarray(0, count)).toString(), statuses };
}

describe("an executable on the model", () => {
  it("is its stand-in, with the same arguments and the three streams by name", async () => {
    await explore({ leaks: "fail", schedules: 200 }, async (linux) => {
      expect(await yesHead(linux)).toEqual({ output: "no\nn", statuses: [141, 0] });
    });
  });

  it("goes by the name of its file in traces", async () => {
    const { trace } = await simulate({}, async (linux) => void (await yesHead(linux)));
    expect(trace.processes.map(({ name }) => name).slice(1)).toEqual(["yes", "head"]);
    expect(String(trace)).toContain('spawn(yes, "no") = 3');
  });

  it("is ENOSYS without a stand-in, with the file's name, before its descriptors are looked at", async () => {
    const error = await errorOf(
      simulate({}, async (linux) => void (await linux.spawn(executable("grep"), { fds: { stdin: 99 } }))),
    );
    expect(error.message).toContain(
      "ENOSYS: function not implemented, spawn 'grep' (nothing stands for it on the model: executable(path, { model }))",
    );
  });

  it("is EBADF with a descriptor that is not open", async () => {
    const error = await errorOf(
      simulate({}, async (linux) => void (await linux.spawn(head, { fds: { stdin: 99 } }))),
    );
    expect(error.message).toContain("EBADF");
  });
});

describe("spawn takes for an executable", () => {
  const cases: [options: unknown, message: RegExp][] = [
    [{ fds: { input: 0 } }, /"options.fds" must be of stdin, stdout and stderr .*not of "input"/],
    [{ fds: { stdin: "0" } }, /"options.fds.stdin" must be a 32-bit integer, not "0"/],
    [{ fds: 3 }, /"options.fds" must be an object/],
    [{ args: "a" }, /"options.args" must be an array, not "a"/],
    [{ args: ["a", 1] }, /"options.args\[1\]" must be a string, not 1/],
    [{ args: ["\0"] }, /"options.args\[0\]" must be a string without NUL/],
    [{ args: ["\ud800"] }, /"options.args\[0\]" must be a string of Unicode characters/],
    [{ execArgv: [] }, /"options.execArgv" must be left out: an executable takes none/],
    [{ env: "a" }, /"options.env" must be an object of strings by name, not "a"/],
    [{ env: { a: 1 } }, /"options.env.a" must be a string, not 1/],
    [{ env: { a: "\0" } }, /"options.env.a" must be a string without NUL/],
    [{ env: { "a=b": "" } }, /"options.env" must be of names with no =, .*not of "a=b"/],
    [{ env: { "": "" } }, /"options.env" must be of names/],
  ];
  it.each(cases)("no %j", async (options, message) => {
    await simulate({}, async (linux) => {
      const spawned = linux.spawn(head, options as never);
      await expect(spawned).rejects.toThrow(message);
      await expect(spawned).rejects.toBeInstanceOf(TypeError);
    });
  });

  it("no environment for a program, and nothing that looks like an executable", async () => {
    const idle = program(import.meta.url, async () => {});
    await simulate({}, async (linux) => {
      await expect(linux.spawn(idle, { env: {} } as never)).rejects.toThrow(
        /"options.env" must be left out: a program takes none/,
      );
      await expect(linux.spawn({ path: "true", model: async () => {} } as never)).rejects.toThrow(
        /"program" must be a value made by program\(\) or executable\(\)/,
      );
    });
  });
});

describe("executable()", () => {
  it.each([1, undefined, "a\0b", "\udc00"])("takes no path %j", (path) => {
    expect(() => executable(path as never)).toThrow(/executable: "path" must be a string/);
  });

  it("takes no model that is no function", () => {
    expect(() => executable("true", { model: "x" as never })).toThrow(/"options.model" must be a function/);
    expect(() => executable("true", 1 as never)).toThrow(/"options" must be an object/);
  });
});
