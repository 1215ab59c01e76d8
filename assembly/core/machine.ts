// What is one for the whole machine: its parameters, its clocks, the next pid.
import { CAP_LAST_CAP } from "../abi/capability";
import { IPCMNI, MSGMAX_DEFAULT, MSGMNB_DEFAULT, MSGMNI_DEFAULT } from "../abi/ipc";
import {
  PIPE_DEF_BUFFERS,
  PIPE_MAX_SIZE_DEFAULT,
  PIPE_USER_PAGES_SOFT_DEFAULT,
  RLIMIT_NOFILE_DEFAULT,
} from "../abi/limits";
import {
  FRAMES_SIZE,
  MAX_DESCRIPTORS,
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
  PARAMETER_CAPABILITIES_HIGH,
  PARAMETER_CAPABILITIES_LOW,
  PARAMETER_FILE_MAX,
  PARAMETER_FIRST_DESCRIPTOR,
  PARAMETER_GID,
  PARAMETER_KERNEL_VERSION,
  PARAMETER_MQ_MSG_DEFAULT,
  PARAMETER_MQ_MSG_MAX,
  PARAMETER_MQ_MSGSIZE_DEFAULT,
  PARAMETER_MQ_MSGSIZE_MAX,
  PARAMETER_MQ_QUEUES_MAX,
  PARAMETER_MSGMAX,
  PARAMETER_MSGMNB,
  PARAMETER_MSGMNI,
  PARAMETER_PAGE_SIZE,
  PARAMETER_PIPE_MAX_SIZE,
  PARAMETER_PIPE_SLOTS,
  PARAMETER_PIPE_USER_PAGES_HARD,
  PARAMETER_PIPE_USER_PAGES_SOFT,
  PARAMETER_PROTECTED_REGULAR,
  PARAMETER_RLIMIT_MEMLOCK,
  PARAMETER_RLIMIT_MSGQUEUE,
  PARAMETER_RLIMIT_NOFILE,
  PARAMETER_SEMMNI,
  PARAMETER_SEMMNS,
  PARAMETER_SEMMSL,
  PARAMETER_SEMOPM,
  PARAMETER_SHARED_OBJECT_MAX,
  PARAMETER_SHMALL_HIGH,
  PARAMETER_SHMALL_LOW,
  PARAMETER_SHMMAX_HIGH,
  PARAMETER_SHMMAX_LOW,
  PARAMETER_SHMMNI,
  PARAMETER_UID,
  SHARED_MEMORY_SIZE,
  SHARED_OBJECT_MAX_DEFAULT,
  WINDOW_SIZE,
} from "../abi/model";
import {
  MQ_HARD_MSG_MAX,
  MQ_HARD_MSGSIZE_MAX,
  MQ_LEAST_MSGSIZE_MAX,
  MQ_MSG_DEFAULT,
  MQ_MSG_MAX_DEFAULT,
  MQ_MSGSIZE_DEFAULT,
  MQ_MSGSIZE_MAX_DEFAULT,
  MQ_QUEUES_MAX_DEFAULT,
  RLIMIT_MSGQUEUE_DEFAULT,
} from "../abi/mqueue";
import { SEMMNI_DEFAULT, SEMMNS_DEFAULT, SEMMSL_DEFAULT, SEMOPM_DEFAULT } from "../abi/sem";
import { RLIMIT_MEMLOCK_DEFAULT, SHMMNI_DEFAULT } from "../abi/shm";
import * as at from "./memory";
import * as pools from "./pool";

