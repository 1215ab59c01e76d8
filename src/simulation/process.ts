// A simulated process: the backend behind one `Linux`. It queues the calls that its program makes; the engine attempts
// them. First attempts go in the order of the calls, completions in any.
import {
  CALL_EXIT,
  CALL_MEMORY_READ,
  CALL_MEMORY_WRITE,
  CALL_MQ_RECEIVE,
  CALL_MQ_SEND,
  CALL_MQ_TIMEDRECEIVE,
  CALL_MQ_TIMEDSEND,
  CALL_MSGRCV,
  CALL_MSGSND,
  CALL_PREAD,
  CALL_PWRITE,
  CALL_READ,
  CALL_READV,
  CALL_VMSPLICE,
  CALL_WRITE,
  CALL_WRITEV,
} from "../../assembly/abi/calls.js";
import { byteLengthOf, honestView } from "../byte-length.js";
import { Call, type PlacedBytes, type SysvMessage } from "../call.js";
import { type CallStarter, linuxOver } from "../calls.js";
import { abortError } from "../errors.js";
import type { Linux } from "../linux.js";
import type { Startable } from "../program.js";
import { type CallSite, callSite } from "./call-error.js";
import { programName } from "./call-text.js";

/** One call that a program has made and that has not completed. */
export class PendingCall {
  /** Its task in the model; -1 before its first attempt. */
  task = -1;
  /** The step in which it first had to wait; 0 before that. */
  blockedSince = 0;
  /** Its neighbours among the calls of its process, in the order in which they were made. */
  previous: PendingCall | undefined = undefined;
  next: PendingCall | undefined = undefined;
  /** Its AbortSignal, if it has one, with what listens to it. */
  abort: Abort | undefined = undefined;
  /** Its signal has fired, and the thread that it waits in has not left the kernel yet. */
  isAborted = false;
  /** Where it was made, if that is recorded. */
  madeAt: CallSite | undefined = undefined;

  /** Bytes of the buffer that a read fills: it must be left as it is. */
  readonly length: number;

  constructor(
    readonly process: SimulatedProcess,
    readonly call: Call,
    readonly resolve: (value: unknown) => void,
    readonly reject: (error: unknown) => void,
  ) {
    this.length = bufferLength(call);
  }

  /** Whether the buffer was detached or resized since the call was made. */
  get isSpoiled(): boolean {
    return bufferLength(this.call) !== this.length;
  }
}

function bufferLength({ syscall, payload }: Call): number {
  if (payload === undefined) return 0;
  switch (syscall.number) {
    case CALL_READ:
    case CALL_MQ_RECEIVE:
    case CALL_MQ_TIMEDRECEIVE:
      return (payload as Uint8Array).length;
    case CALL_MSGRCV:
      return (payload as SysvMessage).bytes.length;
    case CALL_PREAD:
    case CALL_MEMORY_READ:
      return (payload as PlacedBytes).bytes.length;
    case CALL_READV:
      return (payload as readonly Uint8Array[]).reduce((sum, buffer) => sum + buffer.length, 0);
    default:
      return 0;
  }
}

/**
 * A call as it is kept until it is attempted. What it writes is copied: those are the bytes of the time of the call. What it
 * fills is the caller's memory, whatever an object says of its length.
 */
function withOwnBytes(call: Call, host: ProcessHost, process: SimulatedProcess): Call {
  const { syscall, a, b, payload } = call;
  if (payload === undefined) return call;
  switch (syscall.number) {
    case CALL_WRITE:
      return new Call(syscall, a, 0, 0, new Uint8Array(payload as Uint8Array));
    case CALL_READ:
      return isHonest(payload as Uint8Array)
        ? call
        : new Call(syscall, a, 0, 0, honestView(payload as Uint8Array));
    case CALL_READV:
    case CALL_WRITEV:
    case CALL_VMSPLICE: {
      // Which way a vmsplice moves bytes depends on the descriptor.
      const fills =
        syscall.number === CALL_READV || (syscall.number === CALL_VMSPLICE && host.isReadEnd(process, a));
      const buffers = payload as readonly Uint8Array[];
      return new Call(syscall, a, b, 0, buffers.map(fills ? honestView : (buffer) => new Uint8Array(buffer)));
    }
    case CALL_MQ_SEND:
    case CALL_MQ_TIMEDSEND:
      return withOther(call, new Uint8Array(payload as Uint8Array));
    case CALL_MQ_RECEIVE:
    case CALL_MQ_TIMEDRECEIVE:
      return isHonest(payload as Uint8Array) ? call : withOther(call, honestView(payload as Uint8Array));
    case CALL_PREAD:
    case CALL_PWRITE:
    case CALL_MEMORY_READ:
    case CALL_MEMORY_WRITE: {
      const { bytes, offset } = payload as PlacedBytes;
      const isTaken = syscall.number === CALL_PWRITE || syscall.number === CALL_MEMORY_WRITE;
      const own = isTaken ? new Uint8Array(bytes) : honestView(bytes);
      return new Call(syscall, a, 0, 0, { bytes: own, offset });
    }
    case CALL_MSGSND:
    case CALL_MSGRCV: {
      const { type, bytes } = payload as SysvMessage;
      // An empty buffer takes an empty message even if it is detached meanwhile.
      const isCopied = syscall.number === CALL_MSGSND || byteLengthOf(bytes) === 0;
      const own = isCopied ? new Uint8Array(bytes) : honestView(bytes);
      return new Call(syscall, a, b, 0, { type, bytes: own });
    }
    default:
      return call;
  }
}

