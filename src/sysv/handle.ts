// What an object of a class knows of an object of System V IPC: its identifier. To close it forgets that, and ends what waits by it.
import { abortSignal } from "../arguments.js";
import { addToMessage, codeOf, isAbortError, isOfACall, type SyscallError } from "../errors.js";
import { Handle, type HandleKind } from "../handle.js";
import type { Linux } from "../linux.js";
import type { TimedWaitOptions } from "../timeout.js";
import { withEither } from "../with-either.js";
import { keyText } from "./key.js";

/** Whether a call found nothing of its id. */
export const isGone = (error: unknown): boolean => codeOf(error) === "EINVAL" || codeOf(error) === "EIDRM";

/** Looks up a key. What fails says which. */
export async function ofKey<Value>(
  { noun }: HandleKind,
  key: number,
  operation: () => Promise<Value>,
): Promise<Value> {
  try {
    return await operation();
  } catch (error) {
    if (isOfACall(error)) addToMessage(error, `${noun} of key ${keyText(key)}`);
    throw error;
  }
}

export class SysvHandle extends Handle {
  readonly #onClose: () => Promise<void>;
  /** Ends what waits when the object is closed. */
  readonly #ender = new AbortController();

  /** @param onClose what is left to do when nothing new is begun */
  constructor(
    linux: Linux,
    kind: HandleKind,
    id: number,
    key: number | undefined,
    onClose: () => Promise<void>,
  ) {
    const itsKey = key === undefined ? "" : ` (key ${keyText(key)})`;
    super(linux, kind, id, `${kind.noun} ${id}${itsKey}`);
    this.#onClose = onClose;
  }

  /**
   * Makes a call that can wait, and fails with EBADF when the object is closed meanwhile.
   * @param operation is given the identifier, and what ends it
   */
  callUntilClosed<Value>(
    name: string,
    options: TimedWaitOptions | undefined,
    operation: (id: number, signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const { signal: ended } = this.#ender;
    return this.call(name, options, async (id, waitOptions) => {
      const given = abortSignal(name, waitOptions);
      try {
        return await (given === undefined
          ? operation(id, ended)
          : withEither(ended, given, (signal) => operation(id, signal)));
      } catch (error) {
        if (isAbortError(error) && ended.aborted && !given?.aborted) throw this.closedError(name);
        throw error;
      }
    });
  }

  /** What waits while the object is closed may find it removed before it is told. */
  override named(error: unknown): unknown {
    return super.named(
      this.isClosed && isGone(error) ? this.closedError((error as SyscallError).syscall) : error,
    );
  }

  protected async release(): Promise<void> {
    this.#ender.abort("closed");
    try {
      await this.#onClose();
    } catch (error) {
      throw this.named(error);
    }
  }
}
