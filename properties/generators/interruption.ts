// A call that is blocked is ended early.
import fc from "fast-check";
import { step, type WeightedStep } from "./weighted.js";

export const interruption = (weight: number): WeightedStep =>
  step(
    weight,
    "interrupt",
    fc.nat({ max: 3 }).map((blocked) => ({ blocked })),
  );
