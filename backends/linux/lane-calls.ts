// The calls that a lane can make (lane.ts): the plain ones, which block. A lane works on memory of its own, so nothing that
// the caller does to its buffers meanwhile matters, and a call that is given up has touched none of them.
import { CLOCK_MONOTONIC } from "../../assembly/abi/time.js";
import type { SemaphoreOperation } from "../../src/sysv-semaphore.js";
import { readClock } from "./clock.js";
import { type FutexVectorWait, type FutexWait, waitForWordsPlainly, waitPlainly } from "./futex-call.js";
import * as libc from "./libc.js";
import { type Received, receivePlainly, sendPlainly } from "./msgop.js";
import { type SemaphoreWait, waitPlainly as waitForSemaphore } from "./semaphore-wait.js";
import { operatePlainly } from "./semop.js";

/** Where a relative path begins that no descriptor was opened for: fcntl.h. */
export const AT_FDCWD = -100;

/** What a lane is asked for. */
export type LaneRequest =
  | {
      readonly call: "open";
      /** Where a relative path begins: a descriptor, or AT_FDCWD. */
      readonly folder: number;
      readonly path: string;
      /** The machine's numbers. */
      readonly flags: number;
      readonly mode: number;
    }
  | {
      readonly call: "msgsnd";
      readonly msqid: number;
      readonly type: bigint;
      readonly bytes: Uint8Array;
      readonly flags: number;
    }
  | {
      readonly call: "msgrcv";
      readonly msqid: number;
      /** Bytes. */
      readonly room: number;
      readonly type: bigint;
      readonly flags: number;
    }
  | {
      readonly call: "semop";
      readonly semid: number;
      readonly operations: readonly SemaphoreOperation[];
      /** Nanoseconds of CLOCK_MONOTONIC; undefined waits for ever. */
      readonly deadline: bigint | undefined;
    }
  | {
      readonly call: "futex";
      readonly wait: FutexWait;
      /** What keeps the memory mapped: a slot of mapped-parts.ts. */
      readonly pin: number;
    }
  | {
      readonly call: "sem_wait";
      readonly wait: SemaphoreWait;
    }
  | {
      readonly call: "futex_waitv";
      readonly wait: FutexVectorWait;
      readonly pins: readonly number[];
    };

/** What a call gives beyond its integer: the message that was received. */
export type LaneValue = Received | undefined;

/** What a call came to: a result >= 0 or -errno, -EINTR if a signal interrupted it, and what it gives beside. */
export interface LaneOutcome {
  readonly result: number;
  readonly value: LaneValue;
}

/** The message to a lane. */
export type NumberedRequest = LaneRequest & { readonly number: number };

/** The message from a lane. */
export interface LaneReply extends LaneOutcome {
  readonly number: number;
}

/** Makes a call once. */
export function callPlainly(request: LaneRequest): LaneOutcome {
  switch (request.call) {
    case "open": {
      const { folder, path, flags, mode } = request;
      return { result: libc.resultOrErrno(libc.openat(folder, path, flags, mode)), value: undefined };
    }
    case "msgsnd": {
      const { msqid, type, bytes, flags } = request;
      return { result: sendPlainly(msqid, type, bytes, flags), value: undefined };
    }
    case "semop": {
      const { semid, operations, deadline } = request;
      return { result: operatePlainly(semid, operations, timeUntil(deadline)), value: undefined };
    }
    case "futex":
      return { result: waitPlainly(request.wait), value: undefined };
    case "sem_wait":
      return { result: waitForSemaphore(request.wait), value: undefined };
    case "futex_waitv":
      return { result: waitForWordsPlainly(request.wait), value: undefined };
    case "msgrcv": {
      const { msqid, room, type, flags } = request;
      const received = receivePlainly(msqid, room, type, flags);
      if (typeof received === "number") return { result: received, value: undefined };
      // The memory that it lies in is the lane's, and is used again.
      const bytes = received.bytes.slice();
      return { result: bytes.length, value: { bytes, type: received.type } };
    }
  }
}

/** How long a call may still wait that has a deadline. */
function timeUntil(deadline: bigint | undefined): bigint | undefined {
  if (deadline === undefined) return undefined;
  const left = deadline - (readClock(CLOCK_MONOTONIC) as bigint);
  return left > 0n ? left : 0n;
}

/** Undoes what a call has brought that nobody is left to take. */
export function discard({ call }: LaneRequest, result: number): void {
  // Descriptors are the process's.
  if (call === "open" && result >= 0) libc.close(result);
}
