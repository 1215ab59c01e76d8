// POSIX message queues: opened in all ways, sent to and received from until they are full and empty, waited at, closed and
// removed. Few names and small queues, so that processes meet and limits are hit (isolation.ts lowers them).
import fc from "fast-check";
import * as k from "../../src/constants.js";
import { NEVER } from "../action.js";
import { tellingSignals } from "../signals.js";
import type { Handle, PathStep, Step, StepArgument } from "../step.js";
import { anyFd } from "./arguments.js";
import { interruption } from "./interruption.js";
import { step, type WeightedStep } from "./weighted.js";

const w = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

const names = (...list: readonly string[]): fc.Arbitrary<PathStep> =>
  fc.constantFrom(...list).map((path) => ({ path }));

const oddName: fc.Arbitrary<PathStep> = fc.oneof(
  w(4, names("/missing", "/", "", "q", "/.", "/..", "/a/b", "//q", "/q/", "/...", "/.q")),
  w(
    2,
    fc
      .tuple(fc.constantFrom("/~", "/~/x"), fc.constantFrom(254, 255, 256, 4093, 4094, 4095, 4096))
      .map(([path, times]) => ({ path, filling: "x", times })),
  ),
  w(1, fc.constantFrom({ path: "/~", filling: "é", times: 127 }, { path: "/~", filling: "é", times: 128 })),
);
const queueName = fc.oneof(w(12, names("/q")), w(8, names("/r")), w(3, names("/s", "/t", "/u", "/v")));
const anyName = fc.oneof(w(14, queueName), w(3, oddName));

const access = fc.oneof(w(3, fc.constantFrom(k.O_RDONLY, k.O_WRONLY)), w(5, fc.constant(k.O_RDWR)));
const creating = fc.oneof(
  w(6, fc.constant(k.O_CREAT)),
  w(3, fc.constant(0)),
  w(1, fc.constant(k.O_CREAT | k.O_EXCL)),
  w(1, fc.constant(k.O_EXCL)),
);
const waiting = fc.oneof(w(4, fc.constant(0)), w(2, fc.constant(k.O_NONBLOCK)));
const extra = fc.oneof(
  w(24, fc.constant(0)),
  w(2, fc.constantFrom(k.O_CLOEXEC, k.O_APPEND, k.O_TRUNC, k.O_NOCTTY, k.O_SYNC, k.O_ASYNC, k.O_NOATIME)),
  w(2, fc.constantFrom(k.O_DIRECT, k.O_ACCMODE, k.O_DIRECTORY, k.O_NOFOLLOW, 1 << 30, k.O_LARGEFILE)),
  w(1, fc.constantFrom(k.O_PATH, -1, k.O_TMPFILE)),
);
const oflag = fc
  .tuple(access, creating, waiting, extra)
  .map(([how, whether, waits, more]) => how | whether | waits | more);

const mode = fc.oneof(
  w(8, fc.constantFrom(0o666, 0o600, 0o777)),
  w(4, fc.constantFrom(0o622, 0o444, 0o222, 0o060, 0o006, 0, 0o640)),
  w(1, fc.constantFrom(0o7777, -1, 0o6666, 0x10000)),
);

const small = fc.oneof(w(6, fc.integer({ min: 1, max: 3 })), w(1, fc.constantFrom(4, 6)));
const attributes: fc.Arbitrary<StepArgument> = fc.oneof(
  w(
    16,
    fc.record({
      maxmsg: small,
      msgsize: fc.oneof(w(6, fc.constantFrom(1, 16, 60)), w(1, fc.constantFrom(2000, 4000))),
    }),
  ),
  w(3, fc.constant(null)),
  // All that RLIMIT_MSGQUEUE allows there (isolation.ts), with the kernel's own bytes for each message, and one more for each.
  w(1, fc.record({ maxmsg: fc.constant(5), msgsize: fc.constantFrom(3904, 3905) })),
  w(
    2,
    fc.record({
      maxmsg: fc.constantFrom(0, 1, 6, 7, -1, 65536, 2 ** 31, 2 ** 53 - 1),
      msgsize: fc.constantFrom(0, 1, 16, 4000, 4001, -1, 2 ** 24, 2 ** 40),
    }),
  ),
);

