// Rows of calls on futexes.
import * as n from "../../assembly/abi/calls.js";
import { exactLong, futexWaiters, int, nanoseconds, size, word } from "../arguments.js";
import { Call, type FutexRequest } from "../call.js";
import { argumentError } from "../errors.js";
import { isFutexWait } from "../futex.js";
import type { FutexWaitOptions, SyscallName } from "../linux.js";
import { flag } from "../options.js";
import { EINTR, ENOMEM, type ErrorRule, type Rows, row, type Syscall } from "../syscall.js";

/** An address that may be left out. */
const addressOr0 = (argument: string, value: unknown): number =>
  value === undefined || value === null ? 0 : exactLong("futex", argument, value);

function isRobust(options: unknown): boolean {
  if (typeof options !== "object" || options === null) return false;
  return flag("futex", "robust", (options as FutexWaitOptions).robust);
}

function timeoutOf(operation: number, value: unknown): Pick<FutexRequest, "timeout" | "value2"> {
  if (value === undefined || value === null) return { timeout: undefined, value2: 0 };
  if (isFutexWait(operation)) return { timeout: nanoseconds("futex", "timeout", value), value2: 0 };
  if (typeof value === "bigint") {
    throw argumentError("futex", "val2", "a number: this operation does not wait", value);
  }
  return { timeout: undefined, value2: word("futex", "val2", value) };
}

/** A time that may be left out: then the call waits for ever. */
const timeOr = (call: SyscallName, value: unknown): bigint | undefined =>
  value === undefined || value === null ? undefined : nanoseconds(call, "timeout", value);

const READ_FAULT = "not mapped, not readable, or beyond the end of the object";
const WRITE_FAULT = "not mapped, not to be written, or beyond the end of the object";

const wordErrors = (fault: string): readonly ErrorRule[] => [
  { errno: "EFAULT", when: fault },
  { errno: "EINVAL", when: "an address that is no multiple of 4" },
];

const OWN_MAPPING =
  "on a real kernel in a Worker thread: what this thread has mapped, anything else is EFAULT";

/** An access to a word: what it had before is the value. */
const accessed =
  (name: SyscallName) =>
  (self: Syscall, address: unknown, first?: unknown, second?: unknown): Call => {
    const payload = { address: exactLong(name, "address", address), timeout: undefined };
    if (name === "memory_load") return new Call(self, 0, 0, 0, payload);
    if (name !== "memory_compare_exchange") return new Call(self, word(name, "value", first), 0, 0, payload);
    const expected = word(name, "expected", first);
    return new Call(self, word(name, "replacement", second), expected, 0, payload);
  };

/** FUTEX_WAKE takes an int. */
const ALL = 0x7fffffff;

