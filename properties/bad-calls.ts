// Calls that a careless or hostile program could make: wrong types, numbers out of range, descriptors that
// are closed or another's, detached buffers, revoked proxies, objects that throw when they are looked at.
// Whatever such a call comes to, it is a SyscallError, a TypeError or a result, on both backends alike, and
// never a crash.
//
// None of them waits for long, spawns a process or ends this one, provided that the descriptors of the
// process (`ownFds` of `badCallTo`) are ends of pipes whose other end is closed: those never block. Nor does one
// change who the process is, or touch a file outside of the directory that it works in.
import fc from "fast-check";
import { O_NONBLOCK } from "../src/constants.js";
import type { SyscallName } from "../src/linux.js";

/** Makes a value: fast-check itself looks at the values it generates, which hostile ones do not stand. */
type Maker = () => unknown;

/** A call by name, with any arguments at all. */
export interface BadCall {
  readonly name: SyscallName;
  /** Makes its arguments, anew each time: a call may change them. */
  readonly args: () => readonly unknown[];
}

/** The error that hostile objects throw: a call may pass it on as it is. */
export class HostileError extends TypeError {
  override readonly name = "HostileError";
}

function hostile(): never {
  throw new HostileError("looked at");
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(16);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** A typed array whose own properties lie about its length. */
function lyingBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  for (const name of ["length", "byteLength", "byteOffset"])
    Object.defineProperty(bytes, name, { value: length });
  return bytes;
}

const throwing = (): object =>
  new Proxy({}, { get: hostile, has: hostile, ownKeys: hostile, getPrototypeOf: hostile });

const make = (...makers: Maker[]): fc.Arbitrary<Maker> => fc.constantFrom(...makers);

const plain = (values: fc.Arbitrary<unknown>): fc.Arbitrary<Maker> => values.map((value) => () => value);

const objectOf = (fields: Record<string, fc.Arbitrary<Maker>>, requiredKeys?: []): fc.Arbitrary<Maker> =>
  fc
    .record(fields, requiredKeys && { requiredKeys })
    .map(
      (makers) => () => Object.fromEntries(Object.entries(makers).map(([name, maker]) => [name, maker?.()])),
    );

const wrongTypes = make(
  () => undefined,
  () => null,
  () => "",
  () => "3",
  () => "\0",
  () => true,
  () => 3n,
  () => -(1n << 64n),
  () => Symbol("3"),
  () => () => 3,
  () => [],
  () => [3],
  () => ({}),
  () => ({ valueOf: () => 3 }),
  () => ({ valueOf: hostile, toString: hostile, [Symbol.toPrimitive]: hostile }),
  () => Object.create(null),
  throwing,
  () => revoked({}),
  () => revoked([]),
  () => revoked(() => 3),
  () => new Date(Number.NaN),
);

const wrongNumbers = plain(
  fc.oneof(
    fc.constantFrom(
      Number.NaN,
      Infinity,
      -Infinity,
      0.5,
      -0.5,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 32,
      2 ** 53,
      -(2 ** 53),
    ),
    fc.double(),
  ),
);

/** A C int that is probably not a descriptor, a command, a flag. */
const strangeInts = plain(
  fc.oneof(
    fc.constantFrom(-1, -2, -(2 ** 31), 2 ** 31 - 1, 1 << 20, (1 << 20) - 1, 65536, 1024),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  ),
);

const ints = (min: number, max: number): fc.Arbitrary<Maker> => plain(fc.integer({ min, max }));

const strangeBytes = make(
  detached,
  () => new Uint8Array(0),
  () => new Uint8Array(3),
  () => new Uint8Array(new SharedArrayBuffer(5)),
  () => new Uint8Array(70000),
  () => lyingBytes(2 ** 33),
  () => lyingBytes(-1),
  () => Object.setPrototypeOf(new Float64Array(4), Uint8Array.prototype),
  () => Object.create(Uint8Array.prototype),
  () => new Proxy(new Uint8Array(4), {}),
  () => revoked(new Uint8Array(4)),
  () => new DataView(new ArrayBuffer(8)),
  () => new ArrayBuffer(8),
  () => new Int32Array(2),
  () => Object.defineProperty(new Uint8Array(4), "byteLength", { get: hostile }),
  () => new Uint8Array(new ArrayBuffer(8), 8, 0),
);

