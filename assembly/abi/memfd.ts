// Files in memory and their seals: include/uapi/linux/memfd.h, include/uapi/linux/fcntl.h; memfd_create(2), fcntl(2).
export const MFD_CLOEXEC = 1;
export const MFD_ALLOW_SEALING = 2;
export const MFD_HUGETLB = 4;
/** Not executable, and never to be: since Linux 6.3. */
export const MFD_NOEXEC_SEAL = 8;
export const MFD_EXEC = 0x10;
/** The most bytes of a name, which only /proc shows: NAME_MAX less those of "memfd:". */
export const MFD_NAME_MAX = 249;

export const F_ADD_SEALS = 1033;
export const F_GET_SEALS = 1034;
/** No more seals can be added. */
export const F_SEAL_SEAL = 1;
export const F_SEAL_SHRINK = 2;
export const F_SEAL_GROW = 4;
/** No writes, and no mappings for writing. */
export const F_SEAL_WRITE = 8;
/** No writes and no new mappings for writing: those that are there go on. */
export const F_SEAL_FUTURE_WRITE = 0x10;
/** The mode's execute bits stay as they are. */
export const F_SEAL_EXEC = 0x20;
