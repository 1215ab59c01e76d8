// Steps on System V message queues. The limits are lowered (queues.ts): a queue is full after a few messages.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import type { Step, StepArgument } from "../step.js";
import { anyPathOfCase } from "./paths.js";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const place = fc.nat({ max: 7 });
const queue: fc.Arbitrary<StepArgument> = fc.oneof(
  w(
    30,
    place.map((at) => ({ queue: at })),
  ),
  // Removed ones among them, and what is none.
  w(
    2,
    place.map((at) => ({ everQueue: at })),
  ),
  w(1, fc.constantFrom(-1, 0x7ffffff0, -0x80000000)),
);

const key = fc.oneof(w(3, fc.constant(k.IPC_PRIVATE)), w(6, fc.integer({ min: 1, max: 4 })));
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

const LONG_MAX = "9223372036854775807";
const LONG_MIN = "-9223372036854775808";
const longs = (...values: string[]): fc.Arbitrary<StepArgument> =>
  fc.constantFrom(...values).map((long) => ({ long }));

const sendType = fc.oneof(
  w(30, fc.integer({ min: 1, max: 4 })),
  w(1, fc.constantFrom(0, -1, -4)),
  w(1, longs(LONG_MAX, LONG_MIN, "4294967297", "9007199254740993")),
);
const receiveType = fc.oneof(
  w(10, fc.constant(0)),
  w(12, fc.integer({ min: 1, max: 4 })),
  w(8, fc.integer({ min: -4, max: -1 })),
  w(1, longs(LONG_MAX, LONG_MIN, "4294967297", "9007199254740993", "9007199254740992")),
);
const length = fc.oneof(
  w(6, fc.constantFrom(0, 1, 10, 20)),
  w(6, fc.integer({ min: 0, max: 200 })),
  w(3, fc.constantFrom(119, 120, 121, 240, 299, 300)),
  w(1, fc.constantFrom(301, 400, 70_000)),
);
const room = fc.oneof(w(12, fc.constantFrom(300, 400)), w(6, length), w(1, fc.constantFrom(0, 9000)));
const waits = fc.oneof(w(3, fc.constant(0)), w(2, fc.constant(k.IPC_NOWAIT)));
const cuts = fc.oneof(w(4, fc.constant(0)), w(1, fc.constant(k.MSG_NOERROR)));
const excludes = fc.oneof(w(6, fc.constant(0)), w(1, fc.constant(k.MSG_EXCEPT)));
const sendFlags = fc.oneof(w(14, waits), w(1, fc.constantFrom(0o777, k.MSG_NOERROR | k.IPC_CREAT, -1)));
const receiveFlags = fc.oneof(
  w(
    14,
    fc.tuple(waits, cuts, excludes).map(([wait, cut, exclude]) => wait | cut | exclude),
  ),
  w(1, fc.constantFrom(0o777, k.IPC_CREAT, -1)),
);
const copyFlags = fc.oneof(
  w(8, fc.constant(k.MSG_COPY | k.IPC_NOWAIT)),
  w(2, fc.constant(k.MSG_COPY | k.IPC_NOWAIT | k.MSG_NOERROR)),
  w(1, fc.constantFrom(k.MSG_COPY, k.MSG_COPY | k.MSG_EXCEPT | k.IPC_NOWAIT)),
);

const owner = fc.oneof(w(6, fc.constantFrom(0, 1000, 1001, 1002)), w(1, fc.constantFrom(-1, 50, 0x7fffffff)));
const settings = fc.record({
  uid: owner,
  gid: owner,
  mode,
  qbytes: fc.oneof(
    w(6, fc.constantFrom(400, 300, 200)),
    w(4, fc.integer({ min: 0, max: 60 })),
    w(1, fc.constantFrom(401, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000010)),
  ),
});

/** A queue that most can use. */
const usualQueue: fc.Arbitrary<Step> = fc
  .tuple(fc.nat({ max: 5 }), key, fc.constantFrom(0o666, 0o600, 0o777))
  .map(([process, of, permissions]) => ({
    process,
    call: "msgget",
    args: [of, k.IPC_CREAT | permissions],
  }));

/** A file in a directory that is closed to most, of which another wants a key. */
const closedFolder: fc.Arbitrary<Step[]> = fc.constantFrom(0, 0o700).map((permissions) => [
  { process: 0, call: "mkdir", args: [{ path: "d" }, permissions] },
  { process: 1, call: "ftok", args: [{ path: "d/f" }, 1] },
]);

/** What a case begins with. */
export const someSysvQueues: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.oneof(w(9, fc.constant<Step[]>([])), w(1, closedFolder)),
    fc.array(usualQueue, { minLength: 1, maxLength: 3 }),
  )
  .map(([folder, queues]) => [...folder, ...queues]);

const wholeRoom = fc.oneof(room).map((bytes) => ({ room: bytes }));

export const sysvSteps: readonly WeightedStep[] = [
  step(5, "msgget", key, getFlags),
  step(
    34,
    "msgsnd",
    queue,
    sendType,
    length.map((bytes) => ({ bytes })),
    sendFlags,
  ),
  step(34, "msgrcv", queue, wholeRoom, receiveType, receiveFlags),
  step(4, "msgrcv", queue, wholeRoom, fc.integer({ min: -1, max: 5 }), copyFlags),
  step(
    7,
    "msgctl",
    queue,
    fc.constant(k.IPC_SET),
    settings.map((made) => ({ settings: made })),
  ),
  step(4, "msgctl", queue, fc.constant(k.IPC_RMID), fc.constant(0)),
  step(3, "msgctl", fc.constantFrom(0, 0, 0, 5, -1), fc.constantFrom(k.IPC_INFO, k.MSG_INFO), fc.constant(0)),
  step(1, "msgctl", queue, fc.constantFrom(-1, 4, 10, 14, 0x102, 0x7fffffff), fc.constant(0)),
  step(1, "ftok", anyPathOfCase, fc.constantFrom(0, 1, 255, -1)),
];

/**
 * What a queue tells. Not where processes end: who received last may be a thread that is gone, and nobody knows any more whose
 * it was.
 */
export const statusSteps: readonly WeightedStep[] = [
  step(8, "msgctl", queue, fc.constant(k.IPC_STAT), fc.constant(0)),
  step(3, "msgctl", queue, fc.constantFrom(k.MSG_STAT, k.MSG_STAT_ANY), fc.constant(0)),
];
