// Names of POSIX semaphores: sem_open(3), sem_close(3), sem_unlink(3). A semaphore with a name is an object of shared memory, whose name
// begins with "sem.". A process maps it once, however often it opens it, and unmaps it when it has closed it as often.
//
// libc takes a semaphore for the same if the object is, and the name that it was opened by: "/a" and "a" are two mappings of one. A new one
// is made under a name that nobody knows, filled, and then given its own: so nobody finds one that is not ready.
//
// Models glibc 2.36: sem_open.c, sem_routines.c, sem_close.c, sem_unlink.c, shm-directory.c.
import { EBUSY, EEXIST, EINVAL, ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC } from "./abi/errno";
import { O_CREAT, O_EXCL, O_RDWR } from "./abi/fcntl";
import { NAME_MAX } from "./abi/limits";
import { SEM_SIZE, SEM_VALUE_MAX } from "./abi/semaphore";
import { findChild, inodeAt, SHARED_MEMORY_DIRECTORY } from "./core/inode";
import { WINDOW } from "./core/memory";
import { Process } from "./core/process";
import { bytesOf, SharedObject, sharedObjectAt } from "./core/shared-object";
import {
  answerMapping,
  findSemaphore,
  isWaitedInMapping,
  mapSemaphore,
  semaphoreMapping,
  unmapSemaphore,
} from "./mapping";
import { mayOpen } from "./open";
import { setSemaphore } from "./posix-semaphore";
import { truncate } from "./shared-memory";
import { mayOpenFile, newSharedFile, removeSharedFile, removeSharedName } from "./shm-open";

/** Bytes in front of a name: "sem.". */
const PREFIX_LENGTH: u32 = 4;
const SLASH: u8 = 0x2f;

/**
 * sem_open(3): 0, with the address and the process in OUT, or -errno. The window holds "sem." and the name, without the slashes that it
 * begins with: `slashes` says how many there were.
 */
export function openSemaphore(
  process: Process,
  length: u32,
  slashes: u32,
  flags: i32,
  mode: i32,
  value: u32,
): i32 {
  if (!isName(length)) return -EINVAL;
  if (length > <u32>NAME_MAX + PREFIX_LENGTH) return -ENAMETOOLONG;
  const both = O_CREAT | O_EXCL;
  if ((flags & both) != both) {
    const refused = mayOpenFile(process);
    if (refused) return refused;
    if (length > <u32>NAME_MAX) return -ENAMETOOLONG;
    const inode = findChild(inodeAt(SHARED_MEMORY_DIRECTORY), WINDOW, length);
    if (inode) {
      const forbidden = mayOpen(process, inode, O_RDWR);
      return forbidden ? forbidden : openObject(process, sharedObjectAt(inode.pipe - 1), slashes);
    }
    if (!(flags & O_CREAT)) return -ENOENT;
  }
  if (value > <u32>SEM_VALUE_MAX) return -EINVAL;
  return create(process, length, slashes, mode, value);
}

function isName(length: u32): bool {
  if (length == PREFIX_LENGTH) return false;
  for (let at: u32 = PREFIX_LENGTH; at < length; at++) if (load<u8>(WINDOW + at) == SLASH) return false;
  return true;
}

/** Makes a semaphore; its name is looked for last of all. */
function create(process: Process, length: u32, slashes: u32, mode: i32, value: u32): i32 {
  const refused = mayOpenFile(process);
  if (refused) return refused;
  if (length > <u32>NAME_MAX) return -ENAMETOOLONG;
  if (findChild(inodeAt(SHARED_MEMORY_DIRECTORY), WINDOW, length)) return -EEXIST;
  const inode = newSharedFile(process, length, mode);
  if (!inode) return -ENOSPC;
  const object = sharedObjectAt(inode.pipe - 1);
  truncate(process, object, SEM_SIZE);
  setSemaphore(bytesOf(object), true, value);
  object.writtenEnd = SEM_SIZE;
  const result = openObject(process, object, slashes);
  if (result < 0) removeSharedFile(inode);
  return result;
}

/** __sem_check_add_mapping: maps an object, unless it is already. */
function openObject(process: Process, object: SharedObject, slashes: u32): i32 {
  let part = semaphoreMapping(process, object, slashes);
  if (!part) part = mapSemaphore(process, object, slashes);
  if (!part) return -ENOMEM;
  part.opens++;
  return answerMapping(part);
}

/** sem_close(3): the last one unmaps it, unless a call waits there. */
export function closeSemaphore(process: Process, address: i64): i32 {
  const part = findSemaphore(process, address);
  if (!part) return -EINVAL;
  if (part.opens == 1 && isWaitedInMapping(process, part)) return -EBUSY;
  if (--part.opens == 0) unmapSemaphore(part);
  return 0;
}

/** sem_unlink(3). The window holds "sem." and the name. What is no name is nobody's. */
export function unlinkSemaphore(process: Process, length: u32): i32 {
  return isName(length) ? removeSharedName(process, length) : -ENOENT;
}
