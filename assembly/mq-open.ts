// The names of POSIX message queues: mq_open(3) and mq_unlink(3). Who may is as with files in one directory that everybody may
// write to, with the sticky bit.
//
// Models ipc/mqueue.c of Linux 6.18: do_mq_open, prepare_open, mqueue_create_attr, mqueue_get_inode, mq_unlink; and
// lookup_noperm_common (fs/namei.c).
import { CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from "./abi/capability";
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
import { O_ACCMODE, O_CREAT, O_DIRECT, O_EXCL, O_NOCTTY, O_RDONLY, O_TRUNC, O_WRONLY } from "./abi/fcntl";
import { NAME_MAX, PATH_MAX } from "./abi/limits";
import { FILE_MESSAGE_QUEUE } from "./abi/model";
import { MQ_HARD_MSG_MAX, MQ_HARD_MSGSIZE_MAX } from "./abi/mqueue";
import { S_IFREG } from "./abi/stat";
import { canInstall, install, lowestFree } from "./core/descriptor";
import { canOpenFiles, takeOpenFile } from "./core/file";
import {
  addInode,
  findChild,
  Inode,
  inodeAt,
  inodeIndex,
  MESSAGE_QUEUE_DIRECTORY,
  removeName,
} from "./core/inode";
import { machine } from "./core/machine";
import { MESSAGE_QUEUE_SIZE, WINDOW } from "./core/memory";
import { MESSAGE_QUEUE_POOL, pool } from "./core/pool";
import { Process } from "./core/process";
import { addQueueOf, findUser, removeQueueOf } from "./core/user";
import { bytesCounted, evictIfUnused, MessageQueue, messageQueueAt } from "./message-queue";
import { kindOfName, LAST_NAME, MAY_READ, MAY_WRITE, mayAccess } from "./path";
import { mayRemove } from "./tree";

/** Flags that an open file does not keep: do_dentry_open. All others it keeps, those among them that mean nothing here. */
const DROPPED_FLAGS = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC;
const PERMISSIONS = 0o7777;
const SLASH: u8 = 0x2f;

/** Where the window holds a name, which begins with the slash that libc leaves out. */
const NAME: usize = WINDOW + 1;

/** mq_open(3): a descriptor, or -errno. The window holds the name, of `length` bytes with its slash. */
export function openMessageQueue(
  process: Process,
  length: u32,
  flags: i32,
  mode: i32,
  hasAttributes: bool,
  maxMessages: i32,
  maxBytes: i32,
): i32 {
  const long = length - 1;
  if (long >= <u32>PATH_MAX) return -ENAMETOOLONG;
  if (long == 0) return -ENOENT;
  // getname comes before the descriptor, the name itself after it.
  const fd = lowestFree(process, 0);
  if (fd < 0) return -EMFILE;
  if (!canInstall(process, fd)) return -ENOMEM;
  const mistake = nameMistake(long);
  if (mistake) return mistake;
  let inode = findChild(inodeAt(MESSAGE_QUEUE_DIRECTORY), NAME, long);
  if (inode) {
    const forbidden = mayOpen(process, inode, flags);
    if (forbidden) return forbidden;
  } else {
    if (!(flags & O_CREAT)) return -ENOENT;
    const messages = hasAttributes ? maxMessages : min<i32>(machine.mqMsgMax, machine.mqMsgDefault);
    const bytes = hasAttributes ? maxBytes : min<i32>(machine.mqMsgsizeMax, machine.mqMsgsizeDefault);
    const failed = create(process, long, mode, messages, bytes);
    if (failed) return failed;
    inode = findChild(inodeAt(MESSAGE_QUEUE_DIRECTORY), NAME, long)!;
  }
  // What goes wrong from here on leaves a queue that was made.
  if (!canOpenFiles(1, process.can(CAP_SYS_ADMIN))) return -ENFILE;
  if (flags & O_DIRECT) return -EINVAL;
  inode.opens++;
  const file = takeOpenFile(FILE_MESSAGE_QUEUE, flags & ~DROPPED_FLAGS, inode.pipe - 1)!;
  return install(process, fd, file, true);
}

function nameMistake(length: u32): i32 {
  if (kindOfName(NAME, length) != LAST_NAME) return -EACCES;
  for (let at: u32 = 0; at < length; at++) if (load<u8>(NAME + at) == SLASH) return -EACCES;
  return length > <u32>NAME_MAX ? -ENAMETOOLONG : 0;
}

/** prepare_open, of a queue that is there. */
function mayOpen(process: Process, inode: Inode, flags: i32): i32 {
  if (flags & O_CREAT && flags & O_EXCL) return -EEXIST;
  const access = flags & O_ACCMODE;
  if (access == O_ACCMODE) return -EINVAL;
  let mask: u32 = 0;
  if (access != O_WRONLY) mask |= MAY_READ;
  if (access != O_RDONLY) mask |= MAY_WRITE;
  return mayAccess(process, inode, mask) ? 0 : -EACCES;
}

/** mqueue_create_attr, mqueue_get_inode. Everybody may write to the directory. */
function create(process: Process, length: u32, mode: i32, maxMessages: i32, maxBytes: i32): i32 {
  if (offsetof<MessageQueue>() != MESSAGE_QUEUE_SIZE)
    ERROR("MESSAGE_QUEUE_SIZE is not the size of MessageQueue");
  const isPrivileged = process.can(CAP_SYS_RESOURCE);
  if (machine.mqQueues >= machine.mqQueuesMax && !isPrivileged) return -ENOSPC;
  const mostMessages: u32 = isPrivileged ? MQ_HARD_MSG_MAX : machine.mqMsgMax;
  const mostBytes: u32 = isPrivileged ? MQ_HARD_MSGSIZE_MAX : machine.mqMsgsizeMax;
  if (maxMessages <= 0 || maxBytes <= 0) return -EINVAL;
  if (<u32>maxMessages > mostMessages || <u32>maxBytes > mostBytes) return -EINVAL;
  const bytes = bytesCounted(maxMessages, maxBytes);
  const user = findUser(process.ruid);
  const counted = bytes + (user ? user.messageBytes : 0);
  if (machine.rlimitMsgqueue != u32.MAX_VALUE && counted > machine.rlimitMsgqueue) return -EMFILE;
  const queues = pool(MESSAGE_QUEUE_POOL);
  if (queues.isFull()) return -ENOMEM;
  const owner = addQueueOf(process.ruid, bytes);
  if (owner < 0) return -ENOMEM;
  const permissions = mode & ~process.umask & PERMISSIONS;
  const directory = inodeAt(MESSAGE_QUEUE_DIRECTORY);
  const inode = addInode(directory, NAME, length, S_IFREG | permissions, process.euid, process.egid);
  if (!inode) {
    removeQueueOf(owner, bytes);
    return -ENOMEM;
  }
  const index = queues.take();
  const queue = messageQueueAt(index);
  queue.inode = inodeIndex(inode) + 1;
  queue.maxMessages = maxMessages;
  queue.maxBytes = maxBytes;
  queue.user = owner;
  inode.pipe = index + 1;
  machine.mqQueues++;
  return 0;
}

/** mq_unlink(3). libc makes EACCES of the kernel's EPERM. */
export function unlinkMessageQueue(process: Process, length: u32): i32 {
  const long = length - 1;
  if (long >= <u32>PATH_MAX) return -ENAMETOOLONG;
  if (long == 0) return -ENOENT;
  const mistake = nameMistake(long);
  if (mistake) return mistake;
  const inode = findChild(inodeAt(MESSAGE_QUEUE_DIRECTORY), NAME, long);
  if (!inode) return -ENOENT;
  const forbidden = mayRemove(process, inode);
  if (forbidden) return forbidden == -EPERM ? -EACCES : forbidden;
  const queue = messageQueueAt(inode.pipe - 1);
  removeName(inode);
  evictIfUnused(queue);
  return 0;
}
