// POSIX shared memory as files: objects that are made, opened in all ways, sized, read, written, sealed and removed. Few names, so
// that processes meet; sizes around those of pages, where seals and growth show.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import type { Handle, PathStep, Step, StepArgument } from "../step.js";
import { anyFd, readFd, writeFd } from "./arguments.js";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const names = (...list: readonly string[]): fc.Arbitrary<PathStep> =>
  fc.constantFrom(...list).map((path) => ({ path }));

const oddName: fc.Arbitrary<PathStep> = fc.oneof(
  w(5, names("/missing", "/", "", "m", "///m", "/.", "/..", "/a/b", "/m/", "/...", "..", "//")),
  w(
    2,
    fc
      .constantFrom(254, 255, 256, 260, 4086, 4087, 4096)
      .map((times) => ({ path: "/~", filling: "x", times })),
  ),
  w(1, fc.constantFrom({ path: "/~", filling: "é", times: 127 }, { path: "/~", filling: "é", times: 128 })),
);
const objectName = fc.oneof(w(12, names("/m")), w(8, names("/n")), w(3, names("/o", "/p")));
const anyName = fc.oneof(w(14, objectName), w(4, oddName));

const access = fc.oneof(w(3, fc.constantFrom(k.O_RDONLY, k.O_WRONLY)), w(7, fc.constant(k.O_RDWR)));
const creating = fc.oneof(
  w(6, fc.constant(k.O_CREAT)),
  w(4, fc.constant(0)),
  w(1, fc.constant(k.O_CREAT | k.O_EXCL)),
  w(1, fc.constantFrom(k.O_EXCL, k.O_TRUNC, k.O_CREAT | k.O_TRUNC)),
);
const extra = fc.oneof(
  w(24, fc.constant(0)),
  w(3, fc.constantFrom(k.O_APPEND, k.O_TRUNC, k.O_CLOEXEC, k.O_NOCTTY, k.O_SYNC, k.O_ASYNC, k.O_NOATIME)),
  w(2, fc.constantFrom(k.O_DIRECT, k.O_ACCMODE, k.O_DIRECTORY, k.O_NOFOLLOW, 1 << 30, k.O_NONBLOCK)),
  w(1, fc.constantFrom(k.O_PATH, -1, k.O_TMPFILE)),
);
const oflag = fc.tuple(access, creating, extra).map(([how, whether, more]) => how | whether | more);

const mode = fc.oneof(
  w(8, fc.constantFrom(0o666, 0o600, 0o777)),
  w(4, fc.constantFrom(0o622, 0o444, 0o222, 0o060, 0o006, 0, 0o640)),
  w(2, fc.constantFrom(0o7777, -1, 0o6666, 0o2666, 0o6777, 0x10000)),
);

const memoryFileFlags = fc.oneof(
  w(8, fc.constant(k.MFD_ALLOW_SEALING)),
  w(2, fc.constantFrom(0, k.MFD_CLOEXEC, k.MFD_NOEXEC_SEAL, k.MFD_EXEC | k.MFD_ALLOW_SEALING)),
  w(
    1,
    fc.constantFrom(
      k.MFD_EXEC | k.MFD_NOEXEC_SEAL,
      0x20,
      -1,
      k.MFD_HUGETLB,
      k.MFD_NOEXEC_SEAL | k.MFD_CLOEXEC,
    ),
  ),
);
const memoryFileName: fc.Arbitrary<PathStep> = fc.oneof(
  w(8, names("x")),
  w(1, names("", "/", "a/b")),
  w(
    1,
    fc.constantFrom(249, 250, 4096).map((times) => ({ path: "~", filling: "x", times })),
  ),
);

const object: fc.Arbitrary<Handle> = fc.nat({ max: 11 }).map((shm) => ({ shm }));
export const objectFd = fc.oneof(w(24, object), w(1, anyFd));
/** What is no shared memory, now and then. */
const mixedFd = fc.oneof(w(12, object), w(2, anyFd), w(1, readFd), w(1, writeFd));

const PAGE = 4096;
const around = (...places: readonly number[]): fc.Arbitrary<number> =>
  fc.tuple(fc.constantFrom(...places), fc.integer({ min: -1, max: 1 })).map(([at, off]) => at + off);

/** Bytes of an object, and places in it. */
export const place = fc.oneof(
  w(4, fc.nat({ max: 20 })),
  w(4, around(PAGE, 2 * PAGE, 3 * PAGE)),
  w(3, fc.nat({ max: 3 * PAGE })),
  w(1, fc.constantFrom(20_000, 65_536, 70_000)),
);
const length = fc.oneof(
  w(5, fc.nat({ max: 20 })),
  w(3, around(PAGE, 2 * PAGE)),
  w(2, fc.nat({ max: 3 * PAGE })),
  w(1, fc.constantFrom(0, 65_536, 70_000)),
);
const room = length.map((bytes) => ({ room: bytes }));
const bytes = length.map((count) => ({ bytes: count }));
const buffers = fc
  .array(fc.constantFrom(0, 1, 7, 100, PAGE), { maxLength: 3 })
  .map((list): StepArgument => ({ buffers: list }));
