// Differences that were found once stay mended.
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { campaign } from "./conformance-test.js";
import { executorNames, obstacle } from "./executors.js";
import { placeInside } from "./isolation.js";
import { listRegressions, readRegression, replayOf } from "./regressions.js";

const saved = listRegressions(fileURLToPath(new URL("./regressions", import.meta.url))).map(readRegression);

/** The kernel may choose otherwise each time. */
const TIMES = 20;

describe.skipIf(process.platform !== "linux")("what once differed", () => {
  it.each(executorNames)("agrees now: %s", async (executor) => {
    const place = placeInside();
    const wanted = saved.filter(
      (regression) =>
        [executor, "both"].includes(regression.executor) &&
        obstacle(executor, regression.mechanism, place) === undefined,
    );
    const replay = wanted.map((regression) => replayOf(regression, TIMES));
    await campaign({ steps: 0, seed: 0, only: undefined, executor, replay });
  });
});
