// Rows of calls on POSIX semaphores: sem_overview(7).
import * as n from "../../assembly/abi/calls.js";
import { CLOCK_REALTIME } from "../../assembly/abi/time.js";
import { exactLong, int, intOr, nanoseconds, path, unsigned } from "../arguments.js";
import { Call, type SemaphorePlace } from "../call.js";
import type { SyscallName } from "../linux.js";
import {
  EINTR,
  EMFILE,
  ENFILE,
  type ErrorRule,
  type KernelObject,
  type Rows,
  row,
  type Syscall,
} from "../syscall.js";

const touches: readonly KernelObject[] = ["POSIX semaphores", "address space", "shared memory"];

const ENAMETOOLONG: ErrorRule = {
  errno: "ENAMETOOLONG",
  when: "more than 251 bytes after the slashes in front",
};

const EFAULT: ErrorRule = {
  errno: "EFAULT",
  when: "no 32 bytes are mapped there that may be touched, or they lie beyond the end of the object",
};
const EINVAL: ErrorRule = {
  errno: "EINVAL",
  when: "no semaphore: the address is no multiple of 8, or the memory is not laid out as one",
};

/** What glibc leaves undefined, and is refused here. */
const GUARDED =
  "in C an address that is not mapped, or memory that is no semaphore, is undefined, and ends the process at worst; what another process does to " +
  "the memory while a call waits at it (cuts the object off, overwrites it) nobody can guard against";

const place = (name: SyscallName, sem: unknown): SemaphorePlace => ({ address: exactLong(name, "sem", sem) });

/** A call that waits until a time. */
function until(name: SyscallName, self: Syscall, sem: unknown, clockid: number, abs_timeout: unknown): Call {
  const call = new Call(self, clockid, 0, 0, place(name, sem));
  call.deadline = nanoseconds(name, "abs_timeout", abs_timeout);
  return call;
}

/** A call on a semaphore, which takes nothing else. */
const on =
  (name: SyscallName) =>
  (self: Syscall, sem: unknown): Call =>
    new Call(self, 0, 0, 0, place(name, sem));

const waitErrors: readonly ErrorRule[] = [EINTR, EINVAL, EFAULT];

