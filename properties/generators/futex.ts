// Steps on futexes and words of memory: few words, so that processes meet, with values that are seldom others than 0. Which of those who
// wait is woken depends on the kernel's hash where some have been moved: so at words that waiters are moved to, all are woken at once.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import { FUTEX_OP } from "../../src/futex.js";
import type { PlaceStep, Step, StepArgument, WaiterStep } from "../step.js";
import { step, type WeightedStep } from "./weighted.js";

const PAGE = 4096;
const ALL = 0x7fffffff;

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const at = (...beyond: readonly number[]): fc.Arbitrary<PlaceStep> =>
  fc.record({
    mapping: fc.oneof(w(6, fc.constant(0)), w(3, fc.constant(1)), w(1, fc.constant(2))),
    page: fc.oneof(w(20, fc.constant(0)), w(2, fc.constant(1))),
    beyond: fc.constantFrom(...beyond),
  });
/** Words that some wait at, and some are woken at. */
const source = at(0, 0, 4);
/** Words that waiters are moved to. */
const target = at(8, 8, 12);
const anyWord = fc.oneof(w(3, source), w(1, target));
const odd: fc.Arbitrary<StepArgument> = fc.oneof(
  w(3, at(1, 2, 3, 4094, 4095)),
  w(2, fc.record({ mapping: fc.nat({ max: 2 }), page: fc.constantFrom(2, 3, 9), beyond: fc.constant(0) })),
  w(1, fc.constantFrom(0, 4096, -4096, 2 ** 47, 4097)),
);

const isPrivate = fc.oneof(w(4, fc.constant(0)), w(2, fc.constant(k.FUTEX_PRIVATE_FLAG)));
const operation = (...commands: readonly number[]): fc.Arbitrary<number> =>
  fc.tuple(fc.constantFrom(...commands), isPrivate).map(([command, flag]) => command | flag);

const value = fc.oneof(
  w(40, fc.constant(0)),
  w(3, fc.constantFrom(1, 2, -1)),
  w(1, fc.constantFrom(0xffffffff, 7)),
);
const bits = fc.oneof(w(8, fc.constantFrom(1, 2, 3, 5, -1)), w(1, fc.constant(0)));

const time = (...list: readonly string[]): fc.Arbitrary<StepArgument> =>
  fc.constantFrom(...list).map((nanoseconds) => ({ nanoseconds }));
/** From now on: none, soon, wrong, and when the case is long over. */
const interval: fc.Arbitrary<StepArgument> = fc.oneof(
  w(6, fc.constant(null)),
  w(2, time("0", "1", "200000", "2000000")),
  w(1, time("-1", "-1000000000")),
  w(2, time("31536000000000000", "9223372036854775807")),
);
const soon = fc.constantFrom("-1000000000", "200000", "2000000");
const moment = (clock: "soon" | "later"): fc.Arbitrary<StepArgument> =>
  fc.oneof(
    w(6, fc.constant(null)),
    w(
      2,
      soon.map((delay): StepArgument => (clock === "soon" ? { soon: delay } : { later: delay })),
    ),
    w(2, time("0", "1", "-1")),
    w(2, time("9223372036854775807", "9223372036000000000")),
  );

/** At the words where one may be chosen: any number of them. */
const count = fc.oneof(w(8, fc.constant(1)), w(3, fc.constantFrom(2, 3, ALL)), w(1, fc.constantFrom(0, -1)));
const moved = fc.oneof(
  w(8, fc.constantFrom(1, 2, ALL)),
  w(2, fc.constant(0)),
  w(1, fc.constantFrom(-1, -0x80000000)),
);
const woken = fc.oneof(w(6, fc.constant(0)), w(4, fc.constantFrom(1, 2)), w(1, fc.constant(-1)));

const argument = fc.oneof(w(8, fc.constantFrom(0, 1, 2)), w(2, fc.constantFrom(-1, 35, -2048, 2047)));
const change = fc
  .tuple(
    fc.oneof(w(9, fc.constantFrom(1, 0, 2, 3, 4)), w(1, fc.constantFrom(5, 7, 9, 12, 8))),
    argument,
    fc.oneof(w(9, fc.constantFrom(0, 0, 1, 2, 3, 4, 5)), w(1, fc.constantFrom(6, 15))),
    argument,
  )
  .map(([op, oparg, cmp, cmparg]) => FUTEX_OP(op, oparg, cmp, cmparg));

