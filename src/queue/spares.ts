// Buffers to receive into, which are used again: a queue's longest message is often much longer than those that come.

/** Bytes of buffers that are kept, beside one of whatever length. */
const MAX_KEPT = 1 << 20;

export class Spares {
  readonly #buffers: Uint8Array[] = [];

  /** A buffer of so many bytes, which is nobody else's until it is given back. */
  take(length: number): Uint8Array {
    const spare = this.#buffers.pop();
    return spare?.length === length ? spare : new Uint8Array(length);
  }

  /**
   * Gives a buffer back for its first bytes.
   * @returns those bytes, which are the caller's
   */
  exchange(buffer: Uint8Array, length: number): Uint8Array {
    // A buffer that is mostly full is given away; of any other the bytes are copied, so that few do not hold many.
    if (length * 2 > buffer.length) return length === buffer.length ? buffer : buffer.subarray(0, length);
    this.giveBack(buffer);
    return buffer.slice(0, length);
  }

  giveBack(buffer: Uint8Array): void {
    const kept = this.#buffers.length;
    if (kept === 0 || (kept + 1) * buffer.length <= MAX_KEPT) this.#buffers.push(buffer);
  }
}
