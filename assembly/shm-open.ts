// Where POSIX shared memory comes from: shm_open(3), shm_unlink(3), memfd_create(2). The names are those of a file system in memory
// that everybody may write to, with the sticky bit (/dev/shm), which no path leads to here.
//
// Models do_open, may_create_in_sticky (fs/namei.c) and memfd_create (mm/memfd.c) of Linux 6.18; glibc's shm_open and shm_unlink.
import { CAP_SYS_ADMIN } from "./abi/capability";
import {
  EACCES,
  EEXIST,
  EINVAL,
  EMFILE,
  ENAMETOOLONG,
  ENFILE,
  ENOENT,
  ENOMEM,
  ENOSPC,
  EPERM,
} from "./abi/errno";
import { O_CREAT, O_DIRECTORY, O_EXCL, O_LARGEFILE, O_NOFOLLOW, O_RDWR, O_TRUNC } from "./abi/fcntl";
import { NAME_MAX, PATH_MAX } from "./abi/limits";
import {
  F_SEAL_EXEC,
  F_SEAL_SEAL,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  MFD_NAME_MAX,
  MFD_NOEXEC_SEAL,
} from "./abi/memfd";
import { FILE_SHARED_MEMORY } from "./abi/model";
import { S_IFREG } from "./abi/stat";
import { canInstall, install, lowestFree } from "./core/descriptor";
import { canOpenFiles, takeOpenFile } from "./core/file";
import {
  addInode,
  addNamelessInode,
  findChild,
  freeIfUnused,
  Inode,
  inodeAt,
  removeName,
  SHARED_MEMORY_DIRECTORY,
} from "./core/inode";
import { machine } from "./core/machine";
import { WINDOW } from "./core/memory";
import { Process } from "./core/process";
import { sharedObjectAt, sharedObjectIndex } from "./core/shared-object";
import { keptFlags, mayOpen } from "./open";
import { kindOfName, LAST_NAME } from "./path";
import { evictIfUnused, newObject, truncate } from "./shared-memory";
import { mayRemove } from "./tree";

const PERMISSIONS = 0o7777;
const SLASH: u8 = 0x2f;

/** Bytes of the path of the directory that the names are in, with the NUL at the end of a path: "/dev/shm/". */
const FOLDER_LENGTH: u32 = 10;

/** shm_open(3): a descriptor, or -errno. The window holds the name, without the slashes that it begins with. */
export function openSharedMemory(process: Process, length: u32, flags: i32, mode: i32): i32 {
  if (!isName(length)) return -EINVAL;
  const both = O_CREAT | O_DIRECTORY;
  if ((flags & both) == both) return -EINVAL;
  // getname comes before the descriptor, the name itself after it.
  if (length + FOLDER_LENGTH > <u32>PATH_MAX) return -ENAMETOOLONG;
  const refused = mayOpenFile(process);
  if (refused) return refused;
  if (length > <u32>NAME_MAX) return -ENAMETOOLONG;
  let inode = findChild(inodeAt(SHARED_MEMORY_DIRECTORY), WINDOW, length);
  if (inode) {
    const forbidden = mayOpenObject(process, inode, flags);
    if (forbidden) return forbidden;
    if (flags & O_TRUNC) truncate(process, sharedObjectAt(inode.pipe - 1), 0);
  } else {
    if (!(flags & O_CREAT)) return -ENOENT;
    inode = newSharedFile(process, length, mode);
    if (!inode) return -ENOSPC;
  }
  inode.opens++;
  const file = takeOpenFile(FILE_SHARED_MEMORY, keptFlags(flags | O_NOFOLLOW), inode.pipe - 1)!;
  return install(process, lowestFree(process, 0), file, true);
}

/** Whether a process can open another file: 0, or -errno. */
export function mayOpenFile(process: Process): i32 {
  const fd = lowestFree(process, 0);
  if (fd < 0) return -EMFILE;
  if (!canInstall(process, fd)) return -ENOMEM;
  return canOpenFiles(1, process.can(CAP_SYS_ADMIN)) ? 0 : -ENFILE;
}

