// Signal numbers: include/uapi/asm-generic/signal.h; signal(7).
export const SIGKILL = 9;
export const SIGPIPE = 13;
export const NSIG = 64;
