// The numbers of the calls at the border of the model, in traces and in failure strings.
// They are ours, not the kernel's: those differ between architectures. A number is never reused.
export const CALL_PIPE2 = 1;
export const CALL_READ = 2;
export const CALL_WRITE = 3;
export const CALL_CLOSE = 4;
export const CALL_DUP = 5;
export const CALL_DUP2 = 6;
export const CALL_DUP3 = 7;
export const CALL_FCNTL = 8;
export const CALL_IOCTL = 9;
export const CALL_POLL = 10;
export const CALL_CLOCK_GETTIME = 11;
export const CALL_CLOCK_NANOSLEEP = 12;
export const CALL_GETPID = 13;
export const CALL_GETPPID = 14;
export const CALL_SPAWN = 15;
export const CALL_WAITPID = 16;
export const CALL_EXIT = 17;
export const CALL_KILL = 18;
