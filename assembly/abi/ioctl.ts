// Requests of ioctl(2): include/uapi/asm-generic/ioctls.h; ioctl_list(2), pipe(7).
/** Bytes that can be read now. */
export const FIONREAD = 0x541b;
