// Who a process is: each scenario runs as root in a node process of its own, with the built package.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("./fixtures/credentials.mjs", import.meta.url));
const USER = 12345;

function resultOf(scenario: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), "linux-ipc-credentials-"));
  try {
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, scenario, folder], {
      encoding: "utf8",
      timeout: 30_000,
      killSignal: "SIGKILL",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(process.getuid?.() !== 0)("a process that is root", () => {
  it("tells and changes its users and groups, until it has given them up", () => {
    expect(resultOf("ids")).toEqual({
      before: [0, 0, 0, 0],
      groups: [7, 2 ** 31 - 1],
      tooMany: "EINVAL",
      most: 65536,
      groupIds: [0, USER],
      after: [USER, USER],
      refused: ["EPERM", "EPERM", "EPERM", "done", "EINVAL", "EINVAL"],
    });
  });

  it("changes all its threads", () => {
    expect(resultOf("threads")).toEqual({
      during: [`0 ${USER} 0 ${USER}`],
      after: ["0 0 0 0"],
    });
  });

  it("has no more rights than its effective user", () => {
    expect(resultOf("permissions")).toEqual({
      closed: "EACCES",
      others: ["EACCES", "EACCES", "EACCES", "EPERM", "EPERM"],
    });
  });

  it("uses what it has open as before, when it has given its rights up", () => {
    expect(resultOf("given up")).toEqual(new Array(3).fill([4, 4, 200_000, 0]).flat());
  });
});
