// What an object of a class knows of an object of System V IPC: its identifier. To close it forgets that, and ends what waits by it.
import { about, codeOf, type SyscallError } from "../errors.js";
import type { HandleKind } from "../handle.js";
import type { Linux } from "../linux.js";
import { WaitingHandle } from "../waiting-handle.js";
import { keyText } from "./key.js";

/** Whether a call found nothing of its id. */
export const isGone = (error: unknown): boolean => codeOf(error) === "EINVAL" || codeOf(error) === "EIDRM";

/** Looks up a key. What fails says which. */
export const ofKey = <Value>(
  { noun }: HandleKind,
  key: number,
  operation: () => Promise<Value>,
): Promise<Value> => about(`${noun} of key ${keyText(key)}`, operation);

export class SysvHandle extends WaitingHandle {
  readonly #onClose: () => Promise<void>;

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

  /** What waits while the object is closed may find it removed before it is told. */
  override named(error: unknown): unknown {
    return super.named(
      this.isClosed && isGone(error) ? this.closedError((error as SyscallError).syscall) : error,
    );
  }

  protected async release(): Promise<void> {
    // A set or a queue may be removed while somebody waits in it.
    void this.endWaits();
    try {
      await this.#onClose();
    } catch (error) {
      throw this.named(error);
    }
  }
}