const badPlace = fc.constantFrom(-1, -PAGE, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER);

const seals = fc.oneof(
  w(4, fc.constantFrom(k.F_SEAL_GROW, k.F_SEAL_SHRINK, k.F_SEAL_GROW | k.F_SEAL_SHRINK)),
  w(3, fc.constantFrom(k.F_SEAL_WRITE, k.F_SEAL_FUTURE_WRITE, k.F_SEAL_EXEC)),
  w(1, fc.constantFrom(k.F_SEAL_SEAL, 0, 0x40, -1)),
);

const pollObject = fc.record({
  fd: objectFd,
  events: fc.constantFrom(k.POLLIN, k.POLLOUT, k.POLLIN | k.POLLOUT, k.POLLPRI, 0xffff),
});

/** For the start of a case: what it makes works. */
export const makeObject: WeightedStep = {
  weight: 1,
  arbitrary: fc.oneof(
    w(
      3,
      step(
        1,
        "shm_open",
        names("/m", "/n"),
        fc.constant(k.O_RDWR | k.O_CREAT),
        fc.constantFrom(0o666, 0o600, 0o777, 0o6777),
      ).arbitrary,
    ),
    w(1, step(1, "shm_open", names("/m", "/n"), fc.constant(k.O_RDONLY)).arbitrary),
    w(2, step(1, "memfd_create", names("x"), fc.constant(k.MFD_ALLOW_SEALING)).arbitrary),
    w(2, step(1, "ftruncate", object, place).arbitrary),
  ),
};

/** So many that one process runs into its limit on descriptors. */
export const manyObjects: fc.Arbitrary<readonly Step[]> = fc
  .array(fc.oneof(makeObject.arbitrary, step(1, "memfd_create", names("x"), fc.constant(0)).arbitrary), {
    minLength: 20,
    maxLength: 30,
    size: "max",
  })
  .map((steps) => steps.map((made) => ({ ...made, process: 0 })));

export const sharedFileSteps: readonly WeightedStep[] = [
  step(12, "shm_open", objectName, oflag, mode),
  step(6, "shm_open", anyName, oflag, mode),
  step(4, "shm_unlink", objectName),
  step(2, "shm_unlink", anyName),
  step(5, "memfd_create", memoryFileName, memoryFileFlags),
  step(12, "ftruncate", objectFd, place),
  step(2, "ftruncate", mixedFd, fc.oneof(w(2, place), w(1, fc.constantFrom(-1, -PAGE)))),
  step(14, "read", objectFd, room),
  step(14, "write", objectFd, bytes),
  step(14, "pread", objectFd, room, place),
  step(14, "pwrite", objectFd, bytes, place),
  step(4, "pread", mixedFd, room, fc.oneof(place, badPlace)),
  step(2, "pwrite", mixedFd, bytes, fc.oneof(w(2, place), w(1, fc.constantFrom(-1, -PAGE)))),
  step(2, "readv", objectFd, buffers),
  step(2, "writev", objectFd, buffers),
  step(6, "fstat", objectFd),
  step(7, "fcntl", objectFd, fc.constant(k.F_ADD_SEALS), seals),
  step(2, "fcntl", mixedFd, fc.constantFrom(k.F_ADD_SEALS, k.F_GET_SEALS), seals),
  step(4, "fcntl", objectFd, fc.constantFrom(k.F_GET_SEALS, k.F_GETFL, k.F_GETFD), fc.constant(0)),
  step(
    4,
    "fcntl",
    objectFd,
    fc.constant(k.F_SETFL),
    fc.constantFrom(0, k.O_APPEND, k.O_NONBLOCK, k.O_DIRECT, k.O_NOATIME, k.O_ASYNC),
  ),
  step(2, "ioctl", objectFd, fc.constantFrom(k.FIONREAD, 0)),
  step(2, "poll", fc.array(pollObject, { minLength: 1, maxLength: 3 }), fc.constantFrom(0, -1)),
  step(3, "dup", objectFd),
  step(1, "dup2", objectFd, anyFd),
  step(4, "close", objectFd),
  step(6, "share", fc.nat({ max: 3 }), fc.oneof(w(6, object), w(1, anyFd))),
  step(2, "pipe2", fc.constant(0)),
  step(1, "open", names("."), fc.constantFrom(k.O_RDONLY, k.O_RDONLY | k.O_DIRECTORY)),
  step(1, "umask", fc.constantFrom(0, 0o022, 0o077)),
];

