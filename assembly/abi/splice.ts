// Flags of splice, tee and vmsplice: include/linux/splice.h; splice(2).
/** Without effect since Linux 2.6.21. */
export const SPLICE_F_MOVE = 1;
export const SPLICE_F_NONBLOCK = 2;
/** More follows: means something to sockets only. */
export const SPLICE_F_MORE = 4;
/** vmsplice(2): without effect here, for the bytes are copied. */
export const SPLICE_F_GIFT = 8;
