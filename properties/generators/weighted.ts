import fc from "fast-check";
import type { Step, StepArgument } from "../step.js";

/** A kind of step, and how often it comes among the others of its mechanism. */
export interface WeightedStep {
  readonly weight: number;
  readonly arbitrary: fc.Arbitrary<Step>;
}

const process = fc.nat({ max: 5 });

/** A step that makes `call` with generated arguments. */
export function step(
  weight: number,
  call: Step["call"],
  ...args: fc.Arbitrary<StepArgument>[]
): WeightedStep {
  return {
    weight,
    arbitrary: fc.tuple(process, fc.tuple(...args)).map(([at, made]) => ({ process: at, call, args: made })),
  };
}