@unmanaged
export class Machine {
  /** Bytes. */
  pageSize: u32;
  rlimitNofile: u32;
  /** Page slots of a new pipe. */
  pipeSlots: u32;
  /** Major * 1000 + minor: 6018 is 6.18. */
  kernelVersion: u32;
  uid: u32;
  gid: u32;
  firstDescriptor: u32;
  nextPid: u32;
  /** Bytes that F_SETPIPE_SZ grants without CAP_SYS_RESOURCE. */
  pipeMaxSize: u32;
  /** Pages in all pipes of one user without CAP_SYS_RESOURCE or CAP_SYS_ADMIN; 0 is no limit. */
  pipeUserPagesSoft: u32;
  pipeUserPagesHard: u32;
  /** Open files that there are, and that there may be without CAP_SYS_ADMIN. */
  fileCount: u32;
  fileMax: u32;
  /** Message queues that there are, and that there may be without CAP_SYS_RESOURCE. */
  mqQueues: u32;
  mqQueuesMax: u32;
  /** Messages of a new queue and bytes of each: the most without CAP_SYS_RESOURCE, and what it has without attributes. */
  mqMsgMax: u32;
  mqMsgsizeMax: u32;
  mqMsgDefault: u32;
  mqMsgsizeDefault: u32;
  /** Bytes that one user's queues may come to hold together; -1 is no limit. */
  rlimitMsgqueue: u32;
  /** System V messages: bytes of one, bytes of a new queue, queues. */
  msgmax: u32;
  msgmnb: u32;
  msgmni: u32;
  /** System V queues, and how they are numbered: see IpcIds (core/ipc.ts), whose fields these are. */
  queuesInUse: u32;
  queueSequence: u32;
  queueLast: u32;
  queueNext: u32;
  queueHighest: u32;
  /** System V semaphores: of a set, of all sets, operations of a call, sets. */
  semmsl: u32;
  semmns: u32;
  semopm: u32;
  semmni: u32;
  /** Sets of semaphores, and how they are numbered: see IpcIds (core/ipc.ts), whose fields these are. */
  setsInUse: u32;
  setSequence: u32;
  setLast: u32;
  setNext: u32;
  setHighest: u32;
  /** System V shared memory: segments, and bytes that a user's locked ones may have. */
  shmmni: u32;
  rlimitMemlock: u32;
  /** Segments, and how they are numbered: see IpcIds (core/ipc.ts), whose fields these are. */
  segmentsInUse: u32;
  segmentSequence: u32;
  segmentLast: u32;
  segmentNext: u32;
  segmentHighest: u32;
  /** What an object of shared memory may have at most, in bytes. */
  sharedObjectMax: u32;
  /** Whether O_CREAT does not open what another has made in a sticky directory. */
  protectedRegular: u32;
  /** Bytes of a segment, and pages of all of them. */
  shmmax: u64;
  shmall: u64;
  /** What user 0 may, a bit each. */
  capabilities: u64;
  /** Nanoseconds since boot, without time asleep. */
  monotonic: u64;
  /** Nanoseconds to add to `monotonic` for the other clocks. */
  realtimeOffset: u64;
  boottimeOffset: u64;
}

/** The machine block after the pool headers. */
export const machine = changetype<Machine>(at.MACHINE + 640);

// The least and the most that the kernel's sysctl takes: a page, and 2^31 bytes (pipe_fcntl, pipefs sysctl).
const MAX_PIPE_SIZE: u32 = 0x80000000;

// A new machine has been up for a second, on the first second of 2000.
const FIRST_MONOTONIC: u64 = 1_000_000_000;
const FIRST_REALTIME: u64 = 946_684_800_000_000_000;

/** SHMMAX and SHMALL: include/uapi/linux/shm.h. */
const SHMMAX_DEFAULT: u64 = u64.MAX_VALUE - (1 << 24);

