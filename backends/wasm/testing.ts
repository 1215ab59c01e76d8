// For tests of the model: a machine by hand, one attempt at a time.
import { FORM_BLOCKING } from "../../assembly/abi/model.js";
import type { Call } from "../../src/call.js";
import { syscalls } from "../../src/syscalls.js";
import { type Form, Machine, type MachineOptions } from "./machine.js";

/** A call under way: its task, its call, and what its last attempt came to. */
export interface Started {
  readonly task: number;
  readonly call: Call;
  readonly result: number;
}

export class Driver {
  readonly machine: Machine;
  readonly process: number;

  constructor(options: MachineOptions = {}) {
    this.machine = new Machine(options);
    this.process = this.machine.createProcess();
  }

  start(
    name: keyof typeof syscalls,
    args: readonly unknown[],
    form: Form = FORM_BLOCKING,
    process = this.process,
  ): Started {
    const task = this.machine.createTask(process, form);
    const call = syscalls[name].marshal(args[0], args[1], args[2], args[3], args[4], args[5]);
    return { task, call, result: this.machine.attempt(task, call) };
  }

  /** A call's result; for those that give more than an integer, that. */
  call(name: keyof typeof syscalls, ...args: unknown[]): unknown {
    const { call, result } = this.start(name, args);
    return call.value ?? result;
  }

  go({ task, call }: Started): number {
    return this.machine.attempt(task, call);
  }

  runnable(): number[] {
    const into: number[] = [];
    return into.slice(0, this.machine.runnable(into));
  }

  pipe(flags = 0): [number, number] {
    return this.call("pipe2", flags) as [number, number];
  }
}

export const bytes = (length: number, start = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (start + i) % 251);
