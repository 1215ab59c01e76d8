// Steps meet their machine: handles become the numbers that the model's state gives them.
import type { DescriptorFacts, Machine } from "../backends/wasm/machine.js";
import type { Action, ActionArgument } from "./action.js";
import type { Handle, PlaceStep, Step, StepArgument } from "./step.js";

/** Where a step is resolved. */
export interface Setting {
  readonly machine: Machine;
  /** The living processes' indices in the model. */
  readonly processes: readonly number[];
  /** The pids in the model of all processes ever made, the oldest first. */
  readonly pids: readonly number[];
  /** The identifiers in the model of all System V queues ever made, the oldest first. */
  readonly queues: readonly number[];
  /** The same of sets of System V semaphores. */
  readonly sets: readonly number[];
  readonly firstDescriptor: number;
  readonly rlimitNofile: number;
  /** Numbers the writes of the case. */
  readonly stepNumber: number;
  /** The calls of a process that are blocked, by their number in the case, the oldest first. */
  blocked(process: number): readonly number[];
  /** Whether a process may take descriptors of others: one that is user 0 from the beginning. */
  canShare(process: number): boolean;
}

/** Which process makes a step's call; undefined if none has a descriptor as the step wants it. */
export function callerOf(step: Step, { machine, processes }: Setting): number | undefined {
  const preferred = processes[step.process % processes.length] as number;
  if (step.args.some(isInMapping)) {
    const owners = new Set(machine.mappedParts().map((part) => part.process));
    const able = processes.filter((process) => owners.has(process));
    return able.includes(preferred) ? preferred : (able[step.process % able.length] ?? preferred);
  }
  const wanted = step.call === "share" ? [] : handlesIn(step.args).filter((handle) => !isBad(handle));
  if (wanted.length === 0) return preferred;
  const able = processes.filter((process) => {
    const open = new OpenDescriptors(machine.descriptors(process));
    return wanted.every((handle) => open.find(handle, open.firstOf(wanted)) !== undefined);
  });
  return able.includes(preferred) ? preferred : able[step.process % able.length];
}

const isInMapping = (argument: StepArgument): boolean =>
  typeof argument === "object" &&
  argument !== null &&
  ("mapping" in argument || "sem" in argument || "waiters" in argument);

/** The descriptors that a step names. */
function handlesIn(args: readonly StepArgument[]): Handle[] {
  return args.flatMap((argument) => {
    if (Array.isArray(argument)) return argument.slice(0, 4).map(({ fd }) => fd);
    return isHandle(argument) ? [argument] : [];
  });
}

function isHandle(argument: StepArgument): argument is Handle {
  if (typeof argument !== "object" || argument === null) return false;
  return ["open", "read", "write", "shm", "other", "free", "limit", "number"].some(
    (kind) => kind in argument,
  );
}

/** Whether a handle stands for no descriptor on purpose. */
const isBad = (handle: Handle): boolean => "free" in handle || "limit" in handle || "number" in handle;

/** The action of a step; undefined if it needs something that is not there. */
export function resolve(step: Step, caller: number, setting: Setting): Action | undefined {
  if (step.call === "share") return resolveShare(step, caller, setting);
  if (step.call === "interrupt") return resolveInterruption(step, caller, setting);
  const lookup = new Descriptors(setting, caller);
  if (step.call === "spawn") return resolveSpawn(step, lookup);
  lookup.first = handlesIn(step.args)[0];
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
  if ("mapping" in argument) return addressOf(argument, lookup.process, setting);
  if ("later" in argument) return { later: argument.later, seed: setting.stepNumber };
  if ("waiters" in argument) {
    const waiters = argument.waiters.map(({ val, at, flags }) => ({
      val,
      uaddr: typeof at === "number" ? at : addressOf(at, lookup.process, setting),
      flags,
    }));
    return { waiters };
  }
  if ("links" in argument) {
    const at = (link: PlaceStep | number): number =>
      typeof link === "number" ? link : addressOf(link, lookup.process, setting);
    return { links: argument.links.map(at) };
  }
  if ("owner" in argument)
    return { owner: ownerOf(argument.owner, lookup.process, setting), bits: argument.bits };
  if ("sem" in argument) return semaphoreOf(argument.sem, lookup.process, setting);
  if ("queue" in argument) {
    const queues = setting.machine.sysvQueues().map(({ id }) => id);
    return pickObject(queues, argument.queue);
  }
  if ("everQueue" in argument) return pickObject(setting.queues, argument.everQueue);
  if ("set" in argument) {
    const sets = setting.machine.semaphoreSets().map(({ id }) => id);
    return pickObject(sets, argument.set);
  }
  if ("everSet" in argument) return pickObject(setting.sets, argument.everSet);
  if ("sops" in argument || "semvals" in argument || "words" in argument) return argument;
  if ("maxmsg" in argument || "flags" in argument || "notify" in argument) return argument;
  if ("signals" in argument) return argument;
  if ("soon" in argument) return { soon: argument.soon, seed: setting.stepNumber };
  if ("buffers" in argument) return { ...argument, seed: setting.stepNumber };
  if ("bytes" in argument) return { bytes: argument.bytes, seed: setting.stepNumber };
  if ("pid" in argument) return setting.pids[argument.pid % setting.pids.length] as number;
  if (Array.isArray(argument)) return argument.map(({ fd, events }) => [lookup.number(fd), events] as const);
  return lookup.number(argument as Handle);
}

