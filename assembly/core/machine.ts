// What is one for the whole machine: its parameters, its clocks, the next pid.
import { PIPE_DEF_BUFFERS, RLIMIT_NOFILE_DEFAULT } from "../abi/limits";
import {
  FRAMES_SIZE,
  MAX_DESCRIPTORS,
  MAX_OPEN_FILES,
  MAX_PIPES,
  MAX_PROCESSES,
  MAX_SLOTS,
  MAX_TASKS,
  MAX_WAITS,
  PARAMETER_FIRST_DESCRIPTOR,
  PARAMETER_GID,
  PARAMETER_KERNEL_VERSION,
  PARAMETER_PAGE_SIZE,
  PARAMETER_PIPE_SLOTS,
  PARAMETER_RLIMIT_NOFILE,
  PARAMETER_UID,
} from "../abi/model";
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
  /** Nanoseconds since boot, without time asleep. */
  monotonic: u64;
  /** Nanoseconds to add to `monotonic` for the other clocks. */
  realtimeOffset: u64;
  boottimeOffset: u64;
}

/** The machine block after the pool headers. */
export const machine = changetype<Machine>(at.MACHINE + 192);

// A new machine has been up for a second, on the first second of 2000.
const FIRST_MONOTONIC: u64 = 1_000_000_000;
const FIRST_REALTIME: u64 = 946_684_800_000_000_000;

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
    default:
      return false;
  }
}
