// A mutex in shared memory: pthread_mutex_lock(3), robust and shared between processes.
import { EBUSY, EDEADLK, EFAULT, EINVAL, ENOTRECOVERABLE, EPERM } from "../../assembly/abi/errno.js";
import { abortSignal, size } from "../arguments.js";
import { abortError, SyscallError } from "../errors.js";
import { type SharedWord, waitForChange } from "../futex-wait.js";
import type { Linux, WaitOptions } from "../linux.js";
import type { Mapping } from "../mapping.js";
import { flag, optionsOf } from "../options.js";
import { RobustEntry, threadOf } from "../robust-list.js";
import { type TimedWaitOptions, withTimeout } from "../timeout.js";
import { Turns } from "../turns.js";
import { HeldMutex, type MutexOfHeld } from "./held-mutex.js";
import {
  BUSY,
  KIND,
  LOST,
  MUTEX_BYTES,
  MUTEX_WORDS,
  NEXT_OFFSET,
  type Outcome,
  OWNER_DIED,
  POINTERS_OFFSET,
  ROBUST_SHARED,
  RobustLock,
  WORD,
} from "./robust-lock.js";

/** Options of locking a mutex. */
export interface LockOptions extends TimedWaitOptions {
  /**
   * EDEADLK if the calling thread has the mutex already, or waits for it, in place of standing in line: for a thread of which only one task
   * ever locks it, so that to lock it twice is a mistake. PTHREAD_MUTEX_ERRORCHECK.
   */
  readonly errorCheck?: boolean;
}

/** Bytes that a mutex must begin at a multiple of. */
const ALIGNMENT = 8;

/** For the condition: a mutex given up while it waits, and taken again after that. */
export const suspend: unique symbol = Symbol("suspend");
export const resume: unique symbol = Symbol("resume");

/** The mutexes of a mapping by their place: there is one object of each, for all tasks of the thread stand in one line. */
const known = new WeakMap<Mapping, Map<number, SharedMutex>>();

/**
 * A mutex in memory that processes share: whoever locked it has it alone, until it unlocks it, or dies.
 *
 * The owner is the thread, as in C. Tasks of one thread that lock the same mutex stand in a line of their own, first come, first served;
 * only the first of them contends with other threads and processes, and of these nobody is sure to be next. A task that locks a mutex
 * that it has itself waits for ever, unless it says `errorCheck`.
 *
 * It is robust. The kernel unlocks the mutexes of a thread that ends, in whatever way; the next who locks one is told, by
 * `ownerDied`. In memory it is a robust, process-shared pthread_mutex_t of glibc: C programs can lock it too.
 *
 * To lock a mutex that is free, and to unlock one that nobody waits for, takes no system call.
 *
 * Keep its memory mapped while it is locked, or waited for. Processes of different PID namespaces cannot share a robust mutex, for
 * thread numbers are what tells owners apart; and the kernel looks at 2048 locked mutexes of a thread that ends.
 */
export class SharedMutex implements MutexOfHeld {
  /** Bytes that a mutex takes: 64, of which a pthread_mutex_t is the beginning. */
  static readonly byteLength: number = MUTEX_BYTES;

  readonly #linux: Linux;
  readonly #lock: RobustLock;
  readonly #word: SharedWord;
  readonly #turns = new Turns();
  #held: HeldMutex | undefined;

  private constructor(linux: Linux, lock: RobustLock, word: SharedWord) {
    this.#linux = linux;
    this.#lock = lock;
    this.#word = word;
  }

