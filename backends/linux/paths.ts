// Calls on paths. All but `open` answer at once; a FIFO opens when its other end does: fifo(7).
import { fstatSync, type Stats, statSync } from "node:fs";
import { EBADF, ENXIO } from "../../assembly/abi/errno.js";
import {
  F_GETFL,
  F_SETFL,
  O_ACCMODE,
  O_DIRECTORY,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
} from "../../assembly/abi/fcntl.js";
import { BLOCKED } from "../../assembly/abi/model.js";
import type { Call } from "../../src/call.js";
import type { FileStatus } from "../../src/linux.js";
import { entered, owns } from "./descriptors.js";
import * as libc from "./libc.js";
import { errnoOf } from "./transfer.js";

/** The plain open(2), on this thread. */
export const openBlocking = (call: Call): number => entered(openNow(call, call.a));

/** open(2), without entering what it gives. @returns a descriptor, or -errno */
const openNow = (call: Call, flags: number): number =>
  libc.resultOrErrno(libc.open(call.payload as string, libc.machineFlags(flags), call.b));

/** An attempt at open(2): BLOCKED where the plain call must be made, on a thread that may wait in it. */
export function open(call: Call): number {
  switch (trialOf(call)) {
    case "exact":
      return openBlocking(call);
    case "writer":
      return tryWriter(call);
    case "none":
      return BLOCKED;
  }
}

/**
 * How an open can be tried without waiting.
 * - "exact": the plain call does not wait.
 * - "writer": with O_NONBLOCK it does the same, or fails with ENXIO and has done nothing (fifo_open in fs/pipe.c).
 * - "none": a reader's open with O_NONBLOCK succeeds at once, and lets writers in; a terminal may wait for its line.
 */
function trialOf(call: Call): "exact" | "writer" | "none" {
  const flags = call.a;
  if ((flags & (O_NONBLOCK | O_DIRECTORY)) !== 0) return "exact";
  const stat = statusOf(() => statSync(call.payload as string));
  // Not there, not to be reached: the call itself says why.
  if (typeof stat === "number") return "exact";
  if (stat.isCharacterDevice() || stat.isBlockDevice()) return "none";
  if (!stat.isFIFO()) return "exact";
  const access = flags & O_ACCMODE;
  if (access === O_WRONLY) return "writer";
  return access === O_RDONLY ? "none" : "exact";
}

function tryWriter(call: Call): number {
  const fd = openNow(call, call.a | O_NONBLOCK);
  if (fd === -ENXIO) return BLOCKED;
  if (fd < 0) return fd;
  // Nobody else has this open file yet.
  libc.fcntl(fd, F_SETFL, libc.fcntlPlain(fd, F_GETFL) & ~O_NONBLOCK);
  return entered(fd);
}

export const mkfifo = (call: Call): number => libc.resultOrErrno(libc.mkfifo(call.payload as string, call.a));

export const mkdir = (call: Call): number => libc.resultOrErrno(libc.mkdir(call.payload as string, call.a));

export const rmdir = (call: Call): number => libc.resultOrErrno(libc.rmdir(call.payload as string));

export const unlink = (call: Call): number => libc.resultOrErrno(libc.unlink(call.payload as string));

export const chmod = (call: Call): number => libc.resultOrErrno(libc.chmod(call.payload as string, call.a));

/** umask(2). Not process.umask(), which a Worker must not call. */
export const umask = (call: Call): number => libc.umask(call.a);

export const stat = (call: Call): number => tell(call, () => statSync(call.payload as string));

export const fstat = (call: Call): number => (owns(call.a) ? tell(call, () => fstatSync(call.a)) : -EBADF);

function tell(call: Call, look: () => Stats): number {
  const found = statusOf(look);
  if (typeof found === "number") return found;
  const { mode, nlink, uid, gid, size } = found;
  call.value = { mode, nlink, uid, gid, size } satisfies FileStatus;
  return 0;
}

/** Node knows how struct stat lies in memory on each machine. @returns the status, or -errno */
function statusOf(look: () => Stats): Stats | number {
  try {
    return look();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno;
  }
}