/** Makes an object with the name that is in the window, which is free; null if the model has no room for it. */
export function newSharedFile(process: Process, length: u32, mode: i32): Inode | null {
  const directory = inodeAt(SHARED_MEMORY_DIRECTORY);
  const permissions = mode & ~process.umask & PERMISSIONS;
  const inode = addInode(directory, WINDOW, length, S_IFREG | permissions, process.euid, process.egid);
  if (!inode) return null;
  const object = newObject(inode);
  if (!object) {
    removeName(inode);
    return null;
  }
  object.seals = F_SEAL_SEAL;
  return inode;
}

/** What libc takes for a name. */
function isName(length: u32): bool {
  if (length == 0 || kindOfName(WINDOW, length) != LAST_NAME) return false;
  for (let at: u32 = 0; at < length; at++) if (load<u8>(WINDOW + at) == SLASH) return false;
  return true;
}

/** do_open, of an object that is there. */
function mayOpenObject(process: Process, inode: Inode, flags: i32): i32 {
  if (flags & O_CREAT) {
    if (flags & O_EXCL) return -EEXIST;
    if (isProtected(process, inode)) return -EACCES;
  }
  return mayOpen(process, inode, flags);
}

/** may_create_in_sticky: whether what another has made is not opened for one who meant to make it himself. */
function isProtected(process: Process, inode: Inode): bool {
  const directory = inodeAt(SHARED_MEMORY_DIRECTORY);
  return machine.protectedRegular != 0 && inode.uid != directory.uid && inode.uid != process.euid;
}

/** shm_unlink(3). libc makes EACCES of the kernel's EPERM. */
export function unlinkSharedMemory(process: Process, length: u32): i32 {
  return isName(length) ? removeSharedName(process, length) : -EINVAL;
}

/** Removes the name that is in the window: 0 or -errno. */
export function removeSharedName(process: Process, length: u32): i32 {
  if (length > <u32>NAME_MAX) return -ENAMETOOLONG;
  const inode = findChild(inodeAt(SHARED_MEMORY_DIRECTORY), WINDOW, length);
  if (!inode) return -ENOENT;
  const forbidden = mayRemove(process, inode);
  if (forbidden) return forbidden == -EPERM ? -EACCES : forbidden;
  removeSharedFile(inode);
  return 0;
}

/** Takes its name from an object, which goes with it unless somebody has it open or mapped. */
export function removeSharedFile(inode: Inode): void {
  const object = sharedObjectAt(inode.pipe - 1);
  removeName(inode);
  evictIfUnused(object);
}

/** memfd_create(2): a descriptor, or -errno. */
export function createMemoryFile(process: Process, length: u32, flags: i32): i32 {
  if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC)) return -EINVAL;
  if (flags & MFD_EXEC && flags & MFD_NOEXEC_SEAL) return -EINVAL;
  if (length > <u32>MFD_NAME_MAX) return -EINVAL;
  const refused = mayOpenFile(process);
  if (refused) return refused;
  const isNeverRun = (flags & MFD_NOEXEC_SEAL) != 0;
  const mode = isNeverRun ? S_IFREG | 0o666 : S_IFREG | 0o777;
  const inode = addNamelessInode(mode, process.euid, process.egid);
  if (!inode) return -ENOSPC;
  const object = newObject(inode);
  if (!object) {
    freeIfUnused(inode);
    return -ENOSPC;
  }
  object.isMemoryFile = 1;
  object.seals = isNeverRun ? F_SEAL_EXEC : flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL;
  inode.opens++;
  const file = takeOpenFile(FILE_SHARED_MEMORY, O_RDWR | O_LARGEFILE, sharedObjectIndex(object))!;
  return install(process, lowestFree(process, 0), file, (flags & MFD_CLOEXEC) != 0);
}
