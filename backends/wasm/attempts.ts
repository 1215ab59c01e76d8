// Which function attempts which call, by the call's number.
import type { Call } from "../../src/call.js";
import type { SyscallName } from "../../src/linux.js";
import { syscallList } from "../../src/syscalls.js";
import * as clock from "./clock.js";
import * as credentials from "./credentials.js";
import * as file from "./file.js";
import * as futex from "./futex.js";
import * as mapping from "./mapping.js";
import type { Attempt } from "./memory.js";
import * as messageQueue from "./message-queue.js";
import * as path from "./path.js";
import { pipe2 } from "./pipe.js";
import { poll } from "./poll.js";
import * as posixSemaphore from "./posix-semaphore.js";
import * as process from "./process.js";
import * as sharedMemory from "./shared-memory.js";
import * as signals from "./signals.js";
import * as splice from "./splice.js";
import * as sysvQueue from "./sysv-queue.js";
import * as sysvSemaphore from "./sysv-semaphore.js";
import * as sysvSharedMemory from "./sysv-shared-memory.js";

const attemptsByName: Readonly<Record<SyscallName, Attempt>> = {
  pipe2,
  poll,
  ...file,
  ...clock,
  ...process,
  ...path,
  ...credentials,
  ...splice,
  ...messageQueue,
  ...sysvQueue,
  ...signals,
  ...sysvSemaphore,
  ...sysvSharedMemory,
  ...sharedMemory,
  ...mapping,
  ...futex,
  ...posixSemaphore,
};

/** The attempts by number; a number that no call has is a hole. */
const attempts: readonly (Attempt | undefined)[] = syscallList.reduce<Attempt[]>((all, { name, number }) => {
  all[number] = attemptsByName[name];
  return all;
}, []);

/** The function that attempts a call. */
export function attemptOf({ syscall: { number } }: Call): Attempt {
  const attempt = attempts[number];
  if (attempt === undefined) throw new Error(`no call ${number}`);
  return attempt;
}
