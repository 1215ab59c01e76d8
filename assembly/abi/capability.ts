// Capabilities, as numbers of bits: include/uapi/linux/capability.h; capabilities(7).
/** Reads, writes and searches whatever the mode says. */
export const CAP_DAC_OVERRIDE = 1;
/** Reads files and searches directories whatever the mode says. */
export const CAP_DAC_READ_SEARCH = 2;
/** Does what only the owner of a file may. */
export const CAP_FOWNER = 3;
/** Keeps the set-group-ID bit where the kernel would clear it. */
export const CAP_FSETID = 4;
/** Sends signals to anybody's processes. */
export const CAP_KILL = 5;
export const CAP_SETGID = 6;
export const CAP_SETUID = 7;
/** Locks memory beyond RLIMIT_MEMLOCK, and segments of shared memory of others. */
export const CAP_IPC_LOCK = 14;
/** Does with System V objects whatever their permissions say. */
export const CAP_IPC_OWNER = 15;
/** Opens files beyond file-max, and pipes beyond pipe-user-pages; changes and removes System V objects of others. */
export const CAP_SYS_ADMIN = 21;
/** Gives pipes more than pipe-max-size, and is above pipe-user-pages. */
export const CAP_SYS_RESOURCE = 24;
/** The highest capability of Linux 6.18: CAP_CHECKPOINT_RESTORE. */
export const CAP_LAST_CAP = 40;
