// Differences that were found once stay mended.
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { campaign } from "./conformance-test.js";
import type { Mechanism } from "./generators/index.js";
import { listRegressions, readRegression } from "./regressions.js";

const files = listRegressions(fileURLToPath(new URL("./regressions", import.meta.url)));

/** The kernel may choose otherwise each time; where processes are started, a time costs more. */
const timesOf = (mechanism: Mechanism): number => (mechanism === "process" ? 1 : 20);

describe.skipIf(process.platform !== "linux")("what once differed", () => {
  it.each(files.map((path) => [basename(path), readRegression(path)] as const))(
    "%s agrees now",
    async (_, { executor, mechanism, steps }) => {
      await campaign({
        steps: 0,
        seed: 0,
        only: undefined,
        executor,
        replay: { steps, mechanism, times: timesOf(mechanism) },
      });
    },
  );
});
