// Rows of calls on processes.
import * as n from "../../assembly/abi/calls.js";
import { int, intOr, spawnRequest } from "../arguments.js";
import { Call } from "../call.js";
import { EINTR, ENOMEM, type Rows, row } from "../syscall.js";

/** Errors of execve(2). */
const onlyReal = "but by an executable on a real kernel";

export const processCalls = {
  getpid: row(
    "getpid",
    n.CALL_GETPID,
    [],
    { touches: ["process"], errors: [] },
    (self) => new Call(self, 0, 0, 0, undefined),
  ),
  getppid: row(
    "getppid",
    n.CALL_GETPPID,
    [],
    { manual: "getpid(2)", touches: ["process"], errors: [] },
    (self) => new Call(self, 0, 0, 0, undefined),
  ),
  gettid: row(
    "gettid",
    n.CALL_GETTID,
    [],
    { touches: ["process"], errors: [] },
    (self) => new Call(self, 0, 0, 0, undefined),
  ),
  spawn: row(
    "spawn",
    n.CALL_SPAWN,
    ["program", "options"],
    {
      manual: "posix_spawn(3)",
      support: "partial",
      missing:
        "programs made by program(), files named by executable(); on the model a stand-in of the file, or ENOSYS",
      touches: ["process", "descriptor table", "open file"],
      errors: [
        { errno: "EBADF", when: "a descriptor to pass is not open" },
        { errno: "EAGAIN", when: "no process can be made", unreachable: "would exhaust the machine" },
        ENOMEM,
        { errno: "ENOSYS", when: "an executable without a stand-in", unreachable: "but on the model" },
        { errno: "ENOENT", when: "no such executable, or its interpreter is missing", unreachable: onlyReal },
        { errno: "EACCES", when: "it may not be executed, or reached", unreachable: onlyReal },
        { errno: "ENOEXEC", when: "its format is not known", unreachable: onlyReal },
        { errno: "ENOTDIR", when: "a part on the way is no directory", unreachable: onlyReal },
        { errno: "ELOOP", when: "too many symbolic links on the way", unreachable: onlyReal },
        { errno: "ENAMETOOLONG", when: "the path, or a part of it, is too long", unreachable: onlyReal },
        { errno: "E2BIG", when: "arguments and environment are too long", unreachable: onlyReal },
        { errno: "ETXTBSY", when: "it is open for writing", unreachable: onlyReal },
      ],
    },
    (self, program, options) => new Call(self, 0, 0, 0, spawnRequest("spawn", program, options)),
  ),
  waitpid: row(
    "waitpid",
    n.CALL_WAITPID,
    ["pid", "options"],
    {
      result: "value",
      support: "partial",
      missing: "pid 0 or below -1 (process groups) is ENOSYS; WUNTRACED and WCONTINUED are EINVAL",
      touches: ["process"],
      wait: "retry",
      restart: "SA_RESTART",
      errors: [
        { errno: "EAGAIN", when: "a pidfd with PIDFD_NONBLOCK", unreachable: "waitpid takes no pidfd" },
        { errno: "ECHILD", when: "not a child, or already reaped" },
        EINTR,
        { errno: "EINVAL", when: "an unknown option" },
        { errno: "ESRCH", when: "pid is INT_MIN", unreachable: "process groups are ENOSYS" },
      ],
    },
    (self, pid, options) =>
      new Call(self, int("waitpid", "pid", pid), intOr("waitpid", "options", options, 0), 0, undefined),
  ),
  exit: row(
    "exit",
    n.CALL_EXIT,
    ["status"],
    {
      manual: "exit(3)",
      result: "nothing",
      touches: ["process", "descriptor table", "open file", "pipe"],
      errors: [],
    },
    (self, status) => new Call(self, int("exit", "status", status), 0, 0, undefined),
  ),
  kill: row(
    "kill",
    n.CALL_KILL,
    ["pid", "sig"],
    {
      result: "nothing",
      support: "partial",
      missing: "SIGKILL and 0; another signal, or a process group (pid 0 or below), is ENOSYS",
      touches: ["process"],
      errors: [
        { errno: "EINVAL", when: "not a signal" },
        { errno: "EPERM", when: "another user's process" },
        { errno: "ESRCH", when: "no such process" },
      ],
    },
    (self, pid, sig) => new Call(self, int("kill", "pid", pid), int("kill", "sig", sig), 0, undefined),
  ),
} satisfies Rows;
