// System V shared memory on the real kernel: each scenario runs in a node process of its own, with the built package, in an IPC
// namespace of its own where that is allowed.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("./fixtures/sysv-shared-memory.mjs", import.meta.url));

const isolating = spawnSync("unshare", ["--ipc", "true"]).status === 0 ? ["unshare", "--ipc"] : [];

function resultOf(scenario: string): unknown {
  const [file, ...args] = [...isolating, process.execPath, "--expose-gc", program, scenario];
  const { stdout, stderr, status, error } = spawnSync(file as string, args, {
    encoding: "utf8",
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  if (error !== undefined) throw error;
  expect(status, stderr).toBe(0);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe("System V shared memory", () => {
  it("is the same on both kernels", () => {
    const results = resultOf("on both kernels") as Record<string, { real: unknown; model: unknown }>;
    for (const [name, { real, model }] of Object.entries(results)) expect(model, name).toEqual(real);
    expect(Object.fromEntries(Object.entries(results).map(([name, { real }]) => [name, real]))).toEqual({
      "one memory": [10_000, 2, 2, 2, 10_000, 0o600, 2, 5, "EINVAL"],
      "the rest of the last page": [100, 3, 2, 8, 9, 0, 0],
      // What a step comes to, attachments of both segments, bytes of the first one's array.
      "parts and holes": [
        "done 3 0 EFAULT",
        "done 3 0 16384",
        "done 3 0 EFAULT",
        "done 3 0 EFAULT",
        "12288 3 1 EFAULT",
        "EINVAL 3 1 EFAULT",
        "4096 2 2 EFAULT",
        "EINVAL 2 2 EFAULT",
        "EINVAL 2 2 EFAULT",
        "done 1 1 EFAULT",
        "done 1 0 EFAULT",
        "done 0 0 EFAULT",
        "EINVAL 0 0 EFAULT",
      ],
      "a call that waits in it": ["EBUSY", "EBUSY", "EBUSY"],
      locks: ["done", 0o2000, "EINVAL"],
    });
  });

  it("that is detached, cut, protected or replaced leaves nothing for arrays to touch", () => {
    expect(resultOf("revoked")).toEqual({
      lengths: [0, 0, 0, 0],
      bytes: ["EFAULT", "EFAULT", "EFAULT", "EFAULT"],
      seen: [7, 4, 4],
      counts: [7, 1],
    });
  });

  it("is attached and detached as often as one likes", () => {
    expect(resultOf("attached and detached")).toEqual({ kept: true, count: 0 });
  });

  it("is counted through exit and kill, and gone with its last attachment once it was removed", () => {
    expect(resultOf("at the end of a process")).toEqual({
      before: 3,
      fromOthers: 2,
      between: [2, true],
      removed: 1,
      after: "EINVAL",
    });
  });

  it("is a thread's own, and detached when its Worker ends", () => {
    expect(resultOf("of a worker")).toEqual({ during: 1, foreign: "EINVAL", after: 0 });
  });

  it("is attached nowhere but where it may be, whatever address is asked for", () => {
    expect(resultOf("what cannot be attached")).toEqual({
      errors: ["ENOMEM", "EINVAL", "EINVAL", "EINVAL", "EINVAL", "EINVAL", "ENOSYS"],
      kept: true,
      counts: [0, 0],
    });
  });
});
