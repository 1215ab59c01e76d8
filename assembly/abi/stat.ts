// Modes of files: include/uapi/linux/stat.h; inode(7).
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o10000;
export const S_IFCHR = 0o20000;
export const S_IFDIR = 0o40000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
/** On a directory: only the owner of a name, or of the directory, removes it. */
export const S_ISVTX = 0o1000;
