// `npm run mutants`: proof that the conformance suite judges. Plants one bug at a time in the model (a replacement in the text
// of assembly/, compiled apart; the sources stay as they are) and runs the suite on it until the bug is caught.
// Exits with status 0 only if all were.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { Command } from "commander";
import colors from "picocolors";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const REMOVED = "";

/** A bug: in `file`, the text `from`, which stands there once, becomes `to`. */
const mutants = [
  bug(
    "a write without readers gives EBADF",
    "pipe.ts",
    "if (!pipe.readers) return -EPIPE;",
    "if (!pipe.readers) return -EBADF;",
    {
      also: ["import { EAGAIN, ", "import { EBADF, EAGAIN, "],
    },
  ),
  bug(
    "a write goes on without readers",
    "pipe.ts",
    "if (!pipe.readers) return finishWrite(pipe, task, -EPIPE);",
    REMOVED,
  ),
  bug(
    "a read that frees a slot of a full pipe wakes no writer",
    "pipe.ts",
    "if (task.has(TASK_FLAG_WAKE_WRITER)) wake(pipe.writeWait, POLLOUT | POLLWRNORM);",
    REMOVED,
  ),
  bug(
    "a woken reader that leaves bytes does not wake the next",
    "pipe.ts",
    "if (task.has(TASK_FLAG_WAKE_NEXT) && !pipe.isEmpty) wake(pipe.readWait, POLLIN | POLLRDNORM);",
    REMOVED,
  ),
  bug(
    "a pipe is full one slot too early",
    "pipe.ts",
    "this.slotsUsed >= this.slotCount",
    "this.slotsUsed + 1 >= this.slotCount",
  ),
  bug(
    "a write joins the newest slot of packets too",
    "pipe.ts",
    "!(slot.flags & SLOT_CAN_MERGE) || ",
    REMOVED,
  ),
  bug(
    "a write does not join a slot that it would just fill",
    "pipe.ts",
    "end + tail > machine.pageSize",
    "end + tail >= machine.pageSize",
  ),
  bug("what does not fit of a packet stays", "pipe.ts", "if (isPacket) consume(slot, slot.length);", REMOVED),
  bug(
    "a read without writers does not end",
    "pipe.ts",
    "if (!pipe.writers) return finishRead(pipe, task, 0);",
    REMOVED,
  ),
  bug(
    "the last writer's close wakes nobody",
    "pipe.ts",
    "    wakeAll(pipe.readWait);\n    wakeAll(pipe.writeWait);\n",
    "    wakeAll(pipe.writeWait);\n",
  ),
  bug(
    "a write that stops half-way gives its error",
    "pipe.ts",
    "return task.done ? task.done : result;",
    "return result;",
  ),
  bug(
    "POLLOUT only when the pipe is empty",
    "pipe.ts",
    "if (!pipe.isFull) events |= POLLOUT",
    "if (pipe.isEmpty) events |= POLLOUT",
  ),
  bug(
    "no POLLHUP at the end of the file",
    "pipe.ts",
    "if (!pipe.writers && (!pipe.inode || file.writersSeen != pipe.writeOpens)) events |= POLLHUP;",
    REMOVED,
  ),
  bug(
    "FIONREAD tells the newest slot only",
    "pipe.ts",
    "size += slotAt(index).length",
    "size = slotAt(index).length",
  ),
  bug(
    "pipe2 forgets O_CLOEXEC",
    "pipe.ts",
    "const closeOnExec = (flags & O_CLOEXEC) != 0;",
    "const closeOnExec = false;",
  ),
  bug(
    "dup copies FD_CLOEXEC",
    "file.ts",
    "return install(process, fd, file, closeOnExec);\n}\n\n/** dup2(2)",
    "return install(process, fd, file, closeOnExec || isCloseOnExec(process, oldfd));\n}\n\n/** dup2(2)",
    { only: "descriptors" },
  ),
  bug(
    "F_SETFL cannot take O_NONBLOCK away",
    "file.ts",
    "(flags & mask) | (file.flags & ~mask)",
    "(flags & mask) | file.flags",
  ),
  bug(
    "dup2 onto itself closes",
    "file.ts",
    "if (oldfd == newfd) return fileOf(process, oldfd) ? newfd : -EBADF;",
    REMOVED,
  ),
  bug(
    "an awaited read whose descriptor is closed waits on",
    "file.ts",
    "if (task.call != CALL_POLL) task.interrupted = EBADF;",
    "if (task.call != CALL_POLL) continue;",
    { executor: "awaited" },
  ),
  bug(
    "waitpid gives the plain exit status",
    "process.ts",
    "store<u32>(OUT, child.exitStatus);",
    "store<u32>(OUT, child.exitStatus >> 8);",
    { only: "process" },
  ),
  bug(
    "a child inherits what is close-on-exec",
    "process.ts",
    "if (isCloseOnExec(parent, fd)) continue;",
    REMOVED,
    { only: "process" },
  ),
  // FIFOs.
  bug(
    "a writer that does not wait for a reader gets EAGAIN",
    "open.ts",
    "    leavePipe(pipe);\n    return -ENXIO;",
    "    leavePipe(pipe);\n    return -EAGAIN;",
    { also: ["import {\n  EACCES,", "import {\n  EAGAIN,\n  EACCES,"], only: "fifo" },
  ),
  bug(
    "who opens a FIFO wakes nobody who waits for him",
    "open.ts",
    "  wakeAll(pipe.readWait);\n  return true;",
    "  return true;",
    { only: "fifo" },
  ),
  bug("an open that waits has no descriptor yet", "open.ts", "  reserve(process, fd);\n", REMOVED, {
    only: "fifo",
    also: ["  unreserve(process, fd);\n", REMOVED],
  }),
  bug(
    "a writer may open a FIFO whatever its mode says",
    "open.ts",
    "if (!mayAccess(process, inode, mask)) return -EACCES;",
    REMOVED,
    { only: "tree" },
  ),
  bug(
    "O_TRUNC does not ask for permission to write",
    "open.ts",
    "if (mode != O_RDONLY || flags & O_TRUNC) mask |= MAY_WRITE;",
    "if (mode != O_RDONLY) mask |= MAY_WRITE;",
    { only: "tree" },
  ),
  bug(
    "POLLHUP on a FIFO that nobody has written to yet",
    "pipe.ts",
    "if (!pipe.writers && (!pipe.inode || file.writersSeen != pipe.writeOpens)) events |= POLLHUP;",
    "if (!pipe.writers) events |= POLLHUP;",
    { only: "fifo" },
  ),
  bug(
    "no POLLHUP on a FIFO that its writers have left",
    "pipe.ts",
    "if (!pipe.writers && (!pipe.inode || file.writersSeen != pipe.writeOpens)) events |= POLLHUP;",
    "if (!pipe.writers && !pipe.inode) events |= POLLHUP;",
    { only: "fifo" },
  ),
  bug(
    "an awaited open that finds no reader gives ENXIO",
    "open.ts",
    "if (result != -ENXIO) return result;",
    "return result;",
    { executor: "awaited", only: "fifo" },
  ),
  // The directory tree.
  bug(
    "the owner of a sticky directory removes nothing of others",
    "tree.ts",
    "isSticky && directory.uid != process.euid && !isOwner(process, inode)",
    "isSticky && !isOwner(process, inode)",
    { only: "tree" },
  ),
  bug(
    "the umask does not count for directories",
    "tree.ts",
    "mode &= ~process.umask;",
    "if (type != S_IFDIR) mode &= ~process.umask;",
    {
      only: "tree",
    },
  ),
  bug(
    "a file in a set-group-ID directory has its maker's group",
    "tree.ts",
    "const gid = inheritsGroup ? directory.gid : process.egid;",
    "const gid = process.egid;",
    { only: "tree" },
  ),
  bug(
    "a FIFO may be made under a path that ends in a slash",
    "tree.ts",
    "if (walk.hasTrailingSlash && type != S_IFDIR) return -ENOENT;",
    REMOVED,
    { only: "tree" },
  ),
  bug(
    "chmod gives the set-group-ID bit to a file of another group",
    "tree.ts",
    "if (!isInGroupOf(process, inode)) permissions &= ~S_ISGID;",
    REMOVED,
    { only: "tree" },
  ),
  bug(
    "what an owner may not, his group lets him",
    "path.ts",
    "if (inode.uid == process.euid) granted >>= 6;",
    "if (inode.uid == process.euid) granted = (granted >> 6) | (granted >> 3);",
    { only: "tree" },
  ),
  bug(
    "CAP_DAC_READ_SEARCH searches no directory",
    "path.ts",
    "(inode.isDirectory || mask == MAY_READ)",
    "mask == MAY_READ",
    { only: "tree" },
  ),
  bug(
    "a name of 255 bytes is too long",
    "path.ts",
    "walk.length > <u32>NAME_MAX",
    "walk.length >= <u32>NAME_MAX",
    {
      only: "tree",
    },
  ),
  // tee, splice and vmsplice.
  bug("a write joins what tee has copied", "slot.ts", "slot.flags & ~SLOT_CAN_MERGE);", "slot.flags);", {
    only: "splice",
  }),
  bug(
    "a write joins a page that vmsplice has put there",
    "vmsplice.ts",
    "addBytes(pipe, task, count, 0);",
    "addBytes(pipe, task, count, 1);",
    {
      only: "splice",
    },
  ),
  bug("tee wakes no reader", "splice.ts", "if (copied) wake(to.readWait, 0);", REMOVED, { only: "splice" }),
  bug(
    "splice wakes no writer of the pipe that it empties",
    "splice.ts",
    "if (freed) wake(from.writeWait, 0);",
    REMOVED,
    {
      only: "splice",
    },
  ),
  bug("splice takes a part of a page twice", "splice.ts", "slot.offset += count;", REMOVED, {
    only: "splice",
  }),
  bug(
    "O_NONBLOCK of the pipe that is written to means nothing to splice",
    "splice.ts",
    "(task.c & SPLICE_F_NONBLOCK) != 0 || output.isNonblocking",
    "(task.c & SPLICE_F_NONBLOCK) != 0",
    { only: "splice" },
  ),
  // The size of a pipe.
  bug(
    "a pipe does not shrink to what it holds",
    "pipe-size.ts",
    "slots < pipe.slotsUsed",
    "slots <= pipe.slotsUsed",
    {
      only: "limits",
    },
  ),
  bug(
    "the size of a pipe is any number of pages",
    "pipe-size.ts",
    "size <<= 1;",
    "size += machine.pageSize;",
    {
      only: "limits",
    },
  ),
  bug(
    "pipe-max-size itself is too much",
    "pipe-size.ts",
    "size > machine.pipeMaxSize",
    "size >= machine.pipeMaxSize",
    {
      only: "limits",
    },
  ),
  bug("a pipe that grows wakes no writer", "pipe-size.ts", "wake(pipe.writeWait, 0);", REMOVED, {
    only: "limits",
  }),
  // Credentials, interruptions.
  bug("the saved user is not one's own", "core/credentials.ts", " || process.suid == <u32>uid", REMOVED, {
    only: "credentials",
  }),
  bug(
    "who gives up user 0 for a while keeps its powers",
    "core/credentials.ts",
    "(wasRoot && !isRoot) || (oldEffective == 0 && process.euid != 0)",
    "wasRoot && !isRoot",
    { only: "credentials" },
  ),
  bug(
    "everybody may change his groups",
    "core/credentials.ts",
    "if (!process.can(CAP_SETGID)) return -EPERM;",
    REMOVED,
    {
      only: "credentials",
    },
  ),
  bug(
    "an interruption ends a read that waits as its end of file",
    "pipe.ts",
    "return task.interrupted ? -(<i32>task.interrupted) : park(pipe.readWait, task);",
    "return task.interrupted ? 0 : park(pipe.readWait, task);",
    { only: "pipe" },
  ),
  sysv(
    "a message is never handed over",
    "sysv-queue.ts",
    "if (!handOver(queue, message)) enqueue",
    "enqueue",
  ),
  sysv(
    "a receiver without enough room is passed over, and waits on",
    "sysv-queue.ts",
    "      stopWait(task, wait);\n      const fits = (task.b & MSG_NOERROR) != 0 || length <= <u32>task.c;",
    "      const fits = (task.b & MSG_NOERROR) != 0 || length <= <u32>task.c;\n      if (!fits) { wait = next; continue; }\n      stopWait(task, wait);",
  ),
  sysv(
    "a hand-over notes no receiver",
    "sysv-queue.ts",
    "queue.lastReceiver = processAt(task.process).pid;",
    REMOVED,
  ),
  sysv(
    "a negative type takes the first that is small enough",
    "sysv-queue.ts",
    "if (wanted >= 0) return index;",
    "return index;",
  ),
  sysv(
    "MSG_EXCEPT is forgotten",
    "sysv-queue.ts",
    "return flags & MSG_EXCEPT ? type != wanted : type == wanted;",
    "return type == wanted;",
  ),
  sysv(
    "MSG_COPY cuts off",
    "sysv-queue.ts",
    "return message.length > <u32>task.c ? -EINVAL : deliver(message, task.c);",
    "return deliver(message, task.c);",
  ),
  sysv(
    "messages of no bytes are not counted",
    "sysv-queue.ts",
    " && <u64>this.count + 1 <= this.maxBytes;",
    ";",
  ),
  sysv(
    "IPC_SET leaves receivers asleep",
    "sysv-queue.ts",
    "  wakeReceivers(queue);\n  wakeSenders(queue);",
    "  wakeSenders(queue);",
  ),
  sysv(
    "IPC_SET leaves senders asleep",
    "sysv-queue.ts",
    "  wakeReceivers(queue);\n  wakeSenders(queue);",
    "  wakeReceivers(queue);",
  ),
  sysv(
    "a message taken out wakes no sender",
    "sysv-queue.ts",
    "  wakeSenders(queue);\n  const length",
    "  const length",
  ),
  sysv("IPC_RMID leaves senders asleep", "sysv-queue.ts", "  dismiss(queue.senders);\n", REMOVED),
  sysv(
    "IPC_SET beyond msgmnb is granted",
    "sysv-queue.ts",
    "if (<u32>maxBytes > machine.msgmnb && !process.can(CAP_SYS_RESOURCE)) return -EPERM;",
    REMOVED,
  ),
  sysv(
    "a queue's group is its maker's alone",
    "core/ipc.ts",
    "isInGroup(process, object.cgid) || isInGroup(process, object.gid)",
    "isInGroup(process, object.cgid)",
  ),
  sysv(
    "a maker loses his rights with the queue",
    "core/ipc.ts",
    "process.euid == object.cuid || process.euid == object.uid) granted",
    "process.euid == object.uid) granted",
  ),
  sysv("IPC_EXCL alone refuses", "core/ipc.ts", "flags & IPC_CREAT && flags & IPC_EXCL", "flags & IPC_EXCL"),
  sysv(
    "msgget asks for no permission",
    "core/ipc.ts",
    "return mayAccessIpc(process, object, flags) ? object.id : -EACCES;",
    "return object.id;",
  ),
  semaphore(
    "operations stay done though a later one waits",
    "sysv-semaphore.ts",
    "    takeBack(set, operations, place, undo);\n",
    REMOVED,
  ),
  semaphore(
    "a failed call's adjustment stays",
    "sysv-semaphore.ts",
    "    if (operation.flags & SEM_UNDO) {\n      undo!.adjust(operation.num, undo!.adjustment(operation.num) + operation.op);\n    }\n",
    REMOVED,
    { only: "sysv-semaphore-process" },
  ),
  semaphore(
    "who waits for 0 is not served",
    "sysv-semaphore.ts",
    "let isAny = serveZeroLines(set, operations, count) || isOperation;",
    "let isAny = isOperation;",
  ),
  semaphore(
    "what a waiting call did is not looked at again",
    "sysv-semaphore.ts",
    "again = set.alterFirst != 0 || task.c > 1;",
    "again = false;",
  ),
  semaphore(
    "calls of one operation stay at their semaphores",
    "sysv-semaphore.ts",
    "if (!set.complexCount++) joinLines(set);",
    "set.complexCount++;",
  ),
  semaphore(
    "calls of one operation do not go back to their semaphores",
    "sysv-semaphore.ts",
    "  if (set.complexCount) return;\n",
    "  return;\n",
  ),
  semaphore(
    "a call is counted at all semaphores",
    "sysv-semaphore.ts",
    "if (operation.num == num && (operation.op == 0) == forZero) count++;",
    "if ((operation.op == 0) == forZero) count++;",
  ),
  semaphore(
    "a call is counted where it was stopped first",
    "sysv-semaphore.ts",
    "    task.d = result - 1;\n    return 1;",
    "    return 1;",
  ),
  semaphore(
    "SETVAL leaves what is to be undone",
    "sysv-semaphore.ts",
    "  clearAdjustments(set.index, num);\n",
    REMOVED,
    { only: "sysv-semaphore-process" },
  ),
  semaphore(
    "what is undone serves nobody",
    "sysv-semaphore.ts",
    "  dropUndo(undo, set.count);\n  serveWaiting(set, 0, 0, true);\n",
    "  dropUndo(undo, set.count);\n",
    { only: "sysv-semaphore-process" },
  ),
  semaphore("nothing is undone", "process.ts", "  if (undoNext(process)) return 1;\n", REMOVED, {
    only: "sysv-semaphore-process",
  }),
  semaphore(
    "who was served is not noted",
    "sysv-semaphore.ts",
    "const undo = survey(operations, task.c) & UNDOES ? findUndo(process, set.index) : null;\n  const result = perform(set, operations, task.c, process.pid, undo);",
    "const undo = survey(operations, task.c) & UNDOES ? findUndo(process, set.index) : null;\n  const result = perform(set, operations, task.c, 0, undo);",
  ),
  semaphore(
    "who waited waits on where IPC_NOWAIT forbids it",
    "sysv-semaphore.ts",
    "return operation.flags & IPC_NOWAIT ? -EAGAIN : place + 1;",
    "return place + 1;",
  ),
  semaphore(
    "SETVAL counts as an operation",
    "sysv-semaphore.ts",
    "  serveWaiting(set, 0, 0, false);",
    "  serveWaiting(set, 0, 0, true);",
  ),
  semaphore(
    "semget asks for permission first",
    "sysv-semaphore.ts",
    "(found >= 0 || found == -EACCES) && hasFewer",
    "found >= 0 && hasFewer",
  ),
  semaphore(
    "a semaphore that is only waited for notes nobody",
    "sysv-semaphore.ts",
    "    set.semaphore(operationAt(operations, place).num).lastPid = pid;",
    "    if (operationAt(operations, place).op) set.semaphore(operationAt(operations, place).num).lastPid = pid;",
  ),
  semaphore(
    "a time that is over interrupts",
    "sysv-semaphore.ts",
    "return task.has(TASK_FLAG_TIMED_OUT) ? -EAGAIN : -EINTR;",
    "return -EINTR;",
  ),
  semaphore(
    "what is undone takes a semaphore below 0",
    "sysv-semaphore.ts",
    "semaphore.value = max(0, min(SEMVMX, semaphore.value + adjustment));",
    "semaphore.value = min(SEMVMX, semaphore.value + adjustment);",
    { only: "sysv-semaphore-process" },
  ),
  semaphore(
    "an adjustment has no range",
    "sysv-semaphore.ts",
    "    if (adjustment < -SEMAEM - 1 || adjustment > SEMAEM) return -ERANGE;\n",
    REMOVED,
  ),
  mqueue(
    "a message goes before those of its priority",
    "message-queue.ts",
    "messageAt(after).type >= message.type",
    "messageAt(after).type > message.type",
  ),
  mqueue(
    "a receiver is woken, and not handed its message",
    "mq-transfer.ts",
    "    receiver.d = message;\n    receiver.set(TASK_FLAG_HANDED);\n    return 0;",
    "    insertMessage(queue, message);\n    return 0;",
  ),
  mqueue(
    "a message that is taken wakes no poll",
    "mq-transfer.ts",
    "  } else {\n    wake(queue.polls, 0);\n  }",
    "  }",
  ),
  mqueue(
    "any message uses a notification up",
    "message-queue.ts",
    "queue.notified && queue.count == 1",
    "queue.notified",
  ),
  mqueue(
    "a notification outlives a close",
    "message-queue.ts",
    "if (queue.notified == processIndex(process) + 1) removeNotification(queue);",
    REMOVED,
  ),
  mqueue(
    "a process asks twice to be told",
    "message-queue.ts",
    "if (queue.notified) return -EBUSY;",
    "if (queue.notified && queue.notified != self) return -EBUSY;",
  ),
  mqueue(
    "anybody withdraws a notification",
    "message-queue.ts",
    "if (queue.notified == self) removeNotification(queue);",
    "removeNotification(queue);",
  ),
  mqueue("O_EXCL alone refuses", "mq-open.ts", "flags & O_CREAT && flags & O_EXCL", "flags & O_EXCL"),
  mqueue(
    "the umask does not count",
    "mq-open.ts",
    "mode & ~process.umask & PERMISSIONS",
    "mode & PERMISSIONS",
  ),
  mqueue(
    "RLIMIT_MSGQUEUE counts no tree nodes",
    "message-queue.ts",
    " + min<u64>(messages, MQ_PRIO_MAX) * TREE_NODE",
    REMOVED,
  ),
  mqueue(
    "a message of the full length is too long",
    "mq-transfer.ts",
    "if (length > queue.maxBytes) return -EMSGSIZE;",
    "if (length >= queue.maxBytes) return -EMSGSIZE;",
  ),
  mqueue("a read of a queue begins anew each time", "message-queue.ts", "file.offset += count;", REMOVED),
  mqueue(
    "a queue's descriptor is inherited",
    "mq-open.ts",
    "return install(process, fd, file, true);",
    "return install(process, fd, file, false);",
  ),
  mqueue(
    "another's queue cannot be removed: EPERM",
    "mq-open.ts",
    "return forbidden == -EPERM ? -EACCES : forbidden;",
    "return forbidden;",
  ),
  mqueue(
    "mq_setattr never clears O_NONBLOCK",
    "message-queue.ts",
    "file.flags = (file.flags & ~O_NONBLOCK) | flags;",
    "file.flags |= flags;",
  ),
  mqueue("a negative time is one", "mq-transfer.ts", "if (time < 0) return -EINVAL;", REMOVED),
  mqueue(
    "queues_max counts open queues only",
    "message-queue.ts",
    "  machine.mqQueues--;\n  pool(MESSAGE_QUEUE_POOL)",
    "  pool(MESSAGE_QUEUE_POOL)",
  ),
  mqueue(
    "a buffer may be shorter than msgsize",
    "mq-transfer.ts",
    "if (<u32>task.b < queue.maxBytes) return -EMSGSIZE;",
    REMOVED,
  ),
  mqueue(
    "a message wakes nobody who awaits it",
    "message-queue.ts",
    "  wake(queue.polls, 0);\n}\n\nfunction removeNotification",
    "}\n\nfunction removeNotification",
    { executor: "awaited" },
  ),
  mqueue(
    "an awaited receive of a closed descriptor goes on",
    "mq-transfer.ts",
    "return awaitEvents(task, file, queue.polls, task.a,",
    "return awaitEvents(task, file, queue.polls, -1,",
    { executor: "awaited" },
  ),
  mqueue(
    "a message is told of that a blocked receiver is handed",
    "mq-transfer.ts",
    "    receiver.d = message;\n",
    "    insertMessage(queue, message);\n    notify(queue);\n    takeMessage(queue);\n    receiver.d = message;\n",
  ),
  mqueue(
    "a notification comes more than once",
    "message-queue.ts",
    "    removeNotification(queue);\n  }\n  wake(queue.polls, 0);",
    "  }\n  wake(queue.polls, 0);",
  ),
  mqueue(
    "a signal wakes nobody who waits for it",
    "signal.ts",
    "  wake(process.signalWait, bitOf(signal));\n",
    REMOVED,
    { executor: "awaited" },
  ),
  mqueue(
    "a signal is lost while nobody waits for it",
    "signal.ts",
    "  process.pendingSignals |= bitOf(signal);\n",
    "  if (process.signalFirst) process.pendingSignals |= bitOf(signal);\n",
    { executor: "awaited" },
  ),
  mqueue(
    "a signal that was taken is pending still",
    "signal.ts",
    "    process.pendingSignals &= ~bitOf(signal);\n",
    REMOVED,
    { executor: "awaited" },
  ),
  mqueue("the highest signal is taken first", "signal.ts", "ctz(wanted) + 1", "32 - clz(wanted)", {
    executor: "awaited",
  }),
  memory(
    "what was cut off comes again",
    "core/shared-object.ts",
    "if (size < object.size && size < object.dirtyEnd) {",
    "if (false) {",
  ),
  memory(
    "F_SEAL_GROW refuses a write whole, not from a page on",
    "shared-memory.ts",
    "return wholePages > start ? wholePages - start : 0;",
    "return 0;",
  ),
  memory(
    "pwrite heeds its place in spite of O_APPEND",
    "shared-memory.ts",
    "file.flags & O_APPEND ? <i64>object.size : offset",
    "offset",
    { executor: "awaited" },
  ),
  memory(
    "a write leaves the set-user-ID bit",
    "shared-memory.ts",
    "  removePrivileges(process, inodeOf(object));\n  const count",
    "  const count",
  ),
  memory(
    "another's object cannot be removed: EPERM",
    "shm-open.ts",
    "return forbidden == -EPERM ? -EACCES : forbidden;",
    "return forbidden;",
  ),
  mapping(
    "F_SEAL_WRITE is taken in spite of mappings for writing",
    "shared-memory.ts",
    " && object.writableMappings) return -EBUSY;",
    " && object.writableMappings > 99) return -EBUSY;",
  ),
  mapping(
    "mprotect changes nothing if it cannot change all",
    "mapping.ts",
    "  const result = protectPages(",
    "  for (let page = first; page < first + pages; page++) if (!partWith(process, <u32>page)) return -ENOMEM;\n  const result = protectPages(",
  ),
  mapping(
    "what is open for reading can be mapped for writing later",
    "mapping.ts",
    "(!file.isWritable || isSealed(objectOf(file)))",
    "isSealed(objectOf(file))",
    { executor: "awaited" },
  ),
  mapping(
    "memory is there beyond the end of its object",
    "mapping.ts",
    "return (part.protection & way) != 0 && isThere(part, page);",
    "return (part.protection & way) != 0;",
  ),
  mapping(
    "the second part of a split mapping shows the first pages",
    "mapping.ts",
    "  second.objectPage += page - part.start;\n",
    "",
  ),
  posixSemaphore(
    "who waits is not counted",
    "posix-semaphore.ts",
    "return isCounted ? waitInLine(task, place, WAITER)",
    "return isCounted ? waitInLine(task, place, 0)",
  ),
  posixSemaphore(
    "who takes after a wait stays counted",
    "posix-semaphore.ts",
    "if (take(place, WAITER)) return 0;",
    "if (take(place, 0)) return 0;",
  ),
  posixSemaphore(
    "who gives up stays counted",
    "posix-semaphore.ts",
    "store<u64>(place, load<u64>(place) - WAITER);",
    "store<u64>(place, load<u64>(place));",
  ),
  posixSemaphore(
    "who is woken takes, whether there is anything or not",
    "posix-semaphore.ts",
    "  if (take(place, WAITER)) return 0;\n  // The handler",
    "  if (woken == 0) return take(place, WAITER) ? 0 : giveUp(place, 0);\n  // The handler",
  ),
  posixSemaphore(
    "to give wakes who is counted by another mapping, too",
    "posix-semaphore.ts",
    "return load<i32>(place + SEM_SHARING_PLACE) == SEM_OF_PROCESS;",
    "return false;",
  ),
  posixSemaphore(
    "a value above the highest cannot be raised",
    "posix-semaphore.ts",
    "(before & VALUE_MASK) == <u64>SEM_VALUE_MAX",
    "(before & VALUE_MASK) >= <u64>SEM_VALUE_MAX",
  ),
  posixSemaphore(
    "a name with another number of slashes is the same mapping",
    "mapping.ts",
    "part.object == shown && part.slashes == slashes",
    "part.object == shown",
  ),
  posixSemaphore(
    "the first closing closes for all openings",
    "semaphore-open.ts",
    "if (--part.opens == 0) unmapSemaphore(part);",
    "unmapSemaphore(part);",
  ),
  posixSemaphore(
    "a new semaphore's value is looked at first",
    "semaphore-open.ts",
    "  const both = O_CREAT | O_EXCL;",
    "  if (value > <u32>SEM_VALUE_MAX) return -EINVAL;\n  const both = O_CREAT | O_EXCL;",
  ),
  posixSemaphore(
    "what can be read can be opened",
    "semaphore-open.ts",
    "mayOpen(process, inode, O_RDWR)",
    "mayOpen(process, inode, 0)",
  ),
  futex("a wake-up of one wakes all", "futex.ts", "if (++woken >= count) break;", "++woken;"),
  futex(
    "a wake-up of nobody wakes nobody",
    "futex.ts",
    "  const futex = findFutex(key);\n  if (!futex) return 0;",
    "  const futex = findFutex(key);\n  if (!futex || count <= 0) return 0;",
  ),
  futex(
    "who came last is woken first",
    "core/futex.ts",
    "waitExclusively(futex.line, task);",
    "waitForEvents(futex.line, task, 0, -1, 0);",
    { also: ["WaitQueue, waitExclusively }", "WaitQueue, waitForEvents }"] },
  ),
  futex("bits are not looked at", "futex.ts", "if (wait.events & bitset) {", "if (wait.events) {"),
  futex(
    "a process's own word is that of all",
    "futex.ts",
    "if (isPrivate) return privateKey(processIndex(process), address);",
    REMOVED,
  ),
  futex(
    "a word of all is each process's own",
    "futex.ts",
    "return sharedKey(part.object, <u32>(bytes - bytesOf(sharedObjectAt(part.object))));",
    "return sharedKey(processIndex(process), <u32>address);",
  ),
  futex(
    "who waits does not look at the word",
    "futex.ts",
    "if (load<i32>(word) != task.b) return -EAGAIN;",
    REMOVED,
    { executor: "awaited" },
  ),
  futex(
    "requeueing counts whom it moves alone",
    "futex.ts",
    "  return woken + moved;",
    "  return moved ? moved : woken;",
  ),
  futex(
    "requeueing wakes whom it is to move",
    "futex.ts",
    "    moveToQueue(wait, to.line);\n",
    "    wakeFutex(key, 1, ANY_BITS);\n",
  ),
  futex(
    "FUTEX_WAKE_OP wakes at the second word whatever it was",
    "futex.ts",
    "return isAsked ? woken",
    "return isAsked >= 0 ? woken",
  ),
  futex(
    "futex_waitv gives the first place",
    "futex.ts",
    "if (task.has(TASK_FLAG_HANDED)) return task.d - 1;",
    "if (task.has(TASK_FLAG_HANDED)) return 0;",
  ),
  futex(
    "FUTEX_WAIT takes FUTEX_CLOCK_REALTIME",
    "futex.ts",
    "if (operation & FUTEX_CLOCK_REALTIME && command != FUTEX_WAIT_BITSET) return -ENOSYS;",
    REMOVED,
    { executor: "awaited" },
  ),
  futex(
    "memory that is waited in can be unmapped",
    "mapping.ts",
    "if (isWaitedInMapping(process, mapping)) return -EBUSY;",
    REMOVED,
    { executor: "awaited" },
  ),
  futex(
    "a robust lock keeps the number of its dead owner",
    "robust-list.ts",
    "store<u32>(place, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED);",
    "store<u32>(place, word | FUTEX_OWNER_DIED);",
    { only: "futex-process" },
  ),
  futex(
    "nobody is woken at a robust lock whose owner died",
    "robust-list.ts",
    "if (!isPi && word & FUTEX_WAITERS) wakeShared(process, address, 1);",
    REMOVED,
    { only: "futex-process" },
  ),
  futex(
    "the robust lock that was being changed is forgotten",
    "robust-list.ts",
    "return isSet && markDead(",
    "return !isSet && markDead(",
    { only: "futex-process" },
  ),
  segment(
    "a removed segment is gone at once",
    "sysv-shared-memory.ts",
    "  if (!segment.attachments) {\n",
    "  if (true) {\n",
    { also: ["  segment.mode |= SHM_DEST;\n  segment.key = IPC_PRIVATE;\n  return 0;\n", "  return 0;\n"] },
  ),
  segment(
    "the last to detach a removed segment leaves it",
    "core/shared-segment.ts",
    "if (!object.mappings && segment.mode & SHM_DEST) destroySegment(segment);",
    REMOVED,
  ),
  segment(
    "a removed segment keeps its key",
    "sysv-shared-memory.ts",
    "  segment.key = IPC_PRIVATE;\n",
    REMOVED,
  ),
  segment(
    "who changes a removed segment brings it back",
    "core/ipc.ts",
    "object.mode = (object.mode & ~PERMISSIONS) | (mode & PERMISSIONS);",
    "object.mode = mode & PERMISSIONS;",
  ),
  segment(
    "what is split is attached once",
    "mapping.ts",
    "  count(second, 1);\n  if (part.isOfSegment)",
    "  if (!part.isOfSegment) count(second, 1);\n  if (part.isOfSegment)",
    { executor: "awaited" },
  ),
  segment(
    "pages never go over to the neighbour",
    "mapping.ts",
    "  if (isAtStart == isAtEnd) return false;\n",
    "  if (true) return false;\n",
  ),
  segment(
    "a part is wholly taken over by the one before",
    "mapping.ts",
    "  if (!mapping.isOfSegment) join(process, mapping.origin);",
    "  join(process, mapping.origin);",
  ),
  segment(
    "shmdt detaches the lowest part alone",
    "mapping.ts",
    "if (isAttachedAt(part, process, page) && part.object == object) remove(part);",
    "if (part === found) { remove(part); break; }",
  ),
  segment(
    "shmdt detaches all that was attached at a place",
    "mapping.ts",
    "if (isAttachedAt(part, process, page) && part.object == object) remove(part);",
    "if (isAttachedAt(part, process, page)) remove(part);",
    { executor: "awaited" },
  ),
  segment(
    "SHM_REMAP hits what is there only where nothing is",
    "mapping.ts",
    "  if (replaces) return true;\n",
    REMOVED,
  ),
  segment(
    "SHM_RDONLY asks for permission to write",
    "sysv-shared-memory.ts",
    "isReadOnly ? MAY_READ : MAY_READ_AND_WRITE",
    "MAY_READ_AND_WRITE",
  ),
  segment(
    "what is attached to be read can be made to be written",
    "mapping.ts",
    "(isReadOnly ? 0 : PART_MAY_WRITE)",
    "PART_MAY_WRITE",
  ),
  segment(
    "a detachment is not noted",
    "core/shared-segment.ts",
    "  segment.detachTime = realSeconds();\n  segment.lastPid = process.pid;\n",
    "  segment.detachTime = realSeconds();\n",
  ),
  segment(
    "shmget asks for permission first",
    "sysv-shared-memory.ts",
    "if ((found >= 0 || found == -EACCES) && isSmaller(key, size)) return -EINVAL;",
    "if (found >= 0 && isSmaller(key, size)) return -EINVAL;",
  ),
  segment(
    "locked pages of others are counted",
    "sysv-shared-memory.ts",
    "if (segment.lockedBy == uid + 1) pages",
    "if (segment.lockedBy) pages",
  ),
  segment(
    "who detaches by dying is not noted",
    "core/shared-segment.ts",
    "  segment.detachTime = realSeconds();\n  segment.lastPid = process.pid;\n",
    "  segment.detachTime = realSeconds();\n  if (process.state == 1) segment.lastPid = process.pid;\n",
    { only: "sysv-shm-process" },
  ),
];

