// Rows of calls on paths.
import * as n from "../../assembly/abi/calls.js";
import { int, intOr, path } from "../arguments.js";
import { Call } from "../call.js";
import {
  BUFFER_IS_OURS,
  EBADF_FD,
  EINTR,
  EMFILE,
  ENFILE,
  ENOMEM,
  type ErrorRule,
  type Rows,
  row,
} from "../syscall.js";

const ONLY_FIFOS = "the model's tree holds directories and FIFOs only";
const NO_DISK = "the model's tree is in memory";

/** What walking a path can come to: path_resolution(7). */
const walkErrors: readonly ErrorRule[] = [
  { errno: "EACCES", when: "a directory on the way may not be searched" },
  { errno: "EFAULT", when: "the path is not valid", unreachable: BUFFER_IS_OURS },
  { errno: "ELOOP", when: "too many symbolic links", unreachable: "the model's tree has no links" },
  { errno: "ENAMETOOLONG", when: "a name is over NAME_MAX bytes, or the path over PATH_MAX" },
  { errno: "ENOENT", when: "a part of the path is not there, or the path is empty" },
  ENOMEM,
  { errno: "ENOTDIR", when: "a part on the way is no directory" },
];

/** What changing a directory can come to, beside. */
const changeErrors: readonly ErrorRule[] = [
  ...walkErrors.filter(({ errno }) => errno !== "EACCES"),
  { errno: "EACCES", when: "a directory on the way may not be searched, or the last one not written" },
  { errno: "EROFS", when: "a read-only file system", unreachable: NO_DISK },
];

/** What making a file can come to, beside. */
const makeErrors: readonly ErrorRule[] = [
  ...changeErrors,
  { errno: "EDQUOT", when: "a disk quota", unreachable: NO_DISK },
  { errno: "EEXIST", when: "the path is there already" },
  { errno: "ENOSPC", when: "the disk is full", unreachable: "would fill the machine's disk" },
];

