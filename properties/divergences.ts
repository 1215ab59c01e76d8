// Known differences between the model and the real kernel that are accepted: each with its reason. Anything else is a bug. A
// case that meets one ends there, and is counted.
import {
  CALL_FUTEX,
  CALL_FUTEX_WAITV,
  CALL_MEMORY_WAIT,
  CALL_MSGRCV,
  CALL_MSGSND,
  CALL_SEM_CLOCKWAIT,
  CALL_SEM_TIMEDWAIT,
  CALL_SEM_WAIT,
  CALL_SEMOP,
  CALL_SEMTIMEDOP,
} from "../assembly/abi/calls.js";
import { F_SETFL } from "../assembly/abi/fcntl.js";
import { FORM_AWAITED, FORM_BLOCKING } from "../assembly/abi/model.js";
import { SEM_OF_ALL, SEM_OF_PROCESS } from "../assembly/abi/semaphore.js";
import type { Form, Machine } from "../backends/wasm/machine.js";
import type { Action } from "./action.js";
import type { Observation, Pending } from "./oracle.js";

export interface Divergence {
  readonly name: string;
  readonly reason: string;
  /** Whether this is what was seen: the call that was made last, and what came of it and of those that were under way. */
  matches(made: Pending, observation: Observation): boolean;
}

/** None so far. */
export const divergences: readonly Divergence[] = [];

/** A step that is not made, because what comes of it differs for a known reason and would be seen only later. */
export interface Avoidance {
  readonly name: string;
  readonly reason: string;
  appliesTo(attempted: Attempted): boolean;
}

/** A step that is about to be made. */
export interface Attempted {
  readonly action: Action;
  readonly caller: number;
  readonly machine: Machine;
  readonly form: Form;
  /** The names of the caller's calls that are blocked. */
  readonly blocked: readonly string[];
}

/** Calls that wait in lines, which an awaited call's thread stands in. */
const linedUp: ReadonlySet<number> = new Set([
  CALL_MSGSND,
  CALL_MSGRCV,
  CALL_SEMOP,
  CALL_SEMTIMEDOP,
  CALL_SEM_WAIT,
  CALL_SEM_TIMEDWAIT,
  CALL_SEM_CLOCKWAIT,
  CALL_FUTEX,
  CALL_FUTEX_WAITV,
  CALL_MEMORY_WAIT,
]);

/** The memory that a call reads, writes or waits at. */
function addressesIn({ call, args }: Action): readonly number[] {
  if (call === "futex") return [args[0], args[4]].filter((address) => typeof address === "number");
  if (/^memory_|^set_robust/.test(call)) return [args[0] as number];
  const [waiters] = args;
  const isList = typeof waiters === "object" && waiters !== null && "waiters" in waiters;
  return isList ? waiters.waiters.map(({ uaddr }) => uaddr) : [];
}

/** Calls that wait for POSIX semaphores. */
const semaphoreWaits: ReadonlySet<number> = new Set([CALL_SEM_WAIT, CALL_SEM_TIMEDWAIT, CALL_SEM_CLOCKWAIT]);

export const avoidances: readonly Avoidance[] = [
  {
    name: "memory of a private mapping of a file is read or written",
    reason:
      "the model copies the file when it is mapped; Linux copies a page when it is written to, so that until then it shows what " +
      "others write, and what is cut off of the file is gone from the copy too",
    appliesTo({ action, caller, machine }) {
      const addresses = addressesIn(action);
      return machine
        .mappedParts()
        .some(
          ({ process, mapping, mappingPages, isPrivate, isOfFile }) =>
            process === caller &&
            isPrivate &&
            isOfFile &&
            addresses.some((address) => address >= mapping && address < mapping + mappingPages * 4096),
        );
    },
  },
  {
    name: "a semaphore is overwritten by what is none while a call waits for one",
    reason:
      "glibc asks the kernel for what the words say when it goes on, and ends its process if that makes no sense; on the model the call " +
      "fails with EINVAL",
    appliesTo({ action: { call, args }, machine }) {
      const [, written] = args;
      if (
        call !== "memory_write" ||
        typeof written !== "object" ||
        written === null ||
        !("words" in written)
      ) {
        return false;
      }
      const sharing = written.words[2];
      const isSemaphore = sharing === SEM_OF_PROCESS || sharing === SEM_OF_ALL;
      return !isSemaphore && machine.tasks().some(({ call: number }) => semaphoreWaits.has(number));
    },
  },
  {
    name: "a mapping is made or changed while another thread is blocked",
    reason:
      "its arrays are those of the thread that makes it, and no other thread can unmap or protect it; that is the first one where none is " +
      "blocked",
    appliesTo: ({ action: { call }, form, blocked }) =>
      form === FORM_BLOCKING && blocked.length > 0 && /^(mmap|munmap|mprotect|msync)$/.test(call),
  },
  {
    name: "O_DIRECT is changed while another process awaits calls on the same open file",
    reason:
      "an awaited call works on a private open file of the same pipe, which copies O_DIRECT when it is made and follows " +
      "F_SETFL of its own process only",
    appliesTo({ action: { call, args }, caller, machine, form }) {
      const [fd, command] = args;
      if (form !== FORM_AWAITED || call !== "fcntl" || command !== F_SETFL) return false;
      const own = machine.descriptors(caller).find((descriptor) => descriptor.fd === fd);
      if (own?.kind !== "pipe") return false;
      return machine
        .processes()
        .filter(({ process }) => process !== caller)
        .some(({ process }) =>
          machine.descriptors(process).some(({ pipe, end }) => pipe === own.pipe && end === own.end),
        );
    },
  },
  {
    name: "credentials are changed while another thread is blocked",
    reason:
      "the kernel's credentials are each thread's own: libc changes those of all by signals, which interrupt what is blocked " +
      "(a write gives its partial count, a read goes to the end of the line, the opening of a FIFO looks at its path again); " +
      "on the model nobody notices",
    appliesTo: ({ action: { call }, form, blocked }) =>
      /^set(resuid|resgid|groups)$/.test(call) &&
      // Of awaited calls only openings have a thread that is blocked.
      (form === FORM_BLOCKING ? blocked.length > 0 : blocked.includes("open")),
  },
  {
    name: "credentials are changed while an awaited call waits in a line of System V queues or semaphores, or at memory",
    reason:
      "libc's signals make the thread that it waits in leave the kernel for a moment, and it is the last in line again; on the " +
      "model it keeps its place",
    appliesTo: ({ action: { call }, caller, machine, form }) =>
      form === FORM_AWAITED &&
      /^set(resuid|resgid|groups)$/.test(call) &&
      machine.tasks().some(({ process, call: number }) => process === caller && linedUp.has(number)),
  },
];

/** Why a step is not made, if it is not. */
export function avoidance(attempted: Attempted): Avoidance | undefined {
  return avoidances.find((known) => known.appliesTo(attempted));
}

/** The accepted difference that this is, if any. */
export function acceptedDivergence(made: Pending, observation: Observation): Divergence | undefined {
  return divergences.find((divergence) => divergence.matches(made, observation));
}
