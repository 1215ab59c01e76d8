// Calls that change the directory tree, or tell what is in it: mkfifo(3), mkdir(2), rmdir(2), unlink(2), chmod(2), stat(2).
// Models filename_create, may_create, may_delete, vfs_mkdir, vfs_rmdir, vfs_unlink (fs/namei.c) and chmod_common (fs/open.c).
import {
  EACCES,
  EBADF,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
} from "./abi/errno";
import { NAME_MAX } from "./abi/limits";
import { FILE_DIRECTORY, FILE_MESSAGE_QUEUE, FILE_SHARED_MEMORY } from "./abi/model";
import { S_IFDIR, S_IFIFO, S_IFMT, S_ISGID, S_ISVTX } from "./abi/stat";
import { fileOf } from "./core/descriptor";
import { addInode, Inode, inodeAt, ROOT, removeName } from "./core/inode";
import { OUT } from "./core/memory";
import { Process } from "./core/process";
import { MESSAGE_QUEUE_FILE_SIZE, messageQueueAt } from "./message-queue";
import {
  isInGroupOf,
  isOwner,
  LAST_DOT,
  LAST_DOT_DOT,
  LAST_NAME,
  LAST_ROOT,
  MAY_EXEC,
  MAY_WRITE,
  mayAccess,
  stepInto,
  walk,
  walkToEnd,
  walkToParent,
} from "./path";
import { pipeAt } from "./pipe";
import { objectOf } from "./shared-memory";

const PERMISSIONS = 0o7777;
const S_IXGRP: u32 = 0o10;

/** mkfifo(3): mknod with the type of a FIFO, which `mode` must not contradict (may_mknod). */
export function makeFifo(process: Process, length: u32, mode: i32): i32 {
  const type = mode & S_IFMT;
  if (type && type != S_IFIFO) return -EINVAL;
  return makeInode(process, length, S_IFIFO, mode & PERMISSIONS);
}

/** mkdir(2). Of the bits above the permissions only the sticky one counts (vfs_mkdir). */
export function makeDirectory(process: Process, length: u32, mode: i32): i32 {
  return makeInode(process, length, S_IFDIR, mode & (S_ISVTX | 0o777));
}

function makeInode(process: Process, length: u32, type: u32, permissions: u32): i32 {
  const failed = walkToParent(process, length);
  if (failed) return failed;
  if (walk.last != LAST_NAME) return -EEXIST;
  if (walk.length > <u32>NAME_MAX) return -ENAMETOOLONG;
  const directory = inodeAt(walk.directory);
  if (!stepInto(directory)) return -EEXIST;
  if (walk.hasTrailingSlash && type != S_IFDIR) return -ENOENT;
  if (directory.isRemoved) return -ENOENT;
  if (!mayAccess(process, directory, MAY_WRITE | MAY_EXEC)) return -EACCES;
  const inheritsGroup = (directory.mode & S_ISGID) != 0;
  let mode = type | permissions;
  if (inheritsGroup && !isInGroupOf(process, directory)) mode = withoutGroupExecution(mode);
  mode &= ~process.umask;
  if (inheritsGroup && type == S_IFDIR) mode |= S_ISGID;
  const gid = inheritsGroup ? directory.gid : process.egid;
  return addInode(directory, walk.name, walk.length, mode, process.euid, gid) ? 0 : -ENOSPC;
}

/** Nobody gives away the rights of a group that he is not in: mode_strip_sgid. */
function withoutGroupExecution(mode: u32): u32 {
  const both = S_ISGID | S_IXGRP;
  return (mode & both) == both ? mode & ~S_ISGID : mode;
}

/** rmdir(2). */
export function removeDirectory(process: Process, length: u32): i32 {
  const failed = walkToParent(process, length);
  if (failed) return failed;
  if (walk.last == LAST_DOT_DOT) return -ENOTEMPTY;
  if (walk.last == LAST_DOT) return -EINVAL;
  if (walk.last == LAST_ROOT) return -EBUSY;
  const missing = stepInto(inodeAt(walk.directory));
  if (missing) return missing;
  const directory = inodeAt(walk.inode);
  const forbidden = mayRemove(process, directory);
  if (forbidden) return forbidden;
  if (!directory.isDirectory) return -ENOTDIR;
  if (walk.inode == ROOT) return -EBUSY;
  if (directory.firstChild) return -ENOTEMPTY;
  removeName(directory);
  return 0;
}