export const futexCalls = {
  futex: row(
    "futex",
    n.CALL_FUTEX,
    ["uaddr", "futex_op", "val", "timeout", "uaddr2", "val3"],
    {
      support: "partial",
      missing:
        "operations on priority inheritance and FUTEX_FD are ENOSYS; memory that is not mapped, or not to be read, is EFAULT also where Linux " +
        "would not look at it; a private mapping that may not be written is EFAULT without FUTEX_PRIVATE_FLAG, also that of a file",
      touches: ["address space", "clock", "futex", "shared memory"],
      wait: "lane",
      restart: "restart_block",
      errors: [
        { errno: "EACCES", when: "no read access", unreachable: "it is EFAULT" },
        { errno: "EAGAIN", when: "the word has not the value that was expected" },
        { errno: "EDEADLK", when: "priority inheritance", unreachable: "operations on it are ENOSYS" },
        {
          errno: "EFAULT",
          when: "a word is not mapped, or may not be read, or written; or a range that Linux cannot read",
        },
        EINTR,
        { errno: "EINVAL", when: "an odd address, a negative time or number to requeue, or no bits" },
        { errno: "ENFILE", when: "FUTEX_FD", unreachable: "FUTEX_FD is ENOSYS" },
        ENOMEM,
        {
          errno: "ENOSYS",
          when: "an unknown operation, or FUTEX_CLOCK_REALTIME with one that does not take it",
        },
        { errno: "EPERM", when: "priority inheritance", unreachable: "operations on it are ENOSYS" },
        { errno: "ESRCH", when: "priority inheritance", unreachable: "operations on it are ENOSYS" },
        { errno: "ETIMEDOUT", when: "the time is over" },
      ],
    },
    (self, uaddr, futex_op, val, timeout, uaddr2, val3, options) => {
      const address = exactLong("futex", "uaddr", uaddr);
      const operation = int("futex", "futex_op", futex_op);
      return new Call(self, operation, word("futex", "val", val), 0, {
        address,
        ...timeoutOf(operation, timeout),
        otherAddress: addressOr0("uaddr2", uaddr2),
        value3: val3 === undefined ? 0 : word("futex", "val3", val3),
        isRobust: isFutexWait(operation) && isRobust(options),
      });
    },
  ),
  futex_waitv: row(
    "futex_waitv",
    n.CALL_FUTEX_WAITV,
    ["waiters", "flags", "timeout", "clockid"],
    {
      support: "partial",
      missing:
        "FUTEX2_NUMA and FUTEX2_MPOL are ENOSYS, as all of it is on a real kernel without it; memory as of futex",
      touches: ["address space", "clock", "futex", "shared memory"],
      wait: "lane",
      errors: [
        { errno: "EAGAIN", when: "a word has not the value that was expected" },
        { errno: "EFAULT", when: "a word is not mapped, or may not be read" },
        EINTR,
        {
          errno: "EINVAL",
          when: "no words or more than 128, flags, a word of another size, an odd address, another clock, or a negative time",
        },
        ENOMEM,
        { errno: "ENOSYS", when: "FUTEX2_NUMA or FUTEX2_MPOL; or the kernel is older than 5.16" },
        { errno: "ETIMEDOUT", when: "the time is over" },
      ],
    },
    (self, waiters, flags, timeout, clockid) =>
      new Call(self, word("futex_waitv", "flags", flags), int("futex_waitv", "clockid", clockid), 0, {
        waiters: futexWaiters("futex_waitv", "waiters", waiters),
        timeout: timeOr("futex_waitv", timeout),
      }),
  ),
  set_robust_list: row(
    "set_robust_list",
    n.CALL_SET_ROBUST_LIST,
    ["head", "length"],
    {
      result: "nothing",
      support: "partial",
      missing:
        "on a real kernel a head that is not in a shared mapping of an object is EFAULT; on the model the list is the process's, and its number the pid",
      touches: ["address space", "futex", "process"],
      errors: [
        { errno: "EFAULT", when: "on a real kernel: not in a shared mapping of an object" },
        { errno: "EINVAL", when: "another length than 24" },
      ],
    },
    (self, head, length) =>
      new Call(self, 0, 0, 0, {
        address: exactLong("set_robust_list", "head", head),
        length: size("set_robust_list", "length", length),
      }),
  ),
  get_robust_list: row(
    "get_robust_list",
    n.CALL_GET_ROBUST_LIST,
    ["pid"],
    {
      manual: "set_robust_list(2)",
      result: "value",
      support: "partial",
      missing: "pid 0 only, the calling thread; any other is ENOSYS",
      touches: ["address space", "futex", "process"],
      errors: [
        {
          errno: "EFAULT",
          when: "the head or its length cannot be stored",
          unreachable: "it is the result",
        },
        { errno: "EPERM", when: "another's process", unreachable: "another pid is ENOSYS" },
        { errno: "ESRCH", when: "no such process", unreachable: "another pid is ENOSYS" },
      ],
    },
    (self, pid) => new Call(self, int("get_robust_list", "pid", pid), 0, 0, undefined),
  ),
  memory_load: row(
    "memory_load",
    n.CALL_MEMORY_LOAD,
    ["address"],
    {
      manual: "futex(2)",
      result: "value",
      support: "partial",
      missing: OWN_MAPPING,
      touches: ["address space", "shared memory"],
      errors: wordErrors(READ_FAULT),
    },
    accessed("memory_load"),
  ),
  memory_store: row(
    "memory_store",
    n.CALL_MEMORY_STORE,
    ["address", "value"],
    {
      manual: "futex(2)",
      result: "nothing",
      support: "partial",
      missing: OWN_MAPPING,
      touches: ["address space", "shared memory"],
      errors: wordErrors(WRITE_FAULT),
    },
    accessed("memory_store"),
  ),
  memory_add: row(
    "memory_add",
    n.CALL_MEMORY_ADD,
    ["address", "value"],
    {
      manual: "futex(2)",
      result: "value",
      support: "partial",
      missing: OWN_MAPPING,
      touches: ["address space", "shared memory"],
      errors: wordErrors(WRITE_FAULT),
    },
    accessed("memory_add"),
  ),
  memory_compare_exchange: row(
    "memory_compare_exchange",
    n.CALL_MEMORY_COMPARE_EXCHANGE,
    ["address", "expected", "replacement"],
    {
      manual: "futex(2)",
      result: "value",
      support: "partial",
      missing: OWN_MAPPING,
      touches: ["address space", "shared memory"],
      errors: wordErrors(WRITE_FAULT),
    },
    accessed("memory_compare_exchange"),
  ),
  memory_wait: row(
    "memory_wait",
    n.CALL_MEMORY_WAIT,
    ["address", "expected", "timeout"],
    {
      manual: "futex(2)",
      result: "value",
      touches: ["address space", "clock", "futex", "shared memory"],
      wait: "lane",
      restart: "restart_block",
      errors: [
        ...wordErrors(READ_FAULT).filter(({ errno }) => errno === "EFAULT"),
        EINTR,
        { errno: "EINVAL", when: "an odd address, or a negative time" },
        ENOMEM,
      ],
    },
    (self, address, expected, timeout) =>
      new Call(self, 0, word("memory_wait", "expected", expected), 0, {
        address: exactLong("memory_wait", "address", address),
        timeout: timeOr("memory_wait", timeout),
      }),
  ),
  memory_notify: row(
    "memory_notify",
    n.CALL_MEMORY_NOTIFY,
    ["address", "count"],
    {
      manual: "futex(2)",
      touches: ["address space", "futex", "shared memory"],
      errors: wordErrors(READ_FAULT),
    },
    (self, address, count) => {
      const most = count === undefined ? ALL : Math.min(size("memory_notify", "count", count), ALL);
      return new Call(self, most, 0, 0, {
        address: exactLong("memory_notify", "address", address),
        timeout: undefined,
      });
    },
  ),
} satisfies Rows;
