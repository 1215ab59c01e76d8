/** What programs are written with, whatever kernel they run on: the entry `linux-ipc`. */
export type { PollEntry } from "./call.js";
export * from "./constants.js";
export type { NameOptions } from "./descriptor.js";
export { errnoName, SyscallError, type SyscallErrorDetails } from "./errors.js";
export { FUTEX_OP, type FutexWaiter, type MemoryWaitResult } from "./futex.js";
export {
  type ExecutableOptions,
  type FileStatus,
  type FutexWaitOptions,
  type Linux,
  type MessageQueueAttributes,
  type MessageQueueNotification,
  type MessageQueueSize,
  type MessageReceipt,
  type SpawnOptions,
  type SyncLinux,
  type SyscallName,
  type WaitOptions,
  type WaitResult,
  WEXITSTATUS,
  WIFEXITED,
  WIFSIGNALED,
  WTERMSIG,
} from "./linux.js";
export { type ArrayType, Mapping } from "./mapping.js";
export { Message } from "./message-queue/message.js";
export { type MessageChunk, MessageQueue, type MessageQueueState } from "./message-queue/message-queue.js";
export type { MessageNotification, NotifyOptions } from "./message-queue/notification.js";
export type {
  MessageQueueAccess,
  MessageQueueOptions,
  MessageWritableOptions,
  SendOptions,
} from "./message-queue/options.js";
export type { CollectOptions, CollectTextOptions } from "./pipe/collect.js";
export type { PipeEnd } from "./pipe/end.js";
export { Fifo, type FifoEnd, type FifoMode, type FifoOpenOptions, type FifoOptions } from "./pipe/fifo.js";
export type { IterationOptions } from "./pipe/iteration.js";
export type { LineOptions, TextOptions } from "./pipe/lines.js";
export { Pipe, type PipeOptions } from "./pipe/pipe.js";
export { PipeReader } from "./pipe/reader.js";
export { type PassingOptions, spawnWith } from "./pipe/spawn.js";
export type { ByteStream, StreamOptions } from "./pipe/web-streams.js";
export { PipeWriter, type WriteFailure } from "./pipe/writer.js";
export {
  type AnyProgram,
  type Executable,
  executable,
  type Json,
  type Main,
  type Program,
  program,
  type Startable,
} from "./program.js";
export type { MessageStreamOptions } from "./queue/messages.js";
export type { SemaphoreCreateOptions, SemaphoreInOptions } from "./semaphore/options.js";
export { Semaphore } from "./semaphore/semaphore.js";
export { SharedCondition } from "./shared-condition/shared-condition.js";
export type {
  AnonymousMemoryOptions,
  MemorySeals,
  SharedMemoryAccess,
  SharedMemoryAttachOptions,
  SharedMemoryCreateOptions,
  SharedMemoryFromOptions,
} from "./shared-memory/options.js";
export { SharedMemory } from "./shared-memory/shared-memory.js";
export type { HeldMutex } from "./shared-mutex/held-mutex.js";
export { type LockOptions, SharedMutex } from "./shared-mutex/shared-mutex.js";
export type { FileKey } from "./sysv/key.js";
export { SysvMessage } from "./sysv-message-queue/message.js";
export type {
  SysvCreateOptions,
  SysvOpenOptions,
  SysvSendOptions,
  SysvWritableOptions,
} from "./sysv-message-queue/options.js";
export type {
  MessageSelection,
  ReceiveOptions,
  SelectionOptions,
  SysvStreamOptions,
  TimedReceiveOptions,
} from "./sysv-message-queue/selection.js";
export type { SysvQueueState } from "./sysv-message-queue/state.js";
export {
  type SysvChunk,
  SysvMessageQueue,
  type SysvQueueSettings,
} from "./sysv-message-queue/sysv-message-queue.js";
export type {
  IpcPermissions,
  MsgctlResult,
  QueueLimits,
  QueueSettings,
  QueueStatus,
  ReceivedSysvMessage,
} from "./sysv-queue.js";
export type {
  SemaphoreLimits,
  SemaphoreOperation,
  SemaphoreSetSettings,
  SemaphoreSetStatus,
  SemctlArgument,
  SemctlResult,
} from "./sysv-semaphore.js";
export type {
  PermitOptions,
  SemaphoreSetCreateOptions,
  SemaphoreSetOpenOptions,
  SetOperation,
} from "./sysv-semaphore-set/options.js";
export type { SemaphoreSetState, SemaphoreWaiters } from "./sysv-semaphore-set/state.js";
export { type SemaphoreSetPermissions, SysvSemaphoreSet } from "./sysv-semaphore-set/sysv-semaphore-set.js";
export type {
  SegmentLimits,
  SegmentSettings,
  SegmentStatus,
  SegmentUse,
  ShmctlResult,
} from "./sysv-shared-memory.js";
export type { TimedWaitOptions } from "./timeout.js";
