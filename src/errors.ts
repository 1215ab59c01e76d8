import * as errnoNumbers from "../assembly/abi/errno.js";
import { errnoMessages } from "./errno-messages.js";

const names = new Map<number, string>(Object.entries(errnoNumbers).map(([name, number]) => [number, name]));

/**
 * The name of an error number: `errnoName(32)` is `"EPIPE"`.
 * @param errno positive error number, see errno(3)
 */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`;
}

/** What is known of a failed call beyond its errno. */
export interface SyscallErrorDetails {
  /** The descriptor that the call was made on. */
  readonly fd?: number;
  /** The path that the call was made on. */
  readonly path?: string;
  /** Which limit was hit and where it is set, or what a caller can do. */
  readonly hint?: string;
  /** The bytes that were transferred before the failure. */
  readonly transferred?: number;
}

/**
 * A failed system call, shaped as Node's ErrnoException: `code` is the name (`"EAGAIN"`), `errno` the negative
 * number (`-11`), `syscall` the call (`"read"`).
 */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly fd: number | undefined;
  readonly path: string | undefined;
  readonly hint: string | undefined;

  /**
   * @param errno positive error number
   * @param syscall the call's name in the manual
   */
  constructor(errno: number, syscall: string, details: SyscallErrorDetails = {}) {
    const code = errnoName(errno);
    const fd = details.fd === undefined ? "" : `, fd ${details.fd}`;
    const path = details.path === undefined ? "" : ` '${details.path}'`;
    const hint = details.hint === undefined ? "" : ` (${details.hint})`;
    super(`${code}: ${errnoMessages[code] ?? "unknown error"}, ${syscall}${path}${fd}${hint}`);
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    this.fd = details.fd;
    this.path = details.path;
    this.hint = details.hint;
  }
}

/** An argument of the wrong type or outside its C type's range; nothing was touched. */
export function argumentError(
  syscall: string,
  argument: string,
  expected: string,
  value: unknown,
): TypeError {
  return argumentMistake(syscall, argument, expected, describe(value));
}

/** The same, where the value itself does not show what is wrong with it: `found` says it. */
export function argumentMistake(
  syscall: string,
  argument: string,
  expected: string,
  found: string,
): TypeError {
  const error = new TypeError(`${syscall}: "${argument}" must be ${expected}, not ${found}`);
  return Object.assign(error, { code: "ERR_INVALID_ARG_TYPE", syscall, argument });
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "object" && value !== null) {
    // A caller's object may have a hostile constructor or prototype: ask for neither.
    return Array.isArray(value) ? "an array" : "an object";
  }
  return String(value);
}

/** The error of a call whose AbortSignal fired before it completed: Node's shape, `cause` is the signal's reason. */
export function abortError(syscall: string, reason: unknown): Error {
  const error = new Error(`${syscall}: the operation was aborted`, { cause: reason });
  error.name = "AbortError";
  return Object.assign(error, { code: "ABORT_ERR", syscall });
}

/** The error of an operation that took longer than its `timeout`: named as DOM's. */
export function timeoutError(syscall: string, timeoutMs: number): Error {
  const error = new Error(`${syscall}: timed out after ${timeoutMs} ms`);
  error.name = "TimeoutError";
  return Object.assign(error, { code: "TIMEOUT_ERR", syscall, timeout: timeoutMs });
}

/** The name of what failed: `"EPIPE"`, `"ABORT_ERR"`. Not by class: there may be two copies of this module. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error ? (error as { code?: string }).code : undefined;

/** Whether an AbortSignal ended the call that failed with this error. */
export const isAbortError = (error: unknown): boolean => codeOf(error) === "ABORT_ERR";

/** Whether an error tells of one call, and was made for it: others may be shared. */
export const isOfACall = (error: unknown): error is Error =>
  error instanceof Error &&
  ["SyscallError", "AbortError", "TimeoutError"].includes(error.name) &&
  "syscall" in error;

/**
 * Adds to the message of a failed call what it was made on, and leaves its stack as it is.
 * @param where a pipe or a FIFO, by its name
 */
export function addToMessage(error: Error, where: string): void {
  const before = error.message;
  if (before.endsWith(`, ${where}`)) return;
  error.message = `${before}, ${where}`;
  // The stack repeats the message as it was when the error was made.
  if (typeof error.stack === "string") error.stack = error.stack.replace(before, () => error.message);
}

/** Does something, and says of a call that fails in it what it is about. @param where undefined if that has no name */
export async function about<Value>(
  where: string | undefined,
  operation: () => Promise<Value>,
): Promise<Value> {
  try {
    return await operation();
  } catch (error) {
    if (where !== undefined && isOfACall(error)) addToMessage(error, where);
    throw error;
  }
}

/** Says of a failed call what is behind it, in place of what is said of all such failures. */
export function explain(error: SyscallError, hint: string): void {
  const before = error.message;
  const { hint: general } = error;
  const after =
    general === undefined ? `${before} (${hint})` : before.replace(`(${general})`, () => `(${hint})`);
  error.message = after;
  if (typeof error.stack === "string") error.stack = error.stack.replace(before, () => after);
  Object.assign(error, { hint });
}

/** The error of a reader that was given more than its caller allows. Nothing of it is lost: it can be read. */
export function tooLongError(caller: string, what: string, limitBytes: number): RangeError {
  const error = new RangeError(`${caller}: ${what} is longer than ${limitBytes} bytes`);
  return Object.assign(error, { code: "ERR_TOO_LONG", limit: limitBytes });
}
