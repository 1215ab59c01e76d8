// The credentials of the process. Linux keeps them for each thread; libc's functions, unlike the bare system calls, change
// all threads of a process at once: nptl(7), "NPTL and signals".
import type { Call } from "../../src/call.js";
import { preparePrivates } from "./descriptors.js";
import { allocate } from "./ffi.js";
import * as libc from "./libc.js";

// IDs are unsigned: one from 2^31 on comes from C as a negative int.
export const getuid = (): number => libc.getuid() >>> 0;
export const geteuid = (): number => libc.geteuid() >>> 0;
export const getgid = (): number => libc.getgid() >>> 0;
export const getegid = (): number => libc.getegid() >>> 0;

export function getgroups(call: Call): number {
  const count = libc.resultOrErrno(libc.getgroups(0, 0));
  if (count < 0) return count;
  const { address, view } = allocate(Math.max(4 * count, 4));
  const found = libc.resultOrErrno(libc.getgroups(count, address));
  if (found < 0) return found;
  call.value = Array.from({ length: found }, (_, index) => view.getUint32(4 * index, true));
  return 0;
}

export function setresuid(call: Call): number {
  preparePrivates();
  return libc.resultOrErrno(libc.setresuid(call.a, call.b, call.c));
}

export function setresgid(call: Call): number {
  preparePrivates();
  return libc.resultOrErrno(libc.setresgid(call.a, call.b, call.c));
}

export function setgroups(call: Call): number {
  const groups = call.payload as readonly number[];
  const { address, view } = allocate(Math.max(4 * groups.length, 4));
  for (const [index, group] of groups.entries()) view.setInt32(4 * index, group, true);
  preparePrivates();
  return libc.resultOrErrno(libc.setgroups(groups.length, address));
}
