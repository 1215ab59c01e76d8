// Steps on paths: FIFOs and directories are made, looked at, opened and removed, by processes that may and may not.
import fc from "fast-check";
import * as k from "../../src/constants.js";
import type { PathStep, Step } from "../step.js";
import { anyFd } from "./arguments.js";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const paths = (...names: readonly string[]): fc.Arbitrary<PathStep> =>
  fc.constantFrom(...names).map((path) => ({ path }));

/** Where FIFOs are. */
export const fifoPath = fc.oneof(
  w(12, paths("f")),
  w(6, paths("g")),
  w(5, paths("d/f")),
  w(1, paths("e/f", "d/e/f")),
);
/** Where directories are. */
const folderPath = fc.oneof(w(10, paths("d")), w(4, paths("e")), w(4, paths("d/e")), w(1, paths("d/e/d")));

/** Every way to write a path, good and bad. None leads out of the directory of the case. */
const oddPath: fc.Arbitrary<PathStep> = fc
  .oneof(
    // Nothing there, through a FIFO, or nothing at all.
    w(4, paths("missing", "missing/f", "f/x", "d/f/x", "f/..", "")),
    w(6, paths(".", "./f", "d/.", "d/..", "d/../f", "d//f", ".//d/./f", "d/../d/f", "e/../g", "./.")),
    w(4, paths("f/", "d/", "d//", "f/.", "d/f/", "missing/", "g//")),
    // NAME_MAX is 255; a path with its NUL has at most 4096 bytes.
    w(
      2,
      fc
        .tuple(fc.constantFrom("~", "d/~", "~/f"), fc.integer({ min: 254, max: 257 }))
        .map(([path, times]) => ({ path, filling: "x", times })),
    ),
    w(
      1,
      fc.constantFrom(
        { path: "~", filling: "é", times: 127 },
        { path: "~", filling: "é", times: 128 },
        { path: "~f", filling: "./", times: 2047 },
        { path: "~./f", filling: "./", times: 2046 },
        { path: "~/f", filling: "./", times: 2047 },
        { path: "~f", filling: "/././././", times: 500 },
        { path: "d~f", filling: "/", times: 4093 },
        { path: "d~f", filling: "/", times: 4094 },
      ),
    ),
  )
  .filter(({ path }) => !path.startsWith("/"));

/** Any path. */
export const anyPathOfCase = fc.oneof(w(10, fifoPath), w(8, folderPath), w(4, oddPath));
const newFifo = fc.oneof(w(20, fifoPath), w(1, folderPath), w(2, oddPath));
const newFolder = fc.oneof(w(16, folderPath), w(1, fifoPath), w(2, oddPath));

const fifoMode = fc.oneof(
  w(8, fc.constantFrom(0o666, 0o777, 0o600, 0o644)),
  w(4, fc.constantFrom(0o622, 0o444, 0o222, 0o060, 0o006, 0, 0o400, 0o200)),
  w(1, fc.constantFrom(0o7777, 0o4755, 0o2755, 0o1666, -1, 0o100644, 0o40000, 0x10000)),
);
const folderMode = fc.oneof(
  w(8, fc.constantFrom(0o777, 0o755, 0o1777, 0o2777)),
  w(4, fc.constantFrom(0o700, 0o711, 0o733, 0o744, 0o3775, 0o1775, 0o775, 0)),
  w(1, fc.constantFrom(0o7777, -1, 0o6755, 0o177777, 0x10000)),
);
const mask = fc.oneof(
  w(6, fc.constantFrom(0, 0o022, 0o077, 0o027)),
  w(2, fc.constantFrom(0o777, 0o222, 0o7777, -1, 0o111)),
);

const access = fc.oneof(w(8, fc.constantFrom(k.O_RDONLY, k.O_WRONLY)), w(3, fc.constant(k.O_RDWR)));
const waiting = fc.oneof(w(3, fc.constant(0)), w(2, fc.constant(k.O_NONBLOCK)));
const extra = fc.oneof(
  w(20, fc.constant(0)),
  w(4, fc.constantFrom(k.O_CLOEXEC, k.O_NOFOLLOW, k.O_APPEND, k.O_TRUNC, k.O_NOCTTY, k.O_LARGEFILE)),
  w(2, fc.constantFrom(k.O_DIRECTORY, k.O_NOATIME, k.O_DIRECT, k.O_EXCL, k.O_ACCMODE, k.O_ASYNC)),
  w(1, fc.constantFrom(k.O_SYNC, k.O_DSYNC, 0x8000000, k.O_CREAT, k.O_PATH, k.O_TMPFILE)),
);
const openFlags = fc
  .tuple(access, waiting, extra)
  .map(([how, whether, more]) => (how | whether | more) & 0x7fffffff);
