// A robust lock in plain memory: what threads do with it, one step after the other, and the death of one between any two stores.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS } from "../../assembly/abi/futex.js";
import { GLIBC_FUTEX_OFFSET, RobustEntry, RobustList } from "../robust-list.js";
import {
  BUSY,
  LOST,
  MUTEX_BYTES,
  MUTEX_WORDS,
  NEXT_OFFSET,
  OWNER_DIED,
  POINTERS_OFFSET,
  RobustLock,
  TAKEN,
} from "./robust-lock.js";

const LOCKS = 3;
const THREADS = 4;
/** Where a thread's head is; the locks come first. */
const headOf = (thread: number): number => (LOCKS + thread) * MUTEX_BYTES;
const isFree = (word: number): boolean => (word & FUTEX_TID_MASK) === 0;

/** Some locks, some threads, and the kernel as far as it counts here. */
class World {
  readonly memory = new ArrayBuffer((LOCKS + THREADS) * MUTEX_BYTES);
  readonly pointers = new BigInt64Array(this.memory);
  readonly words = new Int32Array(this.memory);
  /** Threads that sleep at a lock, in line. */
  readonly line: { readonly lock: number; readonly thread: number }[] = [];
  /** Called before each store that the kernel could see, and before and after each wake-up. */
  onStore: () => void = () => {};

  /** A thread's locks, none of which it has. */
  begin(thread: number): readonly RobustLock[] {
    const head = headOf(thread);
    this.pointers.set([BigInt(head), BigInt(GLIBC_FUTEX_OFFSET), 0n], head / 8);
    const foreign = { read: () => undefined, write: () => {} };
    const list = new RobustList(BigInt(head), this.#observed(head, 3), foreign);
    return Array.from({ length: LOCKS }, (_, lock) => {
      const start = lock * MUTEX_BYTES;
      const entry = new RobustEntry(BigInt(start + NEXT_OFFSET), this.#observed(start + POINTERS_OFFSET, 2));
      const words = new Int32Array(this.memory, start, MUTEX_WORDS);
      return new RobustLock(words, thread + 1, list, entry, () => this.wake(lock));
    });
  }

  #observed(start: number, length: number): BigInt64Array {
    return new Proxy(new BigInt64Array(this.memory, start, length), {
      get: (target, key) => Reflect.get(target, key),
      set: (target, key, value) => {
        this.onStore();
        return Reflect.set(target, key, value);
      },
    });
  }

  wordOf(lock: number): number {
    return this.words[(lock * MUTEX_BYTES) / 4] as number;
  }

  wake(lock: number): number {
    this.onStore();
    const woken = this.wakeOne(lock);
    this.onStore();
    return woken;
  }

  wakeOne(lock: number): number {
    const at = this.line.findIndex((waiter) => waiter.lock === lock);
    if (at !== -1) this.line.splice(at, 1);
    return at === -1 ? 0 : 1;
  }

  /** The kernel's part in a thread's death: exit_robust_list. */
  end(thread: number): void {
    const head = headOf(thread);
    const pending = this.pointers[head / 8 + 2] as bigint;
    for (let at = this.pointers[head / 8] as bigint; at !== BigInt(head); ) {
      if (at !== pending) this.#mark(Number(at), thread);
      at = this.pointers[Number(at) / 8] as bigint;
    }
    if (pending === 0n) return;
    this.passOn((Number(pending) + GLIBC_FUTEX_OFFSET) / MUTEX_BYTES);
    this.#mark(Number(pending), thread);
  }

  /** handle_futex_death, of what was pending. */
  passOn(lock: number): void {
    if (isFree(this.wordOf(lock))) this.wakeOne(lock);
  }

  /** handle_futex_death. */
  #mark(entry: number, thread: number): void {
    const at = entry + GLIBC_FUTEX_OFFSET;
    const word = this.words[at / 4] as number;
    if ((word & FUTEX_TID_MASK) !== thread + 1) return;
    this.words[at / 4] = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
    if ((word & FUTEX_WAITERS) !== 0) this.wakeOne(at / MUTEX_BYTES);
  }
}

const operations = fc.array(
  fc.record({
    thread: fc.nat(THREADS - 1),
    lock: fc.nat(LOCKS - 1),
    does: fc.constantFrom("take", "take", "take soon", "announce", "release", "recover", "end"),
  }),
  { maxLength: 80 },
);

