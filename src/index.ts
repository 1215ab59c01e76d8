/** What programs are written with, whatever kernel they run on: the entry `linux-ipc`. */
export type { PollEntry } from "./call.js";
export * from "./constants.js";
export { errnoName, SyscallError, type SyscallErrorDetails } from "./errors.js";
export {
  type Linux,
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
export { type AnyProgram, type Json, type Main, type Program, program } from "./program.js";