  /**
   * The mutex at a place of a mapping. Memory that is all zero is an unlocked mutex; so is one that a C program has initialised as
   * robust (PTHREAD_MUTEX_ROBUST, of the default type) and PTHREAD_PROCESS_SHARED.
   * @param mapping shared memory that may be read and written, `MAP_SHARED` of an object that others map too
   * @param byteOffset from the start of the mapping on: a multiple of 8; 64 bytes from there on are the mutex. 0 if left out
   * @throws EINVAL `byteOffset` is no multiple of 8; or there is something else, no robust and shared mutex · EFAULT the memory may not be
   *   written, or not be touched at all · ENOSYS the C library's robust mutexes look otherwise · RangeError beyond the mapping
   */
  static async at(linux: Linux, mapping: Mapping, byteOffset = 0): Promise<SharedMutex> {
    const caller = "SharedMutex.at";
    const words = wordsAt(caller, mapping, byteOffset);
    const thread = await threadOf(linux);
    const mutexes = known.get(mapping) ?? new Map<number, SharedMutex>();
    known.set(mapping, mutexes);
    const before = mutexes.get(byteOffset);
    if (before !== undefined) return before;
    const place = mapping.placeOf(byteOffset, MUTEX_BYTES);
    const kind = Atomics.compareExchange(words, KIND, 0, ROBUST_SHARED);
    if (kind !== 0 && kind !== ROBUST_SHARED) {
      const hint = `no robust, process-shared mutex of the default type: its kind is 0x${kind.toString(16)}`;
      throw new SyscallError(EINVAL, caller, { hint });
    }
    const pointers = mapping.array(BigInt64Array, byteOffset + POINTERS_OFFSET, 2);
    const entry = new RobustEntry(BigInt(place + NEXT_OFFSET), pointers);
    const lock = new RobustLock(words, thread.id, thread.list, entry, () =>
      mapping.wake(byteOffset + WORD * 4, 1),
    );
    const address = mapping.address + byteOffset + WORD * 4;
    const mutex = new SharedMutex(linux, lock, { words, index: WORD, address });
    mutexes.set(byteOffset, mutex);
    return mutex;
  }

  /**
   * Makes an unlocked mutex of whatever is there: pthread_mutex_init(3). Fresh memory needs none of this; one that cannot be recovered does,
   * and one in a file that was locked when the machine went down. Nobody may use it meanwhile.
   * @throws as `at` · EBUSY this thread has it, or waits for it
   */
  static async initialize(linux: Linux, mapping: Mapping, byteOffset = 0): Promise<SharedMutex> {
    const words = wordsAt("SharedMutex.initialize", mapping, byteOffset);
    const before = known.get(mapping)?.get(byteOffset);
    if (before !== undefined && !before.#turns.isFree) {
      throw new SyscallError(EBUSY, "SharedMutex.initialize", { hint: "this thread uses it" });
    }
    mapping.placeOf(byteOffset, MUTEX_BYTES);
    for (let index = 0; index < MUTEX_WORDS; index++) Atomics.store(words, index, 0);
    return await SharedMutex.at(linux, mapping, byteOffset);
  }

  /**
   * Locks it if it is free: pthread_mutex_trylock(3). No call is made, and in the simulator nothing happens in between.
   * @returns undefined: somebody has it, or other tasks of this thread wait for it
   * @throws SyscallError ENOTRECOVERABLE it was unlocked after its owner's death without `recover` · EFAULT its memory was unmapped
   */
  tryLock(): HeldMutex | undefined {
    return this.#tryHold("tryLock");
  }

  #tryHold(caller: string): HeldMutex | undefined {
    this.#assertThere(caller);
    if (!this.#turns.isFree) return undefined;
    const outcome = this.#lock.take();
    if (outcome === BUSY) return undefined;
    this.#turns.enter();
    return this.#hold(caller, outcome);
  }

  /**
   * Locks it, and waits while somebody else has it: pthread_mutex_lock(3). A lock that was had beats abort and timeout.
   * @returns what is to be unlocked. Look at its `ownerDied`
   * @throws ENOTRECOVERABLE it was unlocked after its owner's death without `recover` · EDEADLK `errorCheck`, and this thread has
   *   it, or waits for it · EFAULT its memory was unmapped · EAGAIN as many calls of this thread wait as may · AbortError · TimeoutError
   */
  async lock(options?: LockOptions): Promise<HeldMutex> {
    const held = options === undefined ? this.#tryHold("lock") : undefined;
    return held ?? (await this.#lockWith("lock", options));
  }

  async #lockWith(caller: string, options: LockOptions | undefined): Promise<HeldMutex> {
    const isChecked = flag(caller, "errorCheck", optionsOf(caller, options).errorCheck);
    return await withTimeout(this.#linux, caller, options, async (waitOptions) => {
      if (isChecked && !this.#turns.isFree) throw new SyscallError(EDEADLK, caller);
      return await this.#enter(caller, waitOptions);
    });
  }