/** The pid in the model of the k-th living process, or of the caller. */
function ownerOf(place: number | "caller", caller: number, { machine, processes }: Setting): number {
  const process = place === "caller" ? caller : (processes[place % processes.length] as number);
  return machine.processes().find((one) => one.process === process)?.pid ?? 0;
}

/** An address in a mapping of a process; one that is in none if it has none. */
function addressOf({ mapping, page, beyond = 0 }: PlaceStep, process: number, { machine }: Setting): number {
  const starts = machine.mappedParts().filter((part) => part.process === process);
  const found = pick([...new Set(starts.map((part) => part.mapping))], mapping);
  return found === undefined ? NO_ADDRESS : found + page * PAGE + beyond;
}

/** The address of a semaphore that a process has opened; one that is none if it has none. */
function semaphoreOf(place: number, process: number, { machine }: Setting): number {
  const open = machine.mappedParts().filter((part) => part.process === process && part.semaphoreOpens > 0);
  return pick(open, place)?.address ?? NO_ADDRESS;
}

const PAGE = 4096;
/** Lower than any that is given. */
const NO_ADDRESS = 4096;

/** No System V object has the number that is taken if there is none. */
const pickObject = (ids: readonly number[], place: number): number =>
  ids.length === 0 ? 0x7ffffff0 : (ids[place % ids.length] as number);

/** The descriptors of a process, by what steps say of them. */
class OpenDescriptors {
  readonly #open: readonly DescriptorFacts[];

  constructor(open: readonly DescriptorFacts[]) {
    this.#open = open;
  }

  /** What the first of some handles stands for. */
  firstOf([first]: readonly Handle[]): DescriptorFacts | undefined {
    return first && this.find(first, undefined);
  }

  /** @param first what the call's first descriptor is */
  find(handle: Handle, first: DescriptorFacts | undefined): DescriptorFacts | undefined {
    if ("open" in handle) return pick(this.#open, handle.open);
    if ("mq" in handle) return pick(this.#messageQueues(), handle.mq);
    if ("shm" in handle) return pick(this.#sharedMemory(), handle.shm);
    if ("read" in handle) return pick(this.#ends("read"), handle.read);
    if ("write" in handle) return pick(this.#ends("write"), handle.write);
    if (!("other" in handle)) return undefined;
    return pick(
      this.#ends("write").filter(({ pipe }) => pipe !== first?.pipe),
      handle.other,
    );
  }

  has(number: number): boolean {
    return this.#open.some(({ fd }) => fd === number);
  }

  #ends(end: "read" | "write"): DescriptorFacts[] {
    const ofPipes = this.#open.filter(({ kind }) => kind === "pipe");
    return ofPipes.filter((descriptor) => descriptor.end === end || descriptor.end === "both");
  }

  #sharedMemory(): DescriptorFacts[] {
    return this.#open.filter(({ kind }) => kind === "shared memory");
  }

  #messageQueues(): DescriptorFacts[] {
    return this.#open.filter(({ kind }) => kind === "message queue");
  }
}

/** Turns handles into numbers. */
class Descriptors {
  readonly #setting: Setting;
  readonly #open: OpenDescriptors;
  /** The call's first descriptor. */
  first: Handle | undefined;

  /** Whose they are. */
  readonly process: number;

  constructor(setting: Setting, process: number) {
    this.process = process;
    this.#setting = setting;
    this.#open = new OpenDescriptors(setting.machine.descriptors(process));
  }

  number(handle: Handle): number {
    if ("number" in handle) return handle.number;
    if ("limit" in handle) return this.#setting.rlimitNofile + handle.limit;
    if ("free" in handle) return this.#free(handle.free);
    const first = this.first && this.#open.find(this.first, undefined);
    return this.#open.find(handle, first)?.fd ?? -1;
  }

  isOpen(number: number): boolean {
    return this.#open.has(number);
  }

  #free(place: number): number {
    const { firstDescriptor, rlimitNofile } = this.#setting;
    let fd = firstDescriptor;
    for (let left = place; fd < rlimitNofile; fd++) if (!this.#open.has(fd) && left-- === 0) break;
    return fd;
  }
}

const pick = <T>(list: readonly T[], place: number): T | undefined => list[place % list.length];
