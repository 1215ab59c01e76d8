// Rows of calls on System V message queues.
import * as n from "../../assembly/abi/calls.js";
import { IPC_SET } from "../../assembly/abi/ipc.js";
import { bytes, int, long, path, queueSettings } from "../arguments.js";
import { Call } from "../call.js";
import { BUFFER_IS_OURS, EINTR, ENOMEM, type ErrorRule, type Rows, row } from "../syscall.js";

const EFAULT: ErrorRule = { errno: "EFAULT", when: "the buffer is not valid", unreachable: BUFFER_IS_OURS };
const THREAD_NUMBERS =
  "there are no threads on the model: lrpid is the pid of a receiver that waited, where Linux gives its thread's number";

export const sysvQueueCalls = {
  msgget: row(
    "msgget",
    n.CALL_MSGGET,
    ["key", "msgflg"],
    {
      touches: ["System V queue", "credentials"],
      errors: [
        { errno: "EACCES", when: "the queue's mode forbids what msgflg asks for" },
        { errno: "EEXIST", when: "IPC_CREAT and IPC_EXCL, and the key has a queue" },
        { errno: "ENOENT", when: "the key has no queue, and IPC_CREAT is not set" },
        ENOMEM,
        { errno: "ENOSPC", when: "there are msgmni queues (on the model never more than 256)" },
      ],
    },
    (self, key, msgflg) =>
      new Call(self, int("msgget", "key", key), int("msgget", "msgflg", msgflg), 0, undefined),
  ),
  msgsnd: row(
    "msgsnd",
    n.CALL_MSGSND,
    ["msqid", "type", "message", "msgflg"],
    {
      manual: "msgop(2)",
      result: "nothing",
      touches: ["System V queue", "credentials"],
      wait: "lane",
      errors: [
        { errno: "EACCES", when: "the queue's mode forbids to send" },
        { errno: "EAGAIN", when: "IPC_NOWAIT, and no room" },
        EFAULT,
        { errno: "EIDRM", when: "the queue was removed meanwhile" },
        EINTR,
        { errno: "EINVAL", when: "no such queue, a type below 1, or more than msgmax bytes" },
        ENOMEM,
      ],
    },
    (self, msqid, type, message, msgflg) =>
      new Call(self, int("msgsnd", "msqid", msqid), int("msgsnd", "msgflg", msgflg), 0, {
        type: long("msgsnd", "type", type),
        bytes: bytes("msgsnd", "message", message),
      }),
  ),
  msgrcv: row(
    "msgrcv",
    n.CALL_MSGRCV,
    ["msqid", "buffer", "type", "msgflg"],
    {
      manual: "msgop(2)",
      result: "value",
      touches: ["System V queue", "credentials"],
      wait: "lane",
      errors: [
        { errno: "E2BIG", when: "the message is longer than the buffer, and MSG_NOERROR is not set" },
        { errno: "EACCES", when: "the queue's mode forbids to receive" },
        EFAULT,
        { errno: "EIDRM", when: "the queue was removed meanwhile" },
        EINTR,
        {
          errno: "EINVAL",
          when: "no such queue; MSG_COPY without IPC_NOWAIT, with MSG_EXCEPT, or of a message that would be cut off",
        },
        { errno: "ENOMSG", when: "IPC_NOWAIT, and no such message" },
        {
          errno: "ENOSYS",
          when: "MSG_COPY, and a kernel without CONFIG_CHECKPOINT_RESTORE",
          unreachable: "distributions' kernels have it, and the model",
        },
      ],
    },
    (self, msqid, buffer, type, msgflg) =>
      new Call(self, int("msgrcv", "msqid", msqid), int("msgrcv", "msgflg", msgflg), 0, {
        type: long("msgrcv", "type", type),
        bytes: bytes("msgrcv", "buffer", buffer),
      }),
  ),
  msgctl: row(
    "msgctl",
    n.CALL_MSGCTL,
    ["msqid", "cmd", "argument"],
    {
      result: "value",
      support: "partial",
      missing: THREAD_NUMBERS,
      touches: ["System V queue", "credentials"],
      errors: [
        { errno: "EACCES", when: "IPC_STAT or MSG_STAT, and the queue's mode forbids to receive" },
        EFAULT,
        {
          errno: "EIDRM",
          when: "the queue is removed at that moment",
          unreachable: "a moment between two instructions",
        },
        { errno: "EINVAL", when: "no such queue, no such command, or an ID that no user can have" },
        {
          errno: "EPERM",
          when: "IPC_SET or IPC_RMID on another's queue; IPC_SET beyond msgmnb without CAP_SYS_RESOURCE",
        },
      ],
    },
    (self, msqid, cmd, argument) => {
      const id = int("msgctl", "msqid", msqid);
      const command = int("msgctl", "cmd", cmd);
      const settings = command === IPC_SET ? queueSettings("msgctl", "argument", argument) : undefined;
      return new Call(self, id, command, 0, settings);
    },
  ),
  ftok: row(
    "ftok",
    n.CALL_FTOK,
    ["path", "proj_id"],
    {
      manual: "ftok(3)",
      result: "value",
      touches: ["credentials", "directory tree"],
      errors: [
        { errno: "EACCES", when: "a directory on the way may not be searched" },
        { errno: "EFAULT", when: "the path is not valid", unreachable: BUFFER_IS_OURS },
        { errno: "ELOOP", when: "too many symbolic links", unreachable: "the model's tree has no links" },
        { errno: "ENAMETOOLONG", when: "a name is over NAME_MAX bytes, or the path over PATH_MAX" },
        { errno: "ENOENT", when: "a part of the path is not there, or the path is empty" },
        ENOMEM,
        { errno: "ENOTDIR", when: "a part on the way is no directory" },
      ],
    },
    (self, name, proj_id) =>
      new Call(self, int("ftok", "proj_id", proj_id), 0, 0, path("ftok", "path", name)),
  ),
} satisfies Rows;
