// Semaphores that real processes share, with the built package.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it.runIf(process.platform === "linux")("real children count under semaphores, and lose nothing", () => {
  const script = fileURLToPath(new URL("./fixtures/children.mjs", import.meta.url));
  const printed = execFileSync(process.execPath, [script], { encoding: "utf8", timeout: 50_000 });
  expect(JSON.parse(printed)).toEqual({
    statuses: [0, 0, 0],
    counted: [900, 900],
    expected: 900,
    left: [1, 0, 1, 0],
  });
});
