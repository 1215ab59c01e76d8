// System V shared memory: include/uapi/linux/shm.h; shmget(2), shmop(2), shmctl(2).
/** Permissions of the owner, among the flags of shmget. */
export const SHM_R = 0o400;
export const SHM_W = 0o200;
/** Flags of shmget. */
export const SHM_HUGETLB = 0o4000;
export const SHM_NORESERVE = 0o10000;

/** Flags of shmat. */
export const SHM_RDONLY = 0o10000;
export const SHM_RND = 0o20000;
export const SHM_REMAP = 0o40000;
export const SHM_EXEC = 0o100000;

export const SHM_LOCK = 11;
export const SHM_UNLOCK = 12;
export const SHM_STAT = 13;
export const SHM_INFO = 14;
export const SHM_STAT_ANY = 15;

/** In the mode that a segment has: it is gone with its last attachment, and it is not swapped out. */
export const SHM_DEST = 0o1000;
export const SHM_LOCKED = 0o2000;

/** Bytes of a segment at least. */
export const SHMMIN = 1;
/** Segments: /proc/sys/kernel/shmmni. */
export const SHMMNI_DEFAULT = 4096;
/** RLIMIT_MEMLOCK, bytes: 8 MiB. */
export const RLIMIT_MEMLOCK_DEFAULT = 8388608;
