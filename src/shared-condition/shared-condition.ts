// A condition in shared memory, that tasks of several processes wait for: pthread_cond_wait(3).
//
//   0        4       8
//   │sequence│waiters│
//
// A notification is one more in `sequence`, and a wake-up of who waits for it to change. Who waits has read it while it still had the mutex:
// so a notification after that finds it asleep, or changes what it is about to sleep on.
//
// The kernel wakes those who came first, so a notification does not go to one that began to wait after it (but for threads of real-time
// priority). Nobody is moved to the mutex's line: who is woken goes through its event loop before it locks, and most find the mutex free by then.
import { EFAULT, EINVAL } from "../../assembly/abi/errno.js";
import { size } from "../arguments.js";
import { argumentError, SyscallError } from "../errors.js";
import { waitForChange } from "../futex-wait.js";
import type { Linux } from "../linux.js";
import type { Mapping } from "../mapping.js";
import type { HeldMutex } from "../shared-mutex/held-mutex.js";
import { resume, SharedMutex, suspend } from "../shared-mutex/shared-mutex.js";
import { type TimedWaitOptions, withTimeout } from "../timeout.js";

/** Bytes of a condition. */
const BYTES = 8;
const ALIGNMENT = 4;

// Words of 32 bits.
const SEQUENCE = 0;
const WAITERS = 1;

/** FUTEX_WAKE wakes no more. */
const ALL = 0x7fffffff;

/**
 * A condition in memory that processes share: tasks wait for it while they give up a mutex, and are notified by whoever has changed
 * what they wait for.
 *
 *     await using held = await mutex.lock();
 *     while (!isReady()) await condition.wait(mutex);
 *
 * Always wait in such a loop: `wait` may also return without a notification.
 *
 * A process that dies leaves it usable: its waits are over, and the mutex says whether what it protects is whole. A notification that had
 * reached a process before it died is lost with it, as in C: where another could have used it, `notifyAll`.
 */
export class SharedCondition {
  /** Bytes that a condition takes. */
  static readonly byteLength: number = BYTES;

  readonly #linux: Linux;
  readonly #mapping: Mapping;
  readonly #byteOffset: number;
  readonly #words: Int32Array;

  private constructor(linux: Linux, mapping: Mapping, byteOffset: number, words: Int32Array) {
    this.#linux = linux;
    this.#mapping = mapping;
    this.#byteOffset = byteOffset;
    this.#words = words;
  }

  /**
   * The condition at a place of a mapping. Memory that is all zero is one that nobody waits for. It is no pthread_cond_t.
   * @param mapping shared memory that may be read and written
   * @param byteOffset from the start of the mapping on: a multiple of 4; 8 bytes from there on are the condition. 0 if left out
   * @throws SyscallError EINVAL `byteOffset` is no multiple of 4 · EFAULT the memory may not be written, or not be touched at all ·
   *   RangeError beyond the mapping
   */
  static at(linux: Linux, mapping: Mapping, byteOffset = 0): SharedCondition {
    const caller = "SharedCondition.at";
    size(caller, "byteOffset", byteOffset);
    if (byteOffset % ALIGNMENT !== 0) {
      const hint = `a condition begins at a multiple of ${ALIGNMENT} bytes`;
      throw new SyscallError(EINVAL, caller, { hint });
    }
    const words = mapping.array(Int32Array, byteOffset, BYTES / 4);
    mapping.placeOf(byteOffset, BYTES);
    return new SharedCondition(linux, mapping, byteOffset, words);
  }

  /**
   * Unlocks a mutex, waits for a notification, and locks the mutex again: pthread_cond_wait(3), pthread_cond_timedwait(3). The mutex is locked
   * when this returns, and when it rejects, with an abort or a timeout too: they end the wait for the notification, and not that
   * for the mutex.
   * @param mutex one that this thread has locked
   * @returns what holds the mutex: what `lock` gave. Its `ownerDied` says whether somebody died with the mutex meanwhile
   * @throws EPERM the mutex is not locked by this thread · ENOTRECOVERABLE somebody has left the mutex unrecoverable: it is not locked ·
   *   EFAULT · EAGAIN as many calls of this thread wait as may · AbortError · TimeoutError
   */
  async wait(mutex: SharedMutex, options?: TimedWaitOptions): Promise<HeldMutex> {
    if (!(mutex instanceof SharedMutex)) throw argumentError("wait", "mutex", "a SharedMutex", mutex);
    this.#assertThere("wait");
    let held: HeldMutex | undefined;
    try {
      await withTimeout(this.#linux, "wait", options, async (waitOptions) => {
        const words = this.#words;
        const sequence = Atomics.load(words, SEQUENCE);
        // Before the mutex is free: whoever notifies from then on sees that somebody waits.
        Atomics.add(words, WAITERS, 1);
        try {
          held = mutex[suspend]("wait");
          const address = this.#mapping.address + this.#byteOffset;
          await waitForChange(this.#linux, { words, index: SEQUENCE, address }, sequence, waitOptions ?? {});
        } finally {
          Atomics.sub(words, WAITERS, 1);
        }
      });
    } finally {
      if (held !== undefined) await mutex[resume]("wait", held);
    }
    return held as unknown as HeldMutex;
  }

  /**
   * Ends one of the waits that have begun, if there are any: pthread_cond_signal(3). No call is made if nobody waits. The mutex need not be
   * locked, but what the wait is for must have been changed while it was.
   * @throws SyscallError EFAULT its memory was unmapped
   */
  notify(): void {
    this.#notify("notify", 1);
  }

  /** Ends all waits that have begun: pthread_cond_broadcast(3). @throws as `notify` */
  notifyAll(): void {
    this.#notify("notifyAll", ALL);
  }

  #assertThere(caller: string): void {
    if (this.#words.length === 0) throw new SyscallError(EFAULT, caller, { hint: "its memory was unmapped" });
  }

  #notify(caller: string, count: number): void {
    this.#assertThere(caller);
    Atomics.add(this.#words, SEQUENCE, 1);
    // One that died while it waited is counted for ever: then a wake-up is in vain, no more.
    if (Atomics.load(this.#words, WAITERS) !== 0) this.#mapping.wake(this.#byteOffset, count);
  }
}
