// Makes an action's call on the real kernel.
import { linux } from "../backends/linux/index.js";
import { SyscallError } from "../src/errors.js";
import type { SyncLinux } from "../src/linux.js";
import { type Action, javascriptArgument, spawnOptions } from "./action.js";
import { takeFrom } from "./libc.js";
import { answer, type Outcome, outcomeOf, resultOf } from "./outcome.js";
import { childProgram } from "./program.js";

type AnyMethod = (...args: unknown[]) => unknown;

/**
 * Makes the call and waits for it.
 * @param connection what a spawned child is told
 */
export function perform(linux: SyncLinux, { call, args }: Action, connection?: string): Outcome {
  const made =
    call === "spawn" ? [childProgram, spawnOptions(args, [connection ?? ""])] : args.map(javascriptArgument);
  try {
    const value = (linux as unknown as Record<string, AnyMethod>)[call]?.(...made);
    // The harness needs the number of a child.
    if (call === "spawn") return answer(1, [value as number]);
    return outcomeOf(call, resultOf(call, value), value, made[1]);
  } catch (error) {
    return failedOutcome(error);
  }
}

/**
 * Takes a descriptor of another process, as the model's `shareDescriptor` does.
 * @param firstDescriptor all below are taken; the last of those is the harness's own
 */
export function takeDescriptor(from: number, fd: number, firstDescriptor: number): Outcome {
  const taken = takeFrom(from, fd, firstDescriptor - 1);
  if (taken >= 0) linux.adopt(taken);
  return answer(taken);
}

/** The outcome of a call that threw. Anything but a failed call is a failure of the harness. */
export function failedOutcome(error: unknown): Outcome {
  if (error instanceof SyscallError) return { result: error.errno, values: [], bytes: undefined };
  throw error;
}
