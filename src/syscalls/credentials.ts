// Rows of calls on the credentials of a process.
import * as n from "../../assembly/abi/calls.js";
import { groupList, int } from "../arguments.js";
import { Call } from "../call.js";
import { ENOMEM, type ErrorRule, type Rows, row } from "../syscall.js";

const id = (name: "getuid" | "geteuid" | "getgid" | "getegid", number: number, manual: string) =>
  row(
    name,
    number,
    [],
    { manual, touches: ["credentials"], errors: [] },
    (self) => new Call(self, 0, 0, 0, undefined),
  );

const setErrors: readonly ErrorRule[] = [
  {
    errno: "EAGAIN",
    when: "the user has RLIMIT_NPROC processes",
    unreachable: "execve(2) tells, since Linux 3.1",
  },
  { errno: "EINVAL", when: "an ID that no user or group can have" },
  { errno: "EPERM", when: "an ID that is none of the three, without the capability" },
];

const setIds = (
  name: "setresuid" | "setresgid",
  number: number,
  parameters: readonly [string, string, string],
) =>
  row(
    name,
    number,
    parameters,
    { manual: "setresuid(2)", result: "nothing", touches: ["credentials"], errors: setErrors },
    (self, real, effective, saved) =>
      new Call(
        self,
        int(name, parameters[0], real),
        int(name, parameters[1], effective),
        int(name, parameters[2], saved),
        undefined,
      ),
  );

export const credentialCalls = {
  getuid: id("getuid", n.CALL_GETUID, "getuid(2)"),
  geteuid: id("geteuid", n.CALL_GETEUID, "getuid(2)"),
  getgid: id("getgid", n.CALL_GETGID, "getgid(2)"),
  getegid: id("getegid", n.CALL_GETEGID, "getgid(2)"),
  getgroups: row(
    "getgroups",
    n.CALL_GETGROUPS,
    [],
    {
      result: "value",
      touches: ["credentials"],
      errors: [
        { errno: "EFAULT", when: "list is not valid", unreachable: "list is ours" },
        { errno: "EINVAL", when: "list is too short", unreachable: "list is ours" },
      ],
    },
    (self) => new Call(self, 0, 0, 0, undefined),
  ),
  setresuid: setIds("setresuid", n.CALL_SETRESUID, ["ruid", "euid", "suid"]),
  setresgid: setIds("setresgid", n.CALL_SETRESGID, ["rgid", "egid", "sgid"]),
  setgroups: row(
    "setgroups",
    n.CALL_SETGROUPS,
    ["list"],
    {
      manual: "getgroups(2)",
      result: "nothing",
      support: "partial",
      missing: "at most 16 groups on the model: more are ENOMEM there",
      touches: ["credentials"],
      errors: [
        { errno: "EFAULT", when: "list is not valid", unreachable: "list is ours" },
        { errno: "EINVAL", when: "more than NGROUPS_MAX groups, or one that cannot be" },
        ENOMEM,
        { errno: "EPERM", when: "without CAP_SETGID" },
      ],
    },
    (self, list) => new Call(self, 0, 0, 0, groupList("setgroups", "list", list)),
  ),
} satisfies Rows;
