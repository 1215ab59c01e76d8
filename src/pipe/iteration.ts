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

const DONE = { done: true, value: undefined } as const;

export abstract class Iteration<Value> implements AsyncIterableIterator<Value> {
  readonly #turns = new Turns();
  #state: "fresh" | "running" | "over" = "fresh";

  constructor(protected readonly source: Source) {}

  /** Whether the next step can be made without waiting for one before it. */
  protected get isIdle(): boolean {
    return this.#turns.isFree;
  }

  /** One step. @returns undefined at the end */
  protected abstract step(): Promise<Value | undefined>;

  /** What was read and not given out. */
  protected abstract rest(): Uint8Array | undefined;

  /** The next one. Several may be asked for at once: they come in that order. */
  next(): Promise<IteratorResult<Value, undefined>> {
    return this.#turns.run(this.#advance);
  }

  readonly #advance = async (): Promise<IteratorResult<Value, undefined>> => {
    if (this.#state === "over") return DONE;
    if (this.#state === "fresh") {
      this.source.begin(this);
      this.#state = "running";
    }
    try {
      const value = await this.step();
      if (value !== undefined) return { done: false, value };
    } catch (error) {
      this.#finish();
      throw error;
    }
    this.#finish();
    return DONE;
  };

  /** Ends the iteration, after the step that is being made. The reader stays open, and has what was not given out. */
  return(): Promise<IteratorResult<Value, undefined>> {
    return this.#turns.run(async () => {
      this.#finish();
      return DONE;
    });
  }

  #finish(): void {
    if (this.#state === "running") this.source.end(this, this.rest());
    this.#state = "over";
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `return`, for `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.return();
  }
}
