// Rows of calls on clocks.
import * as n from "../../assembly/abi/calls.js";
import { int, nanoseconds } from "../arguments.js";
import { Call } from "../call.js";
import { EINTR, type Rows, row } from "../syscall.js";

export const clockCalls = {
  clock_gettime: row(
    "clock_gettime",
    n.CALL_CLOCK_GETTIME,
    ["clockid"],
    {
      result: "value",
      support: "partial",
      missing: "the CPU-time, TAI and alarm clocks are EINVAL",
      touches: ["clock"],
      errors: [
        { errno: "EFAULT", when: "tp is not valid", unreachable: "tp is ours" },
        { errno: "EINVAL", when: "an unknown clock" },
        { errno: "ENOTSUP", when: "a clock the machine lacks", unreachable: "dynamic clocks only" },
      ],
    },
    (self, clockid) => new Call(self, int("clock_gettime", "clockid", clockid), 0, 0, undefined),
  ),
  clock_nanosleep: row(
    "clock_nanosleep",
    n.CALL_CLOCK_NANOSLEEP,
    ["clockid", "flags", "request"],
    {
      result: "nothing",
      support: "partial",
      missing: "the CPU-time, TAI and alarm clocks are EINVAL",
      touches: ["clock"],
      wait: "timer",
      restart: "restart_block",
      errors: [
        { errno: "EFAULT", when: "request is not valid", unreachable: "request is ours" },
        EINTR,
        { errno: "EINVAL", when: "a time that is negative, or an unknown clock" },
        { errno: "EOPNOTSUPP", when: "a clock that cannot be slept on" },
      ],
    },
    (self, clockid, flags, request) =>
      new Call(
        self,
        int("clock_nanosleep", "clockid", clockid),
        int("clock_nanosleep", "flags", flags),
        0,
        nanoseconds("clock_nanosleep", "request", request),
      ),
  ),
} satisfies Rows;
