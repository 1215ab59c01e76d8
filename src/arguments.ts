// Checks of arguments before anything is touched: what C's types cannot hold is a TypeError that names the argument;
// what they can hold goes on to the kernel, whose errno judges it.
import { byteLengthOf, isUint8Array } from "./byte-length.js";
import type { PollEntry, QueueNotification, QueueSize, SpawnRequest } from "./call.js";
import { argumentError, argumentMistake } from "./errors.js";
import type { FutexWaiter } from "./futex.js";
import { isExecutable, isProgram, isText, type Json } from "./program.js";
import type { QueueSettings } from "./sysv-queue.js";
import type { SemaphoreOperation, SemaphoreSetSettings } from "./sysv-semaphore.js";
import type { SegmentSettings } from "./sysv-shared-memory.js";

// Elements of arrays are judged first and named only if they are wrong: to make the name takes longer than many a call.
const isInt = (value: unknown): value is number => typeof value === "number" && (value | 0) === value;
const isShort = (value: unknown): value is number =>
  typeof value === "number" && (value << 16) >> 16 === value;
const isUnsignedShort = (value: unknown): value is number =>
  typeof value === "number" && (value & 0xffff) === value;

const INT = "a 32-bit integer";
const SHORT = "a 16-bit integer";
const UNSIGNED_SHORT = "an unsigned 16-bit integer";

/** A C int. */
export function int(syscall: string, argument: string, value: unknown): number {
  if (isInt(value)) return value;
  throw argumentError(syscall, argument, INT, value);
}

/** A C int that may be left out. */
export function intOr(syscall: string, argument: string, value: unknown, otherwise: number): number {
  return value === undefined ? otherwise : int(syscall, argument, value);
}

/** A C long with all its bits: a bigint, or an integer that a number holds. */
export function long(syscall: string, argument: string, value: unknown): bigint {
  const exact = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof exact === "bigint" && BigInt.asIntN(64, exact) === exact) return exact;
  throw argumentError(syscall, argument, "an integer, or a bigint that fits in 64 bits", value);
}

/** A C unsigned int, as an integer of 32 bits. */
export function unsigned(syscall: string, argument: string, value: unknown): number {
  if (typeof value === "number" && value >>> 0 === value) return value | 0;
  throw argumentError(syscall, argument, "an unsigned 32-bit integer", value);
}

/** A 32-bit word, signed or not: the same bits as an integer that is signed. */
export function word(syscall: string, argument: string, value: unknown): number {
  if (typeof value === "number" && ((value | 0) === value || value >>> 0 === value)) return value | 0;
  throw argumentError(syscall, argument, "a 32-bit integer, signed or not", value);
}

/** The words that are waited at. The list is copied. */
export function futexWaiters(syscall: string, argument: string, value: unknown): readonly FutexWaiter[] {
  if (!Array.isArray(value))
    throw argumentError(syscall, argument, "an array of { val, uaddr, flags }", value);
  return Array.from(value, (one: unknown, index) => futexWaiter(syscall, `${argument}[${index}]`, one));
}

function futexWaiter(syscall: string, argument: string, value: unknown): FutexWaiter {
  if (typeof value !== "object" || value === null) {
    throw argumentError(syscall, argument, "{ val, uaddr, flags }", value);
  }
  const { val, uaddr, flags } = value as Partial<FutexWaiter>;
  return {
    val: word(syscall, `${argument}.val`, val),
    uaddr: exactLong(syscall, `${argument}.uaddr`, uaddr),
    flags: word(syscall, `${argument}.flags`, flags),
  };
}

/** A C long, as far as a number is exact. */
export function exactLong(syscall: string, argument: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw argumentError(syscall, argument, "an integer", value);
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

/** Buffers that are filled, or whose bytes are taken, one after the other. The list is copied. */
export function buffers(syscall: string, argument: string, value: unknown): readonly Uint8Array[] {
  if (!Array.isArray(value)) throw argumentError(syscall, argument, "an array of Uint8Arrays", value);
  return Array.from(value, (one: unknown, index) => bytes(syscall, `${argument}[${index}]`, one));
}

/** A C size_t: bytes. */
export function size(syscall: string, argument: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw argumentError(syscall, argument, "an integer of at least 0", value);
}

/** A place in a file, in bytes; undefined for where the open file stands. */
export function offset(syscall: string, argument: string, value: unknown): bigint | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) return value;
  throw argumentError(syscall, argument, "null, or a bigint that fits in 64 bits", value);
}

/** A path: C's string, in UTF-8. */
export function path(syscall: string, argument: string, value: unknown): string {
  if (typeof value !== "string") throw argumentError(syscall, argument, "a string", value);
  if (value.includes("\0"))
    throw argumentMistake(syscall, argument, "a string without NUL", "one with NUL in it");
  // A lone surrogate has no UTF-8: it would become another name.
  if (/\p{Surrogate}/u.test(value)) {
    throw argumentMistake(syscall, argument, "a string of Unicode characters", "one with a lone surrogate");
  }
  return value;
}

