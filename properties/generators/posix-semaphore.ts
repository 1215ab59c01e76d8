// Steps on POSIX semaphores: some with names, which processes open, and some without, in memory that they map. Few of either, with small
// values, so that processes meet; among them what is no semaphore.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import type { PathStep, Step, StepArgument } from "../step.js";
import { manyObjects } from "./shared-memory.js";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const names = (...list: readonly string[]): fc.Arbitrary<PathStep> =>
  fc.constantFrom(...list).map((path) => ({ path }));

const usualName = fc.oneof(w(8, names("/s")), w(3, names("/t")), w(1, names("s")));
const oddName: fc.Arbitrary<PathStep> = fc.oneof(
  w(4, names("/", "", "//s", "/a/b", "/.", "..", "s/", "/none")),
  w(
    3,
    fc.constantFrom(250, 251, 252, 255, 256, 4096).map((times) => ({ path: "/~", filling: "x", times })),
  ),
);
const anyName = fc.oneof(w(12, usualName), w(2, oddName));

const oflag = fc.oneof(
  w(6, fc.constant(k.O_CREAT)),
  w(6, fc.constant(0)),
  w(2, fc.constant(k.O_CREAT | k.O_EXCL)),
  w(1, fc.constantFrom(k.O_EXCL, k.O_TRUNC, -1, k.O_RDWR, k.O_CREAT | k.O_DIRECTORY)),
);
const mode = fc.oneof(
  w(8, fc.constantFrom(0o666, 0o600, 0o660)),
  w(2, fc.constantFrom(0o444, 0o222, 0, 0o006, 0o060, 0o6777, -1)),
);
const SEM_VALUE_MAX = 2 ** 31 - 1;
const value = fc.oneof(
  w(12, fc.integer({ min: 0, max: 2 })),
  w(1, fc.constantFrom(SEM_VALUE_MAX, SEM_VALUE_MAX - 1, SEM_VALUE_MAX + 1, 2 ** 32 - 1)),
);

const named: fc.Arbitrary<StepArgument> = fc.nat({ max: 3 }).map((sem) => ({ sem }));
const inMemory = (...beyond: readonly number[]): fc.Arbitrary<StepArgument> =>
  fc.record({
    mapping: fc.nat({ max: 3 }),
    page: fc.constant(0),
    beyond: fc.constantFrom(...beyond),
  });
/** Those that are usual are at the start of a page: so are those with names. */
const semaphore = fc.oneof(w(8, named), w(8, inMemory(0)), w(2, inMemory(64)));
const PAGE = 4096;
/** No semaphores: odd places, what is not mapped, what reaches beyond the end. */
const oddPlace = fc.oneof(
  w(3, inMemory(4, 8, 1, PAGE - 32, PAGE - 16, PAGE - 8)),
  w(1, inMemory(PAGE, -32, -8)),
  w(1, fc.constantFrom(0, 4096, -8, 7, 2 ** 40)),
);
const anyPlace = fc.oneof(w(14, semaphore), w(1, oddPlace));

/** Times that are past or over soon, and one that never comes. */
const deadline: fc.Arbitrary<StepArgument> = fc.oneof(
  w(
    4,
    fc.constantFrom("0", "-1", "1", "-1000000000", "1000000000").map((nanoseconds) => ({ nanoseconds })),
  ),
  w(
    6,
    fc.constantFrom("200000", "3000000").map((soon) => ({ soon })),
  ),
  w(6, fc.constant({ nanoseconds: "9223372036854775807" })),
);
const clockid = fc.oneof(
  w(10, fc.constantFrom(k.CLOCK_REALTIME, k.CLOCK_MONOTONIC)),
  w(1, fc.constantFrom(k.CLOCK_BOOTTIME, -1, 77)),
);
const pshared = fc.oneof(w(10, fc.constant(1)), w(2, fc.constant(0)), w(1, fc.constantFrom(-1, 128)));

/** What stands in a semaphore: its value, how many wait, whose it is. */
const words: fc.Arbitrary<StepArgument> = fc
  .tuple(
    fc.constantFrom(0, 1, -1, SEM_VALUE_MAX, -(2 ** 31)),
    fc.constantFrom(0, 0, 1, 2, -1),
    fc.constantFrom(128, 128, 128, 0, 1, -1, 129),
  )
  .map((all) => ({ words: all }));