const queue: fc.Arbitrary<Handle> = fc.nat({ max: 11 }).map((mq) => ({ mq }));
const queueFd = fc.oneof(w(24, queue), w(1, anyFd));

const message = fc.oneof(
  w(10, fc.integer({ min: 0, max: 16 })),
  w(3, fc.constantFrom(1, 17, 60, 61, 200, 201)),
  w(1, fc.constantFrom(2000, 4000, 4001, 70000)),
);
const priority = fc.oneof(
  w(12, fc.integer({ min: 0, max: 3 })),
  w(1, fc.constantFrom(32767, 32768, 4294967295)),
);
const room = fc.oneof(
  w(20, fc.constant(4000)),
  w(4, fc.constantFrom(16, 60, 200)),
  w(2, fc.constantFrom(0, 1, 15, 59, 70000)),
);

/** Times that are past in the model too, none, and soon. */
const time: fc.Arbitrary<StepArgument> = fc.oneof(
  w(
    2,
    fc.constantFrom("0", "1", "999999999", "1000000000").map((nanoseconds) => ({ nanoseconds })),
  ),
  w(
    1,
    fc.constantFrom("-1", "-1000000000").map((nanoseconds) => ({ nanoseconds })),
  ),
  w(
    3,
    fc.constantFrom("300000", "1000000").map((soon) => ({ soon })),
  ),
  w(4, fc.constant({ nanoseconds: NEVER })),
);

const notification: fc.Arbitrary<StepArgument> = fc.oneof(
  w(5, fc.constant({ notify: k.SIGEV_NONE, signo: 0 })),
  w(
    10,
    fc.constantFrom(...tellingSignals).map((signo) => ({ notify: k.SIGEV_SIGNAL, signo })),
  ),
  w(4, fc.constant(null)),
  w(2, fc.constant({ notify: k.SIGEV_SIGNAL, signo: 0 })),
  w(
    1,
    fc.constantFrom(
      { notify: k.SIGEV_SIGNAL, signo: 65 },
      { notify: k.SIGEV_SIGNAL, signo: -1 },
      { notify: k.SIGEV_SIGNAL, signo: k.SIGKILL },
      { notify: k.SIGEV_SIGNAL, signo: 34 },
      { notify: k.SIGEV_NONE, signo: 99 },
      { notify: k.SIGEV_THREAD, signo: 0 },
      { notify: 4, signo: 0 },
      { notify: -1, signo: 0 },
    ),
  ),
);

const signals: fc.Arbitrary<StepArgument> = fc
  .oneof(
    w(8, fc.subarray([...tellingSignals], { minLength: 1 })),
    w(1, fc.constantFrom([], [k.SIGUSR1, k.SIGUSR1], [k.SIGKILL], [0], [k.SIGUSR2, 65])),
  )
  .map((list) => ({ signals: list }));

/** The line that read(2) gives of a queue ends in a pid: it is read whole, or up to the pid, or the pid alone. */
const statusRoom = fc.constantFrom(100, 60, 30, 53, 0).map((bytes) => ({ room: bytes }));

const pollQueue = fc.record({
  fd: queueFd,
  events: fc.oneof(
    w(6, fc.constantFrom(k.POLLIN, k.POLLOUT, k.POLLIN | k.POLLOUT)),
    w(1, fc.constantFrom(0, k.POLLPRI, k.POLLRDNORM, k.POLLWRNORM, 0xffff)),
  ),
});
const entries = fc.array(pollQueue, { minLength: 1, maxLength: 3 });

export const openQueue: WeightedStep = step(16, "mq_open", queueName, oflag, mode, attributes);

/** For the start of a case: what it makes works. */
export const makeQueue: WeightedStep = step(
  1,
  "mq_open",
  names("/q", "/r"),
  fc.constant(k.O_RDWR | k.O_CREAT),
  fc.constantFrom(0o666, 0o777, 0o600),
  fc.record({ maxmsg: small, msgsize: fc.constantFrom(16, 60) }),
);

const pass: readonly Step[] = [
  {
    process: 0,
    call: "mq_open",
    args: [{ path: "/q" }, k.O_RDWR | k.O_CREAT, 0o666, { maxmsg: 1, msgsize: 16 }],
  },
  { process: 0, call: "mq_unlink", args: [{ path: "/q" }] },
  { process: 0, call: "mq_close", args: [{ mq: 0 }] },
];

