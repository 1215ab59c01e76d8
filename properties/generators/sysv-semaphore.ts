// Steps on System V semaphores: few sets of few semaphores with small values, so that processes meet. The limits are lowered
// (semaphores.ts).
import fc from "fast-check";
import * as k from "../../src/constants.js";
import type { Step, StepArgument } from "../step.js";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const place = fc.nat({ max: 5 });
const set: fc.Arbitrary<StepArgument> = fc.oneof(
  w(
    80,
    place.map((at) => ({ set: at })),
  ),
  // Removed ones among them, and what is none.
  w(
    2,
    place.map((at) => ({ everSet: at })),
  ),
  w(1, fc.constantFrom(-1, 0x7ffffff0, -0x80000000)),
);

const key = fc.oneof(w(3, fc.constant(k.IPC_PRIVATE)), w(6, fc.integer({ min: 1, max: 3 })));
const mode = fc.oneof(
  w(8, fc.constantFrom(0o666, 0o600, 0o660, 0o777)),
  w(4, fc.constantFrom(0o622, 0o644, 0o400, 0o200, 0o060, 0o040, 0o006, 0o004, 0o002, 0)),
  w(1, fc.constantFrom(0o7777, -1, 0o170000)),
);
const creation = fc.oneof(
  w(10, fc.constant(k.IPC_CREAT)),
  w(3, fc.constant(k.IPC_CREAT | k.IPC_EXCL)),
  w(4, fc.constant(0)),
  w(1, fc.constantFrom(k.IPC_EXCL, k.IPC_NOWAIT)),
);
const getFlags = fc.tuple(creation, mode).map(([how, permissions]) => how | permissions);
const count = fc.oneof(
  w(12, fc.constantFrom(3, 3, 2, 1)),
  w(3, fc.constantFrom(0, 4, 6)),
  w(1, fc.constantFrom(-1, 7, 0x7fffffff, -0x80000000)),
);

/** Most are there: of a set's one to three. */
const num = fc.oneof(
  w(60, fc.constant(0)),
  w(36, fc.constant(1)),
  w(4, fc.constant(2)),
  w(1, fc.constantFrom(3, 6, 64, 65535)),
);
const op = fc.oneof(
  w(30, fc.constant(-1)),
  w(20, fc.constant(1)),
  w(14, fc.constant(0)),
  w(14, fc.constantFrom(-2, -3, 2, 3)),
  w(1, fc.constantFrom(32767, -32768, -32767, 16384, -16384)),
);
const flg = fc.oneof(
  w(40, fc.constant(0)),
  w(24, fc.constant(k.SEM_UNDO)),
  w(4, fc.constantFrom(k.IPC_NOWAIT, k.IPC_NOWAIT | k.SEM_UNDO)),
  w(1, fc.constantFrom(0o777, -1, -32768)),
);
const operation = fc.record({ num, op, flg });
const operationsOf = (minLength: number, maxLength: number): fc.Arbitrary<StepArgument> =>
  fc.array(operation, { minLength, maxLength, size: "max" }).map((sops) => ({ sops }));
/** Sums that go beyond what a semaphore may be, and what may be undone. */
const greatOperations: fc.Arbitrary<StepArgument> = fc
  .array(
    fc.record({
      num: fc.constant(0),
      op: fc.constantFrom(20_000, 20_000, -20_000),
      flg: fc.constantFrom(0, k.SEM_UNDO),
    }),
    { minLength: 2, maxLength: 5, size: "max" },
  )
  .map((sops) => ({ sops }));
const operations = fc.oneof(
  w(12, operationsOf(1, 1)),
  w(12, operationsOf(2, 3)),
  w(2, operationsOf(4, 5)),
  w(1, greatOperations),
  w(1, fc.constantFrom<StepArgument>({ sops: [] }, { sops: Array(6).fill({ num: 0, op: 1, flg: 0 }) })),
);

