// The size of a pipe: F_GETPIPE_SZ and F_SETPIPE_SZ of fcntl(2). It is a power of two of page slots, and can shrink to what
// is in use, however few bytes that is.
//
// Models fs/pipe.c of Linux 6.18: pipe_fcntl, pipe_set_size, pipe_resize_ring, round_pipe_size; pipe(7).
import { CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from "./abi/capability";
import { EBADF, EBUSY, EINVAL, ENOMEM, EPERM } from "./abi/errno";
import { FILE_PIPE, MAX_SLOTS } from "./abi/model";
import { OpenFile } from "./core/file";
import { machine } from "./core/machine";
import { Process } from "./core/process";
import { userAt } from "./core/user";
import { wake } from "./core/wait";
import { exceeds, Pipe, pipeAt } from "./pipe";

const LARGEST: u32 = 0x80000000;

/** F_GETPIPE_SZ: bytes, or -errno. */
export function getPipeSize(file: OpenFile): i32 {
  return file.kind == FILE_PIPE ? sizeOf(pipeAt(file.object)) : -EBADF;
}

/** F_SETPIPE_SZ: the new size in bytes, or -errno. */
export function setPipeSize(process: Process, file: OpenFile, bytes: u32): i32 {
  if (file.kind != FILE_PIPE) return -EBADF;
  if (bytes > LARGEST) return -EINVAL;
  const pipe = pipeAt(file.object);
  const size = roundUp(bytes);
  const slots = size / machine.pageSize;
  if (slots > pipe.slotCount && !mayGrow(process, pipe, size)) return -EPERM;
  // The model's own limit. The kernel's is what one allocation can be.
  if (slots > <u32>MAX_SLOTS) return -ENOMEM;
  if (slots < pipe.slotsUsed) return -EBUSY;
  const user = userAt(pipe.user);
  user.pipePages = user.pipePages - pipe.slotCount + slots;
  pipe.slotCount = slots;
  wake(pipe.writeWait, 0);
  return sizeOf(pipe);
}

function sizeOf(pipe: Pipe): i32 {
  return pipe.slotCount * machine.pageSize;
}

/** A page at least, and a power of two: round_pipe_size. */
function roundUp(bytes: u32): u32 {
  let size = machine.pageSize;
  while (size < bytes) size <<= 1;
  return size;
}

/** It is the caller's capabilities that count, and the pages of the user who made the pipe. */
function mayGrow(process: Process, pipe: Pipe, size: u32): bool {
  if (process.can(CAP_SYS_RESOURCE)) return true;
  if (size > machine.pipeMaxSize) return false;
  const pages = userAt(pipe.user).pipePages - pipe.slotCount + size / machine.pageSize;
  if (process.can(CAP_SYS_ADMIN)) return true;
  return !exceeds(pages, machine.pipeUserPagesSoft) && !exceeds(pages, machine.pipeUserPagesHard);
}
