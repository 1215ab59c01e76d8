// A counter without a lock is found to lose what was added; with a lock, or by one instruction, it never does.
import type { Linux } from "linux-ipc";
import { describe, expect, it } from "vitest";
import type * as Counter from "./counter.js";
import { built, expectReplay, foundIn, onBothKernels } from "./testing.js";

const { atomic, count, hasty, locked } = await built<typeof Counter>("counter");

describe("a counter in shared memory", () => {
  it("loses what was added between another's load and its store, in some schedules", async () => {
    const run = async (linux: Linux): Promise<void> => {
      const sum = await count(linux, hasty, 2, 1);
      if (sum !== 2) throw new Error(`counted ${sum} of 2`);
    };
    const failure = await foundIn(run);
    expect(failure.message).toContain("counted 1 of 2");
    await expectReplay(failure, run);
  });

  it("loses nothing to processes that lock it, on the model and on the real kernel", async () => {
    expect(await onBothKernels((linux) => count(linux, locked, 3, 8), [])).toBe(24);
  });

  it("loses nothing to processes that add by one instruction, on the model and on the real kernel", async () => {
    expect(await onBothKernels((linux) => count(linux, atomic, 3, 1000), [])).toBe(3000);
  });
});
