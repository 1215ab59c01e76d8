// Rows of calls on POSIX message queues: mq_overview(7).
import * as n from "../../assembly/abi/calls.js";
import {
  bytes,
  int,
  intOr,
  nanoseconds,
  path,
  queueAttributes,
  queueFlags,
  queueNotification,
  unsigned,
} from "../arguments.js";
import { Call } from "../call.js";
import { EINTR, ENFILE, ENOMEM, type ErrorRule, type Rows, row, type Syscall } from "../syscall.js";

const EBADF_QUEUE: ErrorRule = { errno: "EBADF", when: "mqdes is not open on a message queue" };

/** What a name can come to: lookup_noperm_common. */
const nameErrors: readonly ErrorRule[] = [
  { errno: "ENAMETOOLONG", when: "the name has more than NAME_MAX bytes after its slash" },
  ENOMEM,
];

/** What sending and receiving can come to alike, until a time or without one. */
const transferErrors = (isTimed: boolean): readonly ErrorRule[] => [
  EINTR,
  {
    errno: "ETIMEDOUT",
    when: "the time is over",
    ...(!isTimed && { unreachable: "it waits until no time" }),
  },
];

const sendErrors = (isTimed: boolean): readonly ErrorRule[] => [
  { errno: "EAGAIN", when: "the queue is full and O_NONBLOCK is set" },
  { errno: "EBADF", when: "mqdes is not open on a message queue for sending" },
  {
    errno: "EINVAL",
    when: isTimed
      ? "a priority of MQ_PRIO_MAX or more, or a negative time"
      : "a priority of MQ_PRIO_MAX or more",
  },
  { errno: "EMSGSIZE", when: "the message is longer than the queue's msgsize" },
  ...transferErrors(isTimed),
  ENOMEM,
];

const receiveErrors = (isTimed: boolean): readonly ErrorRule[] => [
  { errno: "EAGAIN", when: "the queue is empty and O_NONBLOCK is set" },
  { errno: "EBADF", when: "mqdes is not open on a message queue for receiving" },
  isTimed
    ? { errno: "EINVAL", when: "a negative time" }
    : { errno: "EINVAL", when: "a time that is none", unreachable: "it waits until no time" },
  { errno: "EMSGSIZE", when: "the buffer is shorter than the queue's msgsize" },
  ...transferErrors(isTimed),
];

const transfer = {
  touches: ["open file", "message queue"],
  wait: "retry",
  restart: "SA_RESTART",
} as const;

/** A call with a time until which it waits. */
function withDeadline(self: Syscall, a: number, b: number, buffer: Uint8Array, deadline: bigint): Call {
  const call = new Call(self, a, b, 0, buffer);
  call.deadline = deadline;
  return call;
}

