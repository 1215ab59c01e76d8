// Regions whose writers are killed for real, with the built package.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it.runIf(process.platform === "linux")(
  "content is whole and never older than before, whenever real writers are killed",
  () => {
    const script = fileURLToPath(new URL("./fixtures/killed-writers.mjs", import.meta.url));
    const printed = execFileSync(process.execPath, [script], { encoding: "utf8", timeout: 50_000 });
    expect(JSON.parse(printed)).toEqual({ reads: true, torn: 0, backwards: 0, unwritten: 0 });
  },
);
