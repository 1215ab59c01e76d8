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
  readonly hint: string | undefined;

  /**
   * @param errno positive error number
   * @param syscall the call's name in the manual
   */
  constructor(errno: number, syscall: string, details: SyscallErrorDetails = {}) {
    const code = errnoName(errno);
    const where = details.fd === undefined ? syscall : `${syscall}, fd ${details.fd}`;
    const hint = details.hint === undefined ? "" : ` (${details.hint})`;
    super(`${code}: ${errnoMessages[code] ?? "unknown error"}, ${where}${hint}`);
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    this.fd = details.fd;
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