/** Empties the machine; parameters go back to Linux's defaults. */
export function resetMachine(): void {
  const framesInUse = pools.pool(pools.FRAME_POOL).high;
  memory.fill(at.FRAMES, 0, framesInUse * (machine.pageSize ? machine.pageSize : at.SMALLEST_PAGE));
  memory.fill(changetype<usize>(machine), 0, offsetof<Machine>());
  machine.pageSize = at.SMALLEST_PAGE;
  machine.rlimitNofile = RLIMIT_NOFILE_DEFAULT;
  machine.pipeSlots = PIPE_DEF_BUFFERS;
  machine.kernelVersion = 6018;
  machine.firstDescriptor = 3;
  machine.nextPid = 1;
  machine.pipeMaxSize = PIPE_MAX_SIZE_DEFAULT;
  machine.pipeUserPagesSoft = PIPE_USER_PAGES_SOFT_DEFAULT;
  machine.fileMax = MAX_OPEN_FILES;
  machine.mqQueuesMax = MQ_QUEUES_MAX_DEFAULT;
  machine.mqMsgMax = MQ_MSG_MAX_DEFAULT;
  machine.mqMsgsizeMax = MQ_MSGSIZE_MAX_DEFAULT;
  machine.mqMsgDefault = MQ_MSG_DEFAULT;
  machine.mqMsgsizeDefault = MQ_MSGSIZE_DEFAULT;
  machine.rlimitMsgqueue = RLIMIT_MSGQUEUE_DEFAULT;
  machine.msgmax = MSGMAX_DEFAULT;
  machine.msgmnb = MSGMNB_DEFAULT;
  machine.msgmni = MSGMNI_DEFAULT;
  machine.semmsl = SEMMSL_DEFAULT;
  machine.semmns = SEMMNS_DEFAULT;
  machine.semopm = SEMOPM_DEFAULT;
  machine.semmni = SEMMNI_DEFAULT;
  machine.shmmax = SHMMAX_DEFAULT;
  machine.shmall = SHMMAX_DEFAULT;
  machine.shmmni = SHMMNI_DEFAULT;
  machine.rlimitMemlock = RLIMIT_MEMLOCK_DEFAULT;
  machine.sharedObjectMax = SHARED_OBJECT_MAX_DEFAULT;
  machine.capabilities = ((<u64>1) << (CAP_LAST_CAP + 1)) - 1;
  machine.monotonic = FIRST_MONOTONIC;
  machine.realtimeOffset = FIRST_REALTIME - FIRST_MONOTONIC;
  resetPools();
}

