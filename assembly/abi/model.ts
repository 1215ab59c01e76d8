// What passes between the model and its host: result codes, task states, parameters, sizes.
// Result codes lie outside Linux's errno (1..133) and the kernel's internal codes (512..530).

/** The attempt would block: the task is parked, and becomes runnable when it may go on. */
export const BLOCKED = -0x10000;
/** The attempt goes on: the host moves the I/O window on and calls `proceed`. Part of one atomic step. */
export const MORE = -0x10001;
/** The task is gone: its process was killed before the call returned. */
export const GONE = -0x10002;

/** A vmsplice(2) that fills buffers puts it in the first word of OUT, where one that takes bytes leaves a length. */
export const FILLS_BUFFERS = -1;

// How a call waits.
/** The kernel's own blocking form: what `linux.sync` does. */
export const FORM_BLOCKING = 0;
/** Attempt without blocking, wait for readiness, attempt again: what an awaited call does (src/waiting.ts). */
export const FORM_AWAITED = 1;

// States of a task.
export const TASK_FREE = 0;
/** Created by the host, its first attempt not made. */
export const TASK_NEW = 1;
/** Parked in a wait queue or on a timer. */
export const TASK_BLOCKED = 2;
/** Woken: its next attempt may go on. */
export const TASK_WOKEN = 3;
/** Closes what a dead process held, one descriptor a step. */
export const TASK_EXITING = 4;
/** Set aside for a live process: becomes TASK_EXITING when it dies. */
export const TASK_RESERVED = 5;

// What an open file is open on.
export const FILE_PIPE = 1;
export const FILE_DIRECTORY = 2;
export const FILE_MESSAGE_QUEUE = 3;
export const FILE_SHARED_MEMORY = 4;

// States of a process.
export const PROCESS_FREE = 0;
export const PROCESS_ALIVE = 1;
/** Has called exit(2) or was killed; its descriptors are being closed. */
export const PROCESS_EXITING = 2;
/** Waits to be reaped by its parent. */
export const PROCESS_ZOMBIE = 3;

// Sizes of the pools: the model's own limits, see docs/architecture.md.
export const MAX_PROCESSES = 64;
export const MAX_TASKS = 1024;
export const MAX_OPEN_FILES = 2048;
export const MAX_PIPES = 1024;
export const MAX_SLOTS = 4096;
export const MAX_WAITS = 4096;
/** Directories, FIFOs, message queues and shared memory, and pieces of 24 bytes of their names. */
export const MAX_INODES = 512;
export const MAX_NAME_PIECES = 1024;
/** Messages in all queues, and blocks of 120 bytes that they lie in. */
export const MAX_MESSAGES = 2048;
export const MAX_MESSAGE_BLOCKS = 16384;
export const MAX_MESSAGE_QUEUES = 256;
export const MAX_SYSV_QUEUES = 256;
/** System V semaphores: sets, semaphores of all sets. */
export const MAX_SEMAPHORE_SETS = 256;
export const MAX_SEMAPHORES = 8192;
/** Sets that a process has to undo something of, for all processes, and semaphores of these. */
export const MAX_SEMAPHORE_UNDOS = 1024;
export const MAX_SEMAPHORE_ADJUSTMENTS = 8192;
/** Operations of calls that wait: those of one call are no more than the I/O window holds. */
export const MAX_SEMAPHORE_OPERATIONS = 8192;
/** Objects of shared memory, and parts of address spaces that show them. */
export const MAX_SHARED_OBJECTS = 256;
export const MAX_MAPPED_PARTS = 1024;
/** Words of memory at which somebody waits. */
export const MAX_FUTEXES = 1024;
/** Words of all calls of futex_waitv(2) that wait. */
export const MAX_FUTEX_WAITERS = 4096;
/** Segments of System V shared memory: each has an object of shared memory. */
export const MAX_SHARED_SEGMENTS = 256;
/** Users that own pipes or message queues at the same time. */
export const MAX_USERS = 64;
/** Processes with supplementary groups, and groups of each. */
export const MAX_GROUP_LISTS = 64;
export const MAX_GROUPS = 16;
/** Descriptors of one process: a multiple of 64. */
export const MAX_DESCRIPTORS = 1024;
/** Bytes of the I/O window: one attempt moves a longer payload in several. */
export const WINDOW_SIZE = 65536;