/** Group IDs. The list is copied. */
export const groupList = (syscall: string, argument: string, value: unknown): readonly number[] =>
  ints(syscall, argument, "an array of group IDs", value);

/** The signals of a set. The list is copied. */
export const signalSet = (syscall: string, argument: string, value: unknown): readonly number[] =>
  ints(syscall, argument, "an array of signals", value);

function ints(syscall: string, argument: string, expected: string, value: unknown): readonly number[] {
  if (!Array.isArray(value)) throw argumentError(syscall, argument, expected, value);
  return Array.from(value, (one: unknown, index) => int(syscall, `${argument}[${index}]`, one));
}

/** What a new message queue is to hold; undefined for the system's defaults. */
export function queueAttributes(syscall: string, argument: string, value: unknown): QueueSize | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object") throw argumentError(syscall, argument, "null or { maxmsg, msgsize }", value);
  const { maxmsg, msgsize } = value as QueueSize;
  return {
    maxmsg: exactLong(syscall, `${argument}.maxmsg`, maxmsg),
    msgsize: exactLong(syscall, `${argument}.msgsize`, msgsize),
  };
}

/** The flags of attributes. */
export function queueFlags(syscall: string, argument: string, value: unknown): number {
  if (typeof value !== "object" || value === null) throw argumentError(syscall, argument, "{ flags }", value);
  return int(syscall, `${argument}.flags`, (value as { flags?: unknown }).flags);
}

/** How a process is to be told of a message; undefined for not at all. */
export function queueNotification(
  syscall: string,
  argument: string,
  value: unknown,
): QueueNotification | undefined {
  if (value === null) return undefined;
  if (typeof value !== "object") throw argumentError(syscall, argument, "null or { notify, signo }", value);
  const { notify, signo } = value as Partial<QueueNotification>;
  return {
    notify: int(syscall, `${argument}.notify`, notify),
    signo: intOr(syscall, `${argument}.signo`, signo, 0),
  };
}

const MAX_NANOSECONDS = (1n << 63n) - 1n;

/** A time in nanoseconds that a C timespec can be made from. */
export function nanoseconds(syscall: string, argument: string, value: unknown): bigint {
  if (typeof value === "bigint" && value <= MAX_NANOSECONDS && value >= -MAX_NANOSECONDS) return value;
  throw argumentError(syscall, argument, "a bigint of nanoseconds that fits in 64 bits", value);
}

/** What msgctl(2) sets, copied. */
export function queueSettings(syscall: string, argument: string, value: unknown): QueueSettings {
  if (typeof value !== "object" || value === null) {
    throw argumentError(syscall, argument, "{ uid, gid, mode, qbytes }", value);
  }
  const { uid, gid, mode, qbytes } = value as Record<keyof QueueSettings, unknown>;
  return {
    uid: int(syscall, `${argument}.uid`, uid),
    gid: int(syscall, `${argument}.gid`, gid),
    mode: int(syscall, `${argument}.mode`, mode),
    qbytes: size(syscall, `${argument}.qbytes`, qbytes),
  };
}

/** An integer of 16 bits: a C short, or an unsigned one from 0 on. */
export function short(syscall: string, argument: string, value: unknown, isSigned: boolean): number {
  if (isSigned ? isShort(value) : isUnsignedShort(value)) return value as number;
  throw argumentError(syscall, argument, isSigned ? SHORT : UNSIGNED_SHORT, value);
}

/** What semop(2) is to do, copied. */
export function semaphoreOperations(
  syscall: string,
  argument: string,
  value: unknown,
): readonly SemaphoreOperation[] {
  if (!Array.isArray(value)) throw argumentError(syscall, argument, "an array of { num, op, flg }", value);
  const operations: SemaphoreOperation[] = [];
  for (let index = 0; index < value.length; index++) {
    const given: unknown = value[index];
    if (typeof given !== "object" || given === null) {
      throw argumentError(syscall, `${argument}[${index}]`, "{ num, op, flg }", given);
    }
    const { num, op, flg } = given as Record<keyof SemaphoreOperation, unknown>;
    if (!isUnsignedShort(num)) throw argumentError(syscall, `${argument}[${index}].num`, UNSIGNED_SHORT, num);
    if (!isShort(op)) throw argumentError(syscall, `${argument}[${index}].op`, SHORT, op);
    if (!isShort(flg)) throw argumentError(syscall, `${argument}[${index}].flg`, SHORT, flg);
    operations.push({ num, op, flg });
  }
  return operations;
}