  /** Locks it in turn. */
  async #enter(caller: string, options: WaitOptions | undefined): Promise<HeldMutex> {
    const signal = abortSignal(caller, options);
    if (signal?.aborted) throw abortError(caller, signal.reason);
    const turn = this.#turns.enter(caller, signal);
    if (turn !== undefined) await turn;
    return this.#hold(caller, await this.#acquire(caller, signal));
  }

  /** Waits until it could be taken, or cannot be any more. Who calls it has the turn, and has it no more if this fails. */
  async #acquire(caller: string, signal: AbortSignal | undefined): Promise<Outcome> {
    let hasWaited = false;
    try {
      for (;;) {
        this.#assertThere(caller);
        const outcome = this.#lock.takeSoon(hasWaited);
        if (outcome !== BUSY) return outcome;
        const word = this.#lock.announce();
        if (word === 0) continue;
        await waitForChange(this.#linux, this.#word, word, { ...(signal && { signal }), robust: true });
        hasWaited = true;
      }
    } catch (error) {
      this.#turns.leave();
      throw error;
    }
  }

  /** What an attempt gives that was not in vain. Who calls it has the turn. */
  #hold(caller: string, outcome: Outcome, held?: HeldMutex): HeldMutex {
    if (outcome === LOST) {
      this.#turns.leave();
      throw new SyscallError(ENOTRECOVERABLE, caller, {
        hint: "its owner died, and the next one unlocked it without recover(): SharedMutex.initialize makes a new one",
      });
    }
    held?.renew(outcome === OWNER_DIED);
    this.#held = held ?? new HeldMutex(this, outcome === OWNER_DIED);
    return this.#held;
  }

  /**
   * Locks it, does something, and unlocks it.
   * @param work is given what is locked: look at its `ownerDied`. It may unlock it itself
   * @returns what `work` gives
   * @throws as `lock`, and as `work`
   */
  async withLock<Value>(
    work: (held: HeldMutex) => Value | PromiseLike<Value>,
    options?: LockOptions,
  ): Promise<Value> {
    const held = await this.lock(options);
    try {
      return await work(held);
    } finally {
      if (held.isHeld) held.unlock();
    }
  }

  /** Whether this object has it locked, by some task of the thread. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Unlocks it, whichever task of this thread has locked it: pthread_mutex_unlock(3). `HeldMutex.unlock` is the same for one who has what
   * `lock` gave.
   * @throws SyscallError EPERM this thread has not locked it · EFAULT its memory was unmapped
   */
  unlock(): void {
    if (this.#held === undefined) throw notHeldError("unlock");
    this.unlockAs(this.#held);
  }

  /** @internal */
  isHeldAs(held: HeldMutex): boolean {
    return this.#held === held;
  }

  /** @internal */
  unlockAs(held: HeldMutex): void {
    if (this.#held !== held) throw notHeldError("unlock");
    this.#release("unlock");
  }

  /** @internal */
  recoverAs(held: HeldMutex): void {
    if (this.#held !== held) throw notHeldError("recover");
    this.#assertThere("recover");
    if (!this.#lock.recover()) {
      throw new SyscallError(EINVAL, "recover", { hint: "there is nothing to recover from" });
    }
  }

  #release(caller: string): void {
    this.#assertThere(caller);
    // Somebody has written over it.
    if (!this.#lock.isOwn) throw notHeldError(caller);
    this.#held = undefined;
    this.#lock.release();
    this.#turns.leave();
  }

  /** @internal Unlocks it for a while. @throws SyscallError EPERM this thread has not locked it */
  [suspend](caller: string): HeldMutex {
    const held = this.#held;
    if (held === undefined) throw notHeldError(caller);
    this.#release(caller);
    return held;
  }

  /** @internal Locks it again, however long that takes. */
  async [resume](caller: string, held: HeldMutex): Promise<HeldMutex> {
    const turn = this.#turns.enter();
    if (turn !== undefined) await turn;
    return this.#hold(caller, await this.#acquire(caller, undefined), held);
  }

  #assertThere(caller: string): void {
    if (!this.#lock.isThere) throw new SyscallError(EFAULT, caller, { hint: "its memory was unmapped" });
  }
}

const notHeldError = (caller: string): SyscallError =>
  new SyscallError(EPERM, caller, { hint: "this thread has not locked it" });

function wordsAt(caller: string, mapping: Mapping, byteOffset: number): Int32Array {
  size(caller, "byteOffset", byteOffset);
  if (byteOffset % ALIGNMENT !== 0) {
    throw new SyscallError(EINVAL, caller, { hint: `a mutex begins at a multiple of ${ALIGNMENT} bytes` });
  }
  return mapping.array(Int32Array, byteOffset, MUTEX_WORDS);
}
