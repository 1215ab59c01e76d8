// Rows of calls on descriptors, whatever they are open on.
import * as n from "../../assembly/abi/calls.js";
import { buffers, bytes, int, intOr, pollEntries } from "../arguments.js";
import { Call } from "../call.js";
import {
  BUFFER_IS_OURS,
  EBADF_FD,
  EINTR,
  EMFILE,
  ENOMEM,
  type ErrorRule,
  type Rows,
  row,
} from "../syscall.js";

/** What dup(2) lists for dup2 and dup3 alike. */
const dupOntoErrors: readonly ErrorRule[] = [
  { errno: "EBADF", when: "oldfd is not open, or newfd is out of range" },
  { errno: "EBUSY", when: "newfd is set aside for an open of this process that waits" },
  { errno: "EINTR", when: "a signal", unreachable: "closing a pipe does not wait" },
  { errno: "EMFILE", when: "newfd is not below RLIMIT_NOFILE", unreachable: "Linux gives EBADF" },
  ENOMEM,
];

const readErrors: readonly ErrorRule[] = [
  { errno: "EAGAIN", when: "nothing to read and O_NONBLOCK is set" },
  { errno: "EBADF", when: "fd is not open for reading" },
  { errno: "EFAULT", when: "buf is not valid", unreachable: BUFFER_IS_OURS },
  EINTR,
  { errno: "EINVAL", when: "fd cannot be read", unreachable: "pipes and directories have other answers" },
  { errno: "EIO", when: "an I/O error", unreachable: "pipes have no device" },
  { errno: "EISDIR", when: "fd is a directory" },
];

const writeErrors: readonly ErrorRule[] = [
  { errno: "EAGAIN", when: "no room and O_NONBLOCK is set" },
  { errno: "EBADF", when: "fd is not open for writing" },
  { errno: "EDESTADDRREQ", when: "an unconnected socket", unreachable: "no sockets yet" },
  { errno: "EDQUOT", when: "a disk quota", unreachable: "pipes have no disk" },
  { errno: "EFAULT", when: "buf is not valid", unreachable: BUFFER_IS_OURS },
  { errno: "EFBIG", when: "a file too big", unreachable: "a test would need 2^53 bytes" },
  EINTR,
  { errno: "EINVAL", when: "fd cannot be written", unreachable: "what is open for writing is a pipe" },
  { errno: "EIO", when: "an I/O error", unreachable: "pipes have no device" },
  { errno: "ENOSPC", when: "the disk is full", unreachable: "pipes have no disk" },
  { errno: "EPERM", when: "a seal of shared memory" },
  { errno: "EPIPE", when: "no reader is left" },
];

/** What readv(2) adds to both. */
const TOO_MANY_BUFFERS: ErrorRule = { errno: "EINVAL", when: "more than IOV_MAX buffers" };

const withVector = (errors: readonly ErrorRule[]): readonly ErrorRule[] => [
  ...errors.filter(({ errno }) => errno !== "EINVAL"),
  TOO_MANY_BUFFERS,
];

