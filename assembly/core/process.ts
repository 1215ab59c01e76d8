// Processes: credentials, limits and family. Descriptors are in core/descriptor.ts, how a process ends in process.ts.
import { PROCESS_ALIVE } from "../abi/model";
import { machine } from "./machine";
import { PROCESS_SIZE, PROCESSES } from "./memory";
import { PROCESS_POOL, pool } from "./pool";
import { WaitQueue } from "./wait";

@unmanaged
export class Process {
  /** PROCESS_*, see abi/model.ts. */
  state: u32;
  pid: u32;
  /** Index of the parent. */
  parent: u32;
  /** Real, effective and saved user and group: credentials(7). */
  ruid: u32;
  euid: u32;
  suid: u32;
  rgid: u32;
  egid: u32;
  sgid: u32;
  /** Its supplementary groups, plus 1; 0 if it has none (core/credentials.ts). */
  groups: u32;
  /** Permissions that its new files do not get. */
  umask: u32;
  /** Index of the directory that relative paths start from. */
  cwd: u32;
  rlimitNofile: u32;
  /** Descriptors below it are the runtime's. */
  firstDescriptor: u32;
  /** As waitpid(2) reports it. */
  exitStatus: u32;
  /** The task that closes what it held, plus 1. */
  exitTask: u32;
  /** Its calls in flight. */
  taskCount: u32;
  /** What is to be undone of semaphores when it ends, plus 1: the set that it used last first (core/semaphore-undo.ts). */
  firstUndo: u32;
  /** Where waitpid(2) waits. */
  childFirst: u32;
  childLast: u32;
  /** Signals that were sent to it, and that it has not taken yet: bit 0 is signal 1. */
  pendingSignals: u32;
  /** Where sigwait(3) waits. */
  signalFirst: u32;
  signalLast: u32;
  /** Its descriptor table: chunks by number, plus 1, two bytes each (core/descriptor.ts). */
  chunk0: u64;
  chunk1: u64;
  chunk2: u64;
  chunk3: u64;
  /** Capabilities, a bit each. */
  permitted: u64;
  effective: u64;
  /** Address of the head of its list of robust locks; 0 if it has none: set_robust_list(2). */
  robustList: i64;

  get childWait(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Process>("childFirst"));
  }

  get signalWait(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Process>("signalFirst"));
  }

  /** Whether it has a capability in effect: capable. */
  can(capability: u32): bool {
    return ((this.effective >> capability) & 1) != 0;
  }
}

export const INIT: u32 = 0;

export function processAt(index: u32): Process {
  return changetype<Process>(PROCESSES + index * PROCESS_SIZE);
}

export function processIndex(process: Process): u32 {
  return <u32>((changetype<usize>(process) - PROCESSES) / PROCESS_SIZE);
}

export function processCount(): u32 {
  return pool(PROCESS_POOL).high;
}

/** Creates a process with the machine's limits, and no credentials yet (core/credentials.ts); null if all are in use. */
export function takeProcess(parent: u32): Process | null {
  if (offsetof<Process>() != PROCESS_SIZE) ERROR("PROCESS_SIZE is not the size of Process");
  const index = pool(PROCESS_POOL).take();
  if (index == pool(PROCESS_POOL).capacity) return null;
  const process = processAt(index);
  process.state = PROCESS_ALIVE;
  process.pid = machine.nextPid++;
  process.parent = parent;
  process.rlimitNofile = machine.rlimitNofile;
  process.firstDescriptor = machine.firstDescriptor;
  return process;
}

/** The process with a pid, zombies among them; null if there is none. */
export function findProcess(pid: u32): Process | null {
  const count = processCount();
  for (let index: u32 = 0; index < count; index++) {
    const process = processAt(index);
    if (process.state && process.pid == pid) return process;
  }
  return null;
}
