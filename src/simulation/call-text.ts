// A call as people read it, in the manner of strace(1): `write(4, "hello") = 5`, `read(3) = "hello"`, `pipe2(O_CLOEXEC) = [3, 4]`.
import * as n from "../../assembly/abi/calls.js";
import { BLOCKED, GONE } from "../../assembly/abi/model.js";
import type {
  Call,
  FutexRequest,
  FutexVector,
  MappingRequest,
  MemoryRange,
  MemoryWord,
  Payload,
  PlacedBytes,
  PollEntry,
  QueueNotification,
  QueueOpening,
  SemaphoreOpening,
  SemaphoreOperations,
  SemaphorePlace,
  SpawnRequest,
  SpliceRequest,
  SysvMessage,
} from "../call.js";
import * as constants from "../constants.js";
import { errnoName } from "../errors.js";
import {
  type FileStatus,
  type MessageQueueAttributes,
  type MessageReceipt,
  type WaitResult,
  WEXITSTATUS,
  WIFEXITED,
  WTERMSIG,
} from "../linux.js";
import type { Mapping } from "../mapping.js";
import type { Startable } from "../program.js";
import { signalText } from "../signals.js";
import type { QueueLimits, QueueSettings, QueueStatus, ReceivedSysvMessage } from "../sysv-queue.js";
import type { SemaphoreOperation, SemaphoreSetSettings, SemctlValue } from "../sysv-semaphore.js";

const named = (prefix: RegExp): readonly (readonly [string, number])[] =>
  Object.entries(constants as unknown as Record<string, number>).filter(([name]) => prefix.test(name));

const openFlags = named(/^O_(?!ACCMODE|RDONLY|NOTIFICATION)/).toSorted(([, a], [, b]) => b - a);
const spliceFlags = named(/^SPLICE_/);
const commands = named(/^F_(?!SEAL_)/);
const notificationWays = named(/^SIGEV_/);
const clocks = named(/^CLOCK_/);
const events = named(/^POLL/);
const seals = named(/^F_SEAL_/);
const memoryFileFlags = named(/^MFD_(?!NAME_MAX)/);
const protections = named(/^PROT_(?!NONE)/);
const mappingFlags = named(/^MAP_/).toSorted(([, a], [, b]) => b - a);
const syncFlags = named(/^MS_/);
const futexCommands = named(/^FUTEX_(?!PRIVATE_FLAG|CLOCK_|CMD_MASK|BITSET|OP_|WAITERS|OWNER|TID|WAITV)/);
const creationFlags = named(/^IPC_(CREAT|EXCL)$/);
const transferFlags = named(/^(IPC_NOWAIT|MSG_(NOERROR|EXCEPT|COPY))$/);
const queueCommands = named(/^(IPC_(RMID|SET|STAT|INFO)|MSG_(STAT|INFO|STAT_ANY))$/);
const operationFlags = named(/^(IPC_NOWAIT|SEM_UNDO)$/);
const semaphoreCommands = named(
  /^(IPC_(RMID|SET|STAT|INFO)|SEM_(STAT|INFO|STAT_ANY)|[GS]ET(VAL|ALL)|GET(PID|[NZ]CNT))$/,
);

/** Commands of fcntl(2) that take no argument. */
const commandsAlone: ReadonlySet<number> = new Set([
  constants.F_GETFD,
  constants.F_GETFL,
  constants.F_GETPIPE_SZ,
  constants.F_GET_SEALS,
]);