// Parameters of a machine (`setParameter`).
export const PARAMETER_PAGE_SIZE = 0;
export const PARAMETER_RLIMIT_NOFILE = 1;
export const PARAMETER_PIPE_SLOTS = 2;
export const PARAMETER_KERNEL_VERSION = 3;
/** The uid of processes that the host creates. */
export const PARAMETER_UID = 4;
/** The gid of processes that the host creates. */
export const PARAMETER_GID = 5;
/** Descriptors below this number belong to the host runtime: taken, and EBADF to the program. */
export const PARAMETER_FIRST_DESCRIPTOR = 6;
/** Capabilities of user 0, and of processes that the host creates as user 0: bits 0 to 31, and from 32 on. */
export const PARAMETER_CAPABILITIES_LOW = 7;
export const PARAMETER_CAPABILITIES_HIGH = 8;
/** /proc/sys/fs/pipe-max-size, bytes. */
export const PARAMETER_PIPE_MAX_SIZE = 9;
/** /proc/sys/fs/pipe-user-pages-soft and -hard, pages; 0 is no limit. */
export const PARAMETER_PIPE_USER_PAGES_SOFT = 10;
export const PARAMETER_PIPE_USER_PAGES_HARD = 11;
/** /proc/sys/fs/file-max: open files of the whole machine. */
export const PARAMETER_FILE_MAX = 12;
/** /proc/sys/kernel/msgmax and msgmnb, bytes, and msgmni, queues. */
export const PARAMETER_MSGMAX = 24;
export const PARAMETER_MSGMNB = 25;
export const PARAMETER_MSGMNI = 26;
/** /proc/sys/fs/mqueue: msg_max, msgsize_max, queues_max, msg_default, msgsize_default. */
export const PARAMETER_MQ_MSG_MAX = 13;
export const PARAMETER_MQ_MSGSIZE_MAX = 14;
export const PARAMETER_MQ_QUEUES_MAX = 15;
export const PARAMETER_MQ_MSG_DEFAULT = 16;
export const PARAMETER_MQ_MSGSIZE_DEFAULT = 17;
/** RLIMIT_MSGQUEUE of every process, bytes. */
export const PARAMETER_RLIMIT_MSGQUEUE = 18;

/** /proc/sys/kernel/sem: semaphores of a set, of all sets, operations of a call, sets. */
export const PARAMETER_SEMMSL = 40;
export const PARAMETER_SEMMNS = 41;
export const PARAMETER_SEMOPM = 42;
export const PARAMETER_SEMMNI = 43;

/** A message that the window has no room for goes through the stage, up to so many bytes: no queue holds more. */
export const MAX_MESSAGE_BYTES = 1966080;

/** Bytes of all page frames together: pipes hold no more, write(2) is ENOMEM beyond. */
export const FRAMES_SIZE = 16777216;

// Shared memory.
/** What an object may have at most, in bytes: a power of two from 65536 up to all that there is. */
export const PARAMETER_SHARED_OBJECT_MAX = 50;
/** /proc/sys/fs/protected_regular: not 0, and O_CREAT does not open what another has made in a sticky directory. */
export const PARAMETER_PROTECTED_REGULAR = 51;
/** RLIMIT_MEMLOCK of every process, bytes: what a user's locked segments may have. */
export const PARAMETER_RLIMIT_MEMLOCK = 54;
/** /proc/sys/kernel/shmmax, bytes, and shmall, pages: 64 bits each; and shmmni, segments. */
export const PARAMETER_SHMMAX_LOW = 55;
export const PARAMETER_SHMMAX_HIGH = 56;
export const PARAMETER_SHMALL_LOW = 57;
export const PARAMETER_SHMALL_HIGH = 58;
export const PARAMETER_SHMMNI = 59;

/** Bytes of all objects together: each has its most set aside, so that it never moves. */
export const SHARED_MEMORY_SIZE = 67108864;
export const SHARED_OBJECT_MAX_DEFAULT = 1048576;
