// The table of calls. Each is one row: its name, arguments, result, manual page, how far it is supported, which kernel
// objects it touches, how it waits, and the errors that its manual page lists. The support table in the docs, the trace
// format, marshalling, the generators of the conformance suite and its count of (call, errno) pairs derive from it.
import type { SyscallName } from "./linux.js";
import type { Syscall } from "./syscall.js";
import { clockCalls } from "./syscalls/clocks.js";
import { credentialCalls } from "./syscalls/credentials.js";
import { descriptorCalls } from "./syscalls/descriptors.js";
import { futexCalls } from "./syscalls/futexes.js";
import { posixQueueCalls } from "./syscalls/message-queues.js";
import { pathCalls } from "./syscalls/paths.js";
import { pipeCalls } from "./syscalls/pipes.js";
import { posixSemaphoreCalls } from "./syscalls/posix-semaphores.js";
import { processCalls } from "./syscalls/processes.js";
import { sharedMemoryCalls } from "./syscalls/shared-memory.js";
import { signalCalls } from "./syscalls/signals.js";
import { sysvQueueCalls } from "./syscalls/sysv-queues.js";
import { sysvSemaphoreCalls } from "./syscalls/sysv-semaphores.js";
import { sysvSharedMemoryCalls } from "./syscalls/sysv-shared-memory.js";

export type { ErrorRule, KernelObject, RestartClass, Syscall, WaitKind } from "./syscall.js";

export const syscalls: Readonly<Record<SyscallName, Syscall>> = {
  ...descriptorCalls,
  ...pipeCalls,
  ...pathCalls,
  ...processCalls,
  ...credentialCalls,
  ...clockCalls,
  ...posixQueueCalls,
  ...sysvQueueCalls,
  ...signalCalls,
  ...sysvSemaphoreCalls,
  ...sharedMemoryCalls,
  ...futexCalls,
  ...posixSemaphoreCalls,
  ...sysvSharedMemoryCalls,
};

/** The rows in the order of their numbers. */
export const syscallList: readonly Syscall[] = Object.values(syscalls).sort((a, b) => a.number - b.number);

/** The row with a number; undefined for a number that no call has. */
export function syscallByNumber(number: number): Syscall | undefined {
  return syscallList.find((syscall) => syscall.number === number);
}
