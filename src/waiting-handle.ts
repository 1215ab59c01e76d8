// A handle whose calls can wait in the kernel, where nothing ends them when the object is closed: so that does.
import { abortSignal } from "./arguments.js";
import { isAbortError } from "./errors.js";
import { Handle } from "./handle.js";
import type { TimedWaitOptions } from "./timeout.js";
import { withEither } from "./with-either.js";

export abstract class WaitingHandle extends Handle {
  readonly #ender = new AbortController();
  readonly #waits = new Set<Promise<unknown>>();

  /**
   * Makes a call that can wait, and fails with EBADF when the object is closed meanwhile.
   * @param operation is given the number, and what ends it
   */
  callUntilClosed<Value>(
    name: string,
    options: TimedWaitOptions | undefined,
    operation: (number: number, signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const { signal: ended } = this.#ender;
    return this.call(name, options, async (number, waitOptions) => {
      const given = abortSignal(name, waitOptions);
      const wait =
        given === undefined
          ? operation(number, ended)
          : withEither(ended, given, (signal) => operation(number, signal));
      this.#waits.add(wait);
      try {
        return await wait;
      } catch (error) {
        if (isAbortError(error) && ended.aborted && !given?.aborted) throw this.closedError(name);
        throw error;
      } finally {
        this.#waits.delete(wait);
      }
    });
  }

  /** Ends what waits. @returns when none of it is under way any more */
  protected async endWaits(): Promise<void> {
    this.#ender.abort("closed");
    await Promise.allSettled(this.#waits);
  }
}
