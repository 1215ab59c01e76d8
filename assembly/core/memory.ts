// Where everything lies. Each region begins where the one before it ends; all state is between MACHINE and the end of
// the last pool, in the frames, or in the bytes of shared memory.
//
//   0      1024     MACHINE         WINDOW      POOLS …        FRAMES          SHARED_BYTES      STAGE
//   │ null │ static │ parameters,   │ payload   │ one region   │ pages of      │ bytes of shared │ a snapshot on
//   │      │ data   │ clocks, pools │ of a step │ a pool       │ pipes' bytes  │ memory          │ its way in or out
//
// The window and the stage are no state: they hold nothing between two steps.
import {
  FRAMES_SIZE,
  MAX_FUTEX_WAITERS,
  MAX_FUTEXES,
  MAX_GROUP_LISTS,
  MAX_INODES,
  MAX_MAPPED_PARTS,
  MAX_MESSAGE_BLOCKS,
  MAX_MESSAGE_QUEUES,
  MAX_MESSAGES,
  MAX_NAME_PIECES,
  MAX_OPEN_FILES,
  MAX_PIPES,
  MAX_PROCESSES,
  MAX_SEMAPHORE_ADJUSTMENTS,
  MAX_SEMAPHORE_OPERATIONS,
  MAX_SEMAPHORE_SETS,
  MAX_SEMAPHORE_UNDOS,
  MAX_SEMAPHORES,
  MAX_SHARED_OBJECTS,
  MAX_SHARED_SEGMENTS,
  MAX_SLOTS,
  MAX_SYSV_QUEUES,
  MAX_TASKS,
  MAX_USERS,
  MAX_WAITS,
  SHARED_MEMORY_SIZE,
  WINDOW_SIZE,
} from "../abi/model";

// Bytes of one item of each pool: `sizeof` of its class, checked where the class is.
export const TASK_SIZE: u32 = 80;
export const PROCESS_SIZE: u32 = 152;
export const CHUNK_SIZE: u32 = 260;
export const OPEN_FILE_SIZE: u32 = 24;
export const WAIT_SIZE: u32 = 36;
export const PIPE_SIZE: u32 = 72;
export const SLOT_SIZE: u32 = 24;
export const FRAME_SIZE: u32 = 4;
export const INODE_SIZE: u32 = 44;
export const NAME_PIECE_SIZE: u32 = 32;
export const USER_SIZE: u32 = 24;
export const GROUP_LIST_SIZE: u32 = 68;
export const MESSAGE_SIZE: u32 = 24;
export const MESSAGE_BLOCK_SIZE: u32 = 128;
export const MESSAGE_QUEUE_SIZE: u32 = 64;
export const SYSV_QUEUE_SIZE: u32 = 104;
export const SEMAPHORE_SET_SIZE: u32 = 76;
export const SEMAPHORE_SIZE: u32 = 28;
export const SEMAPHORE_UNDO_SIZE: u32 = 16;
export const SEMAPHORE_ADJUSTMENT_SIZE: u32 = 8;
export const SEMAPHORE_OPERATION_SIZE: u32 = 8;
export const SHARED_OBJECT_SIZE: u32 = 44;
export const MAPPED_PART_SIZE: u32 = 44;
export const FUTEX_SIZE: u32 = 24;
export const FUTEX_WAITER_SIZE: u32 = 24;
export const SHARED_SEGMENT_SIZE: u32 = 76;

export const MAX_CHUNKS: u32 = 512;
export const SMALLEST_PAGE: u32 = 4096;
export const MAX_FRAMES: u32 = FRAMES_SIZE / SMALLEST_PAGE;

export const MACHINE: usize = 16384;
export const MACHINE_SIZE: u32 = 1024;
export const WINDOW: usize = MACHINE + MACHINE_SIZE;
/** Integers that a call returns beside its result. */
export const OUT: usize = WINDOW + WINDOW_SIZE;
export const OUT_SIZE: u32 = 4096;
/** What the host says of the task that a first attempt creates: its process and its form. */
export const NEXT_TASK: usize = OUT + OUT_SIZE;
/** Where the walk of a path stands (path.ts). */
export const WALK: usize = NEXT_TASK + 8;
const WALK_SIZE: u32 = 56;