const waiter: fc.Arbitrary<WaiterStep> = fc.record({
  val: value,
  at: fc.oneof(w(20, anyWord), w(1, at(2)), w(1, fc.constant(4096))),
  flags: fc.oneof(
    w(10, fc.constant(k.FUTEX2_SIZE_U32)),
    w(4, fc.constant(k.FUTEX2_SIZE_U32 | k.FUTEX2_PRIVATE)),
    w(1, fc.constantFrom(0, 1, 3, k.FUTEX2_SIZE_U32 | k.FUTEX2_NUMA, 0x100, -1)),
  ),
});
const waiters: fc.Arbitrary<StepArgument> = fc.oneof(
  w(
    20,
    fc.array(waiter, { minLength: 1, maxLength: 4 }).map((list) => ({ waiters: list })),
  ),
  w(
    1,
    fc
      .constantFrom(0, 128, 129)
      .chain((length) => waiter.map((one) => ({ waiters: Array.from({ length }, () => one) }))),
  ),
);

const mapShared = (page: number): Step["args"] => [
  null,
  (page + 1) * PAGE,
  k.PROT_READ | k.PROT_WRITE,
  k.MAP_SHARED,
  { shm: 0 },
  0,
];

/** For the start of a case: an object that all processes have mapped, and some memory of a process's own. */
export const someWords: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.constantFrom(0, 0, 1), fc.boolean(), fc.constantFrom(k.MAP_PRIVATE, k.MAP_SHARED))
  .map(([page, isTwice, flags]): readonly Step[] => [
    { process: 0, call: "memfd_create", args: [{ path: "x" }, k.MFD_ALLOW_SEALING] },
    { process: 0, call: "ftruncate", args: [{ shm: 0 }, PAGE] },
    { process: 1, call: "share", args: [0, { shm: 0 }] },
    { process: 0, call: "mmap", args: mapShared(page) },
    { process: 1, call: "mmap", args: mapShared(0) },
    ...(isTwice ? [{ process: 0, call: "mmap" as const, args: mapShared(0) }] : []),
    {
      process: 1,
      call: "mmap",
      args: [null, PAGE, k.PROT_READ | k.PROT_WRITE, flags | k.MAP_ANONYMOUS, { number: -1 }, 0],
    },
  ]);

