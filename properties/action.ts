// An action is a step that has met its machine: real numbers for descriptors and pids. It goes to both sides: as a `Call`
// to the model, as JSON to the process that makes the call on the kernel.
import { CLOCK_MONOTONIC } from "../assembly/abi/time.js";
import type { Call } from "../src/call.js";
import { type FutexWaiter, isFutexWait } from "../src/futex.js";
import type { SpawnOptions } from "../src/linux.js";
import { syscalls } from "../src/syscalls.js";
import type { QueueSettings } from "../src/sysv-queue.js";
import type { SemaphoreOperation, SemaphoreSetSettings } from "../src/sysv-semaphore.js";
import { pattern } from "./pattern.js";
import { childProgram } from "./program.js";
import type { Buffers, Groups, PathStep, Step } from "./step.js";

export type ActionArgument =
  | number
  | PathStep
  | { readonly room: number }
  | { readonly bytes: number; readonly seed: number }
  | (Buffers & { readonly seed: number })
  | Groups
  | { readonly nanoseconds: string }
  | { readonly offset: string }
  | { readonly waiters: readonly FutexWaiter[] }
  | { readonly links: readonly number[] }
  /** The pid in the model of a thread's process. */
  | { readonly owner: number; readonly bits: number }
  | { readonly later: string; readonly seed: number }
  | { readonly long: string }
  | { readonly settings: QueueSettings | SemaphoreSetSettings }
  | { readonly sops: readonly SemaphoreOperation[] }
  | { readonly semvals: readonly number[] }
  | { readonly words: readonly number[] }
  | { readonly maxmsg: number; readonly msgsize: number }
  | { readonly flags: number }
  | { readonly notify: number; readonly signo: number }
  | { readonly signals: readonly number[] }
  | { readonly soon: string; readonly seed: number }
  | null
  /** fd and events of each entry. */
  | readonly (readonly [number, number])[];

export interface Action {
  readonly call: Step["call"];
  /**
   * For `share`: the index of the process to take from, and its descriptor. For `interrupt`: the number of the call. For
   * `spawn`: a descriptor to pass, if any.
   */
  readonly args: readonly ActionArgument[];
}

/** An argument as `Linux` takes it. */
export function javascriptArgument(argument: ActionArgument): unknown {
  if (typeof argument === "number" || argument === null) return argument;
  if ("path" in argument) return pathOf(argument);
  if ("room" in argument) return new Uint8Array(argument.room);
  if ("bytes" in argument) return pattern(argument.seed, argument.bytes);
  if ("buffers" in argument) return buffersOf(argument);
  if ("groups" in argument) return repeated(argument.groups, argument.times);
  if ("nanoseconds" in argument) return BigInt(argument.nanoseconds);
  if ("offset" in argument) return BigInt(argument.offset);
  if ("long" in argument) return BigInt(argument.long);
  if ("settings" in argument) return argument.settings;
  if ("signals" in argument) return argument.signals;
  if ("sops" in argument) return argument.sops;
  if ("semvals" in argument) return argument.semvals;
  if ("words" in argument) return new Uint8Array(Int32Array.from(argument.words).buffer);
  if ("soon" in argument) return BigInt(Date.now()) * 1_000_000n + BigInt(argument.soon);
  if ("later" in argument) return process.hrtime.bigint() + BigInt(argument.later);
  if ("waiters" in argument) return argument.waiters;
  if ("links" in argument) return new Uint8Array(BigInt64Array.from(argument.links, BigInt).buffer);
  if ("owner" in argument) return argument.owner | argument.bits;
  if ("maxmsg" in argument || "flags" in argument || "notify" in argument) return argument;
  return argument.map(([fd, events]) => ({ fd, events }));
}

/**
 * An argument as the model takes it. Its clocks are its own and stand still: what is soon is later than in any step before, and
 * comes when nothing else can happen.
 */
function modelArgument(argument: ActionArgument): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  if ("soon" in argument) return MODEL_START_NS + BigInt(argument.seed + 1) * HOUR_NS;
  if ("later" in argument) return MODEL_UPTIME_NS + BigInt(argument.seed + 1) * HOUR_NS;
  return javascriptArgument(argument);
}

const isSoon = (
  argument: ActionArgument | undefined,
): argument is { readonly soon: string; readonly seed: number } =>
  typeof argument === "object" && argument !== null && "soon" in argument;

const HOUR_NS = 3_600_000_000_000n;
/** CLOCK_REALTIME and CLOCK_MONOTONIC of a new machine: core/machine.ts. */
const MODEL_START_NS = 946_684_800_000_000_000n;
const MODEL_UPTIME_NS = 1_000_000_000n;

const pathOf = ({ path, filling = "", times = 0 }: PathStep): string =>
  path.replace("~", filling.repeat(times));

const repeated = <T>(list: readonly T[], times = 1): T[] => Array.from({ length: times }, () => list).flat();

/** The bytes of one pattern, cut into buffers. What fills them must not change the pattern: they are a copy. */
function buffersOf({ buffers, times, seed }: Buffers & { seed: number }): Uint8Array[] {
  const sizes = repeated(buffers, times);
  const bytes = pattern(
    seed,
    sizes.reduce((sum, size) => sum + size, 0),
  ).slice();
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return bytes.subarray(end - size, end);
  });
}

/** The action as a call of the model. Not for what is none. */
export function callOf({ call, args }: Action): Call {
  if (call === "share" || call === "interrupt") throw new TypeError(`${call} is no call`);
  if (call === "spawn") return syscalls.spawn.marshal(childProgram, spawnOptions(args), undefined);
  return syscalls[call].marshal(...args.map(modelArgument));
}

/** Whether a step's call never waits. */
export const isInstant = (call: Action["call"]): boolean =>
  call === "share" || call === "interrupt" || syscalls[call].wait === "none";