/** unlink(2). */
export function unlinkName(process: Process, length: u32): i32 {
  const failed = walkToParent(process, length);
  if (failed) return failed;
  if (walk.last != LAST_NAME) return -EISDIR;
  const missing = stepInto(inodeAt(walk.directory));
  if (missing) return missing;
  const inode = inodeAt(walk.inode);
  if (walk.hasTrailingSlash) return inode.isDirectory ? -EISDIR : -ENOTDIR;
  const forbidden = mayRemove(process, inode);
  if (forbidden) return forbidden;
  if (inode.isDirectory) return -EISDIR;
  removeName(inode);
  return 0;
}

/** Whether a name may be taken out of the directory that it is in: may_delete, check_sticky. */
export function mayRemove(process: Process, inode: Inode): i32 {
  const directory = inodeAt(inode.parent);
  if (!mayAccess(process, directory, MAY_WRITE | MAY_EXEC)) return -EACCES;
  const isSticky = (directory.mode & S_ISVTX) != 0;
  return isSticky && directory.uid != process.euid && !isOwner(process, inode) ? -EPERM : 0;
}

/** chmod(2). */
export function changeMode(process: Process, length: u32, mode: i32): i32 {
  const failed = walkToEnd(process, length);
  if (failed) return failed;
  const inode = inodeAt(walk.inode);
  if (!isOwner(process, inode)) return -EPERM;
  let permissions: u32 = mode & PERMISSIONS;
  if (!isInGroupOf(process, inode)) permissions &= ~S_ISGID;
  inode.mode = (inode.mode & S_IFMT) | permissions;
  return 0;
}

/** umask(2): the one before. */
export function changeMask(process: Process, mask: i32): i32 {
  const before = process.umask;
  process.umask = mask & 0o777;
  return before;
}

/** stat(2): mode, links, owner and group, and bytes, in OUT. */
export function statPath(process: Process, length: u32): i32 {
  const failed = walkToEnd(process, length);
  if (failed) return failed;
  answerStatus(inodeAt(walk.inode), 0);
  return 0;
}

const FTOK_DEVICE: u32 = 1;

/** ftok(3), as glibc computes it: the low bits of the device, of the inode's number and of the project. */
export function keyOfPath(process: Process, length: u32, project: i32): i32 {
  const failed = walkToEnd(process, length);
  if (failed) return failed;
  const number = walk.inode + 1;
  store<i32>(OUT, (number & 0xffff) | (FTOK_DEVICE << 16) | ((project & 0xff) << 24));
  return 0;
}

/** fstat(2). An anonymous pipe has no inode in the tree: its maker's, for him alone (get_pipe_inode). */
export function statDescriptor(process: Process, fd: i32): i32 {
  const file = fileOf(process, fd);
  if (!file) return -EBADF;
  if (file.kind == FILE_DIRECTORY) {
    answerStatus(inodeAt(file.object), 0);
    return 0;
  }
  if (file.kind == FILE_MESSAGE_QUEUE) {
    answerStatus(messageQueueAt(file.object).file, MESSAGE_QUEUE_FILE_SIZE);
    return 0;
  }
  if (file.kind == FILE_SHARED_MEMORY) {
    const object = objectOf(file);
    answerStatus(inodeAt(object.inode - 1), object.size);
    return 0;
  }
  const pipe = pipeAt(file.object);
  if (pipe.inode) answerStatus(inodeAt(pipe.inode - 1), 0);
  else answer(S_IFIFO | 0o600, 1, pipe.uid, pipe.gid, 0);
  return 0;
}

function answerStatus(inode: Inode, size: u32): void {
  answer(inode.mode, inode.nlink, inode.uid, inode.gid, size);
}

function answer(mode: u32, nlink: u32, uid: u32, gid: u32, size: u32): void {
  store<u32>(OUT, mode);
  store<u32>(OUT + 4, nlink);
  store<u32>(OUT + 8, uid);
  store<u32>(OUT + 12, gid);
  store<u32>(OUT + 16, size);
}
