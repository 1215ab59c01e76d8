// What iterations have in common: steps go one after the other whoever asks, and it ends once.
import { asyncDispose } from "./dispose.js";
import { Turns } from "./turns.js";

const DONE = Object.freeze({ done: true, value: undefined });

export abstract class Iteration<Value> implements AsyncIterableIterator<Value> {
  readonly #turns = new Turns();
  #state: "fresh" | "running" | "over" = "fresh";

  /** Whether the next step can be made without waiting for one before it. */
  protected get isIdle(): boolean {
    return this.#turns.isFree;
  }

  /** One step. @returns null at the end */
  protected abstract step(): Promise<Value | null>;

  /** Before the first step. A throw is that step's. */
  protected begin(): void {}

  /** After the last step. */
  protected finish(): void {}

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
    this.begin();
    this.#state = "running";
    return true;
  }

  /** Ends the iteration, after the step that is being made. What it iterates over stays open. */
  async return(): Promise<IteratorResult<Value, undefined>> {
    await this.#turns.enter();
    this.#finish();
    this.#turns.leave();
    return DONE;
  }

  #finish(): void {
    if (this.#state === "running") {
      this.#state = "over";
      this.finish();
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
