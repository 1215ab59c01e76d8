// Rows of calls on pipes only.
import * as n from "../../assembly/abi/calls.js";
import { buffers, int, intOr, offset, size } from "../arguments.js";
import { Call } from "../call.js";
import { BUFFER_IS_OURS, EINTR, EMFILE, ENFILE, ENOMEM, type ErrorRule, type Rows, row } from "../syscall.js";

/** What no page lists, and the kernel gives all the same: fs/splice.c. */
const spliceErrors: readonly ErrorRule[] = [
  { errno: "EPIPE", when: "no reader of the pipe that is written to is left" },
  EINTR,
];

/** What tee(2) and splice(2) list alike. */
const flowErrors: readonly ErrorRule[] = [
  { errno: "EAGAIN", when: "it would block, and SPLICE_F_NONBLOCK is set or a descriptor has O_NONBLOCK" },
  { errno: "EBADF", when: "fd_in is not open for reading, or fd_out not for writing" },
];

export const pipeCalls = {
  pipe2: row(
    "pipe2",
    n.CALL_PIPE2,
    ["flags"],
    {
      result: "value",
      support: "partial",
      missing: "O_NOTIFICATION_PIPE is refused with ENOPKG",
      touches: ["descriptor table", "open file", "pipe"],
      errors: [
        { errno: "EFAULT", when: "pipefd is not valid", unreachable: "pipefd is ours" },
        { errno: "EINVAL", when: "flags has an unknown bit" },
        EMFILE,
        ENFILE,
        { errno: "ENOPKG", when: "O_NOTIFICATION_PIPE without support for it" },
      ],
    },
    (self, flags) => new Call(self, intOr("pipe2", "flags", flags, 0), 0, 0, undefined),
  ),
  tee: row(
    "tee",
    n.CALL_TEE,
    ["fd_in", "fd_out", "size", "flags"],
    {
      touches: ["open file", "pipe"],
      wait: "retry",
      errors: [
        ...flowErrors,
        { errno: "EINVAL", when: "one of them is no pipe, or both are the same pipe, or an unknown flag" },
        ENOMEM,
        ...spliceErrors,
      ],
    },
    (self, fdIn, fdOut, length, flags) =>
      new Call(
        self,
        int("tee", "fd_in", fdIn),
        int("tee", "fd_out", fdOut),
        intOr("tee", "flags", flags, 0),
        {
          offIn: undefined,
          offOut: undefined,
          size: size("tee", "size", length),
        },
      ),
  ),
  splice: row(
    "splice",
    n.CALL_SPLICE,
    ["fd_in", "off_in", "fd_out", "off_out", "size", "flags"],
    {
      support: "partial",
      missing: "the model splices between pipes only: other files, shared memory among them, are EINVAL",
      touches: ["open file", "pipe"],
      wait: "retry",
      errors: [
        ...flowErrors,
        { errno: "EINVAL", when: "neither is a pipe, or both are the same pipe, or an unknown flag" },
        ENOMEM,
        { errno: "ESPIPE", when: "an offset with a pipe" },
        ...spliceErrors,
      ],
    },
    (self, fdIn, offIn, fdOut, offOut, length, flags) =>
      new Call(
        self,
        int("splice", "fd_in", fdIn),
        int("splice", "fd_out", fdOut),
        intOr("splice", "flags", flags, 0),
        {
          offIn: offset("splice", "off_in", offIn),
          offOut: offset("splice", "off_out", offOut),
          size: size("splice", "size", length),
        },
      ),
  ),
  vmsplice: row(
    "vmsplice",
    n.CALL_VMSPLICE,
    ["fd", "buffers", "flags"],
    {
      support: "partial",
      missing: "the bytes are copied at the call, as if to pages of their own for each buffer",
      touches: ["open file", "pipe"],
      wait: "retry",
      errors: [
        { errno: "EAGAIN", when: "it would block, and SPLICE_F_NONBLOCK is set" },
        { errno: "EBADF", when: "fd is not open, or no pipe" },
        { errno: "EINVAL", when: "more than IOV_MAX buffers, or an unknown flag" },
        { errno: "EFAULT", when: "a buffer is not valid", unreachable: BUFFER_IS_OURS },
        ENOMEM,
        ...spliceErrors,
      ],
    },
    (self, fd, vector, flags) =>
      new Call(
        self,
        int("vmsplice", "fd", fd),
        intOr("vmsplice", "flags", flags, 0),
        0,
        buffers("vmsplice", "buffers", vector),
      ),
  ),
} satisfies Rows;
