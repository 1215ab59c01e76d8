// Ends of pipes and FIFOs in real processes, with the built package.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it.runIf(process.platform === "linux")("real children read and write the ends that they were given", () => {
  const script = fileURLToPath(new URL("./fixtures/children.mjs", import.meta.url));
  const printed = execFileSync(process.execPath, [script], { encoding: "utf8", timeout: 50_000 });
  expect(JSON.parse(printed)).toEqual({
    row: { isSame: true, statuses: [0, 0, 0] },
    collector: ["one", "three", "two"],
    interrupted: { count: 3000, wrong: -1, wasInterrupted: true },
  });
});
