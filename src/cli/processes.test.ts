// Hangs are seen and processes ended: on processes of node that this test starts.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { descendants, hasRealKernel, killDescendants, untilHung } from "./processes.js";

// A process whose children wait for their standard input, which it holds open.
const waitForInput = "process.stdin.resume()";
const parent = (child: string): string => `
  const { spawn } = require("node:child_process");
  for (let i = 0; i < 2; i++) spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: ["pipe", "inherit", "inherit"] });
  setTimeout(() => {}, 1e8);
`;

describe.runIf(hasRealKernel)("processes", () => {
  const started: ChildProcess[] = [];
  const start = (code: string): number => {
    const child = spawn(process.execPath, ["-e", code], { stdio: ["pipe", "ignore", "ignore"] });
    started.push(child);
    if (child.pid === undefined) throw new Error("no process");
    return child.pid;
  };

  afterEach(async () => {
    for (const child of started.splice(0)) {
      killDescendants(child.pid as number);
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
  });

  it("processes that all wait for ever are seen to hang", async () => {
    const pid = start(parent(waitForInput));
    expect(await untilHung(pid, AbortSignal.timeout(20_000))).toBe(true);
    expect(descendants(pid)).toHaveLength(2);
  });

  it("a child that has ended and was not reaped does not hide a hang", async () => {
    const pid = start(`
      const { spawn } = require("node:child_process");
      spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "inherit", "inherit"] });
      const child = spawn("true");
      // Blocked for good, it never hears that its child has ended.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    `);
    expect(await untilHung(pid, AbortSignal.timeout(20_000))).toBe(true);
    expect(descendants(pid)).toHaveLength(2);
  });

  it("one process that still runs is enough for no hang", async () => {
    const pid = start(parent("setInterval(() => {}, 20)"));
    expect(await untilHung(pid, AbortSignal.timeout(1500))).toBe(false);
  });

  it("killing the descendants of a process leaves none, however deep, and the process itself", async () => {
    const pid = start(parent(parent(waitForInput)));
    await untilHung(pid, AbortSignal.timeout(20_000));
    const pids = descendants(pid);
    expect(pids).toHaveLength(6);
    killDescendants(pid);
    await expect.poll(() => descendants(pid)).toEqual([]);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    // The grandchildren are init's zombies at most, which run nothing.
    for (const each of pids) expect(existsSync(`/proc/${each}/exe`)).toBe(false);
  });
});
