// Rows of calls on futexes.
import * as n from "../../assembly/abi/calls.js";
import { exactLong, int, nanoseconds, word } from "../arguments.js";
import { Call, type FutexRequest } from "../call.js";
import { argumentError } from "../errors.js";
import { isFutexWait } from "../futex.js";
import { EINTR, ENFILE, ENOMEM, type Rows, row } from "../syscall.js";

/** An address that may be left out. */
const addressOr0 = (argument: string, value: unknown): number =>
  value === undefined || value === null ? 0 : exactLong("futex", argument, value);

function timeoutOf(operation: number, value: unknown): Pick<FutexRequest, "timeout" | "value2"> {
  if (value === undefined || value === null) return { timeout: undefined, value2: 0 };
  if (isFutexWait(operation)) return { timeout: nanoseconds("futex", "timeout", value), value2: 0 };
  if (typeof value === "bigint") {
    throw argumentError("futex", "val2", "a number: this operation does not wait", value);
  }
  return { timeout: undefined, value2: word("futex", "val2", value) };
}

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
        ENFILE,
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
    (self, uaddr, futex_op, val, timeout, uaddr2, val3) => {
      const address = exactLong("futex", "uaddr", uaddr);
      const operation = int("futex", "futex_op", futex_op);
      return new Call(self, operation, word("futex", "val", val), 0, {
        address,
        ...timeoutOf(operation, timeout),
        otherAddress: addressOr0("uaddr2", uaddr2),
        value3: val3 === undefined ? 0 : word("futex", "val3", val3),
      });
    },
  ),
} satisfies Rows;
