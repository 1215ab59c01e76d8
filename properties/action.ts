// An action is a step that has met its machine: real numbers for descriptors and pids. It goes to both sides: as a `Call`
// to the model, as JSON to the process that makes the call on the kernel.
import type { Call } from "../src/call.js";
import type { SpawnOptions } from "../src/linux.js";
import { syscalls } from "../src/syscalls.js";
import { pattern } from "./pattern.js";
import { childProgram } from "./program.js";
import type { Step } from "./step.js";

export type ActionArgument =
  | number
  | { readonly room: number }
  | { readonly bytes: number; readonly seed: number }
  | { readonly nanoseconds: string }
  /** fd and events of each entry. */
  | readonly (readonly [number, number])[];

export interface Action {
  readonly call: Step["call"];
  /** For `share`: the index of the process to take from, and its descriptor. For `spawn`: a descriptor to pass, if any. */
  readonly args: readonly ActionArgument[];
}

/** An argument as `Linux` takes it. */
export function javascriptArgument(argument: ActionArgument): unknown {
  if (typeof argument === "number") return argument;
  if ("room" in argument) return new Uint8Array(argument.room);
  if ("bytes" in argument) return pattern(argument.seed, argument.bytes);
  if ("nanoseconds" in argument) return BigInt(argument.nanoseconds);
  return argument.map(([fd, events]) => ({ fd, events }));
}

/** The action as a call of the model. Not for `share`. */
export function callOf({ call, args }: Action): Call {
  if (call === "share") throw new TypeError("share is no call");
  if (call === "spawn") return syscalls.spawn.marshal(childProgram, spawnOptions(args), undefined);
  return syscalls[call].marshal(...(args.map(javascriptArgument) as [unknown, unknown, unknown]));
}

/** The options of a spawn action. @param args the child's arguments */
export function spawnOptions(passed: Action["args"], args: readonly string[] = []): SpawnOptions {
  const [fd] = passed;
  return typeof fd === "number" ? { args, fds: { passed: fd } } : { args };
}

/** Whether a call ends by itself when its time has come. */
export function isTimed({ call, args }: Action): boolean {
  return call === "clock_nanosleep" || (call === "poll" && (args[1] as number) > 0);
}

/** An action as people read it: `write(130, 4096 bytes)`. */
export function actionText({ call, args }: Action): string {
  return `${call}(${args.map(argumentText).join(", ")})`;
}

function argumentText(argument: ActionArgument): string {
  if (typeof argument === "number") return String(argument);
  if ("room" in argument) return `room for ${argument.room}`;
  if ("bytes" in argument) return `${argument.bytes} bytes`;
  if ("nanoseconds" in argument) return `${argument.nanoseconds} ns`;
  return `[${argument.map(([fd, events]) => `${fd}:${eventText(events)}`).join(" ")}]`;
}

const eventNames: readonly (readonly [string, number])[] = [
  ["IN", 0x1],
  ["PRI", 0x2],
  ["OUT", 0x4],
  ["ERR", 0x8],
  ["HUP", 0x10],
  ["NVAL", 0x20],
];

/** Poll events as people read them: `IN|HUP`. */
export function eventText(events: number): string {
  const names = eventNames.filter(([, bit]) => (events & bit) !== 0).map(([name]) => name);
  const rest = eventNames.reduce((left, [, bit]) => left & ~bit, events);
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.length === 0 ? "0" : names.join("|");
}