/** Lists of buffers, of group IDs: what is no list, or looks like one. */
const strangeLists = (items: fc.Arbitrary<Maker>): fc.Arbitrary<Maker> =>
  fc.oneof(
    { arbitrary: wrongTypes, weight: 2 },
    {
      arbitrary: fc.array(items, { maxLength: 4 }).map((makers) => () => makers.map((maker) => maker())),
      weight: 5,
    },
    {
      arbitrary: make(
        () => new Array(3),
        () => ({ length: 2 ** 40 }),
        () => Object.assign([], { [Symbol.iterator]: hostile }),
        () => Object.defineProperty([new Uint8Array(1)], 0, { get: hostile }),
        () => new Proxy([new Uint8Array(2)], {}),
        () => revoked([new Uint8Array(2)]),
        () => Array.from({ length: 1025 }, () => new Uint8Array(1)),
        () => new Uint8Array(4),
      ),
      weight: 1,
    },
  );

const buffers = strangeLists(
  fc.oneof(
    strangeBytes,
    wrongTypes,
    make(() => new Uint8Array(7)),
  ),
);

/** Never a list that a process could have: one member at least cannot be, or there are too many. */
const impossibleGroups = fc.oneof(
  {
    arbitrary: strangeLists(
      make(
        () => -1,
        () => -(2 ** 31),
        () => 2 ** 31,
        () => 0.5,
        () => "0",
        () => null,
      ),
    ).filter((maker) => !isPossible(maker)),
    weight: 40,
  },
  { arbitrary: make(() => Array.from({ length: 65537 }, () => 0)), weight: 1 },
);

function isPossible(maker: Maker): boolean {
  try {
    const made = maker();
    return Array.isArray(made) && made.every((group) => Number.isInteger(group) && group >= 0);
  } catch {
    return false;
  }
}

/** Never an ID that the process does not have. */
const impossibleIds = fc.oneof(
  make(() => -1),
  fc
    .constantFrom(-2, -(2 ** 31), 2 ** 31, 2 ** 32 - 1, 0.5, Number.NaN, Infinity)
    .map((value) => () => value),
  wrongTypes,
);

/** Relative ones that do not lead out, absolute ones that cannot be, and what is no path. */
const strangePaths = fc.oneof(
  {
    arbitrary: plain(
      fc.constantFrom(
        ...["a", "b", "b/c", "a/c", "missing/c", ".", "./a", "b/", "a/", "b/.", "b//c", "b/../a"],
        ...["é", "\u{1f600}", " ", "\n", "...", "-rf", "*", "a\\b", "%s%n"],
      ),
    ),
    weight: 5,
  },
  {
    arbitrary: make(
      () => "",
      () => "x".repeat(255),
      () => "x".repeat(256),
      () => "é".repeat(128),
      () => "./".repeat(2047),
      () => "./".repeat(2048),
      () => "x".repeat(100_000),
      () => "/dev/null/x",
      () => "/proc/nothing-of-that-name/x",
      () => "a\0b",
      () => "\ud800",
      () => "a\udc00",
      () => Object("a"),
      () => Buffer.from("a"),
      () => new URL("file:///nowhere"),
      () => ["a"],
    ),
    weight: 3,
  },
  { arbitrary: wrongTypes, weight: 1 },
);

/** A FIFO that is there may be opened: not so that it waits. */
const openFlags = fc.oneof(
  {
    arbitrary: plain(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((flags) => flags | O_NONBLOCK)),
    weight: 2,
  },
  {
    arbitrary: plain(
      fc.constantFrom(0, 1, 2, 3, 0o200000, 0o400000, 0o40000).map((flags) => flags | O_NONBLOCK),
    ),
    weight: 4,
  },
  { arbitrary: wrongTypes, weight: 1 },
);