/** One that cases on futexes are to catch. */
function futex(name, file, from, to, more = {}) {
  return bug(`futex: ${name}`, file, from, to, { only: "futex", ...more });
}

/** One that cases on System V shared memory are to catch. */
function segment(name, file, from, to, more = {}) {
  return bug(`sysv-shm: ${name}`, file, from, to, { only: "sysv-shm", ...more });
}

/** One that cases on shared memory as files are to catch. */
function memory(name, file, from, to, more = {}) {
  return bug(`shm: ${name}`, file, from, to, { only: "shm", ...more });
}

/** One that cases on mappings are to catch. */
function mapping(name, file, from, to, more = {}) {
  return bug(`shm-mapping: ${name}`, file, from, to, { only: "shm-mapping", ...more });
}

/** One that cases on POSIX message queues are to catch. */
function mqueue(name, file, from, to, more = {}) {
  return bug(`mqueue: ${name}`, file, from, to, { only: "mqueue", ...more });
}

/** One that cases on System V queues are to catch. */
function sysv(name, file, from, to) {
  return bug(`sysv: ${name}`, file, from, to, { only: "sysv" });
}

/** One that cases on System V semaphores are to catch. */
function semaphore(name, file, from, to, more = {}) {
  return bug(`semaphore: ${name}`, file, from, to, { only: "sysv-semaphore", ...more });
}

