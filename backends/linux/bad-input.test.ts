// 100,000 bad calls at the real kernel: each is a SyscallError, a TypeError or a result, and the process
// lives. It runs in namespaces of its own, for kill(2) is called with any number at all.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const CALLS = 100_000;
const program = fileURLToPath(new URL("../../dist/properties/bad-calls-on-linux.js", import.meta.url));

const isRoot = process.getuid?.() === 0;
const namespaces = [...(isRoot ? [] : ["-Ur"]), "--pid", "--ipc", "--mount", "--fork", "--mount-proc"];

function inNamespaces(...command: string[]) {
  return spawnSync("unshare", [...namespaces, ...command], {
    encoding: "utf8",
    timeout: 60_000,
    killSignal: "SIGKILL",
    maxBuffer: 1 << 26,
  });
}

const probe = inNamespaces("true");
const reason = probe.error?.message ?? probe.stderr.trim();

interface Report {
  readonly leaked: number;
  readonly unexpected: readonly string[];
  readonly outcomes: Readonly<Record<string, number>>;
}

it(`${CALLS} bad calls never crash the process`, (context) => {
  context.skip(probe.status !== 0, `namespaces are not allowed here: ${reason}`);
  const seed = Math.floor(Math.random() * 2 ** 30);
  const { stdout, stderr, status, signal } = inNamespaces(
    process.execPath,
    program,
    String(CALLS),
    String(seed),
  );
  expect({ seed, status, signal, stderr }).toEqual({ seed, status: 0, signal: null, stderr: "" });
  const { leaked, unexpected, outcomes } = JSON.parse(stdout) as Report;
  expect({ seed, unexpected }).toEqual({ seed, unexpected: [] });
  expect({ seed, leaked }).toEqual({ seed, leaked: 0 });
  expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(CALLS);
});
