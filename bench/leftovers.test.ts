// Benchmarks leave nothing behind, whatever ends them.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { linux } from "../backends/linux/index.js";
import { IPC_STAT } from "../src/constants.js";

const program = fileURLToPath(new URL("./fixtures/leftovers.mjs", import.meta.url));
const cli = fileURLToPath(new URL("../dist/bench/cli.js", import.meta.url));
const PATIENCE = { timeout: 50_000, interval: 5 };

let folder = "";
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "linux-ipc-test-"));
});

afterEach(() => {
  child?.kill("SIGKILL");
  child = undefined;
  rmSync(folder, { recursive: true });
});

const env = () => ({ ...process.env, TMPDIR: folder });

function run(scenario: string): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, scenario], {
    env: env(),
    encoding: "utf8",
    timeout: 50_000,
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** The fields of /proc/PID/stat after the name; undefined if there is no such process. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Whether a process runs: one that nobody has waited for does not. */
const runs = (pid: number): boolean => !["Z", "X", undefined].includes(statOf(pid)?.[0]);

/** The processes that descend from one. */
function descendantsOf(pid: number): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Boolean);
  const children = pids.filter((one) => statOf(one)?.[1] === String(pid));
  return children.flatMap((one) => [one, ...descendantsOf(one)]);
}

function queueExists(msqid: number): boolean {
  try {
    linux.sync.msgctl(msqid, IPC_STAT);
    return true;
  } catch (error) {
    expect((error as { code?: string }).code).toMatch(/^(EINVAL|EIDRM)$/);
    return false;
  }
}

/** System V queues that one of some processes has sent to: proc_sysvipc's columns are key, msqid, perms, cbytes, qnum, lspid. */
function queuesOf(pids: readonly number[]): number[] {
  const [, ...lines] = readFileSync("/proc/sysvipc/msg", "utf8").trimEnd().split("\n");
  const rows = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return rows
    .filter(([, , , , , lspid]) => pids.includes(lspid as number))
    .map(([, msqid]) => msqid as number);
}

// mq_timedreceive: asm/unistd.h.
const MQ_TIMEDRECEIVE = process.arch === "x64" ? "243" : "183";

describe("what a benchmark makes", () => {
  for (const [how, signal, status] of [
    ["fails", "SIGUSR2", 1],
    ["is interrupted", "SIGINT", 130],
    ["is terminated", "SIGTERM", 143],
    ["loses its terminal", "SIGHUP", 129],
  ] as const) {
    it(`is undone if it ${how}`, async () => {
      child = spawn(process.execPath, [program, "waiting"], {
        env: env(),
        stdio: ["ignore", "pipe", "ignore"],
      });
      const exited = once(child, "exit");
      const told: { waiter?: number; msqid?: number } = {};
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) =>
        Object.assign(told, JSON.parse(line)),
      );
      await vi.waitFor(() => expect(Object.keys(told).sort()).toEqual(["msqid", "waiter"]), PATIENCE);
      const { waiter, msqid } = told as Required<typeof told>;
      const call = (): string | undefined => readFileSync(`/proc/${waiter}/syscall`, "utf8").split(" ", 1)[0];
      await vi.waitFor(() => expect(call()).toBe(MQ_TIMEDRECEIVE), PATIENCE);
      expect(queueExists(msqid)).toBe(true);

      child.kill(signal);
      expect(await exited).toEqual([status, null]);
      expect(queueExists(msqid)).toBe(false);
      expect(readdirSync(folder)).toEqual([]);
      await vi.waitFor(() => expect(runs(waiter)).toBe(false), PATIENCE);
    });
  }

  for (const [how, signal, ended] of [
    ["interrupted", "SIGINT", [130, null]],
    ["killed", "SIGKILL", [null, "SIGKILL"]],
  ] as const) {
    it(`is undone if npm run bench alone is ${how}`, async () => {
      child = spawn(process.execPath, [cli, "--only", "message-rates"], { env: env(), stdio: "ignore" });
      const exited = once(child, "exit");
      const pid = child.pid as number;
      await vi.waitFor(() => expect(queuesOf(descendantsOf(pid))).not.toEqual([]), PATIENCE);
      const pids = descendantsOf(pid);
      const queues = queuesOf(pids);

      child.kill(signal);
      expect(await exited).toEqual(ended);
      await vi.waitFor(() => expect(pids.filter(runs)).toEqual([]), PATIENCE);
      expect(queues.filter(queueExists)).toEqual([]);
    });
  }
});

describe("the program in C", () => {
  it("is left out where there is no compiler, and an error where it does not compile", () => {
    const failing = "false did not compile bench/pairs.c";
    expect(run("compilers")).toEqual({ absent: true, failing, left: [] });
  });

  const hasCompiler = spawnSync("cc", ["--version"]).error === undefined;
  it.skipIf(!hasCompiler)("takes the queues that it is given, and tells if it cannot", () => {
    const failing = "the program in C failed";
    expect(run("compiled")).toEqual({ arePositive: true, failing, left: [] });
  });
});
