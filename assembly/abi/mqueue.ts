// POSIX message queues: include/uapi/linux/mqueue.h, include/linux/ipc_namespace.h; mq_overview(7).
/** Priorities are below it. */
export const MQ_PRIO_MAX = 32768;
/** Messages of a queue at most, and without attributes: /proc/sys/fs/mqueue/msg_max and msg_default. */
export const MQ_MSG_MAX_DEFAULT = 10;
export const MQ_MSG_DEFAULT = 10;
/** Bytes of a message at most, and without attributes: msgsize_max and msgsize_default. */
export const MQ_MSGSIZE_MAX_DEFAULT = 8192;
export const MQ_MSGSIZE_DEFAULT = 8192;
/** Queues of the machine: queues_max. */
export const MQ_QUEUES_MAX_DEFAULT = 256;
/** What CAP_SYS_RESOURCE lifts the limits to: HARD_MSGMAX, HARD_MSGSIZEMAX. */
export const MQ_HARD_MSG_MAX = 65536;
export const MQ_HARD_MSGSIZE_MAX = 16777216;
/** RLIMIT_MSGQUEUE, bytes: MQ_BYTES_MAX. */
export const RLIMIT_MSGQUEUE_DEFAULT = 819200;

/** The least that msgsize_max and msgsize_default can be set to: MIN_MSGSIZEMAX. */
export const MQ_LEAST_MSGSIZE_MAX = 128;

// How mq_notify(3) tells: include/uapi/asm-generic/siginfo.h; sigevent(3type).
export const SIGEV_SIGNAL = 0;
export const SIGEV_NONE = 1;
export const SIGEV_THREAD = 2;
