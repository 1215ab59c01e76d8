// Processes: who am I, is it there, wait for it, start it, end it.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import type { Step } from "../step.js";
import { badFd } from "./arguments.js";
import { step, type WeightedStep } from "./weighted.js";

const known = fc.nat({ max: 7 }).map((pid) => ({ pid }));
/** Above every pid_max: 2^22. */
const nobody = fc.constantFrom(4194305, 2147483647);

/** What changes no process: these go with all other steps. */
export const askingSteps: readonly WeightedStep[] = [
  step(1, "getpid"),
  step(1, "getppid"),
  step(1, "gettid"),
  step(1, "kill", fc.oneof(known, nobody, fc.constantFrom(0, -1, -5)), fc.constantFrom(0, 0, 0, 65, -1, 15)),
  step(
    1,
    "waitpid",
    fc.oneof(known, nobody, fc.constantFrom(-1, -1, 0, -5)),
    fc.constantFrom(k.WNOHANG, 0x40000000),
  ),
];

/** May one signal another? */
export const signallingSteps: readonly WeightedStep[] = [
  step(4, "kill", known, fc.constant(0)),
  step(1, "kill", known, fc.constant(k.SIGKILL)),
];

/** What starts and ends processes: dear, for each is a real one. */
export const processSteps: readonly WeightedStep[] = [
  step(4, "spawn"),
  step(1, "spawn", badFd),
  step(4, "waitpid", fc.oneof(known, fc.constant(-1)), fc.constantFrom(0, k.WNOHANG)),
  step(2, "exit", fc.constantFrom(0, 1, 255, 256, -1)),
  step(2, "kill", known, fc.constant(k.SIGKILL)),
  step(2, "kill", known, fc.constant(0)),
];

export const startOfChild: Step = { process: 0, call: "spawn", args: [] };

/** What may end the first child of the first process, and who may wait for it. */
export const endOfChild: readonly Step[] = [
  { process: 1, call: "exit", args: [3] },
  { process: 0, call: "kill", args: [{ pid: 1 }, k.SIGKILL] },
  { process: 0, call: "waitpid", args: [{ pid: 1 }, 0] },
  { process: 0, call: "waitpid", args: [-1, 0] },
];