/** The values of semaphores: C's unsigned shorts. The list is copied. */
export function semaphoreValues(syscall: string, argument: string, value: unknown): readonly number[] {
  if (!Array.isArray(value)) throw argumentError(syscall, argument, "an array of values", value);
  return Array.from(value, (one: unknown, index) => {
    if (isUnsignedShort(one)) return one;
    throw argumentError(syscall, `${argument}[${index}]`, UNSIGNED_SHORT, one);
  });
}

/** What IPC_SET of semctl(2) and shmctl(2) sets, copied. */
export function ownerSettings(
  syscall: string,
  argument: string,
  value: unknown,
): SemaphoreSetSettings & SegmentSettings {
  if (typeof value !== "object" || value === null) {
    throw argumentError(syscall, argument, "{ uid, gid, mode }", value);
  }
  const { uid, gid, mode } = value as Record<keyof SegmentSettings, unknown>;
  return {
    uid: int(syscall, `${argument}.uid`, uid),
    gid: int(syscall, `${argument}.gid`, gid),
    mode: int(syscall, `${argument}.mode`, mode),
  };
}

/** The entries of poll(2), copied. */
export function pollEntries(syscall: string, argument: string, value: unknown): readonly PollEntry[] {
  if (!Array.isArray(value)) throw argumentError(syscall, argument, "an array of { fd, events }", value);
  const entries: PollEntry[] = [];
  for (let index = 0; index < value.length; index++) {
    const entry: unknown = value[index];
    if (typeof entry !== "object" || entry === null) {
      throw argumentError(syscall, `${argument}[${index}]`, "{ fd, events }", entry);
    }
    const { fd, events } = entry as Record<keyof PollEntry, unknown>;
    if (!isInt(fd)) throw argumentError(syscall, `${argument}[${index}].fd`, INT, fd);
    if (!isUnsignedShort(events)) {
      throw argumentError(syscall, `${argument}[${index}].events`, "a 16-bit mask", events);
    }
    entries.push({ fd, events });
  }
  return entries;
}

/** What `spawn` is asked to start. */
export function spawnRequest(syscall: string, program: unknown, options: unknown): SpawnRequest {
  const isFile = !isProgram(program);
  if (isFile && !isExecutable(program)) {
    throw argumentError(syscall, "program", "a value made by program() or executable()", program);
  }
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw argumentError(syscall, "options", "an object", options);
  }
  const { args = [], fds = {}, execArgv, env } = (options ?? {}) as Record<string, unknown>;
  if (!Array.isArray(args)) throw argumentError(syscall, "options.args", "an array", args);
  if (typeof fds !== "object" || fds === null) {
    throw argumentError(syscall, "options.fds", "an object of descriptors by name", fds);
  }
  // What one of the two kinds has no use for: taken silently, it would be missed.
  const [useless, foreign] = isFile ? ["execArgv", execArgv] : ["env", env];
  if (foreign !== undefined) {
    const expected = `left out: ${isFile ? "an executable" : "a program"} takes none`;
    throw argumentError(syscall, `options.${useless}`, expected, foreign);
  }
  const names = Object.keys(fds);
  const stranger = isFile ? names.find((name) => !standardStreams.includes(name)) : undefined;
  if (stranger !== undefined) {
    throw argumentMistake(
      syscall,
      "options.fds",
      "of stdin, stdout and stderr for an executable",
      `of ${JSON.stringify(stranger)}`,
    );
  }
  return {
    program,
    args: isFile ? texts(syscall, "options.args", args) : jsonCopy(syscall, args),
    names,
    fds: names.map((name) => int(syscall, `options.fds.${name}`, (fds as Record<string, unknown>)[name])),
    execArgv: execArgv === undefined ? [] : texts(syscall, "options.execArgv", execArgv),
    env: env === undefined ? undefined : environment(syscall, "options.env", env),
  };
}

/** The names under which an executable is passed descriptors, by their numbers there. */
export const standardStreams: readonly string[] = ["stdin", "stdout", "stderr"];

/** C's strings, in UTF-8. The list is copied. */
function texts(syscall: string, argument: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw argumentError(syscall, argument, "an array of strings", value);
  return Array.from(value, (one: unknown, index) => path(syscall, `${argument}[${index}]`, one));
}

/** An environment, as NAME=value. What is undefined is left out, as child_process leaves it out. */
function environment(syscall: string, argument: string, value: unknown): string[] {
  if (typeof value !== "object" || value === null) {
    throw argumentError(syscall, argument, "an object of strings by name", value);
  }
  const variables = Object.entries(value).filter(([, text]) => text !== undefined);
  return variables.map(([name, text]) => {
    path(syscall, `${argument}.${name}`, text);
    if (name === "" || name.includes("=") || !isText(name)) {
      const expected = "of names with no =, NUL or lone surrogate in them";
      throw argumentMistake(syscall, argument, expected, `of ${JSON.stringify(name)}`);
    }
    return `${name}=${text}`;
  });
}

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