export const TASKS: usize = WALK + WALK_SIZE;
export const PROCESSES: usize = TASKS + MAX_TASKS * TASK_SIZE;
export const CHUNKS: usize = PROCESSES + MAX_PROCESSES * PROCESS_SIZE;
export const OPEN_FILES: usize = CHUNKS + MAX_CHUNKS * CHUNK_SIZE;
export const WAITS: usize = OPEN_FILES + MAX_OPEN_FILES * OPEN_FILE_SIZE;
export const PIPES: usize = WAITS + MAX_WAITS * WAIT_SIZE;
export const SLOTS: usize = PIPES + MAX_PIPES * PIPE_SIZE;
export const FRAME_USES: usize = SLOTS + MAX_SLOTS * SLOT_SIZE;
export const INODES: usize = FRAME_USES + MAX_FRAMES * FRAME_SIZE;
export const NAME_PIECES: usize = INODES + MAX_INODES * INODE_SIZE;
export const USERS: usize = NAME_PIECES + MAX_NAME_PIECES * NAME_PIECE_SIZE;
export const GROUP_LISTS: usize = USERS + MAX_USERS * USER_SIZE;
export const MESSAGES: usize = GROUP_LISTS + MAX_GROUP_LISTS * GROUP_LIST_SIZE;
export const MESSAGE_BLOCKS: usize = MESSAGES + MAX_MESSAGES * MESSAGE_SIZE;
export const MESSAGE_QUEUES: usize = MESSAGE_BLOCKS + MAX_MESSAGE_BLOCKS * MESSAGE_BLOCK_SIZE;
export const SYSV_QUEUES: usize = MESSAGE_QUEUES + MAX_MESSAGE_QUEUES * MESSAGE_QUEUE_SIZE;
export const SEMAPHORE_SETS: usize = SYSV_QUEUES + MAX_SYSV_QUEUES * SYSV_QUEUE_SIZE;
export const SEMAPHORES: usize = SEMAPHORE_SETS + MAX_SEMAPHORE_SETS * SEMAPHORE_SET_SIZE;
export const SEMAPHORE_UNDOS: usize = SEMAPHORES + MAX_SEMAPHORES * SEMAPHORE_SIZE;
export const SEMAPHORE_ADJUSTMENTS: usize = SEMAPHORE_UNDOS + MAX_SEMAPHORE_UNDOS * SEMAPHORE_UNDO_SIZE;
export const SEMAPHORE_OPERATIONS: usize =
  SEMAPHORE_ADJUSTMENTS + MAX_SEMAPHORE_ADJUSTMENTS * SEMAPHORE_ADJUSTMENT_SIZE;
export const SHARED_OBJECTS: usize =
  SEMAPHORE_OPERATIONS + MAX_SEMAPHORE_OPERATIONS * SEMAPHORE_OPERATION_SIZE;
export const MAPPED_PARTS: usize = SHARED_OBJECTS + MAX_SHARED_OBJECTS * SHARED_OBJECT_SIZE;
export const FUTEXES: usize = MAPPED_PARTS + MAX_MAPPED_PARTS * MAPPED_PART_SIZE;
export const FUTEX_WAITERS: usize = FUTEXES + MAX_FUTEXES * FUTEX_SIZE;
export const SHARED_SEGMENTS: usize = FUTEX_WAITERS + MAX_FUTEX_WAITERS * FUTEX_WAITER_SIZE;
const POOLS_END: usize = SHARED_SEGMENTS + MAX_SHARED_SEGMENTS * SHARED_SEGMENT_SIZE;
export const FRAMES: usize = (POOLS_END + 0xffff) & ~0xffff;
/** Aligned as a page: a mapping begins at the start of one. */
export const SHARED_BYTES: usize = FRAMES + FRAMES_SIZE;
export const STAGE: usize = SHARED_BYTES + SHARED_MEMORY_SIZE;
