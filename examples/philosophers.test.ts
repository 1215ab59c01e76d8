// Philosophers who take the left fork first are found waiting in a circle; the others dine in every schedule, for real, and also
// when one of them is killed.
import type { Linux } from "linux-ipc";
import { describe, expect, it } from "vitest";
import { FIRST_PID, killedAtEveryStep } from "./killing/testing.js";
import type * as Philosophers from "./philosophers.js";
import { built, expectReplay, foundIn, onBothKernels } from "./testing.js";

const { count, dine } = await built<typeof Philosophers>("philosophers");

const well = ["inOrder", "withOneLess", "bothAtOnce"] as const;

describe("philosophers", () => {
  it("starve who all take the left fork first, in some schedules, and the circle is told", async () => {
    const run = (linux: Linux): Promise<unknown> => dine(linux, "leftFirst");
    const failure = await foundIn(run);
    const { kind, message } = failure;
    expect(kind).toBe("deadlock");
    expect(message).toMatch(/to be 1 or more: it is 0, last changed by pid 4, 1 taken by pid 4\n/);
    expect(message).toMatch(/In a circle:( pid [3-7] waits for){5} pid 3\./);
    await expectReplay(failure, run);
  });

  it.each(well)("dine, and disturb nobody, on the model and on the real kernel: %s", async (way) => {
    const dinner = await onBothKernels((linux) => dine(linux, way, 2), []);
    expect(dinner).toEqual({ meals: 2 * count, disputes: 0, deaths: 0 });
  });

  it.each(well)("dine on when one is killed, at every step: %s", async (way) => {
    const meals = new Set<number>();
    let deaths = 0;
    await killedAtEveryStep([FIRST_PID], async (linux) => {
      const dinner = await dine(linux, way);
      meals.add(dinner.meals);
      deaths += dinner.deaths;
    });
    // All of the others, and of the one that was killed the one or none.
    expect([...meals].sort()).toEqual([count - 1, count]);
    expect(deaths).toBeGreaterThan(100);
  });
});
