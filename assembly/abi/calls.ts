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
export const CALL_OPEN = 19;
export const CALL_MKFIFO = 20;
export const CALL_MKDIR = 21;
export const CALL_RMDIR = 22;
export const CALL_UNLINK = 23;
export const CALL_CHMOD = 24;
export const CALL_UMASK = 25;
export const CALL_STAT = 26;
export const CALL_FSTAT = 27;
export const CALL_READV = 28;
export const CALL_WRITEV = 29;
export const CALL_TEE = 30;
export const CALL_SPLICE = 31;
export const CALL_VMSPLICE = 32;
export const CALL_GETUID = 33;
export const CALL_GETEUID = 34;
export const CALL_GETGID = 35;
export const CALL_GETEGID = 36;
export const CALL_GETGROUPS = 37;
export const CALL_SETRESUID = 38;
export const CALL_SETRESGID = 39;
export const CALL_SETGROUPS = 40;
export const CALL_MQ_OPEN = 41;
export const CALL_MQ_CLOSE = 42;
export const CALL_MQ_UNLINK = 43;
export const CALL_MQ_SEND = 44;
export const CALL_MQ_TIMEDSEND = 45;
export const CALL_MQ_RECEIVE = 46;
export const CALL_MQ_TIMEDRECEIVE = 47;
export const CALL_MQ_GETATTR = 48;
export const CALL_MQ_SETATTR = 49;
export const CALL_MQ_NOTIFY = 50;
export const CALL_MSGGET = 51;
export const CALL_MSGSND = 52;
export const CALL_MSGRCV = 53;
export const CALL_MSGCTL = 54;
export const CALL_FTOK = 55;
export const CALL_SIGWAIT = 56;
export const CALL_SEMGET = 70;
export const CALL_SEMOP = 71;
export const CALL_SEMTIMEDOP = 72;
export const CALL_SEMCTL = 73;

// POSIX shared memory.
export const CALL_SHM_OPEN = 80;
export const CALL_SHM_UNLINK = 81;
export const CALL_MEMFD_CREATE = 82;
export const CALL_FTRUNCATE = 83;
export const CALL_PREAD = 84;
export const CALL_PWRITE = 85;
export const CALL_MMAP = 86;
export const CALL_MUNMAP = 87;
export const CALL_MPROTECT = 88;
export const CALL_MSYNC = 89;
export const CALL_MEMORY_READ = 90;
export const CALL_MEMORY_WRITE = 91;

// The calling thread.
export const CALL_GETTID = 109;

// Futexes, and words of memory.
export const CALL_FUTEX = 110;
export const CALL_FUTEX_WAITV = 111;
export const CALL_SET_ROBUST_LIST = 112;
export const CALL_GET_ROBUST_LIST = 113;
export const CALL_MEMORY_LOAD = 114;
export const CALL_MEMORY_STORE = 115;
export const CALL_MEMORY_ADD = 116;
export const CALL_MEMORY_COMPARE_EXCHANGE = 117;
export const CALL_MEMORY_WAIT = 118;
export const CALL_MEMORY_NOTIFY = 119;

// POSIX semaphores.
export const CALL_SEM_OPEN = 120;
export const CALL_SEM_CLOSE = 121;
export const CALL_SEM_UNLINK = 122;
export const CALL_SEM_INIT = 123;
export const CALL_SEM_DESTROY = 124;
export const CALL_SEM_WAIT = 125;
export const CALL_SEM_TRYWAIT = 126;
export const CALL_SEM_TIMEDWAIT = 127;
export const CALL_SEM_CLOCKWAIT = 128;
export const CALL_SEM_POST = 129;
export const CALL_SEM_GETVALUE = 130;