export const futexSteps: readonly WeightedStep[] = [
  step(60, "futex", source, operation(k.FUTEX_WAIT), value, interval),
  step(12, "futex", target, operation(k.FUTEX_WAIT), value, interval),
  step(20, "futex", source, operation(k.FUTEX_WAIT_BITSET), value, moment("later"), fc.constant(0), bits),
  step(
    5,
    "futex",
    source,
    operation(k.FUTEX_WAIT_BITSET | k.FUTEX_CLOCK_REALTIME),
    value,
    moment("soon"),
    fc.constant(0),
    bits,
  ),
  step(24, "futex", source, operation(k.FUTEX_WAKE), count),
  step(6, "futex", target, operation(k.FUTEX_WAKE), fc.constant(ALL)),
  step(10, "futex", source, operation(k.FUTEX_WAKE_BITSET), count, fc.constant(0), fc.constant(0), bits),
  step(8, "futex", source, operation(k.FUTEX_REQUEUE), woken, moved, target),
  step(10, "futex", source, operation(k.FUTEX_CMP_REQUEUE), woken, moved, target, value),
  step(2, "futex", source, operation(k.FUTEX_CMP_REQUEUE), woken, moved, source, value),
  step(12, "futex", source, operation(k.FUTEX_WAKE_OP), count, fc.constant(ALL), target, change),
  step(4, "futex", anyWord, operation(k.FUTEX_WAKE_OP), fc.constant(ALL), fc.constant(ALL), anyWord, change),
  step(
    12,
    "futex_waitv",
    waiters,
    fc.constantFrom(0, 0, 0, 0, 0, 0, 1),
    moment("later"),
    fc.constantFrom(1, 1, 1, 0, 7),
  ),
  step(2, "futex_waitv", waiters, fc.constant(0), moment("soon"), fc.constant(0)),
  step(6, "memory_wait", source, value, interval),
  step(6, "memory_notify", source, fc.constantFrom(0, 1, 2, ALL)),
  step(3, "memory_notify", target, fc.constant(ALL)),
  step(8, "memory_store", anyWord, value),
  step(6, "memory_store", anyWord, fc.constant(0)),
  step(5, "memory_add", anyWord, fc.constantFrom(1, -1, ALL)),
  step(5, "memory_compare_exchange", anyWord, value, value),
  step(8, "memory_load", anyWord),
  step(
    3,
    "futex",
    odd,
    operation(k.FUTEX_WAIT, k.FUTEX_WAKE, k.FUTEX_WAIT_BITSET),
    fc.constant(0),
    fc.constant(null),
  ),
  step(
    2,
    "futex",
    source,
    operation(k.FUTEX_REQUEUE, k.FUTEX_WAKE_OP),
    fc.constant(1),
    fc.constant(1),
    odd,
    change,
  ),
  step(
    2,
    "futex",
    source,
    fc.constantFrom(
      k.FUTEX_WAIT | k.FUTEX_CLOCK_REALTIME,
      k.FUTEX_WAKE | k.FUTEX_CLOCK_REALTIME,
      k.FUTEX_FD,
      k.FUTEX_LOCK_PI,
      k.FUTEX_CMP_REQUEUE_PI,
      14,
      512,
      -1,
    ),
    fc.constant(1),
  ),
  step(1, "memory_load", odd),
  step(1, "memory_store", odd, value),
  step(1, "memory_add", odd, value),
  step(1, "memory_compare_exchange", odd, value, value),
  step(1, "memory_wait", odd, value, fc.constant(null)),
  step(1, "memory_notify", odd, fc.constant(1)),
  step(2, "mprotect", at(0), fc.constant(PAGE), fc.constantFrom(k.PROT_READ, k.PROT_NONE, k.PROT_WRITE)),
  step(3, "mprotect", at(0), fc.constant(PAGE), fc.constant(k.PROT_READ | k.PROT_WRITE)),
  step(9, "munmap", at(0), fc.constantFrom(PAGE, 2 * PAGE)),
  step(
    3,
    "mmap",
    fc.constant(null),
    fc.constant(PAGE),
    fc.constantFrom(3, 1),
    fc.constant(k.MAP_SHARED),
    fc.constant({ shm: 0 }),
    fc.constant(0),
  ),
  step(1, "ftruncate", fc.constant({ shm: 0 }), fc.constantFrom(0, PAGE, PAGE, 2 * PAGE)),
  // libc has set a list, of which the model knows nothing.
  step(1, "get_robust_list", fc.constantFrom(1, -1)),
  step(1, "set_robust_list", odd, fc.constantFrom(23, 0, 25)),
];

// Robust locks. In the first page: heads of lists from 512 on, and locks of 16 bytes, a link and the word, from 2048 on. Links are
// addresses of a process, and each has other ones: so each has a head and locks of its own.

const headOf = (process: number): number => 512 * (process + 1);
const LOCKS_OF_EACH = 5;
const lockAt = (lock: number): number => 2048 + 16 * lock;
const WORD = 8;
const here = (beyond: number): PlaceStep => ({ mapping: 0, page: 0, beyond });

/** Writes a list, and says that it is there: the entries, which lock is being changed, the last link. */
const list = (
  process: number,
  locks: readonly number[],
  pending: number | undefined,
  head: number,
  end: PlaceStep | number,
): readonly Step[] => {
  const links = locks.map((lock) => here(lockAt(lock)));
  const following = (place: number): PlaceStep | number => links[place] ?? end;
  return [
    {
      process,
      call: "memory_write",
      args: [here(head), { links: [following(0), WORD, pending === undefined ? 0 : here(lockAt(pending))] }],
    },
    ...locks.map(
      (lock, place): Step => ({
        process,
        call: "memory_write",
        args: [here(lockAt(lock)), { links: [following(place + 1)] }],
      }),
    ),
    { process, call: "set_robust_list", args: [here(head), 24] },
  ];
};

/** As a word with a sign. */
const WAITERS = k.FUTEX_WAITERS | 0;

