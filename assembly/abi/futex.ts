// Futexes: include/uapi/linux/futex.h; futex(2), set_robust_list(2).
export const FUTEX_WAIT = 0;
export const FUTEX_WAKE = 1;
export const FUTEX_FD = 2;
export const FUTEX_REQUEUE = 3;
export const FUTEX_CMP_REQUEUE = 4;
export const FUTEX_WAKE_OP = 5;
export const FUTEX_LOCK_PI = 6;
export const FUTEX_UNLOCK_PI = 7;
export const FUTEX_TRYLOCK_PI = 8;
export const FUTEX_WAIT_BITSET = 9;
export const FUTEX_WAKE_BITSET = 10;
export const FUTEX_WAIT_REQUEUE_PI = 11;
export const FUTEX_CMP_REQUEUE_PI = 12;
export const FUTEX_LOCK_PI2 = 13;

/** Only tasks of the caller's process wait at the word. */
export const FUTEX_PRIVATE_FLAG = 128;
/** The timeout is of CLOCK_REALTIME, and not of CLOCK_MONOTONIC. */
export const FUTEX_CLOCK_REALTIME = 256;
export const FUTEX_CMD_MASK = ~384;

export const FUTEX_BITSET_MATCH_ANY = 0xffffffff;

// What FUTEX_WAKE_OP does to the second word, and how it compares what was there before.
export const FUTEX_OP_SET = 0;
export const FUTEX_OP_ADD = 1;
export const FUTEX_OP_OR = 2;
export const FUTEX_OP_ANDN = 3;
export const FUTEX_OP_XOR = 4;
/** The argument is the number of a bit. */
export const FUTEX_OP_OPARG_SHIFT = 8;

export const FUTEX_OP_CMP_EQ = 0;
export const FUTEX_OP_CMP_NE = 1;
export const FUTEX_OP_CMP_LT = 2;
export const FUTEX_OP_CMP_LE = 3;
export const FUTEX_OP_CMP_GT = 4;
export const FUTEX_OP_CMP_GE = 5;

// The word of a robust lock: the thread that has it, whether that has died, whether somebody waits.
export const FUTEX_WAITERS = 0x80000000;
export const FUTEX_OWNER_DIED = 0x40000000;
export const FUTEX_TID_MASK = 0x3fffffff;

/** Bytes of the head of a robust list: the first entry, the distance from an entry to its word, the entry that is being changed. */
export const ROBUST_LIST_HEAD_SIZE = 24;

/** Entries of a robust list that are looked at. */
export const ROBUST_LIST_LIMIT = 2048;

// Words of futex_waitv(2).
export const FUTEX2_SIZE_U32 = 2;
export const FUTEX2_NUMA = 4;
export const FUTEX2_MPOL = 8;
export const FUTEX2_PRIVATE = 128;
export const FUTEX_WAITV_MAX = 128;