export const pathCalls = {
  open: row(
    "open",
    n.CALL_OPEN,
    ["path", "flags", "mode"],
    {
      support: "partial",
      missing: `O_CREAT, O_PATH and O_TMPFILE are ENOSYS: ${ONLY_FIFOS}; a process waits in 64 openings at a time (LINUX_IPC_MAX_LANES), one more is EAGAIN`,
      touches: ["credentials", "descriptor table", "directory tree", "open file", "pipe"],
      wait: "lane",
      restart: "SA_RESTART",
      errors: [
        ...walkErrors.filter(({ errno }) => errno !== "EACCES"),
        {
          errno: "EACCES",
          when: "a directory on the way may not be searched, or the mode forbids the access",
        },
        { errno: "EBUSY", when: "a block device in use", unreachable: ONLY_FIFOS },
        { errno: "EDQUOT", when: "a disk quota", unreachable: "O_CREAT is ENOSYS" },
        { errno: "EEXIST", when: "O_CREAT and O_EXCL", unreachable: "O_CREAT is ENOSYS" },
        { errno: "EFBIG", when: "a big file", unreachable: ONLY_FIFOS },
        EINTR,
        { errno: "EINVAL", when: "O_RDWR and O_WRONLY together, or O_DIRECT on a FIFO or directory" },
        { errno: "EISDIR", when: "a directory is opened for writing" },
        EMFILE,
        ENFILE,
        { errno: "ENODEV", when: "a device without a driver", unreachable: ONLY_FIFOS },
        { errno: "ENOSPC", when: "the disk is full", unreachable: "O_CREAT is ENOSYS" },
        { errno: "ENXIO", when: "a FIFO is opened with O_WRONLY and O_NONBLOCK, and has no reader" },
        { errno: "EOPNOTSUPP", when: "O_TMPFILE", unreachable: "O_TMPFILE is ENOSYS" },
        { errno: "EOVERFLOW", when: "a big file", unreachable: ONLY_FIFOS },
        { errno: "EPERM", when: "O_NOATIME on another's file" },
        { errno: "EROFS", when: "a read-only file system", unreachable: NO_DISK },
        { errno: "ETXTBSY", when: "a program that runs", unreachable: ONLY_FIFOS },
      ],
    },
    (self, name, flags, mode) =>
      new Call(
        self,
        int("open", "flags", flags),
        intOr("open", "mode", mode, 0),
        0,
        path("open", "path", name),
      ),
  ),
  mkfifo: row(
    "mkfifo",
    n.CALL_MKFIFO,
    ["path", "mode"],
    {
      manual: "mkfifo(3)",
      result: "nothing",
      touches: ["credentials", "directory tree"],
      // mknod(2)
      errors: [...makeErrors, { errno: "EINVAL", when: "mode names another type of file" }],
    },
    (self, name, mode) => new Call(self, int("mkfifo", "mode", mode), 0, 0, path("mkfifo", "path", name)),
  ),
  mkdir: row(
    "mkdir",
    n.CALL_MKDIR,
    ["path", "mode"],
    {
      result: "nothing",
      touches: ["credentials", "directory tree"],
      errors: [
        ...makeErrors,
        {
          errno: "EINVAL",
          when: "a name that the file system forbids",
          unreachable: "ext4 and tmpfs forbid none",
        },
        { errno: "EMLINK", when: "too many directories in one", unreachable: "tmpfs has no such limit" },
        {
          errno: "EPERM",
          when: "a file system without directories",
          unreachable: "ext4 and tmpfs have them",
        },
      ],
    },
    (self, name, mode) => new Call(self, int("mkdir", "mode", mode), 0, 0, path("mkdir", "path", name)),
  ),
  rmdir: row(
    "rmdir",
    n.CALL_RMDIR,
    ["path"],
    {
      result: "nothing",
      touches: ["credentials", "directory tree"],
      errors: [
        ...changeErrors,
        { errno: "EBUSY", when: "a mount point, or the root" },
        { errno: "EINVAL", when: 'the path ends in "."' },
        { errno: "ENOTEMPTY", when: 'the directory is not empty, or the path ends in ".."' },
        { errno: "EPERM", when: "the directory is another's, in a sticky one" },
      ],
    },
    (self, name) => new Call(self, 0, 0, 0, path("rmdir", "path", name)),
  ),
  unlink: row(
    "unlink",
    n.CALL_UNLINK,
    ["path"],
    {
      result: "nothing",
      touches: ["credentials", "directory tree", "pipe"],
      errors: [
        ...changeErrors,
        { errno: "EBUSY", when: "NFS", unreachable: NO_DISK },
        { errno: "EIO", when: "an I/O error", unreachable: NO_DISK },
        { errno: "EISDIR", when: "the path is a directory" },
        { errno: "EPERM", when: "the file is another's, in a sticky directory" },
      ],
    },
    (self, name) => new Call(self, 0, 0, 0, path("unlink", "path", name)),
  ),
  chmod: row(
    "chmod",
    n.CALL_CHMOD,
    ["path", "mode"],
    {
      result: "nothing",
      touches: ["credentials", "directory tree"],
      errors: [
        ...walkErrors,
        { errno: "EIO", when: "an I/O error", unreachable: NO_DISK },
        { errno: "EPERM", when: "the file is another's" },
        { errno: "EROFS", when: "a read-only file system", unreachable: NO_DISK },
      ],
    },
    (self, name, mode) => new Call(self, int("chmod", "mode", mode), 0, 0, path("chmod", "path", name)),
  ),
  umask: row(
    "umask",
    n.CALL_UMASK,
    ["mask"],
    { touches: ["process"], errors: [] },
    (self, mask) => new Call(self, int("umask", "mask", mask), 0, 0, undefined),
  ),
  stat: row(
    "stat",
    n.CALL_STAT,
    ["path"],
    {
      result: "value",
      support: "partial",
      missing: "gives mode, number of links, owner, group and size",
      touches: ["credentials", "directory tree"],
      errors: [...walkErrors, { errno: "EOVERFLOW", when: "a big file", unreachable: ONLY_FIFOS }],
    },
    (self, name) => new Call(self, 0, 0, 0, path("stat", "path", name)),
  ),
  fstat: row(
    "fstat",
    n.CALL_FSTAT,
    ["fd"],
    {
      manual: "stat(2)",
      result: "value",
      support: "partial",
      missing: "gives mode, number of links, owner, group and size",
      touches: ["open file", "shared memory"],
      errors: [EBADF_FD, ENOMEM, { errno: "EOVERFLOW", when: "a big file", unreachable: ONLY_FIFOS }],
    },
    (self, fd) => new Call(self, int("fstat", "fd", fd), 0, 0, undefined),
  ),
} satisfies Rows;
