// FIFOs: opened by processes that wait for each other or not, written, read, left and opened again.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import { anyFd, freeFd, pollEntry, readFd, size, writeFd } from "./arguments.js";
import { interruption } from "./interruption.js";
import { fifoPath, makeFifo, openFifo } from "./paths.js";
import { step, type WeightedStep } from "./weighted.js";

const entries = fc.array(pollEntry, { minLength: 1, maxLength: 3 });

export const fifoSteps: readonly WeightedStep[] = [
  makeFifo(3),
  openFifo(34),
  step(
    14,
    "read",
    readFd,
    size.map((room) => ({ room })),
  ),
  step(
    16,
    "write",
    writeFd,
    size.map((bytes) => ({ bytes })),
  ),
  step(18, "close", anyFd),
  step(6, "poll", entries, fc.constant(0)),
  step(5, "poll", entries, fc.constant(-1)),
  step(3, "dup", anyFd),
  step(2, "dup2", anyFd, anyFd),
  step(3, "dup2", anyFd, freeFd),
  step(2, "dup3", anyFd, freeFd, fc.constant(0)),
  step(1, "close", freeFd),
  step(2, "pipe2", fc.constant(0)),
  step(2, "share", fc.nat({ max: 3 }), anyFd),
  step(3, "fcntl", anyFd, fc.constant(k.F_SETFL), fc.constantFrom(0, k.O_NONBLOCK, k.O_DIRECT)),
  step(1, "ioctl", anyFd, fc.constant(k.FIONREAD)),
  step(2, "unlink", fifoPath),
  step(2, "fstat", anyFd),
  interruption(6),
];
