// Clocks: read, and slept on until a time that is past or for a moment. A step is only made when all else is quiescent, so that
// nothing races with the time.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import { step, type WeightedStep } from "./weighted.js";

const clock = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      k.CLOCK_REALTIME,
      k.CLOCK_MONOTONIC,
      k.CLOCK_BOOTTIME,
      k.CLOCK_MONOTONIC_RAW,
      k.CLOCK_REALTIME_COARSE,
      k.CLOCK_MONOTONIC_COARSE,
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(-1, 99, 2147483647) },
);
const past = fc
  .constantFrom("0", "1", "999999999", "-1", "-1000000000")
  .map((nanoseconds) => ({ nanoseconds }));

export const clockSteps: readonly WeightedStep[] = [
  step(2, "clock_gettime", clock),
  step(2, "clock_nanosleep", clock, fc.constantFrom(k.TIMER_ABSTIME, k.TIMER_ABSTIME, 1 | 4), past),
  step(
    1,
    "clock_nanosleep",
    clock,
    fc.constant(0),
    fc.constantFrom("0", "1", "200000", "-1").map((nanoseconds) => ({ nanoseconds })),
  ),
  // Until it is interrupted.
  step(
    1,
    "clock_nanosleep",
    fc.constantFrom(k.CLOCK_REALTIME, k.CLOCK_MONOTONIC, k.CLOCK_BOOTTIME),
    fc.constant(0),
    fc.constant({ nanoseconds: "86400000000000" }),
  ),
];
