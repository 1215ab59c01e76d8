// What a call came to, in the same form from both sides.
import { GONE } from "../assembly/abi/model.js";
import { S_IFMT, S_IFREG } from "../assembly/abi/stat.js";
import type { Call, PlacedBytes, SysvMessage } from "../src/call.js";
import { errnoName } from "../src/errors.js";
import type { MemoryWaitResult } from "../src/futex.js";
import type { FileStatus, MessageQueueAttributes, MessageReceipt, WaitResult } from "../src/linux.js";
import type { Mapping } from "../src/mapping.js";
import type { QueueLimits, QueueStatus, ReceivedSysvMessage } from "../src/sysv-queue.js";
import type { SemctlValue } from "../src/sysv-semaphore.js";
import { eventText } from "./action.js";

export interface Outcome {
  /** A result >= 0, -errno, or GONE: the process ended first. A call whose result is no integer has 0. */
  readonly result: number;
  /** What is returned beside it: the two descriptors, `revents`, pid and status, the status of a file, groups. */
  readonly values: readonly number[];
  /** The bytes read. */
  readonly bytes: Uint8Array | undefined;
}

const none: readonly number[] = [];

/** Below it are the low bits of an address: values have 32 bits. */
const HALF = 2 ** 30;

const waitEndings: readonly MemoryWaitResult[] = ["ok", "not-equal", "timed-out"];

/** An address as two values, and back. */
export const valuesOfAddress = (address: number): readonly number[] => [
  Math.floor(address / HALF),
  address % HALF,
];
export const addressIn = ([high = 0, low = 0]: readonly number[]): number => high * HALF + low;

/** The outcome of what returns an integer, and perhaps more of them. */
export const answer = (result: number, values: readonly number[] = none): Outcome => ({
  result,
  values,
  bytes: undefined,
});

export const gone: Outcome = { result: GONE, values: none, bytes: undefined };

/** Calls that give a word of memory, which may look like an errno. */
const givesWord = (call: string): boolean => /^memory_(load|add|compare_exchange)$/.test(call);

/** The result of a call that did not fail. @param value what it gave */
export const resultOf = (call: string, value: unknown): number =>
  typeof value === "number" && !givesWord(call) ? value : 0;

/** The outcome of a call with what it returned, or -errno, and the buffer or buffers that it read into. */
export function outcomeOf(call: string, result: number, value: unknown, buffer: unknown): Outcome {
  // A key depends on the file system, and may be negative.
  if (call === "ftok" && typeof value === "number") return answer(0);
  // It looks negative where somebody has written more than a semaphore can have.
  if (call === "sem_getvalue" && typeof value === "number") return answer(0, [value]);
  if (result < 0) return { result, values: none, bytes: undefined };
  switch (call) {
    case "sem_open":
    case "mmap":
      return answer(0, valuesOfAddress((value as Mapping).address));
    case "memory_load":
    case "memory_add":
    case "memory_compare_exchange":
      return answer(0, [value as number]);
    case "memory_wait":
      return answer(waitEndings.indexOf(value as MemoryWaitResult));
    case "get_robust_list":
      return answer(value === null ? 0 : 1);
    case "memory_read":
    case "pread":
      return { result, values: none, bytes: (buffer as Uint8Array).subarray(0, result) };
    case "read":
      return { result, values: none, bytes: withoutPid((buffer as Uint8Array).subarray(0, result)) };
    case "readv":
      return { result, values: none, bytes: withoutPid(firstBytes(buffer as readonly Uint8Array[], result)) };
    case "vmsplice":
      // Of a vmsplice into a pipe these are the bytes that it took.
      return { result, values: none, bytes: firstBytes(buffer as readonly Uint8Array[], result) };
    case "mq_receive":
    case "mq_timedreceive": {
      const { length, priority } = value as MessageReceipt;
      return { result: length, values: [priority], bytes: (buffer as Uint8Array).subarray(0, length) };
    }
    case "mq_getattr":
    case "mq_setattr": {
      const { flags, maxmsg, msgsize, curmsgs } = value as MessageQueueAttributes;
      return { result: 0, values: [flags, maxmsg, msgsize, curmsgs], bytes: undefined };
    }
    case "stat":
    case "fstat": {
      const { mode, nlink, uid, gid, size } = value as FileStatus;
      // What else has a size has it of its file system.
      const length = (mode & S_IFMT) === S_IFREG ? size : 0;
      return { result: 0, values: [mode, nlink, uid, gid, length], bytes: undefined };
    }
    case "pipe2":
    case "poll":
    case "getgroups":
      return { result: 0, values: value as number[], bytes: undefined };
    case "waitpid": {
      const { pid, status } = value as WaitResult;
      // The status means nothing if no child was reaped.
      return { result: 0, values: pid === 0 ? [0, 0] : [pid, status], bytes: undefined };
    }
    case "spawn":
      // The two number their processes differently: pids.ts translates.
      return { result: 1, values: none, bytes: undefined };
    case "msgrcv": {
      const { length, type } = value as ReceivedSysvMessage;
      const low = Number(BigInt.asIntN(32, type));
      const high = Number(BigInt.asIntN(32, type >> 32n));
      return { result: length, values: [low, high], bytes: (buffer as Uint8Array).subarray(0, length) };
    }
    case "msgctl":
      return answer(0, queueValues(value as QueueStatus | QueueLimits | undefined));
    case "semctl":
      return answer(0, semaphoreValues(value as SemctlValue));
    case "clock_gettime":
      // The model's time is its own: the value is checked apart.
      return { result: 0, values: none, bytes: undefined };
    default:
      return { result, values: none, bytes: undefined };
  }
}

