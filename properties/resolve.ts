// Steps meet their machine: handles become the numbers that the model's state gives them.
import type { DescriptorFacts, Machine } from "../backends/wasm/machine.js";
import type { Action, ActionArgument } from "./action.js";
import type { Handle, Step, StepArgument } from "./step.js";

/** Where a step is resolved. */
export interface Setting {
  readonly machine: Machine;
  /** The living processes' indices in the model. */
  readonly processes: readonly number[];
  /** The pids in the model of all processes ever made, the oldest first. */
  readonly pids: readonly number[];
  /** The identifiers in the model of all System V queues ever made, the oldest first. */
  readonly queues: readonly number[];
  readonly firstDescriptor: number;
  readonly rlimitNofile: number;
  /** Numbers the writes of the case. */
  readonly stepNumber: number;
  /** The calls of a process that are blocked, by their number in the case, the oldest first. */
  blocked(process: number): readonly number[];
  /** Whether a process may take descriptors of others: one that is user 0 from the beginning. */
  canShare(process: number): boolean;
}

/** Which process makes a step's call. */
export function callerOf(step: Step, processes: readonly number[]): number {
  return processes[step.process % processes.length] as number;
}

/** The action of a step; undefined if it needs something that is not there. */
export function resolve(step: Step, caller: number, setting: Setting): Action | undefined {
  if (step.call === "share") return resolveShare(step, caller, setting);
  if (step.call === "interrupt") return resolveInterruption(step, caller, setting);
  const lookup = new Descriptors(setting, caller);
  if (step.call === "spawn") return resolveSpawn(step, lookup);
  return { call: step.call, args: step.args.map((argument) => resolveArgument(argument, lookup, setting)) };
}

function resolveShare(step: Step, caller: number, setting: Setting): Action | undefined {
  const others = setting.processes.filter((process) => process !== caller);
  const [place, handle] = step.args as [number, Handle];
  if (others.length === 0 || !setting.canShare(caller)) return undefined;
  const from = others[place % others.length] as number;
  const fd = new Descriptors(setting, from).number(handle);
  // The kernel would give the harness's own descriptors too.
  return fd < setting.firstDescriptor ? undefined : { call: "share", args: [from, fd] };
}

function resolveInterruption({ args }: Step, caller: number, setting: Setting): Action | undefined {
  const [{ blocked }] = args as [{ blocked: number }];
  const calls = setting.blocked(caller);
  if (calls.length === 0) return undefined;
  return { call: "interrupt", args: [calls[blocked % calls.length] as number] };
}

/** A descriptor that is passed on has whatever number it gets: only what cannot be passed is. */
function resolveSpawn({ args }: Step, lookup: Descriptors): Action {
  const passed = args.map((handle) => lookup.number(handle as Handle)).filter((fd) => !lookup.isOpen(fd));
  return { call: "spawn", args: passed };
}

function resolveArgument(argument: StepArgument, lookup: Descriptors, setting: Setting): ActionArgument {
  if (typeof argument === "number" || argument === null) return argument;
  if ("path" in argument || "groups" in argument || "offset" in argument) return argument;
  if ("room" in argument || "nanoseconds" in argument) return argument;
  if ("long" in argument || "settings" in argument) return argument;
  if ("queue" in argument) {
    const queues = setting.machine.sysvQueues().map(({ id }) => id);
    return pickQueue(queues, argument.queue);
  }
  if ("everQueue" in argument) return pickQueue(setting.queues, argument.everQueue);
  if ("maxmsg" in argument || "flags" in argument || "notify" in argument) return argument;
  if ("soon" in argument) return { soon: argument.soon, seed: setting.stepNumber };
  if ("buffers" in argument) return { ...argument, seed: setting.stepNumber };
  if ("bytes" in argument) return { bytes: argument.bytes, seed: setting.stepNumber };
  if ("pid" in argument) return setting.pids[argument.pid % setting.pids.length] as number;
  if (Array.isArray(argument)) return argument.map(({ fd, events }) => [lookup.number(fd), events] as const);
  return lookup.number(argument as Handle);
}

/** No queue has the number that is taken if there is none. */
const pickQueue = (ids: readonly number[], place: number): number =>
  ids.length === 0 ? 0x7ffffff0 : (ids[place % ids.length] as number);

class Descriptors {
  readonly #setting: Setting;
  readonly #open: readonly DescriptorFacts[];

  constructor(setting: Setting, process: number) {
    this.#setting = setting;
    this.#open = setting.machine.descriptors(process);
  }

  number(handle: Handle): number {
    if ("number" in handle) return handle.number;
    if ("limit" in handle) return this.#setting.rlimitNofile + handle.limit;
    if ("free" in handle) return this.#free(handle.free);
    if ("open" in handle) return pick(this.#open, handle.open);
    if ("mq" in handle) return pick(this.#messageQueues(), handle.mq);
    if ("read" in handle) return pick(this.#ends("read"), handle.read);
    return pick(this.#ends("write"), handle.write);
  }

  isOpen(number: number): boolean {
    return this.#open.some(({ fd }) => fd === number);
  }

  #ends(end: "read" | "write"): DescriptorFacts[] {
    const ofPipes = this.#open.filter(({ kind }) => kind === "pipe");
    return ofPipes.filter((descriptor) => descriptor.end === end || descriptor.end === "both");
  }

  #messageQueues(): DescriptorFacts[] {
    return this.#open.filter(({ kind }) => kind === "message queue");
  }

  #free(place: number): number {
    const { firstDescriptor, rlimitNofile } = this.#setting;
    const taken = new Set(this.#open.map(({ fd }) => fd));
    let fd = firstDescriptor;
    for (let left = place; fd < rlimitNofile; fd++) if (!taken.has(fd) && left-- === 0) break;
    return fd;
  }
}

const pick = (descriptors: readonly DescriptorFacts[], place: number): number =>
  descriptors.length === 0 ? -1 : (descriptors[place % descriptors.length] as DescriptorFacts).fd;