describe("a robust lock", () => {
  it("has one owner at most, and the next one is told of one that died", () => {
    fc.assert(
      fc.property(operations, (sequence) => {
        const world = new World();
        const threads = Array.from({ length: THREADS }, (_, thread) => world.begin(thread));
        const locks = Array.from({ length: LOCKS }, () => ({
          owner: undefined as number | undefined,
          /** Its owner died, and nobody has recovered it. */
          isBroken: false,
          isLost: false,
        }));
        for (const { thread, lock, does } of sequence) {
          const one = threads[thread]?.[lock] as RobustLock;
          const expected = locks[lock] as (typeof locks)[number];
          if (does === "take" || does === "take soon") {
            const outcome = does === "take" ? one.take() : one.takeSoon(false);
            if (expected.owner !== undefined) expect(outcome).toBe(BUSY);
            else if (expected.isLost) expect(outcome).toBe(LOST);
            else {
              expect(outcome).toBe(expected.isBroken ? OWNER_DIED : TAKEN);
              expected.owner = thread;
            }
          } else if (does === "announce") {
            expect(one.announce() === 0).toBe(expected.owner === undefined);
          } else if (does === "end") {
            world.end(thread);
            threads[thread] = world.begin(thread);
            for (const ofThread of locks.filter(({ owner }) => owner === thread)) {
              Object.assign(ofThread, { owner: undefined, isBroken: true });
            }
          } else if (expected.owner === thread && does === "recover") {
            expect(one.recover()).toBe(expected.isBroken);
            expected.isBroken = false;
          } else if (expected.owner === thread) {
            one.release();
            expected.owner = undefined;
            expected.isLost = expected.isBroken;
          }
          expect(threads[thread]?.[lock]?.isOwn).toBe(expected.owner === thread);
        }
      }),
    );
  });

  it("is never owned by the dead, and nobody sleeps at one that is free, whichever store a thread dies before", () => {
    const schedules = fc.record({
      plans: fc.array(fc.subarray([0, 1, 2], { minLength: 1 }), { minLength: THREADS, maxLength: THREADS }),
      turns: fc.array(fc.nat(THREADS - 1), { maxLength: 120 }),
      /** Before which store, of all that the threads make, others go on. */
      pauses: fc.array(fc.tuple(fc.nat(150), fc.array(fc.nat(THREADS - 1), { maxLength: 8 })), {
        maxLength: 8,
      }),
      /** Before which store its thread dies. */
      deaths: fc.uniqueArray(fc.nat(150), { maxLength: THREADS - 1 }),
      /** Deaths between two steps: before which turn. */
      quietDeaths: fc.array(fc.record({ thread: fc.nat(THREADS - 1), turn: fc.nat(120) }), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(schedules, ({ plans, turns, pauses, deaths, quietDeaths }) => {
        const run = new Run(plans, new Map(pauses), new Set(deaths));
        turns.forEach((thread, turn) => {
          for (const death of quietDeaths) if (death.turn === turn) run.endBetween(death.thread);
          run.step(thread);
        });
        run.finish();
      }),
      { numRuns: 2000 },
    );
  });
});

class Death extends Error {}

/** Threads that each take some locks, in their order, and release them. */
class Run {
  readonly #world = new World();
  readonly #programs = new Map<number, Generator<number | undefined>>();
  /** At which lock a thread slept last: that is pending in the lane that it waited in, until that waits again. */
  readonly #waits = new Map<number, number>();
  /** Who is inside of which lock. */
  readonly #inside: (number | undefined)[] = [];
  /** Threads that are dead, and of which the kernel does not know yet. */
  readonly #dead = new Set<number>();
  #stores = 0;

  /** Threads that are in the middle of a step. */
  readonly #running = new Set<number>();

  constructor(
    plans: readonly (readonly number[])[],
    pauses: ReadonlyMap<number, readonly number[]>,
    deaths: ReadonlySet<number>,
  ) {
    plans.forEach((plan, thread) => {
      this.#programs.set(thread, this.#program(thread, this.#world.begin(thread), plan));
    });
    this.#world.onStore = () => {
      const store = this.#stores++;
      for (const other of pauses.get(store) ?? []) this.step(other);
      if (deaths.has(store)) throw new Death();
    };
  }

  *#program(
    thread: number,
    locks: readonly RobustLock[],
    plan: readonly number[],
  ): Generator<number | undefined> {
    for (const at of plan) {
      const lock = locks[at] as RobustLock;
      let hasWaited = false;
      for (;;) {
        const outcome = lock.take(hasWaited);
        if (outcome === OWNER_DIED) lock.recover();
        if (outcome !== BUSY) break;
        yield undefined;
        const word = lock.announce();
        if (word === 0) continue;
        yield undefined;
        // FUTEX_WAIT looks, and sleeps, in one step.
        if (this.#world.wordOf(at) !== word) continue;
        this.#world.line.push({ lock: at, thread });
        hasWaited = true;
        yield at;
      }
      expect(this.#inside[at]).toBe(undefined);
      this.#inside[at] = thread;
      yield undefined;
    }
    for (const at of plan) {
      this.#inside[at] = undefined;
      locks[at]?.release();
      yield undefined;
    }
  }

  #isAsleep(thread: number): boolean {
    return this.#world.line.some((waiter) => waiter.thread === thread);
  }

  step(thread: number): void {
    if (this.#running.has(thread)) return;
    if (this.#dead.delete(thread)) this.#end(thread);
    const program = this.#programs.get(thread);
    if (program === undefined || this.#isAsleep(thread)) return;
    this.#running.add(thread);
    try {
      const { done, value } = program.next();
      if (done) this.#programs.delete(thread);
      if (value !== undefined) this.#waits.set(thread, value);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      this.#die(thread);
    } finally {
      this.#running.delete(thread);
    }
  }

  #die(thread: number): void {
    this.#programs.delete(thread);
    this.#dead.add(thread);
  }

  #end(thread: number): void {
    this.#world.end(thread);
    const pending = this.#waits.get(thread);
    if (pending !== undefined) this.#world.passOn(pending);
    this.#inside.forEach((owner, at) => {
      if (owner === thread) this.#inside[at] = undefined;
    });
  }

  /** A thread dies between two of its steps: asleep, or woken and about to look, or inside. */
  endBetween(thread: number): void {
    if (!this.#programs.has(thread)) return;
    const at = this.#world.line.findIndex((waiter) => waiter.thread === thread);
    if (at !== -1) this.#world.line.splice(at, 1);
    this.#die(thread);
  }

  /** Goes on until all are through, or asleep: then somebody was forgotten. */
  finish(): void {
    for (let round = 0; round < 200 && this.#programs.size + this.#dead.size > 0; round++) {
      for (let thread = 0; thread < THREADS; thread++) this.step(thread);
    }
    expect(this.#world.line).toEqual([]);
    expect(this.#programs.size).toBe(0);
    for (let at = 0; at < LOCKS; at++) expect(isFree(this.#world.wordOf(at))).toBe(true);
  }
}
