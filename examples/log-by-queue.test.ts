// No record is lost or torn, though the queue is full nearly always, and those of one writer and severity are in their order. So it is
// also where a writer is killed, at whatever step.
import { describe, expect, it } from "vitest";
import { FIRST_PID, killedAtEveryStep } from "./killing/testing.js";
import type * as LogByQueue from "./log-by-queue.js";
import { built, onBothKernels } from "./testing.js";

const { collect } = await built<typeof LogByQueue>("log-by-queue");

describe("records in a log", () => {
  it("are whole and in order, and none is lost, on the model and on the real kernel", async () => {
    // Longer than what goes through a pipe in one piece.
    const load = { writers: 3, records: 4, size: 5000 };
    const collected = await onBothKernels((linux, name) => collect(linux, name, load));
    expect(collected).toEqual({ records: 24, torn: 0, misplaced: 0 });
  });

  it("are there as far as they were sent if a writer is killed, at every step", async () => {
    const load = { writers: 2, records: 3, size: 20 };
    const seen = new Set<number>();
    await killedAtEveryStep([FIRST_PID], async (linux) => {
      const { records, torn, misplaced } = await collect(linux, "/example", load);
      expect({ torn, misplaced }).toEqual({ torn: 0, misplaced: 0 });
      seen.add(records);
    });
    // All of the other writer, and of the one that was killed none, or one, and so on.
    expect([...seen].sort((a, b) => a - b)).toEqual([6, 7, 8, 9, 10, 11, 12]);
  });
});