const sizes = fc.oneof(
  ints(0, 20),
  plain(fc.constantFrom(-1, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER, 2 ** 53, 0.5, Number.NaN, Infinity)),
  wrongTypes,
);

const offsets = fc.oneof(
  {
    arbitrary: make(
      () => null,
      () => undefined,
    ),
    weight: 3,
  },
  {
    arbitrary: fc.oneof(wrongTypes, plain(fc.constantFrom(0n, -1n, 1n << 63n, (1n << 63n) - 1n, 5))),
    weight: 1,
  },
);

const strangePollEntry = fc.oneof(
  { arbitrary: wrongTypes, weight: 1 },
  {
    arbitrary: objectOf({
      fd: fc.oneof(strangeInts, wrongNumbers, wrongTypes, ints(-1, 64)),
      events: fc.oneof(ints(0, 0xffff), strangeInts, wrongTypes),
    }),
    weight: 3,
  },
);

const strangeEntries = fc.oneof(
  { arbitrary: wrongTypes, weight: 1 },
  {
    arbitrary: fc
      .array(strangePollEntry, { maxLength: 4 })
      .map((makers) => () => makers.map((maker) => maker())),
    weight: 4,
  },
  {
    arbitrary: make(
      () => new Array(5),
      () => ({ length: 2 ** 40 }),
      () => Object.assign([], { [Symbol.iterator]: hostile }),
      () => [
        {
          get fd() {
            return hostile();
          },
          events: 1,
        },
      ],
      () => Array.from({ length: 3000 }, () => ({ fd: -1, events: 1 })),
    ),
    weight: 1,
  },
);

const strangeOptions = fc.oneof(
  { arbitrary: make(() => undefined), weight: 2 },
  { arbitrary: wrongTypes, weight: 2 },
  {
    arbitrary: make(
      () => ({ signal: null }),
      () => ({ signal: {} }),
      () => ({ signal: AbortSignal.abort() }),
      () => ({ signal: Object.create(AbortSignal.prototype) }),
      () => ({ signal: new Proxy(new AbortController().signal, {}) }),
      () => ({
        get signal() {
          return hostile();
        },
      }),
    ),
    weight: 1,
  },
);

const strangePrograms = fc.oneof(
  wrongTypes,
  make(
    () => ({ url: "file:///nowhere", ordinal: 0, main: async () => {} }),
    () => ({ url: "__proto__", ordinal: 0, main: () => 0 }),
    () => ({ url: "file:///nowhere", ordinal: Symbol(), main: 1 }),
  ),
);

const strangeSpawnOptions = fc.oneof(
  wrongTypes,
  objectOf(
    { args: wrongTypes, fds: fc.oneof(wrongTypes, objectOf({ "": strangeInts })), execArgv: wrongTypes },
    [],
  ),
);

/** Times that are over at once, or no times. */
const strangeTimes = fc.oneof(
  wrongTypes,
  wrongNumbers,
  plain(fc.constantFrom(0n, 1n, -1n, -(2n ** 63n), -(2n ** 63n) + 1n, 2n ** 63n, 2n ** 64n)),
  plain(fc.bigInt({ min: -(2n ** 70n), max: 1000n })),
);

/** No names of message queues: nothing is made, whatever the flags. */
const queueName = fc.oneof(
  wrongTypes,
  plain(fc.constantFrom("", "/", "/.", "/..", "/a/b", "//", `/${"x".repeat(256)}`, "/a\0b", "/\ud800", "q")),
);

/** No names of shared memory. */
const objectName = fc.oneof(
  wrongTypes,
  plain(fc.constantFrom("", "/", "///", "/.", "..", "/a/b", `/${"x".repeat(256)}`, "/a\0b", "/\ud800", "a/")),
);

