// The steps of a case, by mechanism.
import fc from "fast-check";
import type { Step } from "../step.js";
import { clockSteps } from "./clock.js";
import { descriptorSteps, duplicating } from "./descriptors.js";
import { makePipe, pipeSteps, sharing } from "./pipe.js";
import { pollSteps } from "./poll.js";
import { askingSteps, endOfChild, processSteps, startOfChild } from "./process.js";
import type { WeightedStep } from "./weighted.js";

const scaled = (steps: readonly WeightedStep[], factor: number): WeightedStep[] =>
  steps.map(({ weight, arbitrary }) => ({ weight: weight * factor, arbitrary }));

/** What each mechanism's cases are made of: its own steps, on pipes that are in use. */
const mixtures = {
  pipe: pipeSteps,
  descriptors: [...scaled(descriptorSteps, 3), ...pipeSteps],
  poll: [...scaled(pollSteps, 3), ...pipeSteps],
  clock: [...scaled(clockSteps, 10), ...pipeSteps],
  asking: [...scaled(askingSteps, 10), ...pipeSteps],
  process: [...scaled(processSteps, 4), ...pipeSteps, ...descriptorSteps],
  all: [...pipeSteps, ...descriptorSteps, ...pollSteps, ...clockSteps, ...askingSteps],
} satisfies Record<string, readonly WeightedStep[]>;

export type Mechanism = keyof typeof mixtures;

export const mechanisms = Object.keys(mixtures) as Mechanism[];

// So many that one process runs into its limit on descriptors.
const crowd: fc.Arbitrary<Step[]> = fc
  .array(fc.oneof({ ...makePipe, weight: 3 }, { ...duplicating, weight: 1 }), { maxLength: 18, size: "max" })
  .map((steps) => steps.map((step) => ({ ...step, process: 0 })));

// A child and its end: by itself, or its parent's doing, waited for before or after.
const family: fc.Arbitrary<readonly Step[]> = fc
  .shuffledSubarray([...endOfChild])
  .map((end) => [{ ...startOfChild, process: 0 }, ...end]);

// What a case begins with, so that the steps after it find something.
const few = fc.array(fc.oneof(makePipe, sharing), { minLength: 1, maxLength: 6, size: "max" });
const starts: Partial<Record<Mechanism, fc.Arbitrary<readonly Step[]>>> = {
  descriptors: fc.oneof({ weight: 3, arbitrary: few }, { weight: 1, arbitrary: crowd }),
  process: fc.tuple(few, family).map(([first, then]) => [...first, ...then]),
};

/** Cases of a mechanism: pipes that are made and shared, then any of its steps. */
export function cases(mechanism: Mechanism, maxLength: number): fc.Arbitrary<readonly Step[]> {
  const rest = fc.array(fc.oneof(...mixtures[mechanism]), { maxLength, size: "max" });
  return fc.tuple(starts[mechanism] ?? few, rest).map(([first, then]) => [...first, ...then]);
}
