// Who a process is: asked, and changed. What it may do afterwards is for the steps on paths and processes.
import fc from "fast-check";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const id = fc.oneof(
  w(6, fc.constant(-1)),
  w(8, fc.constantFrom(0, 1000, 1001, 1002)),
  w(1, fc.constantFrom(50, 2147483647, -2, -2147483648)),
);
const groups = fc.oneof(
  w(
    8,
    fc.array(fc.constantFrom(0, 7, 50, 1000, 1001, 1002), { maxLength: 4 }).map((list) => ({ groups: list })),
  ),
  w(1, fc.constantFrom({ groups: [-1] }, { groups: [2147483647, 1] }, { groups: [3], times: 16 })),
  w(1, fc.constant({ groups: [1], times: 65537 })),
);

export const changingSteps: readonly WeightedStep[] = [
  step(8, "setresuid", id, id, id),
  step(5, "setresgid", id, id, id),
  step(4, "setgroups", groups),
];

export const identitySteps: readonly WeightedStep[] = [
  step(1, "getuid"),
  step(1, "geteuid"),
  step(1, "getgid"),
  step(1, "getegid"),
  step(1, "getgroups"),
];
