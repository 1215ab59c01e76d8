// The one loop of every awaited call: attempt without blocking, wait until another attempt is worth making,
// attempt again. It knows no kernel: a port attempts, and watches. What is decided here:
// - A call that completes at its first attempt costs nothing but the attempt.
// - Bytes to be written are copied only once the call has to wait. A receiving buffer is written by the
//   attempt that completes.
// - A write that has moved bytes gives their count, whatever ends it: an error, a close, an abort.
// - A call that completed beats its AbortSignal.
import { BLOCKED } from "../assembly/abi/model.js";
import { byteLengthOf } from "./byte-length.js";
import { Call } from "./call.js";
import { resultOf } from "./calls.js";
import { abortError, argumentMistake } from "./errors.js";

/** What is armed for one waiting call. */
export interface Watch {
  /** Disarms: the waiter is not woken again. */
  cancel(): void;
}

/** A kernel that calls can wait on. */
export interface WaitPort {
  /**
   * One attempt at a call, which never blocks: a result >= 0, -errno, or BLOCKED. A write adds what it moved
   * to `call.transferred`, and gives the whole count when it ends.
   * @param timedOut the time is over that the call waits for, or waits at most
   */
  attempt(call: Call, timedOut: boolean): number;
  /**
   * Wakes the waiter whenever another attempt is worth making; spurious wakes are allowed. @returns a watch,
   * or -errno
   */
  watch(call: Call, waiter: Waiter): Watch | number;
  /** Whether a call takes bytes from its buffers, and does not fill them. Without it: one that has a partial result. */
  takesBytes?(call: Call): boolean;
  /** The error that a failed call rejects with. */
  failure(call: Call, errno: number): Error;
}

/** Starts a call: it settles `resolve` or `reject` once. */
export function startWaiting(
  port: WaitPort,
  call: Call,
  signal: AbortSignal | undefined,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if (signal?.aborted) return reject(abortError(call.syscall.name, signal.reason));
  const result = port.attempt(call, false);
  if (result >= 0) return resolve(resultOf(call, result));
  if (result !== BLOCKED) return reject(port.failure(call, -result));
  new Waiter(port, call, signal, resolve, reject).begin();
}

/** One call that waits. */
export class Waiter {
  #watch: Watch | undefined;
  #settled = false;
  readonly #call: Call;
  /** Whether the call has bytes of its own: those that it takes. */
  readonly #hasOwnBytes: boolean;
  readonly #length: number;

  constructor(
    readonly port: WaitPort,
    call: Call,
    readonly signal: AbortSignal | undefined,
    readonly resolve: (value: unknown) => void,
    readonly reject: (error: unknown) => void,
  ) {
    this.#hasOwnBytes = port.takesBytes?.(call) ?? call.syscall.partialResult;
    this.#call = this.#hasOwnBytes ? withOwnBytes(call) : call;
    this.#length = lengthOf(call);
  }

  /** The call, as it is attempted: a write with a copy of its bytes. */
  get call(): Call {
    return this.#call;
  }

  begin(): void {
    if (this.signal !== undefined) addEventListener.call(this.signal, "abort", this.#onAbort);
    this.#call.isWaiting = true;
    const watch = this.port.watch(this.#call, this);
    if (typeof watch !== "number") this.#watch = watch;
    else if (!this.#settled) this.#settle(watch);
    // It may be over already.
    if (this.#settled) this.#end();
  }

  /**
   * Makes another attempt.
   * @returns whether the call is over; false: it goes on waiting
   */
  wake(timedOut: boolean): boolean {
    if (this.#settled) return true;
    // A buffer that was transferred away or shrunk in the meantime would read as an end of file.
    if (lengthOf(this.#call) !== this.#length) {
      this.#end();
      const { name } = this.#call.syscall;
      this.reject(
        argumentMistake(name, "buffer", "left as it is while the call waits", "detached or resized"),
      );
      return true;
    }
    const result = this.port.attempt(this.#call, timedOut);
    if (result === BLOCKED) return false;
    this.#settle(result);
    return true;
  }

  /** Ends the call with an error, or with the count of bytes that it has moved. */
  fail(errno: number): void {
    if (!this.#settled) this.#settle(-errno);
  }

  readonly #onAbort = (): void => {
    if (this.#settled) return;
    this.#end();
    const { transferred, syscall } = this.#call;
    if (transferred > 0) this.resolve(resultOf(this.#call, transferred));
    else this.reject(abortError(syscall.name, this.signal?.reason));
  };

  #settle(result: number): void {
    this.#end();
    const call = this.#call;
    if (result >= 0) this.resolve(resultOf(call, result));
    else if (call.transferred > 0) this.resolve(resultOf(call, call.transferred));
    else this.reject(this.port.failure(call, -result));
  }

  #end(): void {
    if (this.#hasOwnBytes && !this.#settled) keepSpare(this.#call.payload);
    this.#settled = true;
    this.#watch?.cancel();
    this.#watch = undefined;
    if (this.signal !== undefined) removeEventListener.call(this.signal, "abort", this.#onAbort);
  }
}

function withOwnBytes(call: Call): Call {
  const { syscall, a, b, c } = call;
  const buffers = buffersOf(call);
  if (buffers.length === 0) return call;
  const copies = buffers.map(copyOf);
  const [first] = copies;
  const copy = new Call(syscall, a, b, c, Array.isArray(call.payload) ? copies : first);
  copy.transferred = call.transferred;
  copy.deadline = call.deadline;
  return copy;
}

/** A write that waits often follows one of the same size: its copy finds memory that is there already. */
let spare: Uint8Array | undefined;

/** What a pipe holds at most, for those without CAP_SYS_RESOURCE. */
const MAX_SPARE = 1 << 20;

function copyOf(buffer: Uint8Array): Uint8Array {
  if (spare?.length !== byteLengthOf(buffer)) return new Uint8Array(buffer);
  const copy = spare;
  spare = undefined;
  copy.set(buffer);
  return copy;
}

/** Keeps the bytes of a call that is over. */
function keepSpare(payload: Call["payload"]): void {
  if (payload instanceof Uint8Array && payload.length <= MAX_SPARE) spare = payload;
}

/** The buffers that a call takes bytes from or fills. */
function buffersOf({ payload }: Call): readonly Uint8Array[] {
  if (ArrayBuffer.isView(payload)) return [payload];
  return Array.isArray(payload) && ArrayBuffer.isView(payload[0]) ? (payload as readonly Uint8Array[]) : [];
}

const lengthOf = (call: Call): number =>
  buffersOf(call).reduce((sum, buffer) => sum + byteLengthOf(buffer), 0);

// The methods of the class, not those that a caller's object may carry.
const { addEventListener, removeEventListener } = EventTarget.prototype;
