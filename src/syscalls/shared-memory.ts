// Rows of calls on POSIX shared memory: shm_overview(7).
import * as n from "../../assembly/abi/calls.js";
import { bytes, exactLong, int, intOr, path, size } from "../arguments.js";
import { Call, type MemoryRange } from "../call.js";
import type { SyscallName } from "../linux.js";
import {
  BUFFER_IS_OURS,
  EBADF_FD,
  EMFILE,
  ENFILE,
  ENOMEM,
  type ErrorRule,
  type Rows,
  row,
  type Syscall,
} from "../syscall.js";

const NO_DEVICE = "shared memory has no device";

/** What a name can come to. */
const nameErrors: readonly ErrorRule[] = [
  { errno: "EINVAL", when: 'no name: empty but for slashes in front, with a slash in it, "." or ".."' },
  { errno: "ENAMETOOLONG", when: "more than NAME_MAX bytes after the slashes in front" },
];

/** What a transfer at a place can come to, beside what read and write can. */
const placeErrors: readonly ErrorRule[] = [
  { errno: "EFAULT", when: "the buffer is not valid", unreachable: BUFFER_IS_OURS },
  { errno: "EINTR", when: "a signal", unreachable: "what has places does not wait" },
  { errno: "EAGAIN", when: "nothing to move now", unreachable: "what has places does not wait" },
  { errno: "EIO", when: "an I/O error", unreachable: NO_DEVICE },
  { errno: "ENXIO", when: "a place that a device does not have", unreachable: NO_DEVICE },
  { errno: "EOVERFLOW", when: "a place that no off_t holds", unreachable: "numbers are exact up to 2^53" },
  { errno: "ESPIPE", when: "fd is a pipe" },
];

/** A transfer of bytes at a place. */
const placed =
  (name: "pread" | "pwrite") =>
  (self: Syscall, fd: unknown, buffer: unknown, offset: unknown): Call =>
    new Call(self, int(name, "fd", fd), 0, 0, {
      bytes: bytes(name, "buffer", buffer),
      offset: exactLong(name, "offset", offset),
    });

const range = (name: SyscallName, addr: unknown, length: unknown): MemoryRange => ({
  address: exactLong(name, "addr", addr),
  length: size(name, "length", length),
});

/** A transfer of bytes between a buffer and a mapping. */
const accessed =
  (name: "memory_read" | "memory_write") =>
  (self: Syscall, addr: unknown, buffer: unknown): Call =>
    new Call(self, 0, 0, 0, { bytes: bytes(name, "buffer", buffer), offset: exactLong(name, "addr", addr) });

const accessErrors: readonly ErrorRule[] = [
  {
    errno: "EFAULT",
    when: "the first byte is not mapped, lies beyond the end of the object, or is protected",
  },
  { errno: "EINVAL", when: "too many buffers", unreachable: "it is one" },
  ENOMEM,
  { errno: "EPERM", when: "another process", unreachable: "it is this one" },
  { errno: "ESRCH", when: "no such process", unreachable: "it is this one" },
];

const ENFILE_OF_MMAP: ErrorRule = {
  errno: "ENFILE",
  when: "too many open files",
  unreachable: "none is opened",
};