export const posixSemaphoreCalls = {
  sem_open: row(
    "sem_open",
    n.CALL_SEM_OPEN,
    ["name", "oflag", "mode", "value"],
    {
      manual: "sem_open(3)",
      result: "value",
      support: "partial",
      missing:
        "of oflag O_CREAT and O_EXCL alone are passed on, where glibc before 2.38 passed on the rest too; a name of more than 255 bytes is " +
        "always ENAMETOOLONG, where glibc gives EINVAL",
      touches: [...touches, "credentials", "descriptor table"],
      errors: [
        { errno: "EACCES", when: "the mode forbids to read and to write" },
        { errno: "EEXIST", when: "O_CREAT and O_EXCL, and the semaphore is there already" },
        {
          errno: "EINVAL",
          when: "no name: empty but for slashes in front, or with a slash in it; or a new one's value is above SEM_VALUE_MAX",
        },
        EMFILE,
        ENAMETOOLONG,
        ENFILE,
        { errno: "ENOENT", when: "no such semaphore, without O_CREAT" },
        { errno: "ENOMEM", when: "no memory, or too many mappings", unreachable: "cannot be provoked" },
        {
          errno: "ENOSPC",
          when: "/dev/shm is full, on the model all objects are used up",
          unreachable: "would fill the machine's memory",
        },
      ],
    },
    (self, name, oflag, mode, value) =>
      new Call(self, int("sem_open", "oflag", oflag), intOr("sem_open", "mode", mode, 0), 0, {
        name: path("sem_open", "name", name),
        value: value === undefined ? 0 : unsigned("sem_open", "value", value),
      }),
  ),
  sem_close: row(
    "sem_close",
    n.CALL_SEM_CLOSE,
    ["sem"],
    {
      manual: "sem_close(3)",
      result: "nothing",
      support: "partial",
      missing: "EBUSY while a call of this process waits at it, which in C is undefined",
      touches,
      errors: [
        { errno: "EBUSY", when: "a call of this process waits at it" },
        { errno: "EINVAL", when: "not from sem_open" },
      ],
    },
    on("sem_close"),
  ),
  sem_unlink: row(
    "sem_unlink",
    n.CALL_SEM_UNLINK,
    ["name"],
    {
      manual: "sem_unlink(3)",
      result: "nothing",
      touches: ["POSIX semaphores", "shared memory", "credentials"],
      errors: [
        { errno: "EACCES", when: "another's semaphore, without CAP_FOWNER" },
        ENAMETOOLONG,
        { errno: "ENOENT", when: "no such semaphore, or no name" },
      ],
    },
    (self, name) => new Call(self, 0, 0, 0, path("sem_unlink", "name", name)),
  ),
  sem_init: row(
    "sem_init",
    n.CALL_SEM_INIT,
    ["sem", "pshared", "value"],
    {
      manual: "sem_init(3)",
      result: "nothing",
      support: "partial",
      missing: GUARDED,
      touches,
      errors: [
        { errno: "EINVAL", when: "a value above SEM_VALUE_MAX, or an address that is no multiple of 8" },
        EFAULT,
        { errno: "ENOSYS", when: "pshared without shared futexes", unreachable: "every Linux has them" },
      ],
    },
    (self, sem, pshared, value) =>
      new Call(
        self,
        int("sem_init", "pshared", pshared),
        unsigned("sem_init", "value", value),
        0,
        place("sem_init", sem),
      ),
  ),
  sem_destroy: row(
    "sem_destroy",
    n.CALL_SEM_DESTROY,
    ["sem"],
    {
      manual: "sem_destroy(3)",
      result: "nothing",
      support: "partial",
      missing: GUARDED,
      touches,
      errors: [EINVAL, EFAULT],
    },
    on("sem_destroy"),
  ),
  sem_wait: row(
    "sem_wait",
    n.CALL_SEM_WAIT,
    ["sem"],
    {
      manual: "sem_wait(3)",
      result: "nothing",
      support: "partial",
      missing: GUARDED,
      touches,
      wait: "lane",
      restart: "SA_RESTART",
      errors: waitErrors,
    },
    on("sem_wait"),
  ),
  sem_trywait: row(
    "sem_trywait",
    n.CALL_SEM_TRYWAIT,
    ["sem"],
    {
      manual: "sem_wait(3)",
      result: "nothing",
      support: "partial",
      missing: GUARDED,
      touches,
      errors: [
        { errno: "EAGAIN", when: "the semaphore is 0" },
        { errno: "EINTR", when: "a signal", unreachable: "it does not wait" },
        EINVAL,
        EFAULT,
      ],
    },
    on("sem_trywait"),
  ),
  sem_timedwait: row(
    "sem_timedwait",
    n.CALL_SEM_TIMEDWAIT,
    ["sem", "abs_timeout"],
    {
      manual: "sem_wait(3)",
      result: "nothing",
      support: "partial",
      missing: GUARDED,
      touches: [...touches, "clock"],
      wait: "lane",
      restart: "restart_block",
      errors: [...waitErrors, { errno: "ETIMEDOUT", when: "the time is over" }],
    },
    (self, sem, abs_timeout) => until("sem_timedwait", self, sem, CLOCK_REALTIME, abs_timeout),
  ),
  sem_clockwait: row(
    "sem_clockwait",
    n.CALL_SEM_CLOCKWAIT,
    ["sem", "clockid", "abs_timeout"],
    {
      manual: "sem_clockwait(3)",
      result: "nothing",
      support: "partial",
      missing: GUARDED,
      touches: [...touches, "clock"],
      wait: "lane",
      restart: "restart_block",
      errors: [
        ...waitErrors,
        { errno: "EINVAL", when: "neither CLOCK_REALTIME nor CLOCK_MONOTONIC" },
        { errno: "ENOSYS", when: "glibc before 2.30, or musl", unreachable: "this libc has it" },
        { errno: "ETIMEDOUT", when: "the time is over" },
      ],
    },
    (self, sem, clockid, abs_timeout) =>
      until("sem_clockwait", self, sem, int("sem_clockwait", "clockid", clockid), abs_timeout),
  ),
  sem_post: row(
    "sem_post",
    n.CALL_SEM_POST,
    ["sem"],
    {
      manual: "sem_post(3)",
      result: "nothing",
      support: "partial",
      missing: GUARDED,
      touches,
      errors: [EINVAL, { errno: "EOVERFLOW", when: "it has SEM_VALUE_MAX" }, EFAULT],
    },
    on("sem_post"),
  ),
  sem_getvalue: row(
    "sem_getvalue",
    n.CALL_SEM_GETVALUE,
    ["sem"],
    {
      manual: "sem_getvalue(3)",
      result: "value",
      support: "partial",
      missing: GUARDED,
      touches,
      errors: [EINVAL, EFAULT],
    },
    on("sem_getvalue"),
  ),
} satisfies Rows;
