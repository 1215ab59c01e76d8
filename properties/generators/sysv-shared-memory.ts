// Steps on System V shared memory: few segments of few pages, so that processes meet and run into the limits, which are lowered
// (shared-segments.ts). What is attached is split, protected, unmapped and replaced; what is written to it is read by others.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import type { Step, StepArgument } from "../step.js";
import { startOfChild } from "./process.js";
import { inPage, pageStart, protection, rangeLength } from "./shared-memory.js";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const PAGE = 4096;

const place = fc.nat({ max: 5 });
const segment: fc.Arbitrary<StepArgument> = fc.oneof(
  w(
    80,
    place.map((at) => ({ segment: at })),
  ),
  // Removed ones among them, and what is none.
  w(
    3,
    place.map((at) => ({ everSegment: at })),
  ),
  w(1, fc.constantFrom(-1, 0x7ffffff0, -0x80000000)),
);

const key = fc.oneof(w(3, fc.constant(k.IPC_PRIVATE)), w(6, fc.integer({ min: 1, max: 3 })));
const mode = fc.oneof(
  w(10, fc.constantFrom(0o666, 0o600, 0o660, 0o777)),
  w(4, fc.constantFrom(0o622, 0o644, 0o444, 0o400, 0o200, 0o060, 0o040, 0o006, 0o004, 0o002, 0)),
  w(1, fc.constantFrom(0o7777, -1, 0o170000)),
);
const creation = fc.oneof(
  w(10, fc.constant(k.IPC_CREAT)),
  w(3, fc.constant(k.IPC_CREAT | k.IPC_EXCL)),
  w(4, fc.constant(0)),
  w(1, fc.constantFrom(k.IPC_EXCL, k.SHM_HUGETLB, k.IPC_CREAT | k.SHM_NORESERVE)),
);
const getFlags = fc.tuple(creation, mode).map(([how, permissions]) => how | permissions);
const size = fc.oneof(
  w(12, fc.constantFrom(PAGE, 2 * PAGE, 3 * PAGE)),
  w(4, fc.constantFrom(1, 100, PAGE + 1, 2 * PAGE - 1)),
  w(3, fc.constantFrom(0, 4 * PAGE, 20_000, 20_001)),
  w(1, fc.constantFrom(70_000, 2 ** 40, Number.MAX_SAFE_INTEGER)),
);

const attachFlags = fc.oneof(
  w(12, fc.constant(0)),
  w(4, fc.constant(k.SHM_RDONLY)),
  w(1, fc.constantFrom(k.SHM_RND, k.SHM_EXEC, k.SHM_REMAP, -1, 0x12340000, 0o777)),
);
/** Where something is already, or was. */
const attachPlace: fc.Arbitrary<StepArgument> = fc.oneof(
  w(8, pageStart),
  w(2, inPage),
  w(
    2,
    fc.nat({ max: 3 }).map((attachment) => ({ attachment, beyond: 0 })),
  ),
  w(1, fc.constantFrom(1, PAGE, -PAGE, 100, 2 ** 40)),
);
const placedFlags = fc.oneof(
  w(6, fc.constant(k.SHM_REMAP)),
  w(3, fc.constantFrom(0, k.SHM_RND, k.SHM_RDONLY)),
  w(3, fc.constantFrom(k.SHM_REMAP | k.SHM_RND, k.SHM_REMAP | k.SHM_RDONLY)),
);
const attached: fc.Arbitrary<StepArgument> = fc.oneof(
  w(
    24,
    fc.nat({ max: 3 }).map((attachment) => ({ attachment, beyond: 0 })),
  ),
  w(
    2,
    fc
      .tuple(fc.nat({ max: 3 }), fc.constantFrom(1, PAGE, -PAGE))
      .map(([attachment, beyond]) => ({ attachment, beyond })),
  ),
  w(1, fc.constantFrom(0, -1, PAGE, 2 ** 40)),
);

const settings: fc.Arbitrary<StepArgument> = fc
  .record({
    uid: fc.constantFrom(0, 1000, 1001, 1002, -1),
    gid: fc.constantFrom(0, 1000, 50, -1),
    mode: fc.oneof(w(4, fc.constantFrom(0o666, 0o600, 0o640, 0o044)), w(1, mode)),
  })
  .map((what) => ({ settings: what }));

const makeSegment: fc.Arbitrary<Step> = fc
  .tuple(
    fc.nat({ max: 2 }),
    key,
    fc.constantFrom(PAGE, 2 * PAGE, 3 * PAGE, 100),
    fc.constantFrom(0o666, 0o600, 0o660),
  )
  .map(([process, of, bytes, permissions]) => ({
    process,
    call: "shmget",
    args: [of, bytes, k.IPC_CREAT | permissions],
  }));
const attachOne: fc.Arbitrary<Step> = fc
  .tuple(fc.nat({ max: 2 }), place, fc.constantFrom(0, 0, 0, k.SHM_RDONLY))
  .map(([process, at, flags]) => ({ process, call: "shmat", args: [{ segment: at }, null, flags] }));

const unwaitedEnds: readonly Step[] = [
  { process: 0, call: "shmctl", args: [{ segment: 0 }, k.IPC_RMID] },
  { process: 1, call: "exit", args: [3] },
  { process: 0, call: "kill", args: [{ pid: 1 }, k.SIGKILL] },
  { process: 0, call: "waitpid", args: [-1, k.WNOHANG] },
];