/** The options of a spawn action. @param args the child's arguments */
export function spawnOptions(passed: Action["args"], args: readonly string[] = []): SpawnOptions {
  const [fd] = passed;
  return typeof fd === "number" ? { args, fds: { passed: fd } } : { args };
}

/** Whether a call waits at a word of memory. */
export const waitsAtMemory = (call: string): boolean => memoryWaits.has(call);

const memoryWaits: ReadonlySet<string> = new Set([
  "sem_wait",
  "sem_timedwait",
  "sem_clockwait",
  "futex",
  "futex_waitv",
  "memory_wait",
]);

/** Whether a call ends by itself, and soon. */
export function isTimed({ call, args }: Action): boolean {
  if (call === "mq_timedsend" || call === "mq_timedreceive") return !isNever(args.at(-1));
  if (call === "sem_timedwait") return !isNever(args.at(-1));
  // What is soon by CLOCK_REALTIME is far away by CLOCK_MONOTONIC.
  if (call === "sem_clockwait")
    return !isNever(args.at(-1)) && !(args[1] === CLOCK_MONOTONIC && isSoon(args.at(-1)));
  if (call === "poll") return (args[1] as number) > 0;
  if (call === "semtimedop" || call === "memory_wait" || call === "futex_waitv") return isBelowHour(args[2]);
  if (call === "futex") return isFutexWait(args[1] as number) && isBelowHour(args[3]);
  if (call !== "clock_nanosleep") return false;
  return isBelowHour(args[2]);
}

function isBelowHour(argument: ActionArgument | undefined): boolean {
  if (typeof argument !== "object" || argument === null) return false;
  if ("soon" in argument || "later" in argument) return true;
  return "nanoseconds" in argument && BigInt(argument.nanoseconds) < HOUR_NS;
}

const isNever = (argument: ActionArgument | undefined): boolean =>
  typeof argument === "object" &&
  argument !== null &&
  "nanoseconds" in argument &&
  argument.nanoseconds === NEVER;

/** A time that no timer is set to: KTIME_MAX. */
export const NEVER = "9223372036854775807";

/** An action as people read it: `write(130, 4096 bytes)`. */
export function actionText({ call, args }: Action): string {
  return `${call}(${args.map((argument, place) => argumentText(call, argument, place)).join(", ")})`;
}

function argumentText(call: Action["call"], argument: ActionArgument, place: number): string {
  if (argument === null) return "null";
  if (typeof argument === "number") return numberText(call, argument, place);
  if ("path" in argument) return pathText(argument);
  if ("room" in argument) return `room for ${argument.room}`;
  if ("bytes" in argument) return `${argument.bytes} bytes`;
  if ("buffers" in argument) return `buffers of ${listText(argument.buffers, argument.times)}`;
  if ("groups" in argument) return listText(argument.groups, argument.times);
  if ("nanoseconds" in argument) return `${argument.nanoseconds} ns`;
  if ("offset" in argument) return argument.offset;
  if ("long" in argument) return argument.long;
  if ("settings" in argument) return JSON.stringify(argument.settings);
  if ("sops" in argument) return `[${argument.sops.map(operationText).join(", ")}]`;
  if ("semvals" in argument) return listText(argument.semvals);
  if ("words" in argument) return `words ${listText(argument.words)}`;
  if ("soon" in argument) return `in ${argument.soon} ns`;
  if ("later" in argument) return `in ${argument.later} ns of CLOCK_MONOTONIC`;
  if ("waiters" in argument) return `[${argument.waiters.map(waiterText).join(", ")}]`;
  if ("links" in argument) return `links to ${argument.links.map(hexText).join(", ")}`;
  if ("owner" in argument) return `the thread of pid ${argument.owner} with ${hexText(argument.bits >>> 0)}`;
  if ("maxmsg" in argument) return `${argument.maxmsg} of ${argument.msgsize} bytes`;
  if ("flags" in argument) return `0${(argument.flags >>> 0).toString(8)}`;
  if ("signals" in argument) return `signals ${listText(argument.signals)}`;
  if ("notify" in argument) return `SIGEV ${argument.notify}, signal ${argument.signo}`;
  return `[${argument.map(([fd, events]) => `${fd}:${eventText(events)}`).join(" ")}]`;
}

/** `1 +2 010000`: to the second semaphore 2 are added, with SEM_UNDO. */
const operationText = ({ num, op, flg }: SemaphoreOperation): string =>
  `${num} ${op > 0 ? "+" : ""}${op}${flg === 0 ? "" : ` 0${(flg & 0xffff).toString(8)}`}`;

const hexText = (value: number): string => `0x${value.toString(16)}`;

const waiterText = ({ val, uaddr, flags }: FutexWaiter): string =>
  `${val} at ${hexText(uaddr)} ${hexText(flags)}`;

/** Modes and flags of files are read in octal. */
const octalPlaces: Readonly<Partial<Record<Action["call"], number>>> = {
  open: 1,
  mq_open: 1,
  shm_open: 1,
  sem_open: 1,
  memfd_create: 1,
  mkfifo: 1,
  mkdir: 1,
  chmod: 1,
  umask: 0,
  msgget: 1,
  semget: 2,
  msgsnd: 3,
  msgrcv: 3,
};

const numberText = (call: Action["call"], number: number, place: number): string =>
  octalPlaces[call] === place ? `0${(number >>> 0).toString(8)}` : String(number);

const pathText = ({ path, filling, times }: PathStep): string =>
  filling === undefined ? JSON.stringify(path) : `${JSON.stringify(path)} with ${times} times ${filling}`;

const listText = (list: readonly number[], times = 1): string =>
  `[${list.join(", ")}]${times === 1 ? "" : ` ${times} times`}`;

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
