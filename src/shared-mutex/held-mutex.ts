// A mutex that is locked, in the hands of whoever locked it.
import { asyncDispose } from "../dispose.js";

/** The mutex, as what holds it sees it. */
export interface MutexOfHeld {
  /** Whether it is this one that has it. */
  isHeldAs(held: HeldMutex): boolean;
  /** @throws SyscallError EPERM it is not this one that has it */
  unlockAs(held: HeldMutex): void;
  /** @throws SyscallError EPERM it is not this one that has it · EINVAL its owner did not die */
  recoverAs(held: HeldMutex): void;
}

/**
 * A mutex that is locked: unlocked by `unlock`, or at the end of its block by `await using`.
 *
 * If `ownerDied`, who had it before was killed, or ended, and what the mutex protects may be half changed. Repair that, and call `recover`:
 * to unlock without that says that nobody can.
 */
export class HeldMutex {
  readonly #mutex: MutexOfHeld;
  #ownerDied: boolean;

  /** @internal */
  constructor(mutex: MutexOfHeld, ownerDied: boolean) {
    this.#mutex = mutex;
    this.#ownerDied = ownerDied;
  }

  /** Whether its last owner died while it had the mutex: what C calls EOWNERDEAD. */
  get ownerDied(): boolean {
    return this.#ownerDied;
  }

  /** Whether it is still locked by this. */
  get isHeld(): boolean {
    return this.#mutex.isHeldAs(this);
  }

  /**
   * Says that what a dead owner left half done is repaired: pthread_mutex_consistent(3).
   * @throws SyscallError EINVAL the owner did not die, or it was called before · EPERM it is not locked any more
   */
  recover(): void {
    this.#mutex.recoverAs(this);
  }

  /**
   * Unlocks: pthread_mutex_unlock(3). If the owner died and `recover` was not called, nobody can lock the mutex again: ENOTRECOVERABLE.
   * @throws SyscallError EPERM it is not locked any more
   */
  unlock(): void {
    this.#mutex.unlockAs(this);
  }

  /** `unlock`, for `await using`; nothing if that was done. */
  async [asyncDispose](): Promise<void> {
    if (this.isHeld) this.unlock();
  }

  /** @internal It was given up, and is locked again. */
  renew(ownerDied: boolean): void {
    this.#ownerDied = ownerDied;
  }
}