function resetPools(): void {
  pools.resetPool(pools.TASK_POOL, at.TASKS, at.TASK_SIZE, MAX_TASKS);
  pools.resetPool(pools.PROCESS_POOL, at.PROCESSES, at.PROCESS_SIZE, MAX_PROCESSES);
  pools.resetPool(pools.CHUNK_POOL, at.CHUNKS, at.CHUNK_SIZE, at.MAX_CHUNKS);
  pools.resetPool(pools.OPEN_FILE_POOL, at.OPEN_FILES, at.OPEN_FILE_SIZE, MAX_OPEN_FILES);
  pools.resetPool(pools.WAIT_POOL, at.WAITS, at.WAIT_SIZE, MAX_WAITS);
  pools.resetPool(pools.PIPE_POOL, at.PIPES, at.PIPE_SIZE, MAX_PIPES);
  pools.resetPool(pools.SLOT_POOL, at.SLOTS, at.SLOT_SIZE, MAX_SLOTS);
  pools.resetPool(pools.FRAME_POOL, at.FRAME_USES, at.FRAME_SIZE, FRAMES_SIZE / machine.pageSize);
  pools.resetPool(pools.INODE_POOL, at.INODES, at.INODE_SIZE, MAX_INODES);
  pools.resetPool(pools.NAME_PIECE_POOL, at.NAME_PIECES, at.NAME_PIECE_SIZE, MAX_NAME_PIECES);
  pools.resetPool(pools.USER_POOL, at.USERS, at.USER_SIZE, MAX_USERS);
  pools.resetPool(pools.MESSAGE_POOL, at.MESSAGES, at.MESSAGE_SIZE, MAX_MESSAGES);
  pools.resetPool(pools.MESSAGE_BLOCK_POOL, at.MESSAGE_BLOCKS, at.MESSAGE_BLOCK_SIZE, MAX_MESSAGE_BLOCKS);
  pools.resetPool(pools.MESSAGE_QUEUE_POOL, at.MESSAGE_QUEUES, at.MESSAGE_QUEUE_SIZE, MAX_MESSAGE_QUEUES);
  pools.resetPool(pools.SYSV_QUEUE_POOL, at.SYSV_QUEUES, at.SYSV_QUEUE_SIZE, MAX_SYSV_QUEUES);
  pools.resetPool(pools.SEMAPHORE_SET_POOL, at.SEMAPHORE_SETS, at.SEMAPHORE_SET_SIZE, MAX_SEMAPHORE_SETS);
  pools.resetPool(pools.SEMAPHORE_POOL, at.SEMAPHORES, at.SEMAPHORE_SIZE, MAX_SEMAPHORES);
  pools.resetPool(pools.SEMAPHORE_UNDO_POOL, at.SEMAPHORE_UNDOS, at.SEMAPHORE_UNDO_SIZE, MAX_SEMAPHORE_UNDOS);
  pools.resetPool(
    pools.SEMAPHORE_ADJUSTMENT_POOL,
    at.SEMAPHORE_ADJUSTMENTS,
    at.SEMAPHORE_ADJUSTMENT_SIZE,
    MAX_SEMAPHORE_ADJUSTMENTS,
  );
  pools.resetPool(
    pools.SEMAPHORE_OPERATION_POOL,
    at.SEMAPHORE_OPERATIONS,
    at.SEMAPHORE_OPERATION_SIZE,
    MAX_SEMAPHORE_OPERATIONS,
  );
  pools.resetPool(pools.SHARED_OBJECT_POOL, at.SHARED_OBJECTS, at.SHARED_OBJECT_SIZE, sharedObjectCount());
  pools.resetPool(pools.MAPPED_PART_POOL, at.MAPPED_PARTS, at.MAPPED_PART_SIZE, MAX_MAPPED_PARTS);
  pools.resetPool(pools.FUTEX_POOL, at.FUTEXES, at.FUTEX_SIZE, MAX_FUTEXES);
  pools.resetPool(pools.FUTEX_WAITER_POOL, at.FUTEX_WAITERS, at.FUTEX_WAITER_SIZE, MAX_FUTEX_WAITERS);
  pools.resetPool(pools.SHARED_SEGMENT_POOL, at.SHARED_SEGMENTS, at.SHARED_SEGMENT_SIZE, MAX_SHARED_SEGMENTS);
  pools.resetPool(pools.GROUP_LIST_POOL, at.GROUP_LISTS, at.GROUP_LIST_SIZE, MAX_GROUP_LISTS);
}

/** Objects of shared memory that there is room for. */
function sharedObjectCount(): u32 {
  return min<u32>(MAX_SHARED_OBJECTS, SHARED_MEMORY_SIZE / machine.sharedObjectMax);
}