/** One that cases on POSIX semaphores are to catch. */
function posixSemaphore(name, file, from, to, more = {}) {
  return bug(`posix-sem: ${name}`, file, from, to, { only: "semaphore", ...more });
}

/** @param options `executor`: which one is to catch it (`sync` if left out); `also`: a second replacement; `only`: the mechanism to look in (all if left out) */
function bug(name, file, from, to, { executor = "sync", also, only } = {}) {
  return { name, file, replacements: [[from, to], ...(also === undefined ? [] : [also])], executor, only };
}

const options = new Command("mutants")
  .description("Plants bugs in the model, one at a time, and shows that the conformance suite catches each.")
  .option("--steps <number>", "steps to catch one in", (text) => Number.parseInt(text, 10), 50_000)
  .option("--seed <number>", "where the generators begin", (text) => Number.parseInt(text, 10), 1)
  .option("--only <text>", "mutants whose name contains it")
  .parse()
  .opts();

const chosen = mutants.filter(({ name }) => options.only === undefined || name.includes(options.only));
// Inside dist/, so that packages are found from there.
const folder = "dist/.mutants";
const table = new Table({
  head: ["planted bug", "caught by", "steps", "seen as"],
  colWidths: [44, 10, 9, 60],
  wordWrap: true,
  style: { head: [], border: [], compact: true },
});
let survivors = 0;
try {
  copyProgram();
  for (const mutant of chosen) {
    process.stdout.write(colors.dim(`${mutant.name} …\n`));
    compile(mutant);
    const caught = judge(mutant);
    if (caught === undefined) survivors++;
    table.push([
      mutant.name,
      mutant.executor,
      caught?.steps ?? "",
      caught?.seenAs ?? colors.red(`survived ${options.steps} steps`),
    ]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(table.toString());
console.log(`${chosen.length - survivors} of ${chosen.length} planted bugs were caught`);
process.exitCode = survivors === 0 ? 0 : 1;

/** The built package, whose model is then exchanged. */
function copyProgram() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "dist"), { recursive: true });
  for (const part of ["assembly", "src", "backends", "properties"]) {
    cpSync(join("dist", part), join(folder, "dist", part), { recursive: true });
  }
  cpSync("package.json", join(folder, "package.json"));
}

