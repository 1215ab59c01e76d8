// POSIX shared memory as files: what is read from them and written to them, their sizes and their seals. Names are in
// shm-open.ts, mappings in mapping.ts.
//
// An object lives while it has its name, or somebody has it open or mapped. The largest file is what a machine sets aside for
// each (`sharedObjectMax`): beyond it, EFBIG.
//
// Models mm/shmem.c of Linux 6.18: shmem_file_read_iter, shmem_file_write_iter, shmem_write_begin, shmem_setattr; memfd_add_seals,
// memfd_get_seals (mm/memfd.c), do_ftruncate (fs/open.c), generic_write_checks (fs/read_write.c), file_remove_privs (fs/inode.c).
import { CAP_FSETID } from "./abi/capability";
import { EBADF, EBUSY, EFBIG, EINVAL, EPERM } from "./abi/errno";
import { O_APPEND } from "./abi/fcntl";
import {
  F_SEAL_EXEC,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
} from "./abi/memfd";
import { FILE_SHARED_MEMORY, MORE } from "./abi/model";
import { S_ISGID, S_ISUID } from "./abi/stat";
import { fileOf } from "./core/descriptor";
import { OpenFile } from "./core/file";
import { freeIfUnused, Inode, inodeAt, inodeIndex } from "./core/inode";
import { machine } from "./core/machine";
import { WINDOW } from "./core/memory";
import { Process, processAt } from "./core/process";
import {
  bytesOf,
  freeSharedObject,
  resizeSharedObject,
  SharedObject,
  sharedObjectAt,
  sharedObjectIndex,
  takeSharedObject,
} from "./core/shared-object";
import { Task } from "./core/task";
import { isInGroupOf } from "./path";
import { windowEnd } from "./pipe";

const EXECUTE_BITS: u32 = 0o111;
const S_IXGRP: u32 = 0o10;

export function objectOf(file: OpenFile): SharedObject {
  return sharedObjectAt(file.object);
}

function inodeOf(object: SharedObject): Inode {
  return inodeAt(object.inode - 1);
}

/** Makes the object of a new file; null if the model has no room for it. */
export function newObject(inode: Inode): SharedObject | null {
  const object = takeSharedObject();
  if (!object) return null;
  object.inode = inodeIndex(inode) + 1;
  inode.pipe = sharedObjectIndex(object) + 1;
  return object;
}

/** The last use of an open file is gone. */
export function releaseSharedFile(file: OpenFile): void {
  const object = objectOf(file);
  inodeOf(object).opens--;
  evictIfUnused(object);
}

/** An object without a name that nobody has open or mapped is no more: shmem_evict_inode. */
export function evictIfUnused(object: SharedObject): void {
  if (object.mappings) return;
  if (!object.inode) {
    freeSharedObject(object);
    return;
  }
  const inode = inodeOf(object);
  if (!inode.isRemoved || inode.opens) return;
  freeSharedObject(object);
  inode.pipe = 0;
  freeIfUnused(inode);
}

// Size

/** ftruncate(2): a negative size comes out before a wrong descriptor. */
export function truncateFile(process: Process, fd: i32, size: i64): i32 {
  if (size < 0) return -EINVAL;
  const file = fileOf(process, fd);
  if (!file) return -EBADF;
  if (file.kind != FILE_SHARED_MEMORY || !file.isWritable) return -EINVAL;
  const object = objectOf(file);
  if (size > <i64>machine.sharedObjectMax) return -EFBIG;
  if (<u32>size < object.size && object.seals & F_SEAL_SHRINK) return -EPERM;
  if (<u32>size > object.size && object.seals & F_SEAL_GROW) return -EPERM;
  truncate(process, object, <u32>size);
  return 0;
}

/** Sets the size of an object, whatever its seals. */
export function truncate(process: Process, object: SharedObject, size: u32): void {
  removePrivileges(process, inodeOf(object));
  resizeSharedObject(object, size);
}

/** Who changes a file takes from it what would let it run with the rights of its owner: setattr_should_drop_suidgid. */
function removePrivileges(process: Process, inode: Inode): void {
  if (process.can(CAP_FSETID)) return;
  const isGroups = (inode.mode & S_IXGRP) != 0 || !isInGroupOf(process, inode);
  inode.mode &= isGroups ? ~(S_ISUID | S_ISGID) : ~S_ISUID;
}

