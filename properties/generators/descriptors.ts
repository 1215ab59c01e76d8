// Descriptors: duplicated, renumbered, their flags and their open files' flags read and set.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import { anyFd, targetFd } from "./arguments.js";
import { step, type WeightedStep } from "./weighted.js";

const duplicateFlags = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, k.O_CLOEXEC) },
  { weight: 1, arbitrary: fc.constantFrom(k.O_NONBLOCK, 1, -1) },
);
const lowest = fc.oneof(
  { weight: 6, arbitrary: targetFd },
  { weight: 1, arbitrary: fc.constantFrom({ number: -1 }, { number: 0 }) },
);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(k.F_GETFD, k.F_GETFL) },
  { weight: 1, arbitrary: fc.constantFrom(5, 1024, -1, 99) },
);
const status = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, k.O_NONBLOCK, k.O_DIRECT, k.O_APPEND, k.O_ASYNC, k.O_NOATIME) },
  { weight: 1, arbitrary: fc.constantFrom(-1, k.O_RDWR | k.O_CLOEXEC, 0x7fffffff) },
);

export const duplicating = step(8, "dup", anyFd);

export const descriptorSteps: readonly WeightedStep[] = [
  duplicating,
  step(6, "dup2", anyFd, targetFd),
  step(5, "dup3", anyFd, targetFd, duplicateFlags),
  step(5, "fcntl", anyFd, fc.constantFrom(k.F_DUPFD, k.F_DUPFD_CLOEXEC), lowest),
  step(6, "fcntl", anyFd, command, fc.constant(0)),
  step(4, "fcntl", anyFd, fc.constant(k.F_SETFD), fc.constantFrom(0, k.FD_CLOEXEC, 2, -1)),
  step(3, "fcntl", anyFd, fc.constant(k.F_SETFL), status),
  step(6, "close", anyFd),
  // Nothing is there; but first of all a descriptor must be free.
  step(1, "open", fc.constant({ path: "f" }), fc.constant(k.O_RDWR), fc.constant(0)),
];
