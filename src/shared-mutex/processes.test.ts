// Mutexes that real processes and Workers share, with the built package: kill -9 in the middle, Workers that end, C's own mutex.
//
// LINUX_IPC_KILLS=200 kills as often.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const kills = Number(process.env.LINUX_IPC_KILLS ?? 20);
const MOST_MS_PER_KILL = 5000;
const LONGEST_MS = 60_000 + kills * MOST_MS_PER_KILL;

function resultOf(scenario: string, argument = "", env: Record<string, string> = {}): unknown {
  const name = `/linux-ipc-mutex-${process.pid}`;
  try {
    const args = [fixture("processes.mjs"), scenario, name, argument];
    const { stdout, stderr, status, error } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      timeout: LONGEST_MS - 5000,
      killSignal: "SIGKILL",
      env: { ...process.env, ...env },
    });
    if (error !== undefined) throw error;
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return JSON.parse(stdout);
  } finally {
    // One that was killed has left it.
    rmSync(join("/dev/shm", name), { force: true });
  }
}

const isLinux = process.platform === "linux";
const hasCompiler = isLinux && spawnSync("cc", ["--version"]).status === 0;

describe.runIf(isLinux)("among real processes", () => {
  it(
    `${kills} kills at any moment leave what the mutex protects whole, and everybody goes on`,
    () => {
      const { mistakes, repairs } = resultOf("kills", String(kills)) as Record<string, number>;
      expect(mistakes).toBe(0);
      expect(repairs).toBeGreaterThan(0);
    },
    LONGEST_MS,
  );

  it("two take turns by a condition", () => {
    expect(resultOf("turns")).toEqual({ statuses: [0, 0], turns: 200 });
  });

  it("a Worker that ends gives up its mutex, however it ends", () => {
    expect(resultOf("workers")).toEqual({ outcomes: [true, true], word: 0 });
  });

  it("a lock that finds no thread to wait in says so", () => {
    expect(resultOf("lanes", "", { LINUX_IPC_MAX_LANES: "1" })).toEqual({
      refused: "EAGAIN no more than 1 calls of a thread can wait in lanes at a time: LINUX_IPC_MAX_LANES",
      waited: "ABORT_ERR undefined",
    });
  });

  it.runIf(hasCompiler)("a C program locks the same mutex, and dies with it", () => {
    const folder = mkdtempSync(join(tmpdir(), "linux-ipc-mutex-"));
    try {
      const file = join(folder, "mutex");
      const built = spawnSync("cc", ["-o", file, fixture("mutex.c"), "-lpthread", "-lrt"], {
        encoding: "utf8",
      });
      expect(built.stderr).toBe("");
      expect(resultOf("c", file)).toEqual({
        counted: 40_000,
        seen: ["locked", "busy", "owner died", "locked", "owner died", false],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
