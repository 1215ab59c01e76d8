// Limits: include/uapi/linux/limits.h, include/linux/pipe_fs_i.h; pipe(7), getrlimit(2).
/** Writes of at most this many bytes to a pipe are atomic, see pipe(7). */
export const PIPE_BUF = 4096;
/** Page slots of a new pipe: PIPE_DEF_BUFFERS. */
export const PIPE_DEF_BUFFERS = 16;
/** The soft RLIMIT_NOFILE that Linux gives to its first process: INR_OPEN_CUR. */
export const RLIMIT_NOFILE_DEFAULT = 1024;
/** The most bytes that one read(2) or write(2) transfers: MAX_RW_COUNT with 4 KiB pages. */
export const MAX_RW_COUNT = 0x7ffff000;
/** The most buffers of one readv(2), writev(2) or vmsplice(2): UIO_MAXIOV. */
export const IOV_MAX = 1024;
/** The most bytes of one name in a path. */
export const NAME_MAX = 255;
/** Bytes of a path with the NUL at its end: longer ones are ENAMETOOLONG. */
export const PATH_MAX = 4096;
/** Page slots of a new pipe of a user who is over pipe-user-pages-soft: PIPE_MIN_DEF_BUFFERS. */
export const PIPE_MIN_DEF_BUFFERS = 2;
/** Bytes that F_SETPIPE_SZ grants to those without CAP_SYS_RESOURCE: /proc/sys/fs/pipe-max-size. */
export const PIPE_MAX_SIZE_DEFAULT = 1048576;
/** Pages in all pipes of one user: /proc/sys/fs/pipe-user-pages-soft. */
export const PIPE_USER_PAGES_SOFT_DEFAULT = 16384;
