// Options of waitpid(2): include/uapi/linux/wait.h.
/** Return at once, with pid 0, if no child has ended. */
export const WNOHANG = 1;
