// A lock in shared memory as its word and its entry of a robust list make it: what one thread can do with it without waiting.
//
//   0    4     8     12    16   20      24     32     40          48     52          64
//   │word│count│owner│users│kind│spins  │ prev │ next │           │waited│           │
//   └─ pthread_mutex_t of glibc on machines of 64 bits ───────────┘
//
// It *is* a pthread_mutex_t, robust and shared between processes, so that C programs lock the same mutex: nptl's
// struct __pthread_mutex_s. `count`, `users` and `spins` are C's own. Memory that is all zero is an unlocked mutex here; `kind` says what it
// is, and is written at the first use.
//
// The word is that of Documentation/locking/robust-futex-ABI: the owner's thread, FUTEX_WAITERS if somebody may wait,
// FUTEX_OWNER_DIED if the owner has died; 0 if nobody has it.
//
// `waited` is ours: 0, or how many have begun to wait since it was 0. Whoever is woken must tell the next unlock of those who still wait, by
// FUTEX_WAITERS. If it dies before it has the lock, and somebody else took that in between, nobody does: glibc's waiters sleep on
// then. So whoever takes the lock while `waited` is not 0 sets FUTEX_WAITERS. An unlock that finds nobody to wake makes it 0, unless
// somebody began to wait meanwhile.
import {
  FUTEX_OWNER_DIED,
  FUTEX_TID_MASK,
  FUTEX_WAITERS as UNSIGNED_WAITERS,
} from "../../assembly/abi/futex.js";
import type { RobustEntry, RobustList } from "../robust-list.js";

/** Bytes of a mutex: a cache line, and no less than a pthread_mutex_t has on any machine of 64 bits. */
export const MUTEX_BYTES = 64;

/** As an Int32Array has it. */
const FUTEX_WAITERS = UNSIGNED_WAITERS | 0;

// Words of 32 bits.
export const WORD = 0;
const OWNER = 2;
export const KIND = 4;
const WAITED = 12;
export const MUTEX_WORDS = MUTEX_BYTES / 4;

/** Bytes from the start on: `prev` and `next`. */
export const POINTERS_OFFSET = 24;
export const NEXT_OFFSET = 32;

/** Kind: PTHREAD_MUTEX_ROBUST_NORMAL_NP, and shared between processes. */
export const ROBUST_SHARED = 0x90;

// In place of the owner, as nptl/pthreadP.h has them.
/** Its owner has died, and who has it now has not repaired what it protects. */
const INCONSISTENT = 0x7fffffff;
/** It was unlocked like that: nobody can have it again. */
const NOT_RECOVERABLE = 0x7ffffffe;

/** What an attempt came to. */
export const BUSY = 0;
export const TAKEN = 1;
/** Taken, from an owner that has died. */
export const OWNER_DIED = 2;
/** Not taken, and never again. */
export const LOST = 3;
export type Outcome = typeof BUSY | typeof TAKEN | typeof OWNER_DIED | typeof LOST;

/** How often a lock looks at the word before it waits: for some 30 microseconds at most. */
const MOST_LOOKS = 4096;
const FIRST_LOOKS = 256;
const LEAST_LOOKS = 32;
/** After so many vain waits of one lock the longest is tried again. */
const FORGETTING = 16;

export class RobustLock {
  readonly #words: Int32Array;
  readonly #thread: number;
  readonly #list: RobustList;
  readonly #entry: RobustEntry;
  readonly #wake: () => number;
  #looks = FIRST_LOOKS;
  #vainWaits = 0;

  /**
   * @param words the mutex, all of it
   * @param thread the thread that has the list: gettid(2)
   * @param wake wakes one who waits for the word; gives how many it woke
   */
  constructor(words: Int32Array, thread: number, list: RobustList, entry: RobustEntry, wake: () => number) {
    this.#words = words;
    this.#thread = thread;
    this.#list = list;
    this.#entry = entry;
    this.#wake = wake;
  }

