// Rows of calls on signals: signal(7).
import * as n from "../../assembly/abi/calls.js";
import { signalSet } from "../arguments.js";
import { Call } from "../call.js";
import { catchableSignals } from "../signals.js";
import { type Rows, row } from "../syscall.js";

export const signalCalls = {
  sigwait: row(
    "sigwait",
    n.CALL_SIGWAIT,
    ["set"],
    {
      manual: "sigwait(3)",
      support: "partial",
      missing: `waits for ${[...catchableSignals.values()].join(", ")}: others are EINVAL; ENOSYS in Worker threads, and as a blocking call`,
      touches: ["process"],
      wait: "retry",
      restart: "SA_RESTART",
      errors: [{ errno: "EINVAL", when: "set has a number that is none of these signals" }],
    },
    (self, set) => new Call(self, 0, 0, 0, signalSet("sigwait", "set", set)),
  ),
} satisfies Rows;
