// What iterations over a reader have in common: one at a time reads, steps go one after the other whoever asks, and what
// was not given out is put back at the end.
import { asyncDispose } from "../dispose.js";
import type { TimedWaitOptions } from "../timeout.js";
import type { Source } from "./source.js";
import { Turns } from "./turns.js";

/** Options of an iteration over a reader. */
export interface IterationOptions extends TimedWaitOptions {
  /** Bytes that are read at once, at most: 65,536 if left out. At least PIPE_BUF for a pipe with packets. */
  readonly chunkSize?: number;
}

const DONE = Object.freeze({ done: true, value: undefined });

export abstract class Iteration<Value> implements AsyncIterableIterator<Value> {
  readonly #turns = new Turns();
  #state: "fresh" | "running" | "over" = "fresh";

  constructor(protected readonly source: Source) {}

  /** Whether the next step can be made without waiting for one before it. */
  protected get isIdle(): boolean {
    return this.#turns.isFree;
  }

  /** One step. @returns null at the end */
  protected abstract step(): Promise<Value | null>;

  /** What was read and not given out. */
  protected abstract rest(): Uint8Array | undefined;

  /** The next one. Several may be asked for at once: they come in that order. */
  async next(): Promise<IteratorResult<Value, undefined>> {
    const turn = this.#turns.enter();
    if (turn !== undefined) await turn;
    try {
      if (this.#state !== "running" && !this.#begin()) return DONE;
      const value = await this.step();
      if (value !== null) return { done: false, value };
      this.#finish();
      return DONE;
    } catch (error) {
      this.#finish();
      throw error;
    } finally {
      this.#turns.leave();
    }
  }

  /** @returns false if it is over */
  #begin(): boolean {
    if (this.#state === "over") return false;
    this.source.begin(this);
    this.#state = "running";
    return true;
  }

  /** Ends the iteration, after the step that is being made. The reader stays open, and has what was not given out. */
  async return(): Promise<IteratorResult<Value, undefined>> {
    await this.#turns.enter();
    this.#finish();
    this.#turns.leave();
    return DONE;
  }

  #finish(): void {
    if (this.#state === "running") {
      this.#state = "over";
      this.source.end(this, this.rest());
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `return`, for `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.return();
  }
}
