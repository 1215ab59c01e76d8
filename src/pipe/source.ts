// Where a reader's bytes come from: first what an earlier iteration had read and did not give out, then the descriptor.
// An iteration that is left early, ended by a signal or out of time puts back what it has: no byte is lost by that.
//
// While one iterates, nobody else may read: what the iteration holds would be missing between the others' bytes.
import { abortSignal, bytes as checkedBytes } from "../arguments.js";
import type { Descriptor } from "../descriptor.js";
import { abortError } from "../errors.js";
import type { WaitOptions } from "../linux.js";
import { positive } from "../options.js";
import type { TimedWaitOptions } from "../timeout.js";

/** Bytes of one read, if nothing else is said: what a pipe holds by default. */
export const DEFAULT_CHUNK_SIZE = 65536;

/** No more is read at once: what a pipe holds at most, for those without CAP_SYS_RESOURCE. */
export const LARGEST_CHUNK_SIZE = 1_048_576;

export class Source {
  #rest: Uint8Array | undefined;
  #owner: object | undefined;
  /** A buffer that was little used by the last read. */
  #spare: Uint8Array | undefined;

  constructor(readonly descriptor: Descriptor) {}

  /** Bytes that were put back. */
  get restLength(): number {
    return this.#rest?.length ?? 0;
  }

  /**
   * Keeps all others from reading.
   * @param owner who reads from now on
   * @throws Error someone iterates already
   */
  begin(owner: object): void {
    if (this.#owner !== undefined) throw inUse();
    this.#owner = owner;
  }

  /**
   * Lets others read again.
   * @param rest what was read and not given out: the next read gets it. It is kept, not copied
   */
  end(owner: object, rest?: Uint8Array): void {
    if (this.#owner !== owner) return;
    this.#owner = undefined;
    if (rest === undefined || rest.length === 0) return;
    this.#rest = this.#rest === undefined ? rest : joined([rest, this.#rest]);
  }

  /**
   * Reads into a buffer.
   * @param owner who called `begin`; undefined for a read by itself
   * @returns bytes read; 0 at the end
   */
  readInto(
    buffer: Uint8Array,
    options: TimedWaitOptions | undefined,
    owner?: object | undefined,
  ): Promise<number> {
    const { descriptor } = this;
    return descriptor.call("read", options, (fd, waitOptions) => {
      if (this.#owner !== owner) throw inUse();
      if (this.#rest === undefined) return descriptor.linux.read(fd, buffer, waitOptions);
      return Promise.resolve(this.#takeRest(this.#rest, checkedBytes("read", "buffer", buffer), waitOptions));
    });
  }

  #takeRest(rest: Uint8Array, buffer: Uint8Array, options: WaitOptions | undefined): number {
    const signal = abortSignal("read", options);
    if (signal?.aborted) throw abortError("read", signal.reason);
    const count = Math.min(rest.length, buffer.length);
    buffer.set(rest.subarray(0, count));
    this.#rest = count === rest.length ? undefined : rest.subarray(count);
    return count;
  }

  /**
   * Reads what is there.
   * @param maxBytes at most so many
   * @returns bytes that nobody else has; null at the end
   */
  async read(
    maxBytes: number,
    options: TimedWaitOptions | undefined,
    owner?: object | undefined,
  ): Promise<Uint8Array | null> {
    const length = Math.min(positive("read", "maxBytes", maxBytes), LARGEST_CHUNK_SIZE);
    const buffer = this.#spare?.length === length ? this.#spare : new Uint8Array(length);
    // Another read may begin while this one waits.
    this.#spare = undefined;
    const count = await this.readInto(buffer, options, owner);
    // A buffer that is mostly full is given away; of any other the bytes are copied, so that few do not hold many.
    if (count * 2 > length) return count === length ? buffer : buffer.subarray(0, count);
    this.#spare = buffer;
    return count === 0 ? null : buffer.slice(0, count);
  }
}

const inUse = (): Error =>
  Object.assign(new Error("read: another iteration or stream reads from this end; it must end first"), {
    code: "ERR_INVALID_STATE",
  });

/** Puts pieces together. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