export const descriptorCalls = {
  read: row(
    "read",
    n.CALL_READ,
    ["fd", "buffer"],
    {
      touches: ["open file", "pipe", "shared memory"],
      wait: "retry",
      restart: "SA_RESTART",
      errors: readErrors,
    },
    (self, fd, buffer) => new Call(self, int("read", "fd", fd), 0, 0, bytes("read", "buffer", buffer)),
  ),
  write: row(
    "write",
    n.CALL_WRITE,
    ["fd", "buffer"],
    {
      touches: ["open file", "pipe", "shared memory"],
      wait: "retry",
      restart: "SA_RESTART",
      partialResult: true,
      errors: writeErrors,
    },
    (self, fd, buffer) => new Call(self, int("write", "fd", fd), 0, 0, bytes("write", "buffer", buffer)),
  ),
  readv: row(
    "readv",
    n.CALL_READV,
    ["fd", "buffers"],
    {
      touches: ["open file", "pipe", "shared memory"],
      wait: "retry",
      restart: "SA_RESTART",
      errors: withVector(readErrors),
    },
    (self, fd, vector) => new Call(self, int("readv", "fd", fd), 0, 0, buffers("readv", "buffers", vector)),
  ),
  writev: row(
    "writev",
    n.CALL_WRITEV,
    ["fd", "buffers"],
    {
      manual: "readv(2)",
      touches: ["open file", "pipe", "shared memory"],
      wait: "retry",
      restart: "SA_RESTART",
      partialResult: true,
      errors: withVector(writeErrors),
    },
    (self, fd, vector) => new Call(self, int("writev", "fd", fd), 0, 0, buffers("writev", "buffers", vector)),
  ),
  close: row(
    "close",
    n.CALL_CLOSE,
    ["fd"],
    {
      result: "nothing",
      touches: ["descriptor table", "open file", "pipe"],
      errors: [
        EBADF_FD,
        { errno: "EINTR", when: "a signal", unreachable: "closing a pipe does not wait" },
        { errno: "EIO", when: "an I/O error", unreachable: "pipes have no device" },
        { errno: "ENOSPC", when: "NFS", unreachable: "pipes have no disk" },
        { errno: "EDQUOT", when: "NFS", unreachable: "pipes have no disk" },
      ],
    },
    (self, fd) => new Call(self, int("close", "fd", fd), 0, 0, undefined),
  ),
  dup: row(
    "dup",
    n.CALL_DUP,
    ["oldfd"],
    {
      touches: ["descriptor table", "open file"],
      errors: [EBADF_FD, EMFILE, ENOMEM],
    },
    (self, oldfd) => new Call(self, int("dup", "oldfd", oldfd), 0, 0, undefined),
  ),
  dup2: row(
    "dup2",
    n.CALL_DUP2,
    ["oldfd", "newfd"],
    {
      manual: "dup(2)",
      support: "partial",
      missing: "a newfd that belongs to the JavaScript runtime is EBADF",
      touches: ["descriptor table", "open file", "pipe"],
      errors: dupOntoErrors,
    },
    (self, oldfd, newfd) =>
      new Call(self, int("dup2", "oldfd", oldfd), int("dup2", "newfd", newfd), 0, undefined),
  ),
  dup3: row(
    "dup3",
    n.CALL_DUP3,
    ["oldfd", "newfd", "flags"],
    {
      manual: "dup(2)",
      support: "partial",
      missing: "a newfd that belongs to the JavaScript runtime is EBADF",
      touches: ["descriptor table", "open file", "pipe"],
      errors: [
        ...dupOntoErrors,
        { errno: "EINVAL", when: "flags has an unknown bit, or oldfd equals newfd" },
      ],
    },
    (self, oldfd, newfd, flags) =>
      new Call(
        self,
        int("dup3", "oldfd", oldfd),
        int("dup3", "newfd", newfd),
        int("dup3", "flags", flags),
        undefined,
      ),
  ),
  fcntl: row(
    "fcntl",
    n.CALL_FCNTL,
    ["fd", "cmd", "arg"],
    {
      support: "partial",
      missing:
        "F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETPIPE_SZ, F_SETPIPE_SZ, F_ADD_SEALS and F_GET_SEALS; any other command is EINVAL",
      touches: ["descriptor table", "open file", "pipe", "shared memory"],
      errors: [
        EBADF_FD,
        {
          errno: "EBUSY",
          when: "F_SETPIPE_SZ below what the pipe holds, F_SEAL_WRITE where mappings for writing are",
        },
        {
          errno: "EINVAL",
          when: "an unknown command, F_DUPFD with arg not below RLIMIT_NOFILE, seals on what is no shared memory",
        },
        { errno: "EMFILE", when: "F_DUPFD found no free descriptor" },
        {
          errno: "EPERM",
          when: "F_SETPIPE_SZ beyond pipe-max-size or pipe-user-pages without CAP_SYS_RESOURCE, O_NOATIME on another's file, F_ADD_SEALS with F_SEAL_SEAL set or without a way to write",
        },
      ],
    },
    (self, fd, cmd, arg) =>
      new Call(
        self,
        int("fcntl", "fd", fd),
        int("fcntl", "cmd", cmd),
        intOr("fcntl", "arg", arg, 0),
        undefined,
      ),
  ),
  ioctl: row(
    "ioctl",
    n.CALL_IOCTL,
    ["fd", "request"],
    {
      support: "partial",
      missing: "FIONREAD only; any other request is ENOTTY",
      touches: ["open file", "pipe"],
      errors: [
        EBADF_FD,
        { errno: "EFAULT", when: "argp is not valid", unreachable: "argp is ours" },
        { errno: "EINVAL", when: "a bad request", unreachable: "pipes answer ENOTTY" },
        { errno: "ENOTTY", when: "the request is not for this kind of file" },
      ],
    },
    (self, fd, request) =>
      new Call(self, int("ioctl", "fd", fd), int("ioctl", "request", request), 0, undefined),
  ),
  poll: row(
    "poll",
    n.CALL_POLL,
    ["entries", "timeout"],
    {
      result: "value",
      touches: ["clock", "open file", "pipe"],
      wait: "retry",
      restart: "restart_block",
      errors: [
        { errno: "EFAULT", when: "fds is not valid", unreachable: BUFFER_IS_OURS },
        EINTR,
        { errno: "EINVAL", when: "more entries than RLIMIT_NOFILE" },
        ENOMEM,
      ],
    },
    (self, entries, timeout) =>
      new Call(self, int("poll", "timeout", timeout), 0, 0, pollEntries("poll", "entries", entries)),
  ),
} satisfies Rows;