/**
 * What read(2) gives of a message queue ends in the pid of who is to be told, which the two number differently: there is a
 * process or there is none.
 */
function withoutPid(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0 || bytes.length > STATUS_LENGTH) return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const [, before, pid] = /^((?:.*NOTIFY_PID:)?)([1-9]\d*) *\n$/s.exec(text) ?? [];
  return pid === undefined ? bytes : Buffer.from(`${before}(some process)`);
}

const STATUS_LENGTH = 60;

/** Where in the values of a queue's status stands what the two number differently. */
export const STATUS_PLACES = { id: 0, key: 1, lspid: 2, lrpid: 3, count: 15 } as const;

/** Of times only whether there is one: the model's time is its own. Sequence numbers and indices are each one's own too. */
function queueValues(value: QueueStatus | QueueLimits | undefined): readonly number[] {
  if (value === undefined) return none;
  if ("index" in value) {
    const { msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql, msgseg } = value;
    return [msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql, msgseg];
  }
  const { id = -1, perm, qnum, cbytes, qbytes, lspid, lrpid, stime, rtime, ctime } = value;
  const { key, uid, gid, cuid, cgid, mode } = perm;
  const times = [stime, rtime, ctime].map((time) => (time === 0n ? 0 : 1));
  return [id, key, lspid, lrpid, uid, gid, cuid, cgid, mode, qnum, cbytes, qbytes, ...times];
}

/** Where in the values of a set's status stands what the two number differently. */
export const SET_PLACES = { id: 0, key: 1 } as const;

/** As of queues. */
function semaphoreValues(value: SemctlValue): readonly number[] {
  if (value === undefined) return none;
  if (typeof value === "number") return [value];
  if ("length" in value) return value;
  if ("index" in value) {
    const { semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem } = value;
    return [semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem];
  }
  const { id = -1, perm, otime, ctime, nsems } = value;
  const { key, uid, gid, cuid, cgid, mode } = perm;
  const times = [otime, ctime].map((time) => (time === 0n ? 0 : 1));
  return [id, key, uid, gid, cuid, cgid, mode, nsems, ...times];
}

function firstBytes(buffers: readonly Uint8Array[], count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let end = 0;
  for (const buffer of buffers) {
    const part = buffer.subarray(0, count - end);
    bytes.set(part, end);
    end += part.length;
    if (end === count) break;
  }
  return bytes;
}

/** The outcome of an attempt on the model that did not block. */
export function modelOutcome(call: Call, result: number): Outcome {
  if (result === GONE) return gone;
  const { name } = call.syscall;
  const hasMore = name === "msgrcv" || name === "pread" || name === "memory_read";
  const buffer = hasMore ? (call.payload as SysvMessage | PlacedBytes).bytes : call.payload;
  return outcomeOf(name, result, call.value, buffer);
}

export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.result !== b.result || a.values.length !== b.values.length) return false;
  for (let index = 0; index < a.values.length; index++) if (a.values[index] !== b.values[index]) return false;
  if (a.bytes === undefined || b.bytes === undefined) return a.bytes === b.bytes;
  return sameBytes(a.bytes, b.bytes);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** An outcome as people read it: `EPIPE`, `4096`, `[IN|HUP]`. */
export function outcomeText(call: string, { result, values, bytes }: Outcome): string {
  if (result === GONE) return "gone";
  if (result < 0) return errnoName(-result);
  if (call === "stat" || call === "fstat") return statusText(values);
  if (call === "poll") return `[${values.map(eventText).join(" ")}]`;
  if (values.length > 0) return `[${values.join(", ")}]`;
  if (bytes !== undefined && bytes.length > 0) return `${result} (${digest(bytes)})`;
  return String(result);
}

/** The status of a file: `010644 of 0:0, 1 link`. */
function statusText([mode = 0, nlink, uid, gid, size]: readonly number[]): string {
  return `0${mode.toString(8)} of ${uid}:${gid}, ${nlink} links, ${size} bytes`;
}

/** A short name of some bytes, so that a table can tell them apart. */
function digest(bytes: Uint8Array): string {
  let sum = 2166136261;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 16777619);
  return `#${(sum >>> 0).toString(16).padStart(8, "0")}`;
}
