// System V semaphores: include/uapi/linux/sem.h; semget(2), semop(2), semctl(2).
/** The operation is undone when the process ends. */
export const SEM_UNDO = 0o10000;

export const GETPID = 11;
export const GETVAL = 12;
export const GETALL = 13;
export const GETNCNT = 14;
export const GETZCNT = 15;
export const SETVAL = 16;
export const SETALL = 17;
export const SEM_STAT = 18;
export const SEM_INFO = 19;
export const SEM_STAT_ANY = 20;

/** The highest value of a semaphore, and the highest adjustment. */
export const SEMVMX = 32767;
export const SEMAEM = 32767;

/** Semaphores of a set, of all sets, operations of a call, sets: /proc/sys/kernel/sem. */
export const SEMMSL_DEFAULT = 32000;
export const SEMMNS_DEFAULT = 1024000000;
export const SEMOPM_DEFAULT = 500;
export const SEMMNI_DEFAULT = 32000;
