// POSIX semaphores on the real kernel: the same program on both kernels, C programs on the other side, and what must not crash, in processes
// of their own.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as c from "../../src/constants.js";
import type { Linux } from "../../src/linux.js";
import { simulate } from "../../src/simulation/index.js";
import { linux } from "./index.js";

const PAGE = 4096;
const BOTH = c.PROT_READ | c.PROT_WRITE;

const outcome = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .then(
      (value) => value,
      (error) => error.code ?? error.name,
    );

/** What a program comes to on both kernels, which must be the same. */
async function onBoth(program: (linux: Linux) => Promise<unknown>): Promise<unknown> {
  let simulated: unknown;
  await simulate({ leaks: "ignore" }, async (model) => {
    simulated = await program(model);
  });
  const real = await program(linux);
  expect(simulated).toEqual(real);
  return real;
}

describe("POSIX semaphores, on both kernels", () => {
  it("refuse what C leaves undefined", async () => {
    const told = await onBoth(async (kernel) => {
      const memory = await kernel.mmap(null, PAGE, BOTH, c.MAP_SHARED | c.MAP_ANONYMOUS, -1);
      const { address } = memory;
      memory.array(Int32Array)[2] = 3;
      const all: unknown[] = [];
      for (const at of [address, address + 4, address + PAGE - 8, address + PAGE, 4096]) {
        all.push(await outcome(() => kernel.sem_post(at)), await outcome(() => kernel.sem_close(at)));
      }
      all.push(await outcome(() => kernel.sem_clockwait(address, c.CLOCK_BOOTTIME, 0n)));
      await kernel.sem_init(address, 1, c.SEM_VALUE_MAX);
      all.push(await outcome(() => kernel.sem_post(address)));
      await kernel.munmap(address, PAGE);
      return all;
    });
    expect(told).toEqual([
      ...["EINVAL", "EINVAL", "EINVAL", "EINVAL", "EFAULT", "EINVAL", "EFAULT", "EINVAL", "EFAULT", "EINVAL"],
      ...["EINVAL", "EOVERFLOW"],
    ]);
  });
});

/** Runs a scenario of the fixture. */
function run(name: string, ...args: readonly string[]): unknown {
  const fixture = fileURLToPath(new URL("fixtures/posix-semaphores.mjs", import.meta.url));
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    ["--expose-gc", fixture, name, ...args],
    { encoding: "utf8", timeout: 60_000 },
  );
  expect({ stderr, status, signal }).toEqual({ stderr: "", status: 0, signal: null });
  return JSON.parse(stdout);
}

describe("POSIX semaphores of a process of its own", () => {
  it("keep order between two who take and give, as on the model", () => {
    const order = ["EAGAIN", "given", "taken", "0"];
    expect(run("order")).toEqual([order, order]);
  });

  it("end a wait by the time of either clock, and by a signal, and count nobody then, as on the model", () => {
    const told = [
      ...["ETIMEDOUT", true, "ETIMEDOUT", true, "ETIMEDOUT", "ETIMEDOUT", "EBUSY", "ABORT_ERR"],
      [0, 1, 128],
      [0, 0, 128],
    ];
    expect(run("ends")).toEqual([told, told]);
  });

  it("survive all that is no semaphore, or none any more", () => {
    expect(run("bad")).toEqual({
      sem_wait: "EINVAL",
      sem_trywait: "EINVAL",
      sem_post: "EINVAL",
      sem_getvalue: "EINVAL",
      sem_destroy: "EINVAL",
      value: -1,
      cut: "EFAULT",
      cutBytes: "EFAULT",
      closed: [0, 0, "EFAULT"],
      half: "EFAULT",
      odd: ["EFAULT", "EINVAL", "EFAULT", "EFAULT", "EFAULT", "EFAULT", "EINVAL"],
    });
  });

  it("are those of all its threads", () => {
    expect(run("threads")).toEqual({
      busy: "EBUSY",
      pinned: "EBUSY",
      codes: ["ok", "EINVAL"],
      gone: "EFAULT",
      closed: "EINVAL",
    });
  });

  it("do not keep it from ending", () => {
    expect(run("ended")).toBe("left");
  });
});

describe("POSIX semaphores and C", () => {
  let folder: string | undefined;
  let program: string | undefined;
  let obstacle: string | undefined;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "linux-ipc-"));
    program = join(folder, "semaphores");
    const source = fileURLToPath(new URL("fixtures/semaphores.c", import.meta.url));
    const { error, status, stderr } = spawnSync("cc", ["-o", program, source, "-pthread", "-lrt"], {
      encoding: "utf8",
    });
    if (error !== undefined) obstacle = "no C compiler here: cc";
    else expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it("take what the other gives, by a name and in shared memory", (context) => {
    if (obstacle !== undefined) return context.skip(obstacle);
    expect(run("withC", program as string)).toEqual({
      counted: [0, 1, 128],
      status: 0,
      told: "named memory\n",
      left: [
        [0, 0, 128],
        [0, 0, 128],
      ],
    });
  });
});
