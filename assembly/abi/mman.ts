// Mappings of memory: include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h; mmap(2), mprotect(2), msync(2).
export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;

export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
/** MAP_SHARED that refuses flags it does not know. */
export const MAP_SHARED_VALIDATE = 3;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;

export const MS_ASYNC = 1;
export const MS_INVALIDATE = 2;
export const MS_SYNC = 4;
