// POSIX semaphores: semaphore.h, limits.h and nptl/internaltypes.h of glibc; sem_overview(7).
export const SEM_VALUE_MAX = 2147483647;

/** Bytes of a sem_t, and what its address is a multiple of, on machines of 64 bits. */
export const SEM_SIZE = 32;
export const SEM_ALIGNMENT = 8;

/** Where in it glibc has the word that says whose it is: of one process 0, of all that share the memory 128. */
export const SEM_SHARING_PLACE = 8;
export const SEM_OF_PROCESS = 0;
export const SEM_OF_ALL = 128;