/** For the start of a case. */
export const someSegments: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(makeSegment, { minLength: 1, maxLength: 3, size: "max" }),
    fc.array(attachOne, { minLength: 1, maxLength: 4, size: "max" }),
  )
  .map(([made, attachments]) => [...made, ...attachments]);

export const segmentSteps: readonly WeightedStep[] = [
  step(8, "shmget", key, size, getFlags),
  step(14, "shmat", segment, fc.constant(null), attachFlags),
  step(12, "shmat", segment, attachPlace, placedFlags),
  step(10, "shmdt", attached),
  step(14, "shmctl", segment, fc.constant(k.IPC_STAT)),
  step(3, "shmctl", segment, fc.constantFrom(k.SHM_STAT, k.SHM_STAT_ANY)),
  step(5, "shmctl", segment, fc.constant(k.IPC_RMID)),
  step(4, "shmctl", segment, fc.constant(k.IPC_SET), settings),
  step(4, "shmctl", segment, fc.constantFrom(k.SHM_LOCK, k.SHM_UNLOCK)),
  step(3, "shmctl", fc.constantFrom(0, 1, 2, 40), fc.constantFrom(k.IPC_INFO, k.SHM_INFO)),
  step(
    1,
    "shmctl",
    fc.oneof(w(3, segment), w(1, fc.constant(-1))),
    fc.constantFrom(-1, 4, 10, 16, 99, k.IPC_INFO),
  ),
];

/** For the start of a case: more than an unprivileged user may lock, be it the same or another. */
export const lockedSegments: fc.Arbitrary<Step[]> = fc.constantFrom(0, 1).map((other): Step[] => [
  { process: 0, call: "shmget", args: [k.IPC_PRIVATE, 3 * PAGE, k.IPC_CREAT | 0o600] },
  { process: other, call: "shmget", args: [k.IPC_PRIVATE, 3 * PAGE, k.IPC_CREAT | 0o666] },
  { process: 0, call: "shmctl", args: [{ segment: 0 }, k.SHM_LOCK] },
  { process: other, call: "shmctl", args: [{ segment: 1 }, k.SHM_LOCK] },
]);

/** For the start of a case: an attachment whose pages are protected one way and another. */
export const splitAttachment: fc.Arbitrary<Step[]> = fc
  .array(
    fc.tuple(
      fc.nat({ max: 2 }),
      fc.constantFrom(PAGE, 2 * PAGE),
      fc.constantFrom(k.PROT_READ, k.PROT_READ | k.PROT_WRITE),
    ),
    { minLength: 2, maxLength: 5, size: "max" },
  )
  .map((changes): Step[] => [
    { process: 0, call: "shmget", args: [k.IPC_PRIVATE, 4 * PAGE, k.IPC_CREAT | 0o600] },
    { process: 0, call: "shmat", args: [{ segment: 0 }, null, 0] },
    ...changes.flatMap(([page, bytes, prot]): Step[] => [
      { process: 0, call: "mprotect", args: [{ mapping: 0, page }, bytes, prot] },
      { process: 0, call: "shmctl", args: [{ segment: 0 }, k.IPC_STAT] },
    ]),
  ]);

/** A child, which may attach something and is ended in the middle of it. */
export const attachedFamily: fc.Arbitrary<Step[]> = fc
  .tuple(makeSegment, fc.constantFrom(0, k.SHM_RDONLY), fc.shuffledSubarray([...unwaitedEnds]))
  .map(([made, flags, ends]) => [
    { ...made, process: 0 },
    { ...startOfChild, process: 0 },
    { process: 1, call: "shmat", args: [{ segment: 0 }, null, flags] },
    ...ends,
  ]);

/** What starts and ends processes, and never waits: attachments are a thread's own, on the real kernel. */
export const unwaitedSteps: readonly WeightedStep[] = [
  step(8, "spawn"),
  step(8, "waitpid", fc.constant(-1), fc.constant(k.WNOHANG)),
  step(4, "exit", fc.constantFrom(0, 3)),
  step(
    4,
    "kill",
    fc.nat({ max: 7 }).map((pid) => ({ pid })),
    fc.constant(k.SIGKILL),
  ),
];

/** What is done with what is attached. */
export const attachedSteps: readonly WeightedStep[] = [
  step(
    3,
    "mmap",
    fc.constant(null),
    fc.constantFrom(PAGE, 3 * PAGE),
    fc.constant(k.PROT_READ | k.PROT_WRITE),
    fc.constant(k.MAP_SHARED | k.MAP_ANONYMOUS),
    fc.constant(-1),
    fc.constant(0),
  ),
  step(5, "munmap", pageStart, rangeLength),
  step(14, "mprotect", pageStart, rangeLength, protection),
  step(
    2,
    "msync",
    pageStart,
    rangeLength,
    fc.constantFrom(k.MS_SYNC, k.MS_ASYNC, k.MS_SYNC | k.MS_INVALIDATE),
  ),
  step(
    16,
    "memory_read",
    inPage,
    fc.constantFrom(1, 20, PAGE, 3 * PAGE).map((room) => ({ room })),
  ),
  step(
    16,
    "memory_write",
    inPage,
    fc.constantFrom(1, 20, PAGE, 3 * PAGE).map((bytes) => ({ bytes })),
  ),
];