const queueSize = fc.oneof(
  wrongTypes,
  objectOf({ maxmsg: fc.oneof(wrongTypes, wrongNumbers), msgsize: fc.oneof(wrongTypes, wrongNumbers) }),
);

/** C longs, and what is none. */
const strangeLongs = fc.oneof(
  wrongTypes,
  wrongNumbers,
  plain(fc.constantFrom(0n, 1n, -1n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n)),
);

const strangeSettings = objectOf(
  {
    uid: fc.oneof(strangeInts, wrongTypes),
    gid: strangeInts,
    mode: fc.oneof(strangeInts, wrongNumbers),
    qbytes: fc.oneof(strangeInts, wrongNumbers, wrongTypes),
  },
  [],
);

/** What is no set, and sets with what is no signal, or none that can be waited for: one of others would be waited for. */
const strangeSignals = fc.oneof(
  make(
    () => undefined,
    () => 3,
    () => "12",
    throwing,
    () => revoked([]),
    () => ({ length: 2 ** 40 }),
    () => new Array(5),
    () => Object.assign([0], { [Symbol.iterator]: hostile }),
  ),
  fc
    .tuple(
      fc.oneof(wrongTypes, plain(fc.constantFrom(0, -1, 9, 11, 19, 34, 64, 65, 0.5, 2 ** 32))),
      ints(1, 2),
    )
    .map(([bad, good]) => () => [good(), bad(), good()]),
);

const strangeOperations = fc.oneof(
  wrongTypes,
  plain(fc.constantFrom([], [null], [[]], [1])),
  fc
    .array(
      objectOf(
        {
          num: fc.oneof(strangeInts, wrongNumbers, wrongTypes, ints(0, 3)),
          op: fc.oneof(strangeInts, wrongNumbers, ints(-2, 2)),
          flg: fc.oneof(strangeInts, wrongTypes, ints(0, 1)),
        },
        [],
      ),
      { maxLength: 3 },
    )
    .map((makers) => () => makers.map((maker) => maker())),
);

const strangeSemaphoreArguments = fc.oneof(
  wrongTypes,
  wrongNumbers,
  strangeInts,
  plain(fc.constantFrom([], [-1], [65536], ["1"], [0, 1], new Uint16Array(2), { length: 2 })),
  strangeSettings,
);

/** Milliseconds: never for long. */
const strangeTimeouts = fc.oneof(
  { arbitrary: make(() => 0), weight: 6 },
  {
    arbitrary: fc.oneof(wrongTypes, plain(fc.constantFrom(Number.NaN, 0.5, 2 ** 32, -(2 ** 40)))),
    weight: 3,
  },
  { arbitrary: make(() => 1), weight: 1 },
);

/**
 * Bad calls of a process.
 * @param ownFds descriptors that it has, which must never block: ends of pipes whose other end is closed
 */
