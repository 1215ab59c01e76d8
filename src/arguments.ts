// Checks of arguments before anything is touched: what C's types cannot hold is a TypeError that names the argument;
// what they can hold goes on to the kernel, whose errno judges it.
import { byteLengthOf, isUint8Array } from "./byte-length.js";
import type { PollEntry, SpawnRequest } from "./call.js";
import { argumentError, argumentMistake } from "./errors.js";
import { isProgram, type Json } from "./program.js";

/** A C int. */
export function int(syscall: string, argument: string, value: unknown): number {
  if (typeof value === "number" && (value | 0) === value) return value;
  throw argumentError(syscall, argument, "a 32-bit integer", value);
}

/** A C int that may be left out. */
export function intOr(syscall: string, argument: string, value: unknown, otherwise: number): number {
  return value === undefined ? otherwise : int(syscall, argument, value);
}

/** A buffer that is there to be read or filled. */
export function bytes(syscall: string, argument: string, value: unknown): Uint8Array {
  if (!isUint8Array(value)) throw argumentError(syscall, argument, "a Uint8Array", value);
  if (byteLengthOf(value) === 0 && isDetached(value)) {
    throw argumentMistake(syscall, argument, "a Uint8Array", "one whose buffer is detached");
  }
  return value;
}

function isDetached(view: Uint8Array): boolean {
  try {
    new Uint8Array(view.buffer);
    return false;
  } catch {
    return true;
  }
}

const MAX_NANOSECONDS = (1n << 63n) - 1n;

/** A time in nanoseconds that a C timespec can be made from. */
export function nanoseconds(syscall: string, argument: string, value: unknown): bigint {
  if (typeof value === "bigint" && value <= MAX_NANOSECONDS && value >= -MAX_NANOSECONDS) return value;
  throw argumentError(syscall, argument, "a bigint of nanoseconds that fits in 64 bits", value);
}

/** The entries of poll(2), copied. */
export function pollEntries(syscall: string, argument: string, value: unknown): readonly PollEntry[] {
  if (!Array.isArray(value)) throw argumentError(syscall, argument, "an array of { fd, events }", value);
  return Array.from(value, (entry: unknown, index): PollEntry => {
    const place = `${argument}[${index}]`;
    if (typeof entry !== "object" || entry === null) {
      throw argumentError(syscall, place, "{ fd, events }", entry);
    }
    const { fd, events } = entry as PollEntry;
    int(syscall, `${place}.fd`, fd);
    if (int(syscall, `${place}.events`, events) < 0 || events > 0xffff) {
      throw argumentError(syscall, `${place}.events`, "a 16-bit mask", events);
    }
    return { fd, events };
  });
}

/** What `spawn` is asked to start. */
export function spawnRequest(syscall: string, program: unknown, options: unknown): SpawnRequest {
  if (!isProgram(program)) throw argumentError(syscall, "program", "a value made by program()", program);
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw argumentError(syscall, "options", "an object", options);
  }
  const { args = [], fds = {}, execArgv = [] } = (options ?? {}) as Record<string, unknown>;
  if (!Array.isArray(args)) throw argumentError(syscall, "options.args", "an array", args);
  if (typeof fds !== "object" || fds === null) {
    throw argumentError(syscall, "options.fds", "an object of descriptors by name", fds);
  }
  if (!Array.isArray(execArgv) || !execArgv.every(isPlainString)) {
    throw argumentError(syscall, "options.execArgv", "an array of strings without NUL", execArgv);
  }
  const names = Object.keys(fds);
  return {
    program,
    args: jsonCopy(syscall, args),
    names,
    fds: names.map((name) => int(syscall, `options.fds.${name}`, (fds as Record<string, unknown>)[name])),
    execArgv: [...execArgv],
  };
}

const isPlainString = (value: unknown): value is string => typeof value === "string" && !value.includes("\0");

/** Whether JSON gives the very same value back. */
const isOwnCopy = (value: unknown): boolean =>
  typeof value === "string" ||
  typeof value === "boolean" ||
  value === null ||
  (Number.isFinite(value) && !Object.is(value, -0));

/** A process gets a copy of its arguments, on the model as on a real kernel. */
function jsonCopy(syscall: string, args: unknown[]): readonly Json[] {
  // What is its own copy need not go through a text: a search spawns often.
  const copy = [...(args as Json[])];
  if (copy.every(isOwnCopy)) return copy;
  try {
    return JSON.parse(JSON.stringify(args)) as Json[];
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    throw argumentMistake(
      syscall,
      "options.args",
      "an array of JSON values",
      `one that JSON refuses: ${reason}`,
    );
  }
}

/** The `signal` of a waiting call's options. */
export function abortSignal(syscall: string, options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null) {
    throw argumentError(syscall, "options", "an object", options);
  }
  const { signal } = options as { signal?: unknown };
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw argumentError(syscall, "options.signal", "an AbortSignal", signal);
}
