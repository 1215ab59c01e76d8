// readv and writev: several buffers at once, empty ones among them, and more than there may be.
import fc from "fast-check";
import { anyFd, readFd, size, writeFd } from "./arguments.js";
import { step, type WeightedStep } from "./weighted.js";

const few = fc.array(size, { maxLength: 4 }).map((buffers) => ({ buffers }));
const small = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 }).map((buffers) => ({ buffers }));
const many = fc
  .tuple(fc.constantFrom(0, 1, 5, 64), fc.constantFrom(1023, 1024, 1025))
  .map(([bytes, times]) => ({ buffers: [bytes], times }));

export const vector = fc.oneof(
  { weight: 16, arbitrary: few },
  { weight: 8, arbitrary: small },
  { weight: 1, arbitrary: many },
);

export const vectorSteps: readonly WeightedStep[] = [
  step(14, "readv", readFd, vector),
  step(16, "writev", writeFd, vector),
  step(1, "readv", anyFd, vector),
  step(1, "writev", anyFd, vector),
];
