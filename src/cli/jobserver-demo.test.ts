// What becomes of a real run that hangs: seldom with the demo's jobserver, always with this one. Runs the built package.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Program } from "linux-ipc";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type * as Demo from "./jobserver-demo.js";
import { descendants, hasRealKernel } from "./processes.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

const jobservers = `
import { O_CLOEXEC, program } from "linux-ipc";

const worker = program(import.meta.url, async (linux) => {
  await linux.read(linux.fds.take, new Uint8Array(1));
});

const make = (slots) => async (linux) => {
  const [take, give] = await linux.pipe2(O_CLOEXEC);
  await linux.write(give, new Uint8Array(slots));
  const pids = [];
  for (let i = 0; i < 2; i++) pids.push(await linux.spawn(worker, { fds: { take, give } }));
  for (const pid of pids) await linux.waitpid(pid);
};

export const enough = program(import.meta.url, make(2));
export const tooFew = program(import.meta.url, make(1));
`;

describe.runIf(hasRealKernel)("a real run of a jobserver", () => {
  const others = descendants(process.pid);
  let folder: string;
  let runOnce: typeof Demo.runOnce;
  let programs: { enough: Program<[]>; tooFew: Program<[]> };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "linux-ipc-jobserver-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "linux-ipc"));
    const file = join(folder, "jobservers.mjs");
    writeFileSync(file, jobservers);
    programs = (await import(pathToFileURL(file).href)) as typeof programs;
    ({ runOnce } = (await import(join(root, "dist/src/cli/jobserver-demo.js"))) as typeof Demo);
  });

  afterEach(() => {
    // Of a test that failed.
    for (const pid of descendants(process.pid)) if (!others.includes(pid)) process.kill(pid, "SIGKILL");
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("that ends is seen to end", async () => {
    const { linux } = await import("linux-ipc/native");
    expect(await runOnce(linux, programs.enough)).toBe(true);
  });

  it("that hangs is seen to hang, and nothing is left of it", async () => {
    const { linux } = await import("linux-ipc/native");
    expect(await runOnce(linux, programs.tooFew)).toBe(false);
    expect(descendants(process.pid)).toEqual(others);
  });
});
