// What an ordinary user's pipes may hold, on the real kernel and on the model; and the limits that are global, and so can be
// tried on the model only.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { F_GETPIPE_SZ, type Linux } from "../src/index.js";
import { simulate } from "../src/simulation/index.js";
import { canBecomeOthers, pipeLimits } from "./real-machine.js";
import { NOBODY, pipesOf, useUp } from "./user-limits.js";

const program = fileURLToPath(new URL("../dist/properties/user-limits-on-linux.js", import.meta.url));
const PAGE = 4096;

/** What the calls come to on a model of a machine. */
async function onModel(
  machine: NonNullable<Parameters<typeof simulate>[0]["machine"]>,
  calls: (linux: Linux) => Promise<unknown>,
): Promise<unknown> {
  let outcome: unknown;
  await simulate({ machine, leaks: "ignore" }, async (linux) => {
    outcome = await calls(linux);
  });
  return outcome;
}

describe("an ordinary user", () => {
  it("gets small pipes when he has many pages in others, on the kernel as on the model", async (context) => {
    context.skip(process.platform !== "linux" || !canBecomeOthers(), "needs root");
    const limits = pipeLimits();
    const { pipeMaxSize: largest = 0, pipeUserPagesSoft: pages = 0, pipeUserPagesHard } = limits;
    const pipes = pipesOf(pages, largest, PAGE);
    context.skip(pipes < 1 || pipes > 400 || pipeUserPagesHard !== 0, "this machine has unusual limits");
    const { stdout, stderr } = spawnSync(process.execPath, [program, String(pipes), String(largest)], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const model = await onModel({ uid: NOBODY, gid: NOBODY, ...limits }, (linux) =>
      useUp(linux, pipes, largest),
    );
    expect(model).toEqual(JSON.parse(stdout));
    expect(model).toContain("EPERM");
    expect(model).toContain(2 * PAGE);
  });

  it("gets no pipe beyond pipe-user-pages-hard: on the model, for the limit is the machine's", async () => {
    const made = await onModel(
      { uid: NOBODY, pipeUserPagesSoft: 0, pipeUserPagesHard: 40 },
      async (linux) => {
        await linux.pipe2();
        const [fd] = await linux.pipe2();
        const error = await linux.pipe2().catch(({ code }) => code);
        return [await linux.fcntl(fd, F_GETPIPE_SZ), error];
      },
    );
    expect(made).toEqual([16 * PAGE, "ENFILE"]);
  });

  it("opens no file beyond file-max: on the model, for the limit is the machine's", async () => {
    const made = await onModel({ uid: NOBODY, fileMax: 3 }, async (linux) => {
      await linux.mkfifo("f", 0o600);
      await linux.pipe2();
      const second = await linux.pipe2().catch(({ code }) => code);
      await linux.open("f", 2);
      return [second, await linux.open("f", 2).catch(({ code }) => code)];
    });
    expect(made).toEqual(["ENFILE", "ENFILE"]);
  });
});