export const posixQueueCalls = {
  mq_open: row(
    "mq_open",
    n.CALL_MQ_OPEN,
    ["name", "oflag", "mode", "attributes"],
    {
      manual: "mq_open(3)",
      support: "partial",
      missing: "O_PATH, and a negative oflag, are ENOSYS",
      touches: ["credentials", "descriptor table", "message queue", "open file", "user"],
      errors: [
        {
          errno: "EACCES",
          when: 'the mode forbids the access; or the name has a second slash, or is "/." or "/.."',
        },
        { errno: "EEXIST", when: "O_CREAT and O_EXCL, and the queue is there already" },
        {
          errno: "EINVAL",
          when: "a name without a slash in front; attributes below 1, or above msg_max or msgsize_max without CAP_SYS_RESOURCE; O_DIRECT; no access mode",
        },
        {
          errno: "EMFILE",
          when: "no descriptor is free below RLIMIT_NOFILE, or the user's queues would hold more than RLIMIT_MSGQUEUE",
        },
        ...nameErrors,
        ENFILE,
        { errno: "ENOENT", when: 'no such queue, without O_CREAT; or the name is "/"' },
        { errno: "ENOSPC", when: "queues_max queues are there, without CAP_SYS_RESOURCE" },
        {
          errno: "EOVERFLOW",
          when: "attributes whose product is too big",
          unreachable: "EINVAL comes first",
        },
      ],
    },
    (self, name, oflag, mode, attributes) =>
      new Call(self, int("mq_open", "oflag", oflag), intOr("mq_open", "mode", mode, 0), 0, {
        name: path("mq_open", "name", name),
        attributes: queueAttributes("mq_open", "attributes", attributes),
      }),
  ),
  mq_close: row(
    "mq_close",
    n.CALL_MQ_CLOSE,
    ["mqdes"],
    {
      manual: "mq_close(3)",
      result: "nothing",
      touches: ["descriptor table", "open file", "message queue"],
      errors: [{ errno: "EBADF", when: "mqdes is not an open descriptor" }],
    },
    (self, mqdes) => new Call(self, int("mq_close", "mqdes", mqdes), 0, 0, undefined),
  ),
  mq_unlink: row(
    "mq_unlink",
    n.CALL_MQ_UNLINK,
    ["name"],
    {
      manual: "mq_unlink(3)",
      result: "nothing",
      touches: ["credentials", "message queue"],
      errors: [
        {
          errno: "EACCES",
          when: 'another\'s queue, without CAP_FOWNER; or the name has a second slash, or is "/." or "/.."',
        },
        { errno: "EINVAL", when: "a name without a slash in front" },
        ...nameErrors,
        { errno: "ENOENT", when: 'no such queue; or the name is "/"' },
      ],
    },
    (self, name) => new Call(self, 0, 0, 0, path("mq_unlink", "name", name)),
  ),
  mq_send: row(
    "mq_send",
    n.CALL_MQ_SEND,
    ["mqdes", "message", "priority"],
    { manual: "mq_send(3)", result: "nothing", ...transfer, errors: sendErrors(false) },
    (self, mqdes, message, priority) =>
      new Call(
        self,
        int("mq_send", "mqdes", mqdes),
        unsigned("mq_send", "priority", priority),
        0,
        bytes("mq_send", "message", message),
      ),
  ),
  mq_timedsend: row(
    "mq_timedsend",
    n.CALL_MQ_TIMEDSEND,
    ["mqdes", "message", "priority", "abs_timeout"],
    { manual: "mq_send(3)", result: "nothing", ...transfer, errors: sendErrors(true) },
    (self, mqdes, message, priority, until) =>
      withDeadline(
        self,
        int("mq_timedsend", "mqdes", mqdes),
        unsigned("mq_timedsend", "priority", priority),
        bytes("mq_timedsend", "message", message),
        nanoseconds("mq_timedsend", "abs_timeout", until),
      ),
  ),
  mq_receive: row(
    "mq_receive",
    n.CALL_MQ_RECEIVE,
    ["mqdes", "buffer"],
    { manual: "mq_receive(3)", result: "value", ...transfer, errors: receiveErrors(false) },
    (self, mqdes, buffer) =>
      new Call(self, int("mq_receive", "mqdes", mqdes), 0, 0, bytes("mq_receive", "buffer", buffer)),
  ),
  mq_timedreceive: row(
    "mq_timedreceive",
    n.CALL_MQ_TIMEDRECEIVE,
    ["mqdes", "buffer", "abs_timeout"],
    { manual: "mq_receive(3)", result: "value", ...transfer, errors: receiveErrors(true) },
    (self, mqdes, buffer, until) =>
      withDeadline(
        self,
        int("mq_timedreceive", "mqdes", mqdes),
        0,
        bytes("mq_timedreceive", "buffer", buffer),
        nanoseconds("mq_timedreceive", "abs_timeout", until),
      ),
  ),
  mq_getattr: row(
    "mq_getattr",
    n.CALL_MQ_GETATTR,
    ["mqdes"],
    {
      manual: "mq_getattr(3)",
      result: "value",
      touches: ["open file", "message queue"],
      errors: [
        EBADF_QUEUE,
        {
          errno: "EINVAL",
          when: "mq_setattr: flags has a bit beside O_NONBLOCK",
          unreachable: "it sets none",
        },
      ],
    },
    (self, mqdes) => new Call(self, int("mq_getattr", "mqdes", mqdes), 0, 0, undefined),
  ),
  mq_setattr: row(
    "mq_setattr",
    n.CALL_MQ_SETATTR,
    ["mqdes", "attributes"],
    {
      manual: "mq_getattr(3)",
      result: "value",
      touches: ["open file", "message queue"],
      errors: [EBADF_QUEUE, { errno: "EINVAL", when: "flags has a bit beside O_NONBLOCK" }],
    },
    (self, mqdes, attributes) =>
      new Call(
        self,
        int("mq_setattr", "mqdes", mqdes),
        queueFlags("mq_setattr", "attributes", attributes),
        0,
        undefined,
      ),
  ),
  mq_notify: row(
    "mq_notify",
    n.CALL_MQ_NOTIFY,
    ["mqdes", "notification"],
    {
      manual: "mq_notify(3)",
      result: "nothing",
      support: "partial",
      missing:
        "SIGEV_THREAD is ENOSYS, and so is SIGEV_SIGNAL with a signal that sigwait does not wait for; in Worker threads also with one " +
        "that the main thread has not named before, in mq_notify or sigwait",
      touches: ["message queue", "process"],
      errors: [
        EBADF_QUEUE,
        { errno: "EBUSY", when: "a process is registered already" },
        { errno: "EINVAL", when: "notify is none of the ways, or signo no signal" },
        ENOMEM,
      ],
    },
    (self, mqdes, notification) =>
      new Call(
        self,
        int("mq_notify", "mqdes", mqdes),
        0,
        0,
        queueNotification("mq_notify", "notification", notification),
      ),
  ),
} satisfies Rows;