// Mappings

const mappedLength = fc.oneof(
  w(8, fc.constantFrom(1, PAGE, 2 * PAGE, 3 * PAGE, 4 * PAGE)),
  w(3, fc.integer({ min: 1, max: 3 * PAGE })),
  w(1, fc.constantFrom(0, 70_000, 2 ** 48)),
);
export const protection = fc.oneof(
  w(8, fc.constant(k.PROT_READ | k.PROT_WRITE)),
  w(6, fc.constant(k.PROT_READ)),
  w(3, fc.constantFrom(k.PROT_NONE, k.PROT_WRITE)),
  w(1, fc.constantFrom(k.PROT_EXEC, k.PROT_READ | k.PROT_EXEC, 0x10, -1)),
);
const mappingFlags = fc.oneof(
  w(14, fc.constant(k.MAP_SHARED)),
  w(2, fc.constant(k.MAP_SHARED_VALIDATE)),
  w(4, fc.constant(k.MAP_PRIVATE)),
  w(3, fc.constantFrom(k.MAP_PRIVATE | k.MAP_ANONYMOUS, k.MAP_SHARED | k.MAP_ANONYMOUS)),
  w(
    1,
    fc.constantFrom(
      0,
      k.MAP_ANONYMOUS,
      k.MAP_SHARED_VALIDATE | k.MAP_ANONYMOUS,
      k.MAP_FIXED | k.MAP_SHARED,
      k.MAP_SHARED | k.MAP_NORESERVE,
      k.MAP_SHARED | k.MAP_POPULATE,
      8,
    ),
  ),
);
const mappedOffset = fc.oneof(
  w(10, fc.constant(0)),
  w(4, fc.constantFrom(PAGE, 2 * PAGE)),
  w(1, fc.constantFrom(1, -1, -PAGE, PAGE + 8)),
);
const pageOf = (...beyond: readonly number[]): fc.Arbitrary<StepArgument> =>
  fc.record({
    mapping: fc.nat({ max: 5 }),
    page: fc.oneof(w(8, fc.nat({ max: 3 })), w(1, fc.constantFrom(-1, 4, 17))),
    beyond: fc.constantFrom(...beyond),
  });
export const pageStart = fc.oneof(w(12, pageOf(0)), w(1, pageOf(1, 8)));
export const inPage = pageOf(0, 1, 100, PAGE - 1);
export const rangeLength = fc.oneof(
  w(8, fc.constantFrom(1, PAGE, 2 * PAGE, 3 * PAGE)),
  w(1, fc.constantFrom(0, PAGE + 1, 17 * PAGE)),
);

export const mappingSteps: readonly WeightedStep[] = [
  step(
    18,
    "mmap",
    fc.constant(null),
    mappedLength,
    fc.constant(k.PROT_READ | k.PROT_WRITE),
    fc.constant(k.MAP_SHARED),
    object,
    fc.constantFrom(0, 0, PAGE),
  ),
  step(
    8,
    "mmap",
    fc.constant(null),
    mappedLength,
    fc.constant(k.PROT_READ),
    fc.constant(k.MAP_SHARED),
    object,
    fc.constant(0),
  ),
  step(14, "mmap", fc.constant(null), mappedLength, protection, mappingFlags, mixedFd, mappedOffset),
  step(10, "munmap", pageStart, rangeLength),
  step(14, "mprotect", pageStart, rangeLength, protection),
  step(
    4,
    "msync",
    pageStart,
    rangeLength,
    fc.constantFrom(k.MS_SYNC, k.MS_ASYNC, 0, k.MS_SYNC | k.MS_ASYNC, 8, k.MS_SYNC | k.MS_INVALIDATE),
  ),
  step(30, "memory_read", inPage, room),
  step(30, "memory_write", inPage, bytes),
];

/** For the start of a case: a mapping of three pages, of which the second is gone, and whose protection is then changed. */
export const brokenMapping: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.constantFrom(k.MAP_SHARED, k.MAP_SHARED | k.MAP_ANONYMOUS), protection)
  .map(([flags, then]): readonly Step[] => [
    { process: 0, call: "memfd_create", args: [{ path: "x" }, k.MFD_ALLOW_SEALING] },
    { process: 0, call: "ftruncate", args: [{ shm: 0 }, 3 * PAGE] },
    {
      process: 0,
      call: "mmap",
      args: [null, 3 * PAGE, k.PROT_READ | k.PROT_WRITE, flags, { shm: 0 }, 0],
    },
    { process: 0, call: "munmap", args: [{ mapping: 0, page: 1 }, PAGE] },
    { process: 0, call: "mprotect", args: [{ mapping: 0, page: 0 }, 3 * PAGE, then] },
  ]);
