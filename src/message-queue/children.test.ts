// Queues that real processes share, with the built package.
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

// Where it may: nobody else sees its queues, and they end with it.
const isolating = spawnSync("unshare", ["--ipc", "true"]).status === 0 ? ["unshare", "--ipc"] : [];

it.runIf(process.platform === "linux")(
  "real children are given queues by name, descriptor and identifier",
  () => {
    const script = fileURLToPath(new URL("./fixtures/children.mjs", import.meta.url));
    const [file, ...args] = [...isolating, process.execPath, script];
    const printed = execFileSync(file as string, args, { encoding: "utf8", timeout: 50_000 });
    expect(JSON.parse(printed)).toEqual({
      isAnswered: true,
      isLogged: true,
      left: [0, 0],
      statuses: [0, 0, 0],
    });
  },
);