/** What people call a program: its function's name, or its module and its place there; of an executable: its file's. */
export function programName(program: Startable): string {
  if ("path" in program) return program.path.replace(/^.*\/(?=.)/s, "");
  const { main, url, ordinal } = program;
  if (main.name !== "" && main.name !== "main") return main.name;
  const file = /([^/?#]*)(?:[?#].*)?$/.exec(url)?.[1] ?? "";
  return `${file}#${ordinal}`;
}

/** A call with its arguments, without what came of it. */
export function callText(call: Call): string {
  return `${call.syscall.name}(${argumentsOf(call).join(", ")})`;
}

/** What came of an attempt: ` = 3`, ` = EAGAIN`, or nothing for a call that gives nothing. */
export function resultText(call: Call, result: number): string {
  if (result === BLOCKED || result === GONE) return "";
  if (result < 0) return ` = ${errnoName(-result)}`;
  const value = outcomeOf(call, result);
  return value === "" ? "" : ` = ${value}`;
}

function argumentsOf({ syscall: { number }, a, b, c, payload, deadline }: Call): string[] {
  switch (number) {
    case n.CALL_PIPE2:
      return a === 0 ? [] : [flags(a, openFlags)];
    case n.CALL_READ:
    case n.CALL_READV:
      return [`${a}`];
    case n.CALL_WRITE:
      return [`${a}`, quote(payload as Uint8Array)];
    case n.CALL_WRITEV:
      return [`${a}`, ...(payload as readonly Uint8Array[]).map(quote)];
    case n.CALL_OPEN:
      return [path(payload), a === 0 ? "O_RDONLY" : flags(a, openFlags)];
    case n.CALL_MKFIFO:
    case n.CALL_MKDIR:
    case n.CALL_CHMOD:
      return [path(payload), octal(a)];
    case n.CALL_RMDIR:
    case n.CALL_UNLINK:
    case n.CALL_STAT:
      return [path(payload)];
    case n.CALL_UMASK:
      return [octal(a)];
    case n.CALL_TEE:
    case n.CALL_SPLICE: {
      const { size } = payload as SpliceRequest;
      return [`${a}`, `${b}`, `${size}`, ...(c === 0 ? [] : [flags(c, spliceFlags)])];
    }
    case n.CALL_VMSPLICE: {
      const texts = (payload as readonly Uint8Array[]).map(quote);
      return [`${a}`, ...texts, ...(b === 0 ? [] : [flags(b, spliceFlags)])];
    }
    case n.CALL_SETRESUID:
    case n.CALL_SETRESGID:
      return [`${a}`, `${b}`, `${c}`];
    case n.CALL_SETGROUPS:
      return [`[${(payload as readonly number[]).join(", ")}]`];
    case n.CALL_DUP2:
    case n.CALL_IOCTL:
      return number === n.CALL_IOCTL
        ? [`${a}`, b === constants.FIONREAD ? "FIONREAD" : `${b}`]
        : [`${a}`, `${b}`];
    case n.CALL_DUP3:
      return [`${a}`, `${b}`, flags(c, openFlags)];
    case n.CALL_FCNTL: {
      const command = nameOf(b, commands);
      if (commandsAlone.has(b)) return [`${a}`, command];
      if (b === constants.F_ADD_SEALS) return [`${a}`, command, flags(c, seals)];
      return [`${a}`, command, b === constants.F_SETFL ? flags(c, openFlags) : `${c}`];
    }
    case n.CALL_POLL:
      return [`[${(payload as readonly PollEntry[]).map(entryText).join(", ")}]`, `${a}`];
    case n.CALL_CLOCK_GETTIME:
      return [nameOf(a, clocks)];
    case n.CALL_CLOCK_NANOSLEEP: {
      const until = (b & constants.TIMER_ABSTIME) !== 0 ? "until " : "";
      return [nameOf(a, clocks), until + durationText(payload as bigint)];
    }
    case n.CALL_GETPID:
    case n.CALL_GETPPID:
    case n.CALL_GETTID:
    case n.CALL_GETUID:
    case n.CALL_GETEUID:
    case n.CALL_GETGID:
    case n.CALL_GETEGID:
    case n.CALL_GETGROUPS:
      return [];
    case n.CALL_SPAWN: {
      const { program, args } = payload as SpawnRequest;
      return [programName(program), ...args.map((argument) => cut(JSON.stringify(argument), 16))];
    }
    case n.CALL_MQ_OPEN: {
      const { name, attributes } = payload as QueueOpening;
      const size = attributes === undefined ? [] : [`${attributes.maxmsg} of ${attributes.msgsize} bytes`];
      const created = (a & constants.O_CREAT) === 0 ? [] : [octal(b), ...size];
      return [path(name), a === 0 ? "O_RDONLY" : flags(a, openFlags), ...created];
    }
    case n.CALL_MQ_UNLINK:
      return [path(payload)];
    case n.CALL_MQ_SEND:
    case n.CALL_MQ_TIMEDSEND:
      return [`${a}`, quote(payload as Uint8Array), `${b >>> 0}`, ...untilText(deadline)];
    case n.CALL_MQ_RECEIVE:
    case n.CALL_MQ_TIMEDRECEIVE:
      return [`${a}`, ...untilText(deadline)];
    case n.CALL_MQ_SETATTR:
      return [`${a}`, flags(b, openFlags)];
    case n.CALL_MQ_NOTIFY:
      return [`${a}`, notificationText(payload as QueueNotification | undefined)];
    case n.CALL_SHM_OPEN: {
      const created = (a & constants.O_CREAT) === 0 ? [] : [octal(b)];
      return [path(payload), a === 0 ? "O_RDONLY" : flags(a, openFlags), ...created];
    }
    case n.CALL_SHM_UNLINK:
      return [path(payload)];
    case n.CALL_MEMFD_CREATE:
      return [path(payload), ...(a === 0 ? [] : [flags(a, memoryFileFlags)])];
    case n.CALL_FTRUNCATE:
      return [`${a}`, `${payload as bigint}`];
    case n.CALL_PREAD:
      return [`${a}`, placeText(payload as PlacedBytes)];
    case n.CALL_PWRITE:
      return [`${a}`, quote((payload as PlacedBytes).bytes), placeText(payload as PlacedBytes)];
    case n.CALL_MMAP: {
      const { length, offset } = payload as MappingRequest;
      const from =
        (b & constants.MAP_ANONYMOUS) !== 0 ? [] : [`${c}`, ...(offset === 0 ? [] : [`from ${offset}`])];
      return [`${length}`, protectionText(a), flags(b, mappingFlags), ...from];
    }
    case n.CALL_MUNMAP:
      return rangeText(payload as MemoryRange);
    case n.CALL_MPROTECT:
      return [...rangeText(payload as MemoryRange), protectionText(a)];
    case n.CALL_MSYNC:
      return [...rangeText(payload as MemoryRange), flags(a, syncFlags)];
    case n.CALL_MEMORY_READ:
      return [hex((payload as PlacedBytes).offset)];
    case n.CALL_MEMORY_WRITE:
      return [hex((payload as PlacedBytes).offset), quote((payload as PlacedBytes).bytes)];
    case n.CALL_FUTEX:
      return futexText(a, b, payload as FutexRequest);
    case n.CALL_FUTEX_WAITV: {
      const { waiters, timeout } = payload as FutexVector;
      const words = waiters.map(({ val, uaddr }) => `${val | 0} at ${hex(uaddr)}`).join(", ");
      return [
        `[${cut(words, 48)}]`,
        ...(timeout === undefined ? [] : [`until ${timeout} of ${nameOf(b, clocks)}`]),
      ];
    }
    case n.CALL_SET_ROBUST_LIST:
      return rangeText(payload as MemoryRange);
    case n.CALL_MEMORY_LOAD:
      return [hex((payload as MemoryWord).address)];
    case n.CALL_MEMORY_STORE:
    case n.CALL_MEMORY_ADD:
    case n.CALL_MEMORY_NOTIFY:
      return [hex((payload as MemoryWord).address), `${a}`];
    case n.CALL_MEMORY_COMPARE_EXCHANGE:
      return [hex((payload as MemoryWord).address), `${b}`, `${a}`];
    case n.CALL_MEMORY_WAIT: {
      const { address, timeout } = payload as MemoryWord;
      return [hex(address), `${b}`, ...(timeout === undefined ? [] : [durationText(timeout)])];
    }
    case n.CALL_SEM_OPEN: {
      const { name, value } = payload as SemaphoreOpening;
      const created = (a & constants.O_CREAT) === 0 ? [] : [octal(b), `${value >>> 0}`];
      return [path(name), a === 0 ? "0" : flags(a, openFlags), ...created];
    }
    case n.CALL_SEM_UNLINK:
      return [path(payload)];
    case n.CALL_SEM_INIT:
      return [addressText(payload), `${a}`, `${b >>> 0}`];
    case n.CALL_SEM_TIMEDWAIT:
      return [addressText(payload), ...untilText(deadline)];
    case n.CALL_SEM_CLOCKWAIT:
      return [addressText(payload), nameOf(a, clocks), ...untilText(deadline)];
    case n.CALL_SEM_CLOSE:
    case n.CALL_SEM_DESTROY:
    case n.CALL_SEM_WAIT:
    case n.CALL_SEM_TRYWAIT:
    case n.CALL_SEM_POST:
    case n.CALL_SEM_GETVALUE:
      return [addressText(payload)];
    case n.CALL_MSGGET:
      return [a === constants.IPC_PRIVATE ? "IPC_PRIVATE" : `${a}`, queueFlagText(b, creationFlags)];
    case n.CALL_MSGSND: {
      const { type, bytes } = payload as SysvMessage;
      return [`${a}`, `${type}`, quote(bytes), ...(b === 0 ? [] : [flags(b, transferFlags)])];
    }
    case n.CALL_MSGRCV: {
      const { type } = payload as SysvMessage;
      return [`${a}`, `${type}`, ...(b === 0 ? [] : [flags(b, transferFlags)])];
    }
    case n.CALL_MSGCTL:
      return [`${a}`, nameOf(b, queueCommands), ...settingsText(payload)];
    case n.CALL_FTOK:
      return [path(payload), `${a}`];
    case n.CALL_SEMGET:
      return [a === constants.IPC_PRIVATE ? "IPC_PRIVATE" : `${a}`, `${b}`, queueFlagText(c, creationFlags)];
    case n.CALL_SEMOP:
    case n.CALL_SEMTIMEDOP: {
      const { operations, timeout } = payload as SemaphoreOperations;
      const time = timeout === undefined ? [] : [durationText(timeout)];
      return [`${a}`, `[${cut(operations.map(operationText).join(", "), 48)}]`, ...time];
    }
    case n.CALL_SEMCTL: {
      const isAboutOne = semaphoreNames.includes(nameOf(c, semaphoreCommands));
      return [
        `${a}`,
        ...(isAboutOne ? [`${b}`] : []),
        nameOf(c, semaphoreCommands),
        ...semctlText(c, payload),
      ];
    }
    case n.CALL_WAITPID:
      return b === 0 ? [`${a}`] : [`${a}`, b === constants.WNOHANG ? "WNOHANG" : `${b}`];
    case n.CALL_KILL:
      return [`${a}`, b === constants.SIGKILL ? "SIGKILL" : `${b}`];
    case n.CALL_SIGWAIT:
      return [`[${(payload as readonly number[]).map(signalText).join(", ")}]`];
    default:
      return [`${a}`];
  }
}

function outcomeOf(
  { syscall: { number, result: kind }, a, b, payload, value }: Call,
  result: number,
): string {
  switch (number) {
    case n.CALL_PIPE2:
      return `[${(value as readonly number[]).join(", ")}]`;
    case n.CALL_READ:
      return result === 0 ? "0" : `${quote((payload as Uint8Array).subarray(0, result))}`;
    case n.CALL_MMAP:
    case n.CALL_SEM_OPEN:
      return hex((value as Mapping).address);
    case n.CALL_GET_ROBUST_LIST:
      return value === null ? "null" : hex((value as Mapping).address);
    case n.CALL_MEMORY_LOAD:
    case n.CALL_MEMORY_ADD:
    case n.CALL_MEMORY_COMPARE_EXCHANGE:
    case n.CALL_MEMORY_WAIT:
      return `${value as number | string}`;
    case n.CALL_SEM_GETVALUE:
      return `${value as number}`;
    case n.CALL_PREAD:
    case n.CALL_MEMORY_READ:
      return result === 0 ? "0" : quote((payload as PlacedBytes).bytes.subarray(0, result));
    case n.CALL_STAT:
    case n.CALL_FSTAT:
      return statusText(value as FileStatus);
    case n.CALL_UMASK:
      return octal(result);
    case n.CALL_GETGROUPS:
      return `[${(value as readonly number[]).join(", ")}]`;
    case n.CALL_FCNTL:
      return commandText(b, result);
    case n.CALL_POLL:
      return `[${(value as readonly number[]).map((revents) => flags(revents, events)).join(", ")}]`;
    case n.CALL_CLOCK_GETTIME:
      return a === constants.CLOCK_REALTIME ? `${value as bigint}` : durationText(value as bigint);
    case n.CALL_MQ_RECEIVE:
    case n.CALL_MQ_TIMEDRECEIVE: {
      const { length, priority } = value as MessageReceipt;
      return `${quote((payload as Uint8Array).subarray(0, length))} of priority ${priority}`;
    }
    case n.CALL_MQ_GETATTR:
    case n.CALL_MQ_SETATTR:
      return attributesText(value as MessageQueueAttributes);
    case n.CALL_MSGRCV:
      return receivedText(value as ReceivedSysvMessage, (payload as SysvMessage).bytes);
    case n.CALL_MSGCTL:
      return queueText(value as QueueStatus | QueueLimits | undefined);
    case n.CALL_FTOK:
      return `${value as number}`;
    case n.CALL_SEMCTL:
      return semaphoreText(value as SemctlValue);
    case n.CALL_WAITPID:
      return waitText(value as WaitResult, a);
    case n.CALL_SIGWAIT:
      return signalText(result);
    default:
      return kind === "nothing" ? "" : `${result}`;
  }
}

function statusText({ mode, nlink, uid, gid, size }: FileStatus): string {
  const length = (mode & constants.S_IFMT) === constants.S_IFREG ? `, ${size} bytes` : "";
  return `${octal(mode)}, ${nlink} links, of ${uid}:${gid}${length}`;
}

function commandText(command: number, result: number): string {
  if (command === constants.F_GETFL) return flags(result, openFlags);
  if (command === constants.F_GET_SEALS) return result === 0 ? "0" : flags(result, seals);
  return command === constants.F_SETFL || command === constants.F_ADD_SEALS ? "" : `${result}`;
}

const hex = (address: number): string => `0x${address.toString(16)}`;

const addressText = (payload: Payload): string => hex((payload as SemaphorePlace).address);

const protectionText = (protection: number): string =>
  protection === constants.PROT_NONE ? "PROT_NONE" : flags(protection, protections);

const rangeText = ({ address, length }: MemoryRange): string[] => [hex(address), `${length}`];

const placeText = ({ offset }: PlacedBytes): string => `at ${offset}`;

/** What counts of an operation: the word, what it is to be or how many are woken, and what more that one takes. */
function futexText(operation: number, value: number, request: FutexRequest): string[] {
  const { address, timeout, value2, otherAddress, value3, isRobust } = request;
  const command = operation & constants.FUTEX_CMD_MASK;
  const how = [nameOf(command, futexCommands)];
  if ((operation & constants.FUTEX_PRIVATE_FLAG) !== 0) how.push("FUTEX_PRIVATE_FLAG");
  if ((operation & constants.FUTEX_CLOCK_REALTIME) !== 0) how.push("FUTEX_CLOCK_REALTIME");
  const first = [hex(address), how.join("|"), isRobust ? lockText(value) : `${value}`];
  const bits = `bits 0x${(value3 >>> 0).toString(16)}`;
  switch (command) {
    case constants.FUTEX_WAIT:
      return [...first, ...(timeout === undefined ? [] : [durationText(timeout)])];
    case constants.FUTEX_WAIT_BITSET:
      return [...first, ...untilText(timeout), bits];
    case constants.FUTEX_WAKE:
      return first;
    case constants.FUTEX_WAKE_BITSET:
      return [...first, bits];
    case constants.FUTEX_REQUEUE:
      return [...first, `${value2}`, hex(otherAddress)];
    default:
      return [...first, `${value2}`, hex(otherAddress), `${value3}`];
  }
}

/** The word of a robust lock. */
function lockText(word: number): string {
  const marks = (word & constants.FUTEX_WAITERS) === 0 ? "" : "FUTEX_WAITERS|";
  return `${marks}${word & constants.FUTEX_TID_MASK}`;
}

const untilText = (deadline: bigint | undefined): string[] =>
  deadline === undefined ? [] : [`until ${deadline}`];

function notificationText(notification: QueueNotification | undefined): string {
  if (notification === undefined) return "null";
  const { notify, signo } = notification;
  if (notify === constants.SIGEV_NONE) return "SIGEV_NONE";
  return `${nameOf(notify, notificationWays)} ${signalText(signo)}`;
}

const attributesText = ({ flags: set, maxmsg, msgsize, curmsgs }: MessageQueueAttributes): string =>
  `${curmsgs} of ${maxmsg} messages of ${msgsize} bytes${set === 0 ? "" : `, ${flags(set, openFlags)}`}`;

/** Permissions as people write them, and what is more by its names. */
function queueFlagText(value: number, names: readonly (readonly [string, number])[]): string {
  const more = value & ~0o777;
  return more === 0 ? octal(value) : `${flags(more, names)}|${octal(value & 0o777)}`;
}

function settingsText(payload: Payload): string[] {
  if (payload === undefined) return [];
  const { uid, gid, mode, qbytes } = payload as QueueSettings;
  return [`${uid}:${gid}`, octal(mode), `${qbytes} bytes`];
}

const receivedText = ({ length, type }: ReceivedSysvMessage, buffer: Uint8Array): string =>
  `${quote(buffer.subarray(0, length))} of type ${type}`;

/** The commands of semctl on one semaphore. */
const semaphoreNames: readonly string[] = ["GETVAL", "SETVAL", "GETPID", "GETNCNT", "GETZCNT"];

/** `1 +2 SEM_UNDO`: to the second semaphore 2 are added. */
function operationText({ num, op, flg }: SemaphoreOperation): string {
  const change = op > 0 ? `+${op}` : `${op}`;
  return `${num} ${change}${flg === 0 ? "" : ` ${flags(flg, operationFlags)}`}`;
}

function semctlText(command: number, payload: Payload): string[] {
  switch (command) {
    case constants.SETVAL:
      return [`${payload as number}`];
    case constants.SETALL:
      return [`[${cut((payload as readonly number[]).join(", "), 24)}]`];
    case constants.IPC_SET: {
      const { uid, gid, mode } = payload as SemaphoreSetSettings;
      return [`${uid}:${gid}`, octal(mode)];
    }
    default:
      return [];
  }
}

function semaphoreText(value: SemctlValue): string {
  if (value === undefined || typeof value === "number") return value === undefined ? "" : `${value}`;
  if ("length" in value) return `[${cut(value.join(", "), 24)}]`;
  if ("index" in value) return `${value.index}`;
  const { id, nsems } = value;
  return `${id === undefined ? "" : `${id}, `}${nsems} ${nsems === 1 ? "semaphore" : "semaphores"}`;
}

function queueText(value: QueueStatus | QueueLimits | undefined): string {
  if (value === undefined) return "";
  if ("index" in value) return `${value.index}`;
  const { id, qnum, cbytes, qbytes } = value;
  return `${id === undefined ? "" : `${id}, `}${qnum} messages, ${cbytes} of ${qbytes} bytes`;
}

const octal = (value: number): string => `0${value.toString(8)}`;

const path = (payload: unknown): string => cut(JSON.stringify(payload), 24);

function waitText({ pid, status }: WaitResult, asked: number): string {
  if (pid === 0) return "none has ended";
  const how = WIFEXITED(status)
    ? `exited with ${WEXITSTATUS(status)}`
    : `killed by signal ${WTERMSIG(status)}`;
  return asked === pid ? how : `${pid} ${how}`;
}

const entryText = ({ fd, events: wanted }: PollEntry): string => `${fd} ${flags(wanted, events)}`;

/** Bits by their names; what has none, as a number. */
function flags(value: number, names: readonly (readonly [string, number])[]): string {
  let left = value;
  const found: string[] = [];
  for (const [name, bits] of names) {
    // Names of several bits come first: O_RDWR is none of them, O_SYNC is O_DSYNC too.
    if (bits === 0 || (left & bits) !== bits) continue;
    found.push(name);
    left &= ~bits;
  }
  if (left !== 0 || found.length === 0) found.push(`${left}`);
  return found.join("|");
}

function nameOf(value: number, names: readonly (readonly [string, number])[]): string {
  return names.find(([, number]) => number === value)?.[0] ?? `${value}`;
}

/** Nanoseconds in the largest unit that leaves a whole part. */
export function durationText(ns: bigint): string {
  const [unit, size] =
    ns >= 1_000_000_000n
      ? ["s", 1e9]
      : ns >= 1_000_000n
        ? ["ms", 1e6]
        : ns >= 1000n
          ? ["us", 1e3]
          : ["ns", 1];
  return `${Number(ns) / size} ${unit}`;
}

const SHOWN_CHARACTERS = 16;

/** Bytes as a C string, shortened. */
function quote(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, SHOWN_CHARACTERS + 1)) {
    const character = characterText(byte);
    if (text.length + character.length > SHOWN_CHARACTERS) return `"${text}".. ${bytes.length}`;
    text += character;
  }
  return `"${text}"`;
}

function characterText(byte: number): string {
  if (byte === 0x0a) return "\\n";
  if (byte === 0) return "\\0";
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** A text, shortened to a length. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 2)}..`;
}
