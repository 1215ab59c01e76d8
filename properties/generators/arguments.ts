// Arguments of generated steps: mostly sensible, with the edges of the kernel's own sizes, and some nonsense.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import type { Handle, PollStep } from "../step.js";

const place = fc.nat({ max: 11 });

const INT_MAX = 0x7fffffff;
/** No descriptors: negative, the runtime's own, at and beyond the limit. */
const badNumber = fc.constantFrom(-1, 0, 1, 5, 60, INT_MAX, -2, -INT_MAX - 1);

export const badFd: fc.Arbitrary<Handle> = fc.oneof(
  badNumber.map((number) => ({ number })),
  fc.integer({ min: -1, max: 1 }).map((limit) => ({ limit })),
  place.map((free) => ({ free })),
);
/** The first numbers that are not open: one may be set aside for an open that waits. */
export const freeFd: fc.Arbitrary<Handle> = fc.nat({ max: 2 }).map((free) => ({ free }));
const open: fc.Arbitrary<Handle> = place.map((at) => ({ open: at }));
const readEnd: fc.Arbitrary<Handle> = place.map((read) => ({ read }));
const writeEnd: fc.Arbitrary<Handle> = place.map((write) => ({ write }));

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

/** Any descriptor, seldom a bad one. */
export const anyFd = fc.oneof(w(20, open), w(1, badFd));
export const readFd = fc.oneof(w(24, readEnd), w(1, open), w(1, badFd));
export const writeFd = fc.oneof(w(24, writeEnd), w(1, open), w(1, badFd));
/** Where splice and tee put what they take: seldom the same pipe. */
export const otherWriteFd = fc.oneof(
  w(
    20,
    place.map((other): Handle => ({ other })),
  ),
  w(2, writeEnd),
  w(1, badFd),
);
/** Where dup2 may put a descriptor: on a free number, on an open one, on nonsense. */
export const targetFd = fc.oneof(
  w(4, open),
  w(
    6,
    place.map((free): Handle => ({ free })),
  ),
  w(2, badFd),
);

const PAGE = 4096;
const CAPACITY = 65536;
const edges = [1, PAGE, 2 * PAGE, 3 * PAGE, CAPACITY - PAGE, CAPACITY];

/** Bytes of a write or a read: around the sizes where a pipe's behaviour changes. */
export const size = fc.oneof(
  w(5, fc.integer({ min: 0, max: 12 })),
  w(
    6,
    fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -1, max: 1 })).map(([edge, off]) => edge + off),
  ),
  w(5, fc.integer({ min: 0, max: PAGE })),
  w(4, fc.integer({ min: PAGE, max: 5 * PAGE })),
  w(2, fc.integer({ min: 0, max: CAPACITY + PAGE })),
  w(1, fc.constantFrom(100_000, 2 * CAPACITY, 2 * CAPACITY + 1)),
);
/** As `size`, with the rare huge one. */
export const writeSize = fc.oneof(w(200, size), w(1, fc.constantFrom(1048576, 1048577, 1_200_000)));

export const pollEvents = fc.oneof(
  w(4, fc.constantFrom(k.POLLIN, k.POLLOUT)),
  w(2, fc.constantFrom(0, k.POLLIN | k.POLLOUT, k.POLLPRI, k.POLLRDNORM, k.POLLWRNORM, k.POLLRDHUP)),
  w(1, fc.constantFrom(0xffff, k.POLLERR | k.POLLHUP | k.POLLNVAL, k.POLLRDBAND | k.POLLWRBAND, 0x8000)),
);

export const pollEntry: fc.Arbitrary<PollStep> = fc.record({
  fd: fc.oneof(w(20, open), w(6, readEnd), w(6, writeEnd), w(1, badFd)),
  events: pollEvents,
});
