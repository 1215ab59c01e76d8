// How much a pipe holds: asked, and changed around all sizes where that matters.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import { anyFd } from "./arguments.js";
import { step, type WeightedStep } from "./weighted.js";

const PAGE = 4096;

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const around = (arbitrary: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  fc.tuple(arbitrary, fc.integer({ min: -1, max: 1 })).map(([size, off]) => size + off);

const capacity = fc.oneof(
  w(8, around(fc.integer({ min: 0, max: 6 }).map((power) => PAGE << power))),
  w(3, around(fc.integer({ min: 1, max: 20 }).map((pages) => pages * PAGE))),
  w(2, around(fc.constantFrom(131072, 262144, k.PIPE_MAX_SIZE_DEFAULT))),
  w(
    1,
    fc.constantFrom(0, 1, -1, -2147483648, 2147483647, 1 << 30, (1 << 30) + 1, 2 * k.PIPE_MAX_SIZE_DEFAULT),
  ),
);

export const limitSteps: readonly WeightedStep[] = [
  step(10, "fcntl", anyFd, fc.constant(k.F_SETPIPE_SZ), capacity),
  step(4, "fcntl", anyFd, fc.constant(k.F_GETPIPE_SZ), fc.constant(0)),
];