/** Sets a parameter of an empty machine; false if the value is out of range. */
export function setMachineParameter(parameter: i32, value: u32): bool {
  switch (parameter) {
    case PARAMETER_PAGE_SIZE:
      if (value != 4096 && value != 16384 && value != 65536) return false;
      machine.pageSize = value;
      resetPools();
      return true;
    case PARAMETER_RLIMIT_NOFILE:
      if (value > <u32>MAX_DESCRIPTORS) return false;
      machine.rlimitNofile = value;
      return true;
    case PARAMETER_PIPE_SLOTS:
      if (value == 0 || value > 256 || (value & (value - 1)) != 0) return false;
      machine.pipeSlots = value;
      return true;
    case PARAMETER_KERNEL_VERSION:
      machine.kernelVersion = value;
      return true;
    case PARAMETER_UID:
      machine.uid = value;
      return true;
    case PARAMETER_GID:
      machine.gid = value;
      return true;
    case PARAMETER_FIRST_DESCRIPTOR:
      if (value > <u32>MAX_DESCRIPTORS) return false;
      machine.firstDescriptor = value;
      return true;
    case PARAMETER_CAPABILITIES_LOW:
      machine.capabilities = (machine.capabilities & 0xffffffff00000000) | value;
      return true;
    case PARAMETER_CAPABILITIES_HIGH:
      machine.capabilities = (machine.capabilities & 0xffffffff) | ((<u64>value) << 32);
      return true;
    case PARAMETER_PIPE_MAX_SIZE:
      if (value < machine.pageSize || value > MAX_PIPE_SIZE) return false;
      machine.pipeMaxSize = value;
      return true;
    case PARAMETER_PIPE_USER_PAGES_SOFT:
      machine.pipeUserPagesSoft = value;
      return true;
    case PARAMETER_PIPE_USER_PAGES_HARD:
      machine.pipeUserPagesHard = value;
      return true;
    case PARAMETER_FILE_MAX:
      machine.fileMax = value;
      return true;
    case PARAMETER_MQ_MSG_MAX:
      if (value < 1 || value > <u32>MQ_HARD_MSG_MAX) return false;
      machine.mqMsgMax = value;
      return true;
    case PARAMETER_MQ_MSGSIZE_MAX:
      if (value < <u32>MQ_LEAST_MSGSIZE_MAX || value > <u32>MQ_HARD_MSGSIZE_MAX) return false;
      machine.mqMsgsizeMax = value;
      return true;
    case PARAMETER_MQ_QUEUES_MAX:
      machine.mqQueuesMax = value;
      return true;
    case PARAMETER_MQ_MSG_DEFAULT:
      if (value < 1 || value > <u32>MQ_HARD_MSG_MAX) return false;
      machine.mqMsgDefault = value;
      return true;
    case PARAMETER_MQ_MSGSIZE_DEFAULT:
      if (value < <u32>MQ_LEAST_MSGSIZE_MAX || value > <u32>MQ_HARD_MSGSIZE_MAX) return false;
      machine.mqMsgsizeDefault = value;
      return true;
    case PARAMETER_RLIMIT_MSGQUEUE:
      machine.rlimitMsgqueue = value;
      return true;
    case PARAMETER_MSGMAX:
      if (value > <u32>WINDOW_SIZE) return false;
      machine.msgmax = value;
      return true;
    case PARAMETER_MSGMNB:
      if (value > <u32>i32.MAX_VALUE) return false;
      machine.msgmnb = value;
      return true;
    case PARAMETER_MSGMNI:
      if (value > <u32>IPCMNI) return false;
      machine.msgmni = value;
      return true;
    case PARAMETER_SEMMSL:
      if (value > <u32>i32.MAX_VALUE) return false;
      machine.semmsl = value;
      return true;
    case PARAMETER_SEMMNS:
      if (value > <u32>i32.MAX_VALUE) return false;
      machine.semmns = value;
      return true;
    case PARAMETER_SEMOPM:
      if (value > <u32>MAX_SEMAPHORE_OPERATIONS) return false;
      machine.semopm = value;
      return true;
    case PARAMETER_SEMMNI:
      if (value > <u32>IPCMNI) return false;
      machine.semmni = value;
      return true;
    case PARAMETER_SHARED_OBJECT_MAX:
      if (value < 0x10000 || value > <u32>SHARED_MEMORY_SIZE || (value & (value - 1)) != 0) return false;
      machine.sharedObjectMax = value;
      resetPools();
      return true;
    case PARAMETER_RLIMIT_MEMLOCK:
      machine.rlimitMemlock = value;
      return true;
    case PARAMETER_SHMMAX_LOW:
      machine.shmmax = (machine.shmmax & 0xffffffff00000000) | value;
      return true;
    case PARAMETER_SHMMAX_HIGH:
      machine.shmmax = (machine.shmmax & 0xffffffff) | ((<u64>value) << 32);
      return true;
    case PARAMETER_SHMALL_LOW:
      machine.shmall = (machine.shmall & 0xffffffff00000000) | value;
      return true;
    case PARAMETER_SHMALL_HIGH:
      machine.shmall = (machine.shmall & 0xffffffff) | ((<u64>value) << 32);
      return true;
    case PARAMETER_SHMMNI:
      if (value > <u32>IPCMNI) return false;
      machine.shmmni = value;
      return true;
    case PARAMETER_PROTECTED_REGULAR:
      if (value > 2) return false;
      machine.protectedRegular = value;
      return true;
    default:
      return false;
  }
}