/** No time, times that are over soon, none that are, and one that comes when the case is long over. */
const timeout: fc.Arbitrary<StepArgument> = fc.oneof(
  w(2, fc.constant(null)),
  w(
    6,
    fc.constantFrom("0", "1", "200000", "3000000").map((nanoseconds) => ({ nanoseconds })),
  ),
  w(
    1,
    fc.constantFrom("-1", "-1000000000").map((nanoseconds) => ({ nanoseconds })),
  ),
  w(
    6,
    fc.constantFrom("86400000000000", "9223372036854775807").map((nanoseconds) => ({ nanoseconds })),
  ),
);

const value = fc.oneof(
  w(12, fc.integer({ min: 0, max: 3 })),
  w(1, fc.constantFrom(32766, 32767, 32768, -1, 65536, 0x7fffffff)),
);
const values = fc
  .array(fc.oneof(w(20, fc.integer({ min: 0, max: 3 })), w(1, fc.constantFrom(32767, 32768, 65535))), {
    maxLength: 6,
    size: "max",
  })
  .map((all) => ({ semvals: all }));

const owner = fc.oneof(w(6, fc.constantFrom(0, 1000, 1001, 1002)), w(1, fc.constantFrom(-1, 50, 0x7fffffff)));
const settings = fc.record({ uid: owner, gid: owner, mode }).map((made) => ({ settings: made }));

const command = (...list: readonly number[]): fc.Arbitrary<number> => fc.constantFrom(...list);
const number = fc.oneof(w(40, num), w(1, fc.constantFrom(-1, 0x7fffffff)));
const nothing = fc.constant(0);

/** A set that most can use. */
const usualSet: fc.Arbitrary<Step> = fc
  .tuple(fc.nat({ max: 5 }), key, fc.constantFrom(3, 3, 3, 2, 1), fc.constantFrom(0o666, 0o666, 0o600, 0o777))
  .map(([process, of, semaphores, permissions]) => ({
    process,
    call: "semget",
    args: [of, semaphores, k.IPC_CREAT | permissions],
  }));

const filling: fc.Arbitrary<Step> = fc
  .tuple(fc.nat({ max: 5 }), place, fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }))
  .map(([process, at, all]) => ({
    process,
    call: "semctl",
    args: [{ set: at }, 0, k.SETALL, { semvals: all }],
  }));

/** What a case begins with. */
export const someSemaphores: fc.Arbitrary<Step[]> = fc
  .tuple(fc.array(usualSet, { minLength: 1, maxLength: 2 }), fc.array(filling, { maxLength: 2 }))
  .map((parts) => parts.flat());

export const semaphoreSteps: readonly WeightedStep[] = [
  step(6, "semget", key, count, getFlags),
  step(80, "semop", set, operations),
  step(12, "semtimedop", set, operations, timeout),
  step(4, "semctl", set, number, command(k.SETVAL), value),
  step(3, "semctl", set, nothing, command(k.SETALL), values),
  step(5, "semctl", set, nothing, command(k.GETALL), nothing),
  step(3, "semctl", set, number, command(k.GETVAL), nothing),
  step(4, "semctl", set, number, command(k.GETPID), nothing),
  step(9, "semctl", set, number, command(k.GETNCNT, k.GETZCNT), nothing),
  step(3, "semctl", set, nothing, command(k.IPC_SET), settings),
  step(1, "semctl", set, nothing, command(k.IPC_RMID), nothing),
  step(3, "semctl", set, nothing, command(k.IPC_STAT), nothing),
  step(2, "semctl", set, nothing, command(k.SEM_STAT, k.SEM_STAT_ANY), nothing),
  step(2, "semctl", fc.constantFrom(0, 0, 5, -1), nothing, command(k.IPC_INFO, k.SEM_INFO), nothing),
  step(1, "semctl", set, number, command(-1, 4, 10, 21, 0x102, 0x7fffffff), nothing),
];