const lockOf = (process: number): fc.Arbitrary<number> =>
  fc.nat({ max: LOCKS_OF_EACH - 1 }).map((which) => process * LOCKS_OF_EACH + which);
const lock = fc.oneof(w(3, lockOf(0)), w(1, lockOf(1)));
const lockWord = lock.map((which): StepArgument => here(lockAt(which) + WORD));
const owner: fc.Arbitrary<StepArgument> = fc.record({
  owner: fc.constantFrom<(number | "caller")[]>("caller", "caller", 0, 1),
  bits: fc.constantFrom(0, WAITERS, WAITERS),
});

/** A list of a process: right, or one that ends in nothing, or goes in a circle. */
const someList = (process: number): fc.Arbitrary<readonly Step[]> =>
  fc
    .tuple(
      fc.uniqueArray(lockOf(process), { minLength: 1, maxLength: 4 }),
      fc.option(lockOf(process), { nil: undefined }),
      fc.oneof(w(12, fc.constant("head")), w(1, fc.constantFrom("nowhere", "circle", "first"))),
    )
    .map(([locks, pending, how]) => {
      const head = headOf(process);
      const first = here(lockAt(locks[0] as number));
      const end =
        how === "head" ? here(head) : how === "circle" ? here(lockAt(locks.at(-1) as number)) : first;
      return list(process, locks, pending, head, how === "nowhere" ? 4096 : end);
    });

/** A lock that a process has taken, and whether somebody is said to wait for it. */
interface Held {
  readonly which: number;
  readonly bits: number;
}
const heldBy = (process: number): fc.Arbitrary<Held> =>
  fc.record({ which: lockOf(process), bits: fc.constantFrom(0, WAITERS, WAITERS) });

const taken = (process: number, { which, bits }: Held): Step => ({
  process,
  call: "memory_store",
  args: [here(lockAt(which) + WORD), { owner: "caller", bits }],
});

/** Waits for a lock of the first process. */
const waitedFor = (process: number, { which, bits }: Held): Step => ({
  process,
  call: "futex",
  args: [here(lockAt(which) + WORD), k.FUTEX_WAIT, { owner: 0, bits }, null],
});

const end: fc.Arbitrary<Step> = fc.constantFrom<Step[]>(
  { process: 0, call: "exit", args: [0] },
  { process: 1, call: "kill", args: [{ pid: 0 }, k.SIGKILL] },
  { process: 1, call: "kill", args: [{ pid: 1 }, k.SIGKILL] },
);

/** For the start of a case: two processes that have an object mapped, with lists of locks that they hold; one may end. */
export const someLocks: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    someList(0),
    someList(1),
    fc.array(heldBy(0), { minLength: 1, maxLength: 4 }),
    fc.array(heldBy(1), { maxLength: 3 }),
    fc.option(end, { nil: undefined }),
  )
  .map(([first, second, own, others, last]): readonly Step[] => [
    { process: 0, call: "memfd_create", args: [{ path: "x" }, 0] },
    { process: 0, call: "ftruncate", args: [{ shm: 0 }, PAGE] },
    { process: 0, call: "spawn", args: [] },
    { process: 0, call: "mmap", args: mapShared(0) },
    { process: 1, call: "mmap", args: mapShared(0) },
    ...second,
    ...first,
    ...others.map((one) => taken(1, one)),
    ...own.map((one) => taken(0, one)),
    ...own.map((one) => waitedFor(1, one)).slice(-1),
    ...(last === undefined ? [] : [last]),
  ]);

export const lockSteps: readonly WeightedStep[] = [
  step(10, "memory_store", lockWord, owner),
  step(24, "futex", lockWord, fc.constant(k.FUTEX_WAIT), owner, fc.constant(null)),
  step(4, "futex", lockWord, fc.constant(k.FUTEX_WAKE), fc.constantFrom(1, ALL)),
  step(12, "memory_load", lockWord),
  step(2, "memory_store", lockWord, fc.constant(0)),
  step(1, "mprotect", fc.constant(here(0)), fc.constant(PAGE), fc.constantFrom(k.PROT_READ, 3)),
  step(1, "munmap", fc.constant(here(0)), fc.constant(PAGE)),
  step(1, "set_robust_list", fc.constantFrom(0, 0), fc.constant(24)),
];
