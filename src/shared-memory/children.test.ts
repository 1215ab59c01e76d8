// Memory and semaphores that real processes share, with the built package.
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

// Where it may: nobody else sees its semaphores, and they end with it.
const isolating = spawnSync("unshare", ["--ipc", "true"]).status === 0 ? ["unshare", "--ipc"] : [];

it.runIf(process.platform === "linux")(
  "real children share memory by name and by descriptor, count under a semaphore, and lose no permit of one that is killed",
  () => {
    const script = fileURLToPath(new URL("./fixtures/children.mjs", import.meta.url));
    const [file, ...args] = [...isolating, process.execPath, script];
    const printed = execFileSync(file as string, args, { encoding: "utf8", timeout: 50_000 });
    expect(JSON.parse(printed)).toEqual({
      whileHeld: [0, "held"],
      statuses: [0, 0, 0],
      counted: 120,
      expected: 120,
      adders: 3,
      left: [1, 0],
    });
  },
);
