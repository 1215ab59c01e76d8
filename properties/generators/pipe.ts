// Pipes: made, filled, drained, shared between processes, closed.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import { anyFd, readFd, size, writeFd, writeSize } from "./arguments.js";
import { step, type WeightedStep } from "./weighted.js";

const pipeFlags = fc.oneof(
  { weight: 12, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.constantFrom(k.O_NONBLOCK, k.O_CLOEXEC, k.O_NONBLOCK | k.O_CLOEXEC) },
  { weight: 2, arbitrary: fc.constantFrom(k.O_DIRECT, k.O_DIRECT | k.O_NONBLOCK) },
  { weight: 1, arbitrary: fc.constantFrom(1, k.O_APPEND, -1, k.O_NOTIFICATION_PIPE, k.O_RDWR) },
);
const statusFlags = fc.constantFrom(0, k.O_NONBLOCK, k.O_NONBLOCK, k.O_DIRECT, k.O_NONBLOCK | k.O_DIRECT);

export const makePipe = step(6, "pipe2", pipeFlags);
export const sharing = step(12, "share", fc.nat({ max: 3 }), anyFd);

export const pipeSteps: readonly WeightedStep[] = [
  makePipe,
  sharing,
  step(
    34,
    "read",
    readFd,
    size.map((room) => ({ room })),
  ),
  step(
    38,
    "write",
    writeFd,
    writeSize.map((bytes) => ({ bytes })),
  ),
  step(7, "close", anyFd),
  step(4, "fcntl", anyFd, fc.constant(k.F_SETFL), statusFlags),
  step(
    4,
    "ioctl",
    anyFd,
    fc.oneof({ weight: 9, arbitrary: fc.constant(k.FIONREAD) }, fc.constantFrom(0, 0x5401, -1)),
  ),
];
