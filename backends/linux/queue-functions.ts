// libc's functions on POSIX message queues. glibc has them in a library of its own before 2.34 (librt), which node does not
// load: there the system calls are made that they stand for, and with them what glibc does besides.
import { EACCES, EPERM } from "../../assembly/abi/errno.js";
import type { CFunction } from "./ffi.js";
import * as libc from "./libc.js";

/** The numbers of the system calls: asm/unistd.h, of x86-64 and of all younger architectures. */
const [OPEN, UNLINK, TIMEDSEND, TIMEDRECEIVE, NOTIFY, GETSETATTR] =
  process.arch === "x64" ? [240, 241, 242, 243, 244, 245] : [180, 181, 182, 183, 184, 185];

const choose = (fromLibc: CFunction, direct: CFunction): CFunction => (libc.hasQueues ? fromLibc : direct);

/** The kernel wants the name without its slash. */
const bare = (name: unknown): string => (name as string).slice(1);

export const mq_open: CFunction = choose(libc.mq_open, (name, ...rest) =>
  libc.syscallOnName(OPEN, bare(name), ...rest),
);

export const mq_unlink: CFunction = choose(libc.mq_unlink, (name) => {
  const result = libc.syscallOnName(UNLINK, bare(name), 0, 0, 0);
  if (result === -1 && libc.errno() === EPERM) libc.setErrno(EACCES);
  return result;
});

export const mq_send: CFunction = choose(libc.mq_send, (...values) => libc.syscall5(TIMEDSEND, ...values, 0));

export const mq_timedsend: CFunction = choose(libc.mq_timedsend, (...values) =>
  libc.syscall5(TIMEDSEND, ...values),
);

export const mq_receive: CFunction = choose(libc.mq_receive, (...values) =>
  libc.syscall5(TIMEDRECEIVE, ...values, 0),
);

export const mq_timedreceive: CFunction = choose(libc.mq_timedreceive, (...values) =>
  libc.syscall5(TIMEDRECEIVE, ...values),
);

export const mq_getattr: CFunction = choose(libc.mq_getattr, (fd, to) =>
  libc.syscall4(GETSETATTR, fd, 0, to, 0),
);

export const mq_setattr: CFunction = choose(libc.mq_setattr, (fd, from, to) =>
  libc.syscall4(GETSETATTR, fd, from, to, 0),
);

export const mq_notify: CFunction = choose(libc.mq_notify, (fd, event) => libc.syscall(NOTIFY, fd, event));
