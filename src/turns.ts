// One after the other, in the order of asking.
//
//   const turn = turns.enter();
//   if (turn !== undefined) await turn;
//   try { … } finally { turns.leave(); }
import { abortError } from "./errors.js";

/** Work that must not overlap. */
export class Turns {
  #isTaken = false;
  readonly #waiting: (() => void)[] = [];

  /** Whether nobody is at work. */
  get isFree(): boolean {
    return !this.#isTaken;
  }

  /**
   * Takes a turn. Who has it must `leave`.
   * @param name what is done, for the error
   * @param signal ends the waiting for it: AbortError
   * @returns undefined if it can be had at once, for awaiting nothing takes time too
   */
  enter(name?: string, signal?: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#isTaken) return this.#wait(name ?? "", signal);
    this.#isTaken = true;
    return undefined;
  }

  /** The next one's turn. It goes over without a moment in which it is free: nobody who comes now is first. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }

  #wait(name: string, signal: AbortSignal | undefined): Promise<void> {
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