const folderFlags = fc
  .tuple(fc.oneof(w(9, fc.constant(k.O_RDONLY)), w(1, access)), waiting, extra, fc.boolean())
  .map(([how, whether, more, isFolder]) => how | whether | more | (isFolder ? k.O_DIRECTORY : 0));

/** The mode is without effect where nothing is made. */
const noMode = fc.constantFrom(0, 0o644);

export const makeFifo = (weight: number): WeightedStep => step(weight, "mkfifo", newFifo, fifoMode);
export const makeFolder = (weight: number): WeightedStep => step(weight, "mkdir", newFolder, folderMode);
export const openFifo = (weight: number): WeightedStep => step(weight, "open", fifoPath, openFlags, noMode);

const fixed = (path: string): fc.Arbitrary<PathStep> => fc.constant({ path });
const process = fc.nat({ max: 2 });

/** Files to begin with: each is there in most cases, and those that it is in. */
export const someFiles: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    ...[
      step(1, "mkdir", fixed("d"), folderMode),
      step(1, "mkfifo", fixed("f"), fifoMode),
      step(1, "mkfifo", fixed("g"), fifoMode),
      step(1, "mkfifo", fixed("d/f"), fifoMode),
      step(1, "mkdir", fixed("d/e"), folderMode),
      step(1, "mkdir", fixed("e"), folderMode),
      step(1, "umask", mask),
    ].map(({ arbitrary }) => fc.option(arbitrary, { freq: 3 })),
  )
  .map((steps) => steps.filter((step) => step !== null));

/** FIFOs that nearly everybody may open. */
export const someFifos: fc.Arbitrary<readonly Step[]> = fc
  .tuple(process, fc.oneof(w(3, fc.constant(0)), w(1, fc.constant(0o022))), fc.option(fifoMode, { freq: 3 }))
  .map(([at, mask, mode]) => [
    { process: at, call: "umask", args: [mask] },
    { process: at, call: "mkfifo", args: [{ path: "f" }, 0o666] },
    { process: at, call: "mkfifo", args: [{ path: "g" }, mode ?? 0o666] },
    { process: at, call: "mkdir", args: [{ path: "d" }, 0o777] },
    { process: at, call: "mkfifo", args: [{ path: "d/f" }, 0o666] },
  ]);

/** Who may do what to what: everything but bytes. */
export const treeSteps: readonly WeightedStep[] = [
  makeFifo(12),
  makeFolder(12),
  openFifo(6),
  step(6, "open", folderPath, folderFlags, noMode),
  step(3, "open", oddPath, openFlags, noMode),
  step(9, "unlink", fc.oneof(w(10, fifoPath), w(2, anyPathOfCase))),
  // The one absolute path of a step: the kernel does not even look whether it may.
  step(8, "rmdir", fc.oneof(w(20, folderPath), w(4, anyPathOfCase), w(1, paths("/", "//", "/.")))),
  step(6, "chmod", fc.oneof(w(4, fifoPath), w(2, anyPathOfCase)), fifoMode),
  step(9, "chmod", fc.oneof(w(4, folderPath), w(1, paths(".")), w(1, anyPathOfCase)), folderMode),
  step(10, "stat", anyPathOfCase),
  step(4, "umask", mask),
  step(4, "fstat", anyFd),
];

/** Descriptors of directories: what can be done with them, and what not. */
export const folderDescriptorSteps: readonly WeightedStep[] = [
  step(2, "read", anyFd, fc.constantFrom({ room: 10 }, { room: 0 })),
  step(2, "write", anyFd, fc.constantFrom({ bytes: 10 }, { bytes: 0 })),
  step(1, "readv", anyFd, fc.constantFrom({ buffers: [3, 4] }, { buffers: [] })),
  step(1, "writev", anyFd, fc.constantFrom({ buffers: [3, 4] }, { buffers: [] })),
  step(2, "ioctl", anyFd, fc.constantFrom(k.FIONREAD, 0)),
  step(1, "fcntl", anyFd, fc.constantFrom(k.F_GETPIPE_SZ, k.F_SETPIPE_SZ), fc.constantFrom(4096, 0)),
  step(
    2,
    "fcntl",
    anyFd,
    fc.constant(k.F_SETFL),
    fc.constantFrom(0, k.O_DIRECT, k.O_NOATIME, k.O_APPEND, k.O_NONBLOCK),
  ),
  step(1, "fcntl", anyFd, fc.constant(k.F_GETFL), fc.constant(0)),
];
