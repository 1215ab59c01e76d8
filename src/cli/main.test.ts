// The command as a user runs it: the built package, as a process of its own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { descendants, hasRealKernel } from "./processes.js";

const command = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
const manifest = new URL("../../package.json", import.meta.url);

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], env: Record<string, string> = {}): Run {
  return spawnSync(process.execPath, [command, ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
  });
}

describe("linux-ipc", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "linux-ipc-cli-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("tells its version and how it is used", () => {
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    expect(run(["--version"])).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run(["--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("demo") });
    expect(run(["demo", "--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("--runs") });
  });

  it.each([
    [["demo", "--runs", "x"], "--runs"],
    [["demo", "--runs", "-1"], "--runs"],
    [["demo", "--schedules", "0"], "--schedules"],
    [["demo", "--seed", "1.5"], "--seed"],
    [["demo", "--frobnicate"], "--frobnicate"],
    [["demo", "a", "b", "c"], "too many arguments"],
    [["frobnicate"], "frobnicate"],
    [["demo", "/no/such/file"], "/no/such/file"],
    [["demo", "/"], "not a regular file"],
  ])("refuses %j, says what is wrong, and shows no stack", (args, message) => {
    const { status, stderr } = run(args);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it("shows all of the demo in plain lines where there is no terminal", () => {
    const { status, stdout, stderr } = run(["demo", "--runs", "2", "--schedules", "500"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/found in schedule \d+/);
    expect(stdout).toContain("In a circle: pid 3 waits for pid 4");
    expect(stdout).toContain("no failure in 500 schedules");
    if (hasRealKernel) {
      expect(stdout).toMatch(/2 runs, [0-2] hung/);
      expect(stdout.match(/the same bytes/g)).toHaveLength(2);
    }
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toContain("\r");
    expect(status).toBe(0);
  });

  it("prints a line that replays the failure", () => {
    const args = ["demo", "--runs", "0", "--schedules", "100"];
    const replay = /LINUX_IPC_REPLAY=(\S+) npx/.exec(run(args).stdout)?.[1] as string;
    const { stdout, status } = run(args, { LINUX_IPC_REPLAY: replay });
    expect(stdout).toContain("on the model: replayed");
    expect(status).toBe(0);
    const broken = run(args, { LINUX_IPC_REPLAY: "nonsense" });
    expect(broken.stderr).toContain("not a failure string");
    expect(broken.status).toBe(1);
  });

  it("takes any file and any word for the pipeline", () => {
    const path = join(folder, "-odd name\n.txt");
    writeFileSync(path, "a b\0c\n-w x\n-w");
    const { status, stdout } = run(["demo", "--runs", "0", "--schedules", "10", "--", path, "-w"]);
    expect(stdout).toContain('cat "-odd name\\n.txt" | grep -w | wc');
    expect(stdout).toContain('"      2       3       8\\n"');
    expect(status).toBe(0);
  });

  it("skips the real half where there is no Linux, and says so", () => {
    const elsewhere = `data:text/javascript,${encodeURIComponent('Object.defineProperty(process, "platform", { value: "darwin" })')}`;
    const { status, stdout } = run(["demo", "--schedules", "10"], { NODE_OPTIONS: `--import=${elsewhere}` });
    expect(stdout).toContain("This is darwin");
    expect(stdout).toContain("runs as real processes: skipped");
    expect(stdout).toContain("real, the shell's own: skipped");
    expect(stdout).toContain("found in schedule");
    expect(status).toBe(0);
  });

  it.runIf(hasRealKernel)("ends with status 1 if something does not hold", () => {
    const wc = join(folder, "wc");
    writeFileSync(wc, '#!/bin/sh\necho "      1       1       1"\n', { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const { status, stdout } = run(["demo", "--runs", "0", "--schedules", "10"], env);
    expect(stdout).toContain("OTHER BYTES");
    expect(stdout).toContain("Not all of it held");
    expect(status).toBe(1);
  });

  describe.runIf(hasRealKernel)("leaves nothing behind", () => {
    const begun: ChildProcess[] = [];

    afterEach(() => {
      for (const child of begun.splice(0)) child.kill("SIGKILL");
    });

    it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("when %s ends it half-way", async (signal) => {
      const child = spawn(process.execPath, [command, "demo", "--runs", "1000"], { stdio: "ignore" });
      begun.push(child);
      const pid = child.pid as number;
      // make and its two workers.
      const pids = await expect
        .poll(() => descendants(pid), { timeout: 20_000 })
        .toHaveLength(3)
        .then(() => descendants(pid));
      child.kill(signal);
      const [status] = await once(child, "exit");
      expect(status).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
      await expect.poll(() => pids.filter(isRunning)).toEqual([]);
    });
  });
});

/** Whether a process is there and no zombie: a zombie of a killed parent is init's affair. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