export function badCallTo(ownFds: readonly number[]): fc.Arbitrary<BadCall> {
  const own = plain(ownFds.length > 0 ? fc.constantFrom(...ownFds) : fc.constant(-1));
  const fd = fc.oneof(
    { arbitrary: own, weight: 4 },
    // Closed ones, and those of the runtime.
    { arbitrary: ints(0, 64), weight: 4 },
    { arbitrary: strangeInts, weight: 2 },
    { arbitrary: wrongNumbers, weight: 1 },
    { arbitrary: wrongTypes, weight: 2 },
  );
  const bytes = fc.oneof(strangeBytes, wrongTypes, wrongNumbers);
  const int = fc.oneof(strangeInts, wrongNumbers, wrongTypes, ints(-5, 20));
  // None that is mapped: what a case maps is unmapped at once.
  const address = fc.oneof(int, sizes, plain(fc.constantFrom(65536, 2 ** 47 - 4096, 0x7f0000000000)));
  // Never one that is there: a call might wait in its line.
  const queue = fc.oneof(ints(-(2 ** 31), -1), ints(0x7fffff00, 0x7fffffff), wrongNumbers, wrongTypes);
  const call = (name: SyscallName, ...args: fc.Arbitrary<Maker>[]): fc.Arbitrary<BadCall> =>
    fc.tuple(...args).map((makers) => ({ name, args: () => makers.map((maker) => maker()) }));
  return fc.oneof(
    call("pipe2", int),
    call("read", fd, bytes, strangeOptions),
    call("write", fd, bytes, strangeOptions),
    call("mq_open", queueName, int, int, queueSize),
    call("mq_close", fd),
    call("mq_unlink", queueName),
    call("mq_send", fd, bytes, int, strangeOptions),
    call("mq_timedsend", fd, bytes, int, strangeTimes, strangeOptions),
    call("mq_receive", fd, bytes, strangeOptions),
    call("mq_timedreceive", fd, bytes, strangeTimes, strangeOptions),
    call("mq_getattr", fd),
    call("mq_setattr", fd, fc.oneof(wrongTypes, objectOf({ flags: int }))),
    call("mq_notify", fd, fc.oneof(wrongTypes, objectOf({ notify: int, signo: int }))),
    call("sigwait", strangeSignals, strangeOptions),
    // No name that is one: nothing is made.
    call("shm_open", objectName, openFlags, int),
    call("shm_unlink", objectName),
    call("memfd_create", fc.oneof(objectName, queueName), int),
    call("ftruncate", fd, fc.oneof(int, sizes)),
    call("pread", fd, bytes, fc.oneof(int, sizes)),
    call("pwrite", fd, bytes, fc.oneof(int, sizes)),
    call(
      "mmap",
      fc.oneof(
        make(() => null),
        int,
      ),
      fc.oneof(sizes, int),
      fc.oneof(int, ints(0, 3)),
      fc.oneof(int, ints(0, 0x23)),
      fd,
      fc.oneof(int, sizes),
    ),
    call("munmap", fc.oneof(int, sizes), fc.oneof(int, sizes)),
    call("mprotect", fc.oneof(int, sizes), fc.oneof(int, sizes), fc.oneof(int, ints(0, 4))),
    call("msync", fc.oneof(int, sizes), fc.oneof(int, sizes), fc.oneof(int, ints(0, 8))),
    call("memory_read", fc.oneof(int, sizes), bytes),
    call("memory_write", fc.oneof(int, sizes), bytes),
    // No name that is one, or none that is there: nothing is made.
    call("sem_open", objectName, ints(0, 0o77), int, fc.oneof(int, sizes)),
    call("sem_unlink", objectName),
    call("sem_close", address),
    call("sem_init", address, int, fc.oneof(int, sizes)),
    call("sem_destroy", address),
    call("sem_wait", address, strangeOptions),
    call("sem_trywait", address),
    call("sem_timedwait", address, strangeTimes, strangeOptions),
    call("sem_clockwait", address, int, strangeTimes, strangeOptions),
    call("sem_post", address),
    call("sem_getvalue", address),
    call(
      "futex",
      fc.oneof(int, sizes),
      fc.oneof(int, ints(0, 14)),
      fc.oneof(int, sizes),
      fc.oneof(strangeTimes, int),
      fc.oneof(int, sizes),
      int,
    ),
    call(
      "futex_waitv",
      fc.oneof(
        wrongTypes,
        fc.constant(() => []),
        objectOf({ val: int, uaddr: sizes, flags: ints(0, 3) }).map((one) => () => [one()]),
      ),
      int,
      strangeTimes,
      int,
    ),
    call("set_robust_list", fc.oneof(int, sizes), fc.oneof(wrongTypes, ints(25, 99))),
    call("get_robust_list", int),
    call("memory_load", fc.oneof(int, sizes)),
    call("memory_store", fc.oneof(int, sizes), fc.oneof(int, sizes)),
    call("memory_add", fc.oneof(int, sizes), fc.oneof(int, sizes)),
    call("memory_compare_exchange", fc.oneof(int, sizes), int, int),
    call("memory_wait", fc.oneof(int, sizes), int, strangeTimes, strangeOptions),
    call("memory_notify", fc.oneof(int, sizes), fc.oneof(int, sizes)),
    call("close", fd),
    call("dup", fd),
    call("dup2", fd, fd),
    call("dup3", fd, fd, int),
    call("fcntl", fd, fc.oneof(int, plain(fc.constantFrom(0, 1030, 1, 2, 3, 4, 1031, 1032))), int),
    call(
      "ioctl",
      fd,
      fc.oneof(
        int,
        make(() => 0x541b),
      ),
    ),
    call("poll", strangeEntries, strangeTimeouts, strangeOptions),
    call("clock_gettime", int),
    call(
      "clock_nanosleep",
      int,
      fc.oneof(
        int,
        make(() => 0),
      ),
      strangeTimes,
      strangeOptions,
    ),
    // Neither IPC_PRIVATE nor IPC_CREAT: the queue would stay.
    call(
      "msgget",
      fc.oneof(wrongNumbers, wrongTypes, ints(-(2 ** 31), -1)),
      fc.oneof(wrongTypes, ints(0, 0o777)),
    ),
    call("msgsnd", queue, fc.oneof(strangeLongs, int), bytes, int, strangeOptions),
    call("msgrcv", queue, bytes, fc.oneof(strangeLongs, int), int, strangeOptions),
    call("msgctl", queue, fc.oneof(int, ints(-1, 14)), fc.oneof(strangeSettings, wrongTypes)),
    call("ftok", fc.oneof(wrongTypes, strangePaths), int),
    // As of queues.
    call(
      "semget",
      fc.oneof(wrongNumbers, wrongTypes, ints(-(2 ** 31), -1)),
      int,
      fc.oneof(wrongTypes, ints(0, 0o777)),
    ),
    call("semop", queue, strangeOperations, strangeOptions),
    call("semtimedop", queue, strangeOperations, fc.oneof(strangeTimes, int), strangeOptions),
    call("semctl", queue, int, fc.oneof(int, ints(-1, 21)), strangeSemaphoreArguments),
    call(
      "shmget",
      fc.oneof(wrongNumbers, wrongTypes, ints(-(2 ** 31), -1)),
      fc.oneof(sizes, int),
      fc.oneof(wrongTypes, ints(0, 0o777)),
    ),
    call("shmat", queue, fc.oneof(int, sizes), int),
    call("shmdt", fc.oneof(int, sizes)),
    call("shmctl", queue, fc.oneof(int, ints(-1, 16)), fc.oneof(strangeSettings, wrongTypes)),
    call("spawn", strangePrograms, strangeSpawnOptions),
    call("waitpid", int, fc.oneof(int, ints(0, 1)), strangeOptions),
    // Any integer would end the process, as it should.
    call("exit", wrongTypes),
    call("kill", fc.oneof(strangeInts, wrongNumbers, wrongTypes), int),
    call("readv", fd, buffers, strangeOptions),
    call("writev", fd, buffers, strangeOptions),
    call("tee", fd, fd, sizes, int, strangeOptions),
    call("splice", fd, offsets, fd, offsets, sizes, int, strangeOptions),
    call("vmsplice", fd, buffers, int, strangeOptions),
    call("open", strangePaths, openFlags, int, strangeOptions),
    call("mkfifo", strangePaths, int),
    call("mkdir", strangePaths, int),
    call("rmdir", strangePaths),
    call("unlink", strangePaths),
    call("chmod", strangePaths, int),
    call("stat", strangePaths),
    call("fstat", fd),
    call("umask", int),
    call("getuid", int),
    call("getgroups", int),
    call("setresuid", impossibleIds, impossibleIds, impossibleIds),
    call("setresgid", impossibleIds, impossibleIds, impossibleIds),
    call("setgroups", impossibleGroups),
  );
}
