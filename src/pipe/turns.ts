// One after the other, in the order of asking.
import { abortError } from "../errors.js";

/** Work that must not overlap. */
export class Turns {
  #isTaken = false;
  readonly #waiting: (() => void)[] = [];

  /** Whether nobody is at work and nobody waits. */
  get isFree(): boolean {
    return !this.#isTaken;
  }

  /**
   * Does work once all that was asked for before it is done.
   * @param name what is done, for the error
   * @param signal ends the waiting for the turn: AbortError
   */
  async run<Value>(
    work: () => Promise<Value>,
    name?: string,
    signal?: AbortSignal | undefined,
  ): Promise<Value> {
    if (this.#isTaken) await this.#turn(name ?? "", signal);
    this.#isTaken = true;
    try {
      return await work();
    } finally {
      // The turn goes over without a moment in which it is free: nobody who comes now is first.
      const next = this.#waiting.shift();
      if (next === undefined) this.#isTaken = false;
      else next();
    }
  }

  #turn(name: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(name, signal.reason));
      const onTurn = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(abortError(name, signal?.reason));
      };
      this.#waiting.push(onTurn);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