export const posixSemaphoreSteps: readonly WeightedStep[] = [
  step(14, "sem_open", anyName, oflag, mode, value),
  step(7, "sem_close", fc.oneof(w(12, named), w(1, inMemory(0, 64)), w(1, oddPlace))),
  step(3, "sem_unlink", anyName),
  step(5, "sem_init", anyPlace, pshared, value),
  step(1, "sem_destroy", anyPlace),
  step(46, "sem_wait", anyPlace),
  step(9, "sem_trywait", anyPlace),
  step(9, "sem_timedwait", anyPlace, deadline),
  step(6, "sem_clockwait", anyPlace, clockid, deadline),
  step(28, "sem_post", anyPlace),
  step(8, "sem_getvalue", anyPlace),
  step(
    8,
    "memory_read",
    semaphore,
    fc.constantFrom(16, 32, 40).map((room) => ({ room })),
  ),
  step(3, "memory_write", semaphore, words),
  // The objects behind the names.
  step(
    1,
    "shm_open",
    names("/sem.s", "/sem.t", "/sem.none"),
    fc.constantFrom(k.O_RDWR, k.O_RDWR | k.O_CREAT),
    mode,
  ),
  step(1, "shm_unlink", names("/sem.s", "/sem.t")),
  step(
    1,
    "fstat",
    fc.nat({ max: 3 }).map((shm) => ({ shm })),
  ),
  step(
    1,
    "close",
    fc.nat({ max: 3 }).map((shm) => ({ shm })),
  ),
  step(1, "umask", fc.constantFrom(0, 0o022, 0o077)),
];

/** Memory without names. */
export const semaphoreMappingSteps: readonly WeightedStep[] = [
  step(2, "munmap", inMemory(0), fc.constant(PAGE)),
  step(
    2,
    "mprotect",
    inMemory(0),
    fc.constant(PAGE),
    fc.constantFrom(k.PROT_READ, k.PROT_NONE, k.PROT_WRITE),
  ),
  step(1, "mprotect", inMemory(0), fc.constant(PAGE), fc.constant(k.PROT_READ | k.PROT_WRITE)),
  step(
    2,
    "mmap",
    fc.constant(null),
    fc.constantFrom(PAGE, 2 * PAGE),
    fc.constant(k.PROT_READ | k.PROT_WRITE),
    fc.oneof(
      w(5, fc.constant(k.MAP_SHARED)),
      w(1, fc.constantFrom(k.MAP_SHARED | k.MAP_ANONYMOUS, k.MAP_PRIVATE | k.MAP_ANONYMOUS)),
    ),
    fc.constant({ shm: 0 }),
    fc.constant(0),
  ),
];

/** Memory of an object, with two semaphores in it: what of one process others find too. */
const memoryOf = (process: number, values: readonly number[], flags: number): readonly Step[] => [
  { process, call: "shm_open", args: [{ path: "/m" }, k.O_RDWR | k.O_CREAT, 0o666] },
  { process, call: "ftruncate", args: [{ shm: 0 }, PAGE] },
  {
    process,
    call: "mmap",
    args: [null, PAGE, k.PROT_READ | k.PROT_WRITE, flags, { shm: 0 }, 0],
  },
  ...values.map(
    (initial, place): Step => ({
      process,
      call: "sem_init",
      args: [{ mapping: 0, page: 0, beyond: place * 64 }, 1, initial],
    }),
  ),
];

const inAll = fc
  .array(fc.integer({ min: 0, max: 1 }), { minLength: 2, maxLength: 2 })
  .map((values) =>
    [0, 1, 2].flatMap((process) => memoryOf(process, process === 0 ? values : [], k.MAP_SHARED)),
  );

const opened = fc
  .tuple(fc.constantFrom(0o666, 0o666, 0o600), fc.integer({ min: 0, max: 2 }), usualName)
  .map(([permissions, initial, name]) =>
    [0, 1, 2].map(
      (process): Step => ({ process, call: "sem_open", args: [name, k.O_CREAT, permissions, initial] }),
    ),
  );

/** What a case begins with; now and then so many descriptors that one process runs into its limit. */
export const somePosixSemaphores: fc.Arbitrary<readonly Step[]> = fc.oneof(
  w(
    1,
    fc.tuple(opened, manyObjects).map((parts) => parts.flat()),
  ),
  w(8, opened),
  w(8, inAll),
  w(
    4,
    fc.tuple(opened, inAll).map((parts) => parts.flat()),
  ),
);

/** What one process begins with: names alone, for which of its threads unmaps what is not the same (divergences.ts). */
export const namedSemaphoresOfOne: fc.Arbitrary<readonly Step[]> = opened.map((steps) =>
  steps.filter(({ process }) => process === 0),
);
