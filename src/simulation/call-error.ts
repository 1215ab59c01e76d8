// The error of a failed call: where it was made, and what limit it hit.
import {
  CALL_FTRUNCATE,
  CALL_MEMFD_CREATE,
  CALL_MMAP,
  CALL_MQ_OPEN,
  CALL_MQ_SEND,
  CALL_MQ_TIMEDRECEIVE,
  CALL_MSGGET,
  CALL_MSGSND,
  CALL_PWRITE,
  CALL_SEMGET,
  CALL_SEMOP,
  CALL_SEMTIMEDOP,
  CALL_SHM_OPEN,
  CALL_SHMCTL,
  CALL_SHMGET,
  CALL_SPAWN,
  CALL_WRITE,
} from "../../assembly/abi/calls.js";
import {
  E2BIG,
  EAGAIN,
  EFBIG,
  EINVAL,
  EMFILE,
  EMSGSIZE,
  ENOMEM,
  ENOSPC,
  ENOSYS,
} from "../../assembly/abi/errno.js";
import {
  FRAMES_SIZE,
  MAX_MESSAGE_QUEUES,
  MAX_MESSAGES,
  MAX_PROCESSES,
  MAX_SEMAPHORE_ADJUSTMENTS,
  MAX_SEMAPHORE_OPERATIONS,
  MAX_SEMAPHORE_SETS,
  MAX_SEMAPHORES,
  MAX_SYSV_QUEUES,
  SHARED_MEMORY_SIZE,
} from "../../assembly/abi/model.js";
import type { Call, QueueOpening } from "../call.js";
import { placeOf } from "../call-place.js";
import { SyscallError } from "../errors.js";

type StackHolder = { stackTraceLimit?: number; captureStackTrace?: (target: object, above: unknown) => void };

/**
 * Makes the error of a failed call.
 * @param madeAt where the call was made; undefined if nobody will look, and then no stack is captured at all
 */
export function callError(call: Call, errno: number, madeAt: CallSite | undefined): SyscallError {
  const holder = Error as StackHolder;
  const limit = holder.stackTraceLimit;
  // An error's stack would be the engine's, and costs more than a step.
  holder.stackTraceLimit = 0;
  const hint = hintOf(call, errno);
  const error = new SyscallError(errno, call.syscall.name, {
    ...placeOf(call),
    ...(hint !== undefined && { hint }),
  });
  if (limit === undefined) delete holder.stackTraceLimit;
  else holder.stackTraceLimit = limit;
  if (madeAt !== undefined) takeStack(error, madeAt);
  return error;
}

/** A place in somebody's code. */
export interface CallSite {
  readonly stack?: string;
}

/**
 * Notes where a call is made.
 * @param method the method of `Linux` that the program called: its frames and those above it are left out
 */
export function callSite(method: unknown): CallSite {
  const { captureStackTrace } = Error as StackHolder;
  if (captureStackTrace === undefined) return new Error();
  // No error, which would capture a stack too: that takes as long as ten steps.
  const site: CallSite = {};
  captureStackTrace(site, method);
  return site;
}

/** Gives an error the stack of another. */
export function takeStack(error: Error, site: CallSite): void {
  const frames = (site.stack ?? "").split("\n").filter((line) => /^\s+at |@/.test(line));
  error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n");
}

function hintOf(call: Call, errno: number): string | undefined {
  const { number } = call.syscall;
  const ofQueue = queueHintOf(call, errno);
  if (ofQueue !== undefined) return ofQueue;
  const ofMemory = memoryHintOf(number, errno);
  if (ofMemory !== undefined) return ofMemory;
  if (errno === EMFILE) return "RLIMIT_NOFILE: the simulation's option machine.rlimitNofile, 1024 at most";
  if (errno === EAGAIN && number === CALL_SPAWN)
    return `the simulated machine holds ${MAX_PROCESSES} processes`;
  if (errno === ENOSYS && number === CALL_SPAWN) {
    return "nothing stands for it on the model: executable(path, { model })";
  }
  if (errno === ENOSPC && number === CALL_MSGGET) {
    return `the simulation's option machine.msgmni; the model holds ${MAX_SYSV_QUEUES} System V queues`;
  }
  if (errno === ENOSPC && number === CALL_SEMGET) {
    const options = "the simulation's options machine.semmni and semmns";
    return `${options}; the model holds ${MAX_SEMAPHORE_SETS} sets and ${MAX_SEMAPHORES} semaphores`;
  }
  if (errno === E2BIG && (number === CALL_SEMOP || number === CALL_SEMTIMEDOP)) {
    return "the simulation's option machine.semopm";
  }
  if (errno === ENOMEM && (number === CALL_SEMOP || number === CALL_SEMTIMEDOP)) {
    return `the simulated machine keeps ${MAX_SEMAPHORE_OPERATIONS} operations that wait, and what is to be undone of ${MAX_SEMAPHORE_ADJUSTMENTS} semaphores`;
  }
  if (errno === ENOMEM && number === CALL_MSGSND) {
    return `the simulated machine holds ${MAX_MESSAGES} messages`;
  }
  if (errno === ENOMEM && number === CALL_WRITE) {
    return `the simulated machine's pipes hold ${FRAMES_SIZE >> 20} MiB together`;
  }
  return undefined;
}

/** Which limit of shared memory was hit. */
function memoryHintOf(number: number, errno: number): string | undefined {
  if (errno === EFBIG && [CALL_FTRUNCATE, CALL_PWRITE, CALL_WRITE].includes(number)) {
    return "what an object may have at most: the simulation's option machine.sharedObjectMax";
  }
  if (errno === ENOMEM && number === CALL_SHMGET) {
    return `what an object of shared memory may have, the simulation's option machine.sharedObjectMax, of ${SHARED_MEMORY_SIZE >> 20} MiB in all`;
  }
  if (number === CALL_SHMGET && errno === ENOSPC) return "the simulation's options machine.shmmni and shmall";
  if (number === CALL_SHMCTL && errno === ENOMEM) return "the simulation's option machine.rlimitMemlock";
  if (errno === ENOMEM && number === CALL_MMAP) {
    return "the simulated machine maps what one object may have, the option machine.sharedObjectMax, and has 64 MiB in all";
  }
  if (errno === ENOSPC && [CALL_SHM_OPEN, CALL_MEMFD_CREATE].includes(number)) {
    return `the simulated machine has ${SHARED_MEMORY_SIZE >> 20} MiB, by objects of the option machine.sharedObjectMax`;
  }
  return undefined;
}

/** Which limit of POSIX message queues was hit, and the simulation's option that sets it. */
function queueHintOf({ syscall: { number }, payload }: Call, errno: number): string | undefined {
  if (errno === EMSGSIZE && number >= CALL_MQ_SEND && number <= CALL_MQ_TIMEDRECEIVE) {
    return "the limit is the queue's msgsize: mq_getattr";
  }
  if (number !== CALL_MQ_OPEN) return undefined;
  const options = "the simulation's options machine.";
  switch (errno) {
    case EMFILE:
      return `RLIMIT_NOFILE or RLIMIT_MSGQUEUE: ${options}rlimitNofile and rlimitMsgqueue`;
    case EINVAL:
      return (payload as QueueOpening).attributes === undefined
        ? undefined
        : `msg_max and msgsize_max: ${options}mqMsgMax and mqMsgsizeMax`;
    case ENOSPC:
      return `queues_max: ${options}mqQueuesMax`;
    case ENOMEM:
      return `the simulated machine holds ${MAX_MESSAGE_QUEUES} queues`;
    default:
      return undefined;
  }
}
