// close, dup, dup2, dup3 and fcntl: the table of descriptors.
import { EBADF, EBUSY, EINVAL } from "../../assembly/abi/errno.js";
import * as f from "../../assembly/abi/fcntl.js";
import { F_ADD_SEALS, F_GET_SEALS } from "../../assembly/abi/memfd.js";
import type { Call } from "../../src/call.js";
import { disown, dropPrivates, entered, own, owns } from "./descriptors.js";
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

/**
 * dup3, but never over a descriptor of node: a number that is not the program's is first claimed by F_DUPFD,
 * which only gives free ones.
 */
function duplicateOnto(oldfd: number, newfd: number, flags: number): number {
  if (owns(newfd)) {
    disown(newfd);
    const endWaits = forget(newfd);
    const result = libc.resultOrErrno(libc.dup3(oldfd, newfd, flags));
    endWaits();
    own(newfd);
    return result;
  }
  const claimed = libc.fcntl(oldfd, flags === 0 ? f.F_DUPFD : f.F_DUPFD_CLOEXEC, newfd);
  // EINVAL: negative, or not below RLIMIT_NOFILE. EMFILE: taken, and so are all above. dup2 calls both EBADF.
  if (claimed === -1) return -EBADF;
  if (claimed !== newfd) {
    libc.close(claimed);
    return isReserved(newfd) ? -EBUSY : -EBADF;
  }
  return own(claimed) === -1 ? -EBADF : newfd;
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