function compile({ name, file, replacements }) {
  const sources = join(folder, "assembly");
  rmSync(sources, { recursive: true, force: true });
  cpSync("assembly", sources, { recursive: true });
  const path = join(sources, file);
  let text = readFileSync(path, "utf8");
  for (const [from, to] of replacements) {
    if (text.split(from).length !== 2) throw new Error(`mutant "${name}": ${file} must hold once: ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(path, text);
  const { options: flags } = JSON.parse(readFileSync("asconfig.json", "utf8"));
  const wasm = join(folder, "kernel.wasm");
  execFileSync(process.execPath, [
    "node_modules/assemblyscript/bin/asc.js",
    join(sources, "index.ts"),
    ...["--runtime", flags.runtime, "--bindings", flags.bindings],
    ...["--initialMemory", String(flags.initialMemory), "--maximumMemory", String(flags.maximumMemory)],
    ...["--optimizeLevel", "1", "--outFile", wasm],
  ]);
  const base64 = readFileSync(wasm).toString("base64");
  writeFileSync(
    join(folder, "dist/backends/wasm/kernel.wasm.js"),
    `export const kernelBase64 = "${base64}";\n`,
  );
}

/** Runs the suite: how the bug was seen, and after how many steps; undefined if it was not. */
function judge({ executor, only }) {
  const program = join(folder, "dist/properties/cli.js");
  const numbers = ["--steps", String(options.steps), "--seed", String(options.seed)];
  const where = only === undefined ? [] : ["--only", only];
  const run = spawnSync(
    process.execPath,
    [program, "--json", "--no-save", "--executor", executor, ...where, ...numbers],
    {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    },
  );
  if (run.status === 0) return undefined;
  if (run.status !== 1) throw new Error(run.stderr);
  const { stepsBefore, rows } = JSON.parse(run.stdout.trim().split("\n").at(-1)).difference;
  const { real, model } = rows.at(-1);
  return {
    steps: stepsBefore,
    seenAs: `kernel: ${shortened(real)}\nmodel: ${shortened(model.join(" or "))}`,
  };
}

function shortened(text) {
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}
