import type { Syscall } from "./syscall.js";

/**
 * One system call on its way to a kernel: checked integer arguments in C's order, and apart from them what is no
 * integer. Its shape is the same for every call, so that the code that handles calls stays fast.
 */
export class Call {
  /** What the call returns beyond its integer: set by the backend on success. */
  value: unknown = undefined;
  /** Bytes moved so far by a write that was made in several attempts. */
  transferred = 0;
  /** The time until which a call waits that has one beside its payload: nanoseconds, of CLOCK_REALTIME unless it names a clock. */
  deadline: bigint | undefined = undefined;
  /** Whether an awaited call has begun to wait: it goes on waiting if O_NONBLOCK is set meanwhile. */
  isWaiting = false;

  /**
   * @param syscall the row of the table
   * @param a first integer argument
   * @param b second integer argument
   * @param c third integer argument
   * @param payload what is no integer
   */
  constructor(
    readonly syscall: Syscall,
    readonly a: number,
    readonly b: number,
    readonly c: number,
    readonly payload: Payload,
  ) {}
}

/** One entry of poll(2): what to wait for on which descriptor. */
export interface PollEntry {
  readonly fd: number;
  readonly events: number;
}

/** What spawn starts, with the descriptors it passes by name. */
export interface SpawnRequest {
  readonly program: import("./program.js").Startable;
  readonly args: readonly import("./program.js").Json[];
  readonly names: readonly string[];
  readonly fds: readonly number[];
  readonly execArgv: readonly string[];
  /** The environment, as NAME=value; undefined: that of this process. */
  readonly env: readonly string[] | undefined;
}

/** Messages that a new message queue may hold, and bytes of each. */
export interface QueueSize {
  readonly maxmsg: number;
  readonly msgsize: number;
}

/** What mq_open opens. */
export interface QueueOpening {
  readonly name: string;
  readonly attributes: QueueSize | undefined;
}

/** How mq_notify is to tell: SIGEV_*, and by which signal. */
export interface QueueNotification {
  readonly notify: number;
  readonly signo: number;
}

/** How much splice and tee move, and from and to which places of files that have places. */
export interface SpliceRequest {
  readonly offIn: bigint | undefined;
  readonly offOut: bigint | undefined;
  /** Bytes, at most. */
  readonly size: number;
}

/** Bytes that pread and memory_read fill or pwrite and memory_write take, and their place in the file or in memory. */
export interface PlacedBytes {
  readonly bytes: Uint8Array;
  /** Bytes from the start of the file on; in memory the address. */
  readonly offset: number;
}

/** What mmap maps: bytes, from which place of a file on. */
export interface MappingRequest extends MemoryRange {
  readonly offset: number;
}

/** A range of memory: where it begins, and its bytes. */
export interface MemoryRange {
  readonly address: number;
  readonly length: number;
}

/** What futex does beside its operation and its value, as that takes it. */
export interface FutexRequest {
  readonly address: number;
  /** How long, or until when it waits: nanoseconds; undefined for ever. */
  readonly timeout: bigint | undefined;
  /** In place of a timeout. */
  readonly value2: number;
  readonly otherAddress: number;
  readonly value3: number;
  /** Whether who waits wants a robust lock. */
  readonly isRobust: boolean;
}

/** What futex_waitv waits for. */
export interface FutexVector {
  readonly waiters: readonly import("./futex.js").FutexWaiter[];
  /** Until when: nanoseconds of a clock; undefined for ever. */
  readonly timeout: bigint | undefined;
}

/** A word of memory, and how long to wait there: nanoseconds, undefined for ever. */
export interface MemoryWord {
  readonly address: number;
  readonly timeout: bigint | undefined;
}

/** The message that msgsnd sends, or what msgrcv wants and where that goes. */
export interface SysvMessage {
  readonly type: bigint;
  readonly bytes: Uint8Array;
}

/** What semop does, all of it or nothing, and how long it waits: nanoseconds, undefined for ever. */
export interface SemaphoreOperations {
  readonly operations: readonly import("./sysv-semaphore.js").SemaphoreOperation[];
  readonly timeout: bigint | undefined;
}

/** A POSIX semaphore, by its address. */
export interface SemaphorePlace {
  readonly address: number;
}

/** What sem_open opens: a new semaphore has the value, a C unsigned int as an integer of 32 bits. */
export interface SemaphoreOpening {
  readonly name: string;
  readonly value: number;
}

/**
 * Bytes, bytes with their place, buffers one after the other, poll entries, a path, group IDs, a time, what to splice, a range of memory, what a futex is to do, what queue to open, how to be told, operations on semaphores, a POSIX semaphore, what to spawn, or nothing.
 */
export type Payload =
  | Uint8Array
  | readonly Uint8Array[]
  | readonly PollEntry[]
  | readonly number[]
  | SpliceRequest
  | QueueOpening
  | QueueNotification
  | SpawnRequest
  | SysvMessage
  | PlacedBytes
  | MappingRequest
  | MemoryRange
  | FutexRequest
  | SemaphorePlace
  | SemaphoreOpening
  | FutexVector
  | MemoryWord
  | import("./sysv-queue.js").QueueSettings
  | SemaphoreOperations
  | import("./sysv-semaphore.js").SemctlArgument
  | import("./sysv-shared-memory.js").SegmentSettings
  | string
  | bigint
  | undefined;
