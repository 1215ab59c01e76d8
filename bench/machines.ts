// Small machines for benchmarks of the model.
import { BLOCKED, FORM_AWAITED } from "../assembly/abi/model.js";
import { Machine } from "../backends/wasm/machine.js";
import type { Call } from "../src/call.js";
import { IPC_PRIVATE, O_CREAT, O_RDWR } from "../src/constants.js";
import type { Mapping } from "../src/mapping.js";
import { syscalls } from "../src/syscalls.js";

/** A machine with one process. */
export interface ProcessMachine {
  readonly machine: Machine;
  readonly process: number;
}

export function processMachine(): ProcessMachine {
  const machine = new Machine();
  return { machine, process: machine.createProcess() };
}

/** A machine with one process that has one pipe. */
export interface PipeMachine extends ProcessMachine {
  readonly readEnd: number;
  readonly writeEnd: number;
}

export function pipeMachine(): PipeMachine {
  const { machine, process } = processMachine();
  const call = syscalls.pipe2.marshal(0, undefined, undefined);
  perform(machine, process, call);
  const [readEnd, writeEnd] = call.value as readonly [number, number];
  return { machine, process, readEnd, writeEnd };
}

/** A machine with one process that has one message queue of each kind. */
export interface QueueMachine extends ProcessMachine {
  readonly mqdes: number;
  readonly msqid: number;
}

export function queueMachine(): QueueMachine {
  const { mq_open, msgget } = syscalls;
  const { machine, process } = processMachine();
  const opening = mq_open.marshal("/bench", O_RDWR | O_CREAT, 0o600, undefined);
  return {
    machine,
    process,
    mqdes: perform(machine, process, opening),
    msqid: perform(machine, process, msgget.marshal(IPC_PRIVATE, 0o600)),
  };
}

/** A machine with one process that has one semaphore of each kind, which is 0. */
export interface SemaphoreMachine extends ProcessMachine {
  readonly semid: number;
  /** Where the POSIX semaphore is. */
  readonly address: number;
}

export function semaphoreMachine(): SemaphoreMachine {
  const { machine, process } = processMachine();
  const { semget, sem_open } = syscalls;
  const semid = perform(machine, process, semget.marshal(IPC_PRIVATE, 1, 0o600));
  const opening = sem_open.marshal("/bench", O_CREAT, 0o600, 0);
  perform(machine, process, opening);
  return { machine, process, semid, address: (opening.value as Mapping).address };
}

/** One whole call as the simulator makes it: a first attempt, which must not block, in a task of its own. */
export function perform(machine: Machine, process: number, call: Call): number {
  const result = machine.attemptNext(machine.nextTask, process, FORM_AWAITED, call);
  if (result < 0) throw new Error(`${call.syscall.name}: ${result === BLOCKED ? "blocked" : result}`);
  return result;
}
