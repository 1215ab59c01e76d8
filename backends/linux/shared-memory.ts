// POSIX shared memory as files: shm_overview(7). An object is a file of a file system in memory, by which libc finds it: so
// no function of libc is needed, which old ones have in a library of their own. Rules of names are those that all libcs keep.
import { EACCES, EBADF, EINVAL, EISDIR, EPERM } from "../../assembly/abi/errno.js";
import { O_CLOEXEC, O_NOFOLLOW } from "../../assembly/abi/fcntl.js";
import type { Call, PlacedBytes } from "../../src/call.js";
import { entered, owns } from "./descriptors.js";
import * as libc from "./libc.js";
import { readNowAt, writeNowAt } from "./transfer.js";

/** Where the names are: SHMDIR of glibc, and of musl. */
const FOLDER = "/dev/shm/";

/** The path of an object; undefined for what is no name. */
function pathOf(name: string): string | undefined {
  const bare = name.replace(/^\/+/, "");
  const isName = bare !== "" && !bare.includes("/") && bare !== "." && bare !== "..";
  return isName ? FOLDER + bare : undefined;
}

export function shm_open(call: Call): number {
  const path = pathOf(call.payload as string);
  if (path === undefined) return -EINVAL;
  const flags = libc.machineFlags(call.a | O_NOFOLLOW | O_CLOEXEC);
  const result = entered(libc.resultOrErrno(libc.open(path, flags, call.b)));
  // A directory that somebody has put there is no object.
  return result === -EISDIR ? -EINVAL : result;
}

export function shm_unlink(call: Call): number {
  const path = pathOf(call.payload as string);
  if (path === undefined) return -EINVAL;
  const result = libc.resultOrErrno(libc.unlink(path));
  // As glibc has it, and shm_open(3).
  return result === -EPERM ? -EACCES : result;
}

export const memfd_create = (call: Call): number =>
  entered(libc.resultOrErrno(libc.memfd_create(call.payload as string, call.a)));

/** A descriptor as the kernel is to see it: none for one that is not the program's. The kernel orders its checks. */
const shown = (fd: number): number => (owns(fd) ? fd : -1);

export const ftruncate = (call: Call): number =>
  libc.resultOrErrno(libc.ftruncate(shown(call.a), call.payload as bigint));

export function pread({ a: fd, payload }: Call): number {
  const { bytes, offset } = payload as PlacedBytes;
  return owns(fd) ? readNowAt(fd, bytes, offset) : -(offset < 0 ? EINVAL : EBADF);
}

export function pwrite({ a: fd, payload }: Call): number {
  const { bytes, offset } = payload as PlacedBytes;
  return owns(fd) ? writeNowAt(fd, bytes, offset) : -(offset < 0 ? EINVAL : EBADF);
}