// Seals

const ALL_SEALS =
  F_SEAL_SEAL | F_SEAL_EXEC | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
/** What an executable file is given with F_SEAL_EXEC: it stays what it is. */
const EXECUTABLE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;

/** F_ADD_SEALS of fcntl(2). */
export function addSeals(file: OpenFile, seals: i32): i32 {
  if (!file.isWritable) return -EPERM;
  if (seals & ~ALL_SEALS) return -EINVAL;
  if (file.kind != FILE_SHARED_MEMORY) return -EINVAL;
  const object = objectOf(file);
  if (object.seals & F_SEAL_SEAL) return -EPERM;
  const isExecutable = (inodeOf(object).mode & EXECUTE_BITS) != 0;
  const added = seals & F_SEAL_EXEC && isExecutable ? seals | EXECUTABLE_SEALS : seals;
  if (added & F_SEAL_WRITE && !(object.seals & F_SEAL_WRITE) && object.writableMappings) return -EBUSY;
  object.seals |= added;
  return 0;
}

/** F_GET_SEALS of fcntl(2). */
export function sealsOf(file: OpenFile): i32 {
  return file.kind == FILE_SHARED_MEMORY ? objectOf(file).seals : -EINVAL;
}

// Bytes

/** One attempt at read(2), from where the file stands: bytes read, or MORE if the window is full. */
export function readSharedFile(file: OpenFile, task: Task, length: u32): i32 {
  const result = readSharedAt(objectOf(file), task, file.offset, length);
  if (result > 0) file.offset += result;
  return result;
}

/** One attempt at pread(2), from a place on: bytes read, or MORE if the window is full. */
export function readSharedAt(object: SharedObject, task: Task, offset: i64, length: u32): i32 {
  if (offset >= <i64>object.size) return 0;
  const count = min<u32>(length, object.size - <u32>offset);
  const moved = min<u32>(count - task.done, windowEnd(task) - task.done);
  memory.copy(WINDOW, bytesOf(object) + <u32>offset + task.done, moved);
  task.done += moved;
  return task.done < count ? MORE : <i32>count;
}

/** One attempt at write(2), to where the file stands or to its end: bytes written, -errno or MORE. */
export function writeSharedFile(file: OpenFile, task: Task, length: u32): i32 {
  const result = writeSharedAt(file, task, file.offset, length);
  if (result > 0) file.offset = <u32>(task.long + result);
  return result;
}

/**
 * One attempt at pwrite(2): bytes written, -errno, or MORE if the window is used up. With O_APPEND the place does not matter.
 * What is to be written is settled in the first round: `task.long` is where, `task.d` how many bytes.
 */
export function writeSharedAt(file: OpenFile, task: Task, offset: i64, length: u32): i32 {
  const object = objectOf(file);
  if (task.done == 0) {
    if (length == 0) return 0;
    task.long = file.flags & O_APPEND ? <i64>object.size : offset;
    const count = beginWrite(processAt(task.process), object, task.long, length);
    if (count < 0) return count;
    task.d = count;
  }
  const moved = min<u32>(<u32>task.d - task.done, windowEnd(task) - task.done);
  memory.copy(bytesOf(object) + <u32>task.long + task.done, WINDOW, moved);
  task.done += moved;
  return task.done < <u32>task.d ? MORE : task.d;
}

/** Whether and how far a write goes: bytes of it, or -errno. The object is then as large as it will be. */
function beginWrite(process: Process, object: SharedObject, offset: i64, length: u32): i32 {
  if (offset >= <i64>machine.sharedObjectMax) return -EFBIG;
  const start = <u32>offset;
  const wanted = min<u32>(length, machine.sharedObjectMax - start);
  removePrivileges(process, inodeOf(object));
  const count = unsealed(object, start, wanted);
  if (count == 0) return -EPERM;
  const end = start + count;
  if (end > object.writtenEnd) object.writtenEnd = end;
  if (end > object.size) object.size = end;
  return count;
}

/** How many bytes the seals let through: what would make the object grow is refused by the page. */
function unsealed(object: SharedObject, start: u32, count: u32): u32 {
  if (object.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) return 0;
  if (!(object.seals & F_SEAL_GROW) || start + count <= object.size) return count;
  const wholePages = object.size & ~(machine.pageSize - 1);
  return wholePages > start ? wholePages - start : 0;
}
