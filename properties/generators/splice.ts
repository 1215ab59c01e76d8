// tee, splice and vmsplice: pages that change pipes, or are in two at once.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import { anyFd, otherWriteFd, readFd, size, writeFd } from "./arguments.js";
import { vector } from "./vectors.js";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const flags = fc.oneof(
  w(8, fc.constant(0)),
  w(6, fc.constantFrom(k.SPLICE_F_NONBLOCK, k.SPLICE_F_NONBLOCK | k.SPLICE_F_MORE)),
  w(3, fc.constantFrom(k.SPLICE_F_MOVE, k.SPLICE_F_MORE, k.SPLICE_F_GIFT, 15)),
  w(1, fc.constantFrom(16, -1, 0x7fffffff)),
);
const length = fc.oneof(w(12, size), w(2, fc.constantFrom(0, 1, 1048576, 0x7fffffff, 2 ** 31, 2 ** 40)));
const noOffset = fc.oneof(w(24, fc.constant(null)), w(1, fc.constantFrom({ offset: "0" }, { offset: "-1" })));

export const spliceSteps: readonly WeightedStep[] = [
  step(9, "tee", readFd, otherWriteFd, length, flags),
  step(12, "splice", readFd, noOffset, otherWriteFd, noOffset, length, flags),
  step(7, "vmsplice", writeFd, vector, flags),
  step(4, "vmsplice", readFd, vector, flags),
  step(1, "tee", anyFd, anyFd, length, flags),
  step(1, "splice", anyFd, noOffset, anyFd, noOffset, length, flags),
  step(1, "vmsplice", anyFd, vector, flags),
];