  /** Whether its memory is there: what was unmapped has no words. */
  get isThere(): boolean {
    return this.#words.length === MUTEX_WORDS;
  }

  /** Whether this thread has it. */
  get isOwn(): boolean {
    return (Atomics.load(this.#words, WORD) & FUTEX_TID_MASK) === this.#thread;
  }

  /**
   * One attempt: pthread_mutex_trylock(3).
   * @param hasWaited others may wait as this one did
   */
  take(hasWaited = false): Outcome {
    const words = this.#words;
    const own = this.#thread | (hasWaited || words[WAITED] !== 0 ? FUTEX_WAITERS : 0);
    this.#list.begin(this.#entry);
    let seen = Atomics.compareExchange(words, WORD, 0, own);
    while (seen !== 0) {
      if ((seen & FUTEX_TID_MASK) !== 0) {
        this.#list.end();
        return BUSY;
      }
      const found = Atomics.compareExchange(words, WORD, seen, own | (seen & FUTEX_WAITERS));
      if (found === seen) break;
      seen = found;
    }
    // Who has begun to wait between the look and the taking.
    if (words[WAITED] !== 0 && own === this.#thread) Atomics.or(words, WORD, FUTEX_WAITERS);
    if (words[OWNER] === NOT_RECOVERABLE) {
      this.#free();
      this.#list.end();
      return LOST;
    }
    const isInherited = (seen & FUTEX_OWNER_DIED) !== 0;
    words[OWNER] = isInherited ? INCONSISTENT : this.#thread;
    this.#list.link(this.#entry);
    this.#list.end();
    return isInherited ? OWNER_DIED : TAKEN;
  }

  /** Attempts for some microseconds, since the owner may be about to unlock: fewer if that was in vain of late. */
  takeSoon(hasWaited: boolean): Outcome {
    const first = this.take(hasWaited);
    if (first !== BUSY) return first;
    for (let look = 0; look < this.#looks; look++) {
      if ((Atomics.load(this.#words, WORD) & FUTEX_TID_MASK) !== 0) continue;
      const outcome = this.take(hasWaited);
      if (outcome === BUSY) continue;
      this.#looks = Math.min(MOST_LOOKS, this.#looks * 2);
      return outcome;
    }
    this.#vainWaits++;
    const isForgotten = this.#vainWaits % FORGETTING === 0;
    this.#looks = isForgotten ? MOST_LOOKS : Math.max(LEAST_LOOKS, this.#looks / 2);
    return BUSY;
  }

  /**
   * Makes whoever unlocks it wake those who wait.
   * @returns the word to wait for; 0 if it may be free now
   */
  announce(): number {
    const words = this.#words;
    for (;;) {
      const word = Atomics.load(words, WORD);
      if ((word & FUTEX_TID_MASK) === 0) return 0;
      const announced = word | FUTEX_WAITERS;
      if (Atomics.compareExchange(words, WORD, word, announced) !== word) continue;
      // Not before that: an unlock that has seen the count must have changed the word of whoever is counted.
      if (Atomics.add(words, WAITED, 1) === -1) Atomics.add(words, WAITED, 1);
      return announced;
    }
  }

  /** pthread_mutex_consistent(3). @returns whether there was anything to repair */
  recover(): boolean {
    if (this.#words[OWNER] !== INCONSISTENT) return false;
    this.#words[OWNER] = this.#thread;
    return true;
  }

  /** pthread_mutex_unlock(3). The thread has it. */
  release(): void {
    const words = this.#words;
    this.#list.begin(this.#entry);
    this.#list.unlink(this.#entry);
    words[OWNER] = words[OWNER] === INCONSISTENT ? NOT_RECOVERABLE : 0;
    this.#free();
    this.#list.end();
  }

  #free(): void {
    const words = this.#words;
    const waited = words[WAITED] as number;
    const before = Atomics.exchange(words, WORD, 0);
    if ((before & FUTEX_WAITERS) !== 0 && this.#wake() === 0) {
      Atomics.compareExchange(words, WAITED, waited, 0);
    }
  }
}