/** A call on a message queue with another buffer. */
function withOther({ syscall, a, b, deadline }: Call, buffer: Uint8Array): Call {
  const other = new Call(syscall, a, b, 0, buffer);
  other.deadline = deadline;
  return other;
}

const isHonest = (bytes: Uint8Array): boolean => bytes.length === byteLengthOf(bytes);

interface Abort {
  readonly signal: AbortSignal;
  readonly listener: () => void;
}

/** What a process needs of the engine. */
export interface ProcessHost {
  /** Whether each call records where it was made. */
  readonly recordsStacks: boolean;
  /** Whether a process has a descriptor open for reading alone. */
  isReadEnd(process: SimulatedProcess, fd: number): boolean;
  /** Ends a call because its AbortSignal fired. */
  abort(pending: PendingCall): void;
}

export class SimulatedProcess implements CallStarter {
  /** The outstanding calls, in the order in which they were made. */
  first: PendingCall | undefined = undefined;
  last: PendingCall | undefined = undefined;
  /** The first of them that was not attempted; all after it were not either. */
  fresh: PendingCall | undefined = undefined;
  /** How many there are. */
  outstanding = 0;
  /** Its code may run: it was not killed, has not ended, and its schedule goes on. */
  isLive = true;
  /** It has neither been killed nor ended: also of a schedule that is over. */
  isAwake = true;
  /** It awaits something that is not ours, and was given time for it. */
  isElsewhere = false;
  /** Its parent has reaped it. */
  isReaped = false;
  /** The step that last resumed its code; 0 before the first. */
  lastStep = 0;
  readonly linux: Linux;
  readonly #host: ProcessHost;

  /**
   * @param index its place in the machine
   * @param parent undefined for the first process
   */
  constructor(
    host: ProcessHost,
    readonly index: number,
    readonly pid: number,
    /** What it runs, or the name of that. */
    readonly program: Startable | string,
    readonly parent: SimulatedProcess | undefined,
    readonly fds: Readonly<Record<string, number>>,
  ) {
    this.#host = host;
    this.linux = linuxOver(this);
  }

  start(
    call: Call,
    signal: AbortSignal | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    // A dead process's code may still run if it awaited something else: its calls never settle.
    if (!this.isLive) return;
    const kept = withOwnBytes(call, this.#host, this);
    const pending = new PendingCall(this, kept, resolve, reject);
    if (this.#host.recordsStacks) pending.madeAt = callSite(this.linux[call.syscall.name]);
    if (signal !== undefined) {
      if (signal.aborted) {
        reject(abortError(call.syscall.name, signal.reason));
        return;
      }
      const listener = (): void => this.#host.abort(pending);
      pending.abort = { signal, listener };
      signal.addEventListener("abort", listener, { once: true });
    }
    this.isElsewhere = false;
    this.outstanding++;
    const last = this.last;
    pending.previous = last;
    if (last === undefined) this.first = pending;
    else last.next = pending;
    this.last = pending;
    this.fresh ??= pending;
  }

  /** Notes that the oldest call without an attempt has one now. */
  attempted(): void {
    this.fresh = this.fresh?.next;
  }

  /** Takes a call off the list: it has completed, or never will. */
  remove(pending: PendingCall): void {
    const { previous, next } = pending;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    if (this.fresh === pending) this.fresh = next;
    this.outstanding--;
    if (pending.abort !== undefined) stopListening(pending.abort);
  }

  /** What people call it. */
  get name(): string {
    return typeof this.program === "string" ? this.program : programName(this.program);
  }

  /** Which of the outstanding calls of the same name a call is, in the order in which they were made. */
  nthOf(pending: PendingCall): number {
    let nth = 0;
    for (let other = pending.previous; other !== undefined; other = other.previous) {
      if (other.call.syscall === pending.call.syscall) nth++;
    }
    return nth;
  }

  /** All outstanding calls, in the order in which they were made. */
  calls(): PendingCall[] {
    const calls: PendingCall[] = [];
    for (let pending = this.first; pending !== undefined; pending = pending.next) calls.push(pending);
    return calls;
  }

  /** Whether it has called exit(3), although that step has not come yet. */
  get isLeaving(): boolean {
    for (let pending = this.first; pending !== undefined; pending = pending.next) {
      if (pending.call.syscall.number === CALL_EXIT) return true;
    }
    return false;
  }

  /** Ends its code: nothing of it resumes. */
  end(): void {
    this.isLive = false;
    for (let pending = this.first; pending !== undefined; pending = pending.next) {
      if (pending.abort !== undefined) stopListening(pending.abort);
    }
  }
}

function stopListening({ signal, listener }: Abort): void {
  signal.removeEventListener("abort", listener);
}
