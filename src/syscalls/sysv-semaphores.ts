// Rows of calls on System V semaphores.
import * as n from "../../assembly/abi/calls.js";
import { IPC_SET } from "../../assembly/abi/ipc.js";
import { SETALL, SETVAL } from "../../assembly/abi/sem.js";
import { int, nanoseconds, ownerSettings, semaphoreOperations, semaphoreValues } from "../arguments.js";
import { Call } from "../call.js";
import { BUFFER_IS_OURS, EINTR, ENOMEM, type ErrorRule, type Rows, row } from "../syscall.js";
import type { SemctlArgument } from "../sysv-semaphore.js";

const operationErrors: readonly ErrorRule[] = [
  { errno: "E2BIG", when: "more than semopm operations" },
  {
    errno: "EACCES",
    when: "the set's mode forbids to alter it, or to read it for those that only wait for 0",
  },
  { errno: "EAGAIN", when: "an operation would wait, and has IPC_NOWAIT; or the timeout is over" },
  { errno: "EFAULT", when: "the operations are not valid", unreachable: BUFFER_IS_OURS },
  { errno: "EFBIG", when: "the set has no semaphore num" },
  { errno: "EIDRM", when: "the set was removed meanwhile" },
  EINTR,
  { errno: "EINVAL", when: "no such set, no operation, or a negative timeout" },
  ENOMEM,
  { errno: "ERANGE", when: "a semaphore would come above 32767 (SEMVMX), or an adjustment out of its range" },
];

/** What semctl(2) takes by a command: of all others nothing counts. */
function argumentOf(command: number, argument: unknown): SemctlArgument {
  switch (command) {
    case SETVAL:
      return int("semctl", "argument", argument);
    case SETALL:
      return semaphoreValues("semctl", "argument", argument);
    case IPC_SET:
      return ownerSettings("semctl", "argument", argument);
    default:
      return undefined;
  }
}

export const sysvSemaphoreCalls = {
  semget: row(
    "semget",
    n.CALL_SEMGET,
    ["key", "nsems", "semflg"],
    {
      touches: ["System V semaphores", "credentials"],
      errors: [
        { errno: "EACCES", when: "the set's mode forbids what semflg asks for" },
        { errno: "EEXIST", when: "IPC_CREAT and IPC_EXCL, and the key has a set" },
        {
          errno: "EINVAL",
          when: "nsems is negative, 0 for a new set, above semmsl, or more than the set has",
        },
        { errno: "ENOENT", when: "the key has no set, and IPC_CREAT is not set" },
        ENOMEM,
        {
          errno: "ENOSPC",
          when: "there are semmni sets or semmns semaphores (on the model never more than 256 and 8192)",
        },
      ],
    },
    (self, key, nsems, semflg) =>
      new Call(
        self,
        int("semget", "key", key),
        int("semget", "nsems", nsems),
        int("semget", "semflg", semflg),
        undefined,
      ),
  ),
  semop: row(
    "semop",
    n.CALL_SEMOP,
    ["semid", "sops"],
    {
      result: "nothing",
      touches: ["System V semaphores", "credentials"],
      wait: "lane",
      errors: operationErrors,
    },
    (self, semid, sops) =>
      new Call(self, int("semop", "semid", semid), 0, 0, {
        operations: semaphoreOperations("semop", "sops", sops),
        timeout: undefined,
      }),
  ),
  semtimedop: row(
    "semtimedop",
    n.CALL_SEMTIMEDOP,
    ["semid", "sops", "timeout"],
    {
      manual: "semop(2)",
      result: "nothing",
      touches: ["System V semaphores", "clock", "credentials"],
      wait: "lane",
      errors: operationErrors,
    },
    (self, semid, sops, timeout) =>
      new Call(self, int("semtimedop", "semid", semid), 0, 0, {
        operations: semaphoreOperations("semtimedop", "sops", sops),
        timeout: timeout === null ? undefined : nanoseconds("semtimedop", "timeout", timeout),
      }),
  ),
  semctl: row(
    "semctl",
    n.CALL_SEMCTL,
    ["semid", "semnum", "cmd", "argument"],
    {
      result: "value",
      touches: ["System V semaphores", "credentials"],
      errors: [
        { errno: "EACCES", when: "the set's mode forbids to read it, or for SETVAL and SETALL to alter it" },
        { errno: "EFAULT", when: "SETALL with fewer values than the set has semaphores" },
        {
          errno: "EIDRM",
          when: "the set is removed at that moment",
          unreachable: "a moment between two instructions",
        },
        {
          errno: "EINVAL",
          when: "no such set, semaphore or command, or an ID that no user can have",
        },
        ENOMEM,
        { errno: "EPERM", when: "IPC_SET or IPC_RMID on another's set" },
        { errno: "ERANGE", when: "SETVAL or SETALL with a value out of 0 to 32767 (SEMVMX)" },
      ],
    },
    (self, semid, semnum, cmd, argument) => {
      const id = int("semctl", "semid", semid);
      const number = int("semctl", "semnum", semnum);
      const command = int("semctl", "cmd", cmd);
      return new Call(self, id, number, command, argumentOf(command, argument));
    },
  ),
} satisfies Rows;
