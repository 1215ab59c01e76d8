// System V IPC: include/uapi/linux/ipc.h and msg.h; sysvipc(7), msgget(2), msgop(2), msgctl(2).
/** The key of an object that no key leads to. */
export const IPC_PRIVATE = 0;

export const IPC_CREAT = 0o1000;
export const IPC_EXCL = 0o2000;
export const IPC_NOWAIT = 0o4000;

export const IPC_RMID = 0;
export const IPC_SET = 1;
export const IPC_STAT = 2;
export const IPC_INFO = 3;

export const MSG_STAT = 11;
export const MSG_INFO = 12;
export const MSG_STAT_ANY = 13;

/** A message that is too long is cut off. */
export const MSG_NOERROR = 0o10000;
/** Any message but those of the type. */
export const MSG_EXCEPT = 0o20000;
/** The message at a place in the queue, which stays there. */
export const MSG_COPY = 0o40000;

/** Bytes of a message, bytes of a new queue, queues: /proc/sys/kernel/msgmax, msgmnb and msgmni. */
export const MSGMAX_DEFAULT = 8192;
export const MSGMNB_DEFAULT = 16384;
export const MSGMNI_DEFAULT = 32000;

/** An identifier is a sequence number times this, plus an index below it: ipc/util.h. */
export const IPCMNI = 32768;
