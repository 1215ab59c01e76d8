// From a path to an inode: path_resolution(7). Models link_path_walk and its callers (fs/namei.c). The path lies in the
// window, without a NUL.
import { CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID } from "./abi/capability";
import { EACCES, ENAMETOOLONG, ENOENT, ENOTDIR } from "./abi/errno";
import { NAME_MAX, PATH_MAX } from "./abi/limits";
import { isInGroup } from "./core/credentials";
import { findChild, Inode, inodeAt, inodeIndex, ROOT } from "./core/inode";
import { WALK, WINDOW } from "./core/memory";
import { Process } from "./core/process";

// What is asked of an inode: as the bits of its mode have it.
export const MAY_EXEC: u32 = 1;
export const MAY_WRITE: u32 = 2;
export const MAY_READ: u32 = 4;

// What the last part of a path is.
export const LAST_NAME: u32 = 0;
export const LAST_ROOT: u32 = 1;
export const LAST_DOT: u32 = 2;
export const LAST_DOT_DOT: u32 = 3;

/** Where a walk has come to: the last part of a path, and the directory that it is looked up in. */
@unmanaged
class Walk {
  directory: u32;
  /** LAST_*. */
  last: u32;
  /** The last part: its address and its bytes. */
  name: usize;
  length: u32;
  hasTrailingSlash: u32;
  /** What the path leads to, once it was walked to its end. */
  inode: u32;
}

/** The walk of the call in hand: no state, for it means nothing after the step. */
export const walk = changetype<Walk>(WALK);

const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;

/** Walks to the directory of the last part. Returns 0 or -errno. */
export function walkToParent(process: Process, length: u32): i32 {
  if (length >= <u32>PATH_MAX) return -ENAMETOOLONG;
  if (length == 0) return -ENOENT;
  const end = WINDOW + length;
  let at = skipSlashes(WINDOW, end);
  let directory = inodeAt(at == WINDOW ? process.cwd : ROOT);
  walk.hasTrailingSlash = 0;
  walk.last = LAST_ROOT;
  while (at < end) {
    if (!mayAccess(process, directory, MAY_EXEC)) return -EACCES;
    walk.name = at;
    while (at < end && load<u8>(at) != SLASH) at++;
    walk.length = <u32>(at - walk.name);
    walk.last = kindOfName(walk.name, walk.length);
    walk.hasTrailingSlash = at < end ? 1 : 0;
    at = skipSlashes(at, end);
    if (at == end) break;
    const failed = stepInto(directory);
    if (failed) return failed;
    directory = inodeAt(walk.inode);
    if (!directory.isDirectory) return -ENOTDIR;
  }
  walk.directory = inodeIndex(directory);
  return 0;
}

/** Walks to the end, into `walk.inode`. Returns 0 or -errno. */
export function walkToEnd(process: Process, length: u32): i32 {
  const failed = walkToParent(process, length);
  if (failed) return failed;
  const result = stepInto(inodeAt(walk.directory));
  if (result) return result;
  return walk.hasTrailingSlash && !inodeAt(walk.inode).isDirectory ? -ENOTDIR : 0;
}

/** Looks the last part up, into `walk.inode`. Returns 0 or -errno. */
export function stepInto(directory: Inode): i32 {
  switch (walk.last) {
    case LAST_ROOT:
    case LAST_DOT:
      walk.inode = inodeIndex(directory);
      return 0;
    case LAST_DOT_DOT:
      walk.inode = directory.parent;
      return 0;
    default: {
      if (walk.length > <u32>NAME_MAX) return -ENAMETOOLONG;
      const child = findChild(directory, walk.name, walk.length);
      if (!child) return -ENOENT;
      walk.inode = inodeIndex(child);
      return 0;
    }
  }
}

function skipSlashes(from: usize, end: usize): usize {
  let at = from;
  while (at < end && load<u8>(at) == SLASH) at++;
  return at;
}

/** What a part of a path is: LAST_NAME, LAST_DOT or LAST_DOT_DOT. */
export function kindOfName(name: usize, length: u32): u32 {
  if (length == 1 && load<u8>(name) == DOT) return LAST_DOT;
  if (length == 2 && load<u8>(name) == DOT && load<u8>(name + 1) == DOT) return LAST_DOT_DOT;
  return LAST_NAME;
}

/** Whether a process may read, write or search: generic_permission. Its class alone counts, then its capabilities. */
export function mayAccess(process: Process, inode: Inode, mask: u32): bool {
  let granted = inode.mode;
  if (inode.uid == process.euid) granted >>= 6;
  else if (isInGroup(process, inode.gid)) granted >>= 3;
  if ((mask & ~granted) == 0) return true;
  const onlyReads = (mask & MAY_WRITE) == 0 && (inode.isDirectory || mask == MAY_READ);
  return (onlyReads && process.can(CAP_DAC_READ_SEARCH)) || process.can(CAP_DAC_OVERRIDE);
}

/** Whether a process may do what only the owner may: inode_owner_or_capable. */
export function isOwner(process: Process, inode: Inode): bool {
  return inode.uid == process.euid || process.can(CAP_FOWNER);
}

/** Whether a process may give a file of a group the set-group-ID bit: in_group_or_capable. */
export function isInGroupOf(process: Process, inode: Inode): bool {
  return isInGroup(process, inode.gid) || process.can(CAP_FSETID);
}
