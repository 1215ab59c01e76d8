// poll(2): one entry, several, the same descriptor twice, none; at once or for ever.
import fc from "fast-check";
import { pollEntry } from "./arguments.js";
import { step, type WeightedStep } from "./weighted.js";

const entries = fc.oneof(
  { weight: 8, arbitrary: fc.array(pollEntry, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.array(pollEntry, { maxLength: 12 }) },
);
const tooMany = pollEntry.map((entry) => Array.from({ length: 125 }, () => entry));

export const pollSteps: readonly WeightedStep[] = [
  step(10, "poll", entries, fc.constant(0)),
  step(12, "poll", entries, fc.constantFrom(-1, -1, -1, -2147483648)),
  step(1, "poll", entries, fc.constant(1)),
  step(1, "poll", tooMany, fc.constant(0)),
];
