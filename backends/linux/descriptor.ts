// close, dup, dup2, dup3 and fcntl: the table of descriptors.
import { EBADF, EBUSY, EINVAL } from "../../assembly/abi/errno.js";
import * as f from "../../assembly/abi/fcntl.js";
import { F_ADD_SEALS, F_GET_SEALS } from "../../assembly/abi/memfd.js";
import type { Call } from "../../src/call.js";
import { disown, dropPrivates, entered, openBlank, own, owns } from "./descriptors.js";
import * as libc from "./libc.js";
import { forget } from "./readiness.js";

export function close(call: Call): number {
  const fd = call.a;
  if (!disown(fd)) return -EBADF;
  const endWaits = forget(fd);
  const result = libc.resultOrErrno(libc.close(fd));
  endWaits();
  return result;
}

export function dup(call: Call): number {
  return owns(call.a) ? entered(libc.resultOrErrno(libc.fcntl(call.a, f.F_DUPFD, 0))) : -EBADF;
}

export function dup2(call: Call): number {
  const { a: oldfd, b: newfd } = call;
  if (!owns(oldfd)) return -EBADF;
  return oldfd === newfd ? newfd : duplicateOnto(oldfd, newfd, 0);
}

export function dup3(call: Call): number {
  const { a: oldfd, b: newfd, c: flags } = call;
  // ksys_dup3 (fs/file.c): both before any descriptor is looked at.
  if ((flags & ~f.O_CLOEXEC) !== 0 || oldfd === newfd) return -EINVAL;
  return owns(oldfd) ? duplicateOnto(oldfd, newfd, flags) : -EBADF;
}

/** dup3, but never over a descriptor of node: a number that is not the program's is first claimed. */
function duplicateOnto(oldfd: number, newfd: number, flags: number): number {
  const claimed = owns(newfd) ? 0 : claim(newfd, oldfd);
  if (claimed < 0) return claimed;
  disown(newfd);
  const endWaits = forget(newfd);
  const result = libc.resultOrErrno(libc.dup3(oldfd, newfd, flags));
  endWaits();
  own(newfd);
  return result;
}

/**
 * Claims a number that is not the program's, by F_DUPFD, which only gives free ones.
 * @param oldfd the program's, which is asked with if there can be no other file: then no number is free, and none is given
 * @returns 0 or -errno
 */
function claim(fd: number, oldfd: number): number {
  const blank = openBlank();
  let claimed = blank;
  // The lowest free number may be the one that is wanted.
  if (blank < 0 || blank !== fd) {
    claimed = libc.resultOrErrno(libc.fcntl(blank < 0 ? oldfd : blank, f.F_DUPFD_CLOEXEC, fd));
    if (blank >= 0) libc.close(blank);
  }
  if (claimed >= 0 && claimed === fd) return own(fd) === -1 ? -EBADF : 0;
  if (claimed >= 0) libc.close(claimed);
  // EINVAL: negative, or not below RLIMIT_NOFILE. Else it is taken. dup2 calls both EBADF.
  return claimed !== -EINVAL && isReserved(fd) ? -EBUSY : -EBADF;
}

/**
 * Whether a number that is taken has no open file yet: a thread is in open(2), which reserves the number first, and may
 * wait for the other end of a FIFO (do_dup2 in fs/file.c).
 */
const isReserved = (fd: number): boolean => libc.resultOrErrno(libc.fcntlPlain(fd, f.F_GETFD)) === -EBADF;

export function fcntl(call: Call): number {
  const { a: fd, b: cmd, c: arg } = call;
  if (!owns(fd)) return -EBADF;
  switch (cmd) {
    case f.F_DUPFD:
    case f.F_DUPFD_CLOEXEC:
      return entered(libc.resultOrErrno(libc.fcntl(fd, cmd, arg)));
    case f.F_GETFD:
    case f.F_SETFD:
    case f.F_GETPIPE_SZ:
    case f.F_SETPIPE_SZ:
    case F_ADD_SEALS:
    case F_GET_SEALS:
      return libc.resultOrErrno(libc.fcntl(fd, cmd, arg));
    case f.F_GETFL: {
      const flags = libc.fcntl(fd, cmd, 0);
      return flags === -1 ? -libc.errno() : libc.machineFlags(flags);
    }
    case f.F_SETFL:
      return setStatusFlags(fd, arg);
    default:
      return -EINVAL;
  }
}

function setStatusFlags(fd: number, flags: number): number {
  const before = libc.machineFlags(libc.fcntl(fd, f.F_GETFL, 0));
  const result = libc.fcntl(fd, f.F_SETFL, libc.machineFlags(flags));
  if (result === -1) return -libc.errno();
  if (((before ^ flags) & f.O_DIRECT) !== 0) dropPrivates();
  return result;
}