export const sharedMemoryCalls = {
  shm_open: row(
    "shm_open",
    n.CALL_SHM_OPEN,
    ["name", "oflag", "mode"],
    {
      manual: "shm_open(3)",
      support: "partial",
      missing:
        "O_PATH and O_TMPFILE are ENOSYS; a name beyond NAME_MAX is always ENAMETOOLONG, where glibc gives EINVAL from NAME_MAX + 5 on",
      touches: ["credentials", "descriptor table", "open file", "shared memory"],
      errors: [
        {
          errno: "EACCES",
          when: "the mode forbids the access; or O_CREAT on what another has made, where fs.protected_regular is set",
        },
        { errno: "EEXIST", when: "O_CREAT and O_EXCL, and the object is there already" },
        ...nameErrors,
        EMFILE,
        ENFILE,
        { errno: "ENOENT", when: "no such object, without O_CREAT" },
        { errno: "ENOTDIR", when: "O_DIRECTORY without O_CREAT" },
        { errno: "EPERM", when: "O_NOATIME on another's object" },
      ],
    },
    (self, name, oflag, mode) =>
      new Call(
        self,
        int("shm_open", "oflag", oflag),
        intOr("shm_open", "mode", mode, 0),
        0,
        path("shm_open", "name", name),
      ),
  ),
  shm_unlink: row(
    "shm_unlink",
    n.CALL_SHM_UNLINK,
    ["name"],
    {
      manual: "shm_open(3)",
      result: "nothing",
      touches: ["credentials", "shared memory"],
      errors: [
        { errno: "EACCES", when: "another's object, without CAP_FOWNER" },
        ...nameErrors,
        { errno: "ENOENT", when: "no such object" },
      ],
    },
    (self, name) => new Call(self, 0, 0, 0, path("shm_unlink", "name", name)),
  ),
  memfd_create: row(
    "memfd_create",
    n.CALL_MEMFD_CREATE,
    ["name", "flags"],
    {
      support: "partial",
      missing: "MFD_HUGETLB is ENOSYS; vm.memfd_noexec counts on a real kernel only",
      touches: ["credentials", "descriptor table", "open file", "shared memory"],
      errors: [
        { errno: "EFAULT", when: "the name is not valid", unreachable: BUFFER_IS_OURS },
        {
          errno: "EINVAL",
          when: "an unknown flag, MFD_EXEC and MFD_NOEXEC_SEAL together, or a name of more than 249 bytes",
        },
        EMFILE,
        ENFILE,
        ENOMEM,
        { errno: "EPERM", when: "MFD_HUGETLB", unreachable: "MFD_HUGETLB is ENOSYS" },
      ],
    },
    (self, name, flags) =>
      new Call(self, intOr("memfd_create", "flags", flags, 0), 0, 0, path("memfd_create", "name", name)),
  ),
  ftruncate: row(
    "ftruncate",
    n.CALL_FTRUNCATE,
    ["fd", "length"],
    {
      manual: "truncate(2)",
      result: "nothing",
      support: "partial",
      missing: "a message queue, which Linux gives a length that means nothing, is EINVAL on the model",
      touches: ["open file", "shared memory"],
      errors: [
        { errno: "EINTR", when: "a signal", unreachable: "shared memory does not wait" },
        EBADF_FD,
        {
          errno: "EFBIG",
          when: "beyond the largest file: on the model machine.sharedObjectMax",
          unreachable: "a test would need 2^53 bytes",
        },
        { errno: "EINVAL", when: "a negative length, or fd is not open for writing on a regular file" },
        { errno: "EIO", when: "an I/O error", unreachable: NO_DEVICE },
        { errno: "EPERM", when: "a seal forbids to shrink or to grow" },
        { errno: "EROFS", when: "a read-only file system", unreachable: "shared memory is none" },
        { errno: "ETXTBSY", when: "a program that runs", unreachable: "no program is in shared memory" },
      ],
    },
    (self, fd, length) =>
      new Call(self, int("ftruncate", "fd", fd), 0, 0, BigInt(exactLong("ftruncate", "length", length))),
  ),
  pread: row(
    "pread",
    n.CALL_PREAD,
    ["fd", "buffer", "offset"],
    {
      touches: ["open file", "shared memory"],
      errors: [
        { errno: "EBADF", when: "fd is not open for reading" },
        { errno: "EINVAL", when: "a negative offset" },
        { errno: "EISDIR", when: "fd is a directory" },
        ...placeErrors,
      ],
    },
    placed("pread"),
  ),
  pwrite: row(
    "pwrite",
    n.CALL_PWRITE,
    ["fd", "buffer", "offset"],
    {
      manual: "pread(2)",
      touches: ["open file", "shared memory"],
      errors: [
        { errno: "EBADF", when: "fd is not open for writing" },
        { errno: "EINVAL", when: "a negative offset, or fd is a message queue" },
        { errno: "EDESTADDRREQ", when: "an unconnected socket", unreachable: "no sockets yet" },
        { errno: "EDQUOT", when: "a disk quota", unreachable: NO_DEVICE },
        {
          errno: "EFBIG",
          when: "at or beyond the end of the largest file: on the model machine.sharedObjectMax",
          unreachable: "a test would need 2^53 bytes",
        },
        {
          errno: "ENOSPC",
          when: "/dev/shm is full",
          unreachable: "would fill the machine's memory",
        },
        { errno: "EPERM", when: "a seal forbids to write, or to grow" },
        { errno: "EPIPE", when: "no reader is left", unreachable: "a pipe is ESPIPE" },
        ...placeErrors,
      ],
    },
    placed("pwrite"),
  ),
  mmap: row(
    "mmap",
    n.CALL_MMAP,
    ["addr", "length", "prot", "flags", "fd", "offset"],
    {
      result: "value",
      support: "partial",
      missing:
        "shared memory and MAP_ANONYMOUS only; an address, PROT_EXEC, MAP_FIXED, MAP_LOCKED, MAP_HUGETLB and other flags are ENOSYS; at most " +
        "4 GiB, on the model what an object may have; there a private mapping is copied at once",
      touches: ["address space", "open file", "shared memory"],
      errors: [
        {
          errno: "EACCES",
          when: "fd is not open for reading, or not for writing, with MAP_SHARED and PROT_WRITE",
        },
        { errno: "EAGAIN", when: "too much locked memory", unreachable: "MAP_LOCKED is ENOSYS" },
        EBADF_FD,
        { errno: "EEXIST", when: "MAP_FIXED_NOREPLACE", unreachable: "an address is ENOSYS" },
        {
          errno: "EINVAL",
          when: "length 0, an offset that is no multiple of the page size, neither shared nor private",
        },
        ENFILE_OF_MMAP,
        { errno: "ENODEV", when: "fd cannot be mapped" },
        { errno: "ENOMEM", when: "no address space, or too many mappings" },
        { errno: "EOVERFLOW", when: "a negative offset" },
        { errno: "EPERM", when: "PROT_WRITE on a shared mapping of what is sealed against writing" },
        { errno: "ETXTBSY", when: "MAP_DENYWRITE", unreachable: "other flags are ENOSYS" },
      ],
    },
    (self, addr, length, prot, flags, fd, offset) => {
      const at = addr === null || addr === undefined ? 0 : exactLong("mmap", "addr", addr);
      const place = offset === undefined ? 0 : exactLong("mmap", "offset", offset);
      return new Call(self, int("mmap", "prot", prot), int("mmap", "flags", flags), int("mmap", "fd", fd), {
        address: at,
        length: size("mmap", "length", length),
        offset: place,
      });
    },
  ),
  munmap: row(
    "munmap",
    n.CALL_MUNMAP,
    ["addr", "length"],
    {
      manual: "mmap(2)",
      result: "nothing",
      support: "partial",
      missing:
        "pages of one mapping; any other address is EINVAL; memory that a call of this process waits in is EBUSY",
      touches: ["address space", "shared memory"],
      errors: [
        {
          errno: "EBUSY",
          when: "a call of this process waits in the mapping: futex, futex_waitv, memory_wait, sem_wait",
        },
        {
          errno: "EINVAL",
          when: "not in one mapping, an address that is no multiple of the page size, length 0",
        },
        { errno: "ENOMEM", when: "too many mappings", unreachable: "65,530 of them" },
      ],
    },
    (self, addr, length) => new Call(self, 0, 0, 0, range("munmap", addr, length)),
  ),
  mprotect: row(
    "mprotect",
    n.CALL_MPROTECT,
    ["addr", "length", "prot"],
    {
      result: "nothing",
      support: "partial",
      missing:
        "pages of one mapping; any other address is ENOMEM; PROT_EXEC, PROT_SEM, PROT_GROWSDOWN and PROT_GROWSUP are ENOSYS",
      touches: ["address space"],
      errors: [
        { errno: "EACCES", when: "PROT_WRITE on what must not be written" },
        {
          errno: "EBUSY",
          when: "reading or writing is taken from memory where a call of this process waits for a semaphore",
        },
        { errno: "EINVAL", when: "an address that is no multiple of the page size, or an unknown bit" },
        { errno: "ENOMEM", when: "an address that is not mapped" },
      ],
    },
    (self, addr, length, prot) =>
      new Call(self, int("mprotect", "prot", prot), 0, 0, range("mprotect", addr, length)),
  ),
  msync: row(
    "msync",
    n.CALL_MSYNC,
    ["addr", "length", "flags"],
    {
      result: "nothing",
      support: "partial",
      missing: "pages of one mapping; any other address is ENOMEM",
      touches: ["address space"],
      errors: [
        { errno: "EBUSY", when: "locked memory", unreachable: "MAP_LOCKED is ENOSYS" },
        { errno: "EINVAL", when: "an odd address, unknown flags, or MS_SYNC and MS_ASYNC" },
        { errno: "ENOMEM", when: "an address that is not mapped" },
      ],
    },
    (self, addr, length, flags) =>
      new Call(self, int("msync", "flags", flags), 0, 0, range("msync", addr, length)),
  ),
  memory_read: row(
    "memory_read",
    n.CALL_MEMORY_READ,
    ["addr", "buffer"],
    {
      manual: "process_vm_readv(2)",
      support: "partial",
      missing: "this process's mappings, one range and one buffer",
      touches: ["address space", "shared memory"],
      errors: accessErrors,
    },
    accessed("memory_read"),
  ),
  memory_write: row(
    "memory_write",
    n.CALL_MEMORY_WRITE,
    ["addr", "buffer"],
    {
      manual: "process_vm_readv(2)",
      support: "partial",
      missing: "this process's mappings, one range and one buffer",
      touches: ["address space", "shared memory"],
      errors: accessErrors,
    },
    accessed("memory_write"),
  ),
} satisfies Rows;
