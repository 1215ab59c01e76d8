// Limits: include/uapi/linux/limits.h, include/linux/pipe_fs_i.h; pipe(7), getrlimit(2).
/** Writes of at most this many bytes to a pipe are atomic, see pipe(7). */
export const PIPE_BUF = 4096;
/** Page slots of a new pipe: PIPE_DEF_BUFFERS. */
export const PIPE_DEF_BUFFERS = 16;
/** The soft RLIMIT_NOFILE that Linux gives to its first process: INR_OPEN_CUR. */
export const RLIMIT_NOFILE_DEFAULT = 1024;
/** The most bytes that one read(2) or write(2) transfers: MAX_RW_COUNT with 4 KiB pages. */
export const MAX_RW_COUNT = 0x7ffff000;