/** Queues that come and go: more of them than there may be at a time. */
export const passingQueues: fc.Arbitrary<readonly Step[]> = fc
  .integer({ min: 2, max: 5 })
  .map((times) => Array.from({ length: times }, () => pass).flat());

/** Two queues tell a process of their messages, before it waits for that: by two signals, or by one. */
export const toldOfTwo: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.constantFrom(...tellingSignals), fc.constantFrom(...tellingSignals))
  .map((signos) => {
    const made = (call: Step["call"], ...args: StepArgument[]): Step => ({ process: 0, call, args });
    const size = { maxmsg: 2, msgsize: 16 };
    const opened = ["/q", "/r"].map((path) => made("mq_open", { path }, k.O_RDWR | k.O_CREAT, 0o666, size));
    const told = signos.flatMap((signo, mq) => [
      made("mq_notify", { mq }, { notify: k.SIGEV_SIGNAL, signo }),
      made("mq_send", { mq }, { bytes: 1 }, 0),
    ]);
    return [...opened, ...told, made("sigwait", { signals: tellingSignals })];
  });

export const messageQueueSteps: readonly WeightedStep[] = [
  openQueue,
  step(4, "mq_open", anyName, oflag, mode, attributes),
  step(
    30,
    "mq_send",
    queueFd,
    message.map((bytes) => ({ bytes })),
    priority,
  ),
  step(
    7,
    "mq_timedsend",
    queueFd,
    message.map((bytes) => ({ bytes })),
    priority,
    time,
  ),
  step(
    30,
    "mq_receive",
    queueFd,
    room.map((bytes) => ({ room: bytes })),
  ),
  step(
    7,
    "mq_timedreceive",
    queueFd,
    room.map((bytes) => ({ room: bytes })),
    time,
  ),
  step(3, "mq_getattr", queueFd),
  step(
    4,
    "mq_setattr",
    queueFd,
    fc
      .oneof(w(8, fc.constantFrom(0, k.O_NONBLOCK)), w(1, fc.constantFrom(k.O_APPEND, -1, 1)))
      .map((flags) => ({ flags })),
  ),
  step(10, "mq_notify", queueFd, notification),
  step(9, "sigwait", signals),
  step(4, "mq_close", queueFd),
  step(2, "close", queueFd),
  step(4, "mq_unlink", queueName),
  step(2, "mq_unlink", anyName),
  step(5, "poll", entries, fc.constantFrom(0, -1)),
  step(5, "read", queueFd, statusRoom),
  step(1, "readv", queueFd, fc.constantFrom({ buffers: [30, 30] }, { buffers: [53] }, { buffers: [] })),
  step(
    1,
    "write",
    queueFd,
    fc.constantFrom(0, 10).map((bytes) => ({ bytes })),
  ),
  step(1, "writev", queueFd, fc.constantFrom({ buffers: [3, 4] }, { buffers: [] })),
  step(2, "fstat", queueFd),
  step(1, "ioctl", queueFd, fc.constantFrom(k.FIONREAD, 0)),
  step(
    3,
    "fcntl",
    queueFd,
    fc.constant(k.F_SETFL),
    fc.constantFrom(0, k.O_NONBLOCK, k.O_DIRECT, k.O_NOATIME, k.O_APPEND | k.O_ASYNC),
  ),
  step(2, "fcntl", queueFd, fc.constantFrom(k.F_GETFL, k.F_GETFD, k.F_GETPIPE_SZ), fc.constant(0)),
  step(2, "dup", queueFd),
  step(1, "dup2", queueFd, anyFd),
  step(6, "share", fc.nat({ max: 3 }), fc.oneof(w(6, queue), w(1, anyFd))),
  step(1, "pipe2", fc.constant(0)),
  step(1, "tee", anyFd, anyFd, fc.constant(10), fc.constant(0)),
  step(
    1,
    "splice",
    anyFd,
    fc.constant(null),
    anyFd,
    fc.constant(null),
    fc.constant(10),
    fc.constant(k.SPLICE_F_NONBLOCK),
  ),
  step(1, "vmsplice", queueFd, fc.constant({ buffers: [3] }), fc.constant(0)),
  step(1, "umask", fc.constantFrom(0, 0o022, 0o077)),
  interruption(6),
];
