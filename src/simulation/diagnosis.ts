// What is wrong with a schedule, told to people: who waits for what since when, and who holds what would end it.
import {
  CALL_FUTEX,
  CALL_FUTEX_WAITV,
  CALL_MEMORY_WAIT,
  CALL_MQ_RECEIVE,
  CALL_MQ_SEND,
  CALL_MQ_TIMEDRECEIVE,
  CALL_MQ_TIMEDSEND,
  CALL_MSGRCV,
  CALL_MSGSND,
  CALL_OPEN,
  CALL_POLL,
  CALL_READ,
  CALL_READV,
  CALL_SEM_CLOCKWAIT,
  CALL_SEM_TIMEDWAIT,
  CALL_SEM_WAIT,
  CALL_SEMOP,
  CALL_SEMTIMEDOP,
  CALL_SIGWAIT,
  CALL_SPLICE,
  CALL_TEE,
  CALL_VMSPLICE,
  CALL_WAITPID,
  CALL_WRITE,
  CALL_WRITEV,
} from "../../assembly/abi/calls.js";
import { O_ACCMODE, O_RDONLY } from "../../assembly/abi/fcntl.js";
import { FUTEX_TID_MASK } from "../../assembly/abi/futex.js";
import { IPC_PRIVATE, MSG_EXCEPT } from "../../assembly/abi/ipc.js";
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../../assembly/abi/poll.js";
import type {
  DescriptorFacts,
  FutexFacts,
  Machine,
  MappedPartFacts,
  MessageQueueFacts,
  PipeFacts,
  PosixSemaphoreFacts,
  SemaphoreSetFacts,
  SharedObjectFacts,
  SysvQueueFacts,
} from "../../backends/wasm/machine.js";
import type { Call, FutexRequest, PollEntry, SysvMessage } from "../call.js";
import { signalText } from "../signals.js";
import { callText } from "./call-text.js";
import { type Engine, KILLED, type Leftover } from "./engine.js";
import type { Finding } from "./finding.js";
import type { PendingCall, SimulatedProcess } from "./process.js";
import type { Recording } from "./recording.js";

/** What somebody is told. */
export interface Diagnosis {
  /** One line. */
  readonly headline: string;
  /** More lines; none if the headline says all. */
  readonly details: readonly string[];
}

/** Explains what was found, while the machine is still as it was then. */
export function diagnose(engine: Engine, finding: Finding, recording: Recording): Diagnosis {
  const steps = engine.steps.length.toLocaleString("en-US");
  switch (finding.kind) {
    case "throw":
      return diagnoseThrow(finding.process, finding.error);
    case "deadlock":
      return new WaitingDiagnosis(engine, recording).deadlock();
    case "outside":
      return new WaitingDiagnosis(engine, recording).outside();
    case "steps":
      return {
        headline: `no end after ${steps} steps`,
        details: ["  The programs may never end, or need more: the option maxSteps.", ...stillAlive(engine)],
      };
    case "status":
      return { headline: `the first process ${endText(finding.status)}`, details: [] };
    case "leak":
      return { headline: "something was left behind", details: [] };
    case "nondeterminism":
      return {
        headline: "the same choices did not lead to the same again",
        details: [
          finding.text,
          "  A program depends on something that the simulation does not decide: Date, Math.random, a timer or I/O of the",
          "  runtime, or a variable outside of it that keeps its value from one schedule to the next.",
        ],
      };
    case "internal":
      return { headline: `the simulator cannot go on: ${messageOf(finding.error)}`, details: [] };
  }
}

const endText = (status: number): string =>
  status === KILLED ? "was killed" : `ended with exit status ${status}`;

/** The name of a process in a text. */
export const named = ({ pid, name }: SimulatedProcess): string => `pid ${pid} (${name})`;

/** What an error says, with its name. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `${String(error)} (which is no Error)`;
}

function diagnoseThrow(process: SimulatedProcess, error: unknown): Diagnosis {
  const when = process.lastStep === 0 ? "before its first step" : `after step ${process.lastStep}`;
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const lines = messageOf(error).split("\n");
  return {
    headline: `${named(process)} threw ${when}`,
    details: [...lines.map((line) => `  ${line}`), ...frames.slice(0, 5).map((line) => `    ${line.trim()}`)],
  };
}

function stillAlive(engine: Engine): string[] {
  const alive = engine.processes.filter(({ isAwake }) => isAwake);
  return alive.map((process) => {
    const calls = process.calls().map(({ call }) => callText(call));
    return `  ${named(process)}: ${calls.length === 0 ? "no call outstanding" : calls.join(", ")}`;
  });
}

/** One wait: told in some lines, and the other processes any of which could end it. */
interface Wait {
  readonly lines: readonly string[];
  readonly holders: readonly SimulatedProcess[];
}

/** Why a call waits, and the processes any of which could end that. */
interface Reason {
  readonly reasons: readonly string[];
  readonly holders: readonly SimulatedProcess[];
}

/** One use of a pipe's end. */
interface Holder extends DescriptorFacts {
  readonly process: SimulatedProcess;
}

// Who waits for what, in one state of the machine.
class WaitingDiagnosis {
  readonly #recording: Recording;
  readonly #machine: Machine;
  readonly #alive: readonly SimulatedProcess[];
  readonly #pipes: ReadonlyMap<number, PipeFacts>;
  readonly #sysvQueues: readonly SysvQueueFacts[];
  readonly #semaphoreSets: readonly SemaphoreSetFacts[];
  readonly #futexes: readonly FutexFacts[];
  readonly #sharedObjects: readonly SharedObjectFacts[];
  readonly #posixSemaphores: readonly PosixSemaphoreFacts[];
  readonly #mappedParts: readonly MappedPartFacts[];
  readonly #holders: readonly Holder[];
  readonly #queues: ReadonlyMap<number, MessageQueueFacts>;

  constructor(engine: Engine, recording: Recording) {
    this.#recording = recording;
    this.#machine = engine.machine;
    this.#alive = engine.processes.filter(({ isAwake }) => isAwake);
    this.#pipes = new Map(engine.machine.pipes().map((pipe) => [pipe.pipe, pipe]));
    this.#queues = new Map(engine.machine.messageQueues().map((queue) => [queue.queue, queue]));
    this.#sysvQueues = engine.machine.sysvQueues();
    this.#semaphoreSets = engine.machine.semaphoreSets();
    this.#futexes = engine.machine.futexes();
    this.#sharedObjects = engine.machine.sharedObjects();
    this.#posixSemaphores = engine.machine.posixSemaphores();
    this.#mappedParts = engine.machine.mappedParts();
    this.#holders = this.#alive.flatMap((process) =>
      engine.machine.descriptors(process.index).map((facts) => ({ ...facts, process })),
    );
  }

  deadlock(): Diagnosis {
    const waits = new Map(
      this.#alive.map((process) => [process, process.calls().map((call) => this.#wait(process, call))]),
    );
    const count = this.#alive.length;
    const who = count === 1 ? "the last process waits" : `${count} processes wait`;
    const circle = circleIn(
      new Map([...waits].map(([process, list]) => [process, list.flatMap((w) => w.holders)])),
    );
    return {
      headline: `deadlock: ${who}, and nothing can happen any more`,
      details: [
        ...[...waits.values()].flatMap((list) => list.flatMap(({ lines }) => lines)),
        ...(circle.length > 1
          ? [`  In a circle: ${circle.map(({ pid }) => `pid ${pid}`).join(" waits for ")}.`]
          : []),
      ],
    };
  }

  outside(): Diagnosis {
    const lines = this.#alive.flatMap((process) => {
      const calls = process.calls();
      if (calls.length > 0) return calls.flatMap((call) => this.#wait(process, call).lines);
      const since = process.lastStep === 0 ? "its beginning" : `step ${process.lastStep}`;
      return [`  ${named(process)} awaits something that is no call of its Linux, since ${since}`];
    });
    return {
      headline: "a process awaits something outside the simulation, and nothing else can happen",
      details: [
        ...lines,
        "  A timer, a request or a file of the runtime takes real time, which a simulation does not wait for: use",
        "  clock_nanosleep or poll for time, and pass in what must be fetched before the simulation begins.",
      ],
    };
  }

  #wait(process: SimulatedProcess, pending: PendingCall): Wait {
    const { call, blockedSince } = pending;
    const { reasons, holders } = this.#reason(pending);
    const since = blockedSince === 0 ? "" : ` since step ${blockedSince}`;
    return {
      lines: [
        `  ${named(process)} waits in ${callText(call)}${since}`,
        ...reasons.map((reason) => `    ${reason}`),
      ],
      holders: holders.filter((holder) => holder !== process),
    };
  }

  #reason(pending: PendingCall): Reason {
    const { call, process } = pending;
    switch (call.syscall.number) {
      case CALL_READ:
      case CALL_READV:
        return this.#pipeReason(process, call.a, "read");
      case CALL_WRITE:
      case CALL_WRITEV:
        return this.#pipeReason(process, call.a, "write");
      case CALL_VMSPLICE:
        return this.#pipeReason(process, call.a, this.#isReader(process, call.a) ? "read" : "write");
      case CALL_TEE:
      case CALL_SPLICE: {
        const isEmpty = this.#pipeOf(process, call.a)?.size === 0;
        return isEmpty
          ? this.#pipeReason(process, call.a, "read")
          : this.#pipeReason(process, call.b, "write");
      }
      case CALL_MQ_RECEIVE:
      case CALL_MQ_TIMEDRECEIVE:
        return this.#queueReason(process, call.a, "read");
      case CALL_MQ_SEND:
      case CALL_MQ_TIMEDSEND:
        return this.#queueReason(process, call.a, "write");
      case CALL_OPEN:
        return this.#openReason(call);
      case CALL_MSGSND:
        return this.#sendReason(call);
      case CALL_MSGRCV:
        return this.#receiveReason(call);
      case CALL_SEMOP:
      case CALL_SEMTIMEDOP:
        return this.#semaphoreReason(pending);
      case CALL_FUTEX:
      case CALL_FUTEX_WAITV:
      case CALL_MEMORY_WAIT:
        return this.#futexReason(pending);
      case CALL_SEM_WAIT:
      case CALL_SEM_TIMEDWAIT:
      case CALL_SEM_CLOCKWAIT:
        return this.#posixSemaphoreReason(pending);
      case CALL_POLL: {
        const all = (call.payload as readonly PollEntry[]).flatMap((entry) =>
          this.#pollReasons(process, entry),
        );
        if (all.length === 0) return { reasons: ["for no event that can come"], holders: [] };
        return {
          reasons: all.flatMap(({ reasons }) => reasons),
          holders: all.flatMap(({ holders }) => holders),
        };
      }
      case CALL_SIGWAIT:
        return this.#signalReason(process, call.payload as readonly number[]);
      case CALL_WAITPID: {
        const children = this.#alive.filter(
          ({ parent, pid }) => parent === process && (call.a < 0 || pid === call.a),
        );
        return { reasons: [`for the end of ${children.map(named).join(" or ")}`], holders: children };
      }
      default:
        return { reasons: [], holders: [] };
    }
  }

  /** Nobody has the other end of a FIFO open: anybody else might open it. */
  #openReason({ a }: Call): Reason {
    const other = (a & O_ACCMODE) === O_RDONLY ? "writing" : "reading";
    return { reasons: [`for somebody who opens it for ${other}`], holders: [] };
  }

  /** Any process might take messages out of a queue, or put some in: nobody holds it. */
  #sendReason({ a, payload }: Call): Reason {
    const queue = this.#sysvQueue(a);
    if (queue === undefined) return { reasons: [`for ${queueName(a)}, which is gone`], holders: [] };
    const { length } = (payload as SysvMessage).bytes;
    const content = `${contentText(queue)} of ${queue.maxBytes.toLocaleString("en-US")} it may hold`;
    return {
      reasons: [`for room for ${length} bytes in ${queueName(a, queue)}: it has ${content}`],
      holders: [],
    };
  }

  #receiveReason({ a, b, payload }: Call): Reason {
    const queue = this.#sysvQueue(a);
    if (queue === undefined) return { reasons: [`for ${queueName(a)}, which is gone`], holders: [] };
    const wanted = wantedText((payload as SysvMessage).type, b);
    const content = queue.count === 0 ? "is empty" : `has ${contentText(queue, "other ")}`;
    return { reasons: [`for a message${wanted} in ${queueName(a, queue)}: it ${content}`], holders: [] };
  }

  #sysvQueue(id: number): SysvQueueFacts | undefined {
    return this.#sysvQueues.find((queue) => queue.id === id);
  }

  /**
   * Any process might change a semaphore. Who did so last is told, for that is often who has taken it; who has taken it with
   * SEM_UNDO is known, and at its end at the latest it gives that back.
   */
  #semaphoreReason({ call: { a }, task }: PendingCall): Reason {
    const set = this.#semaphoreSets.find(({ id }) => id === a);
    const name = setName(a, set);
    const num =
      set?.semaphores.findIndex(({ waiters }) => waiters.some((waiter) => waiter.task === task)) ?? -1;
    const semaphore = set?.semaphores[num];
    if (semaphore === undefined) return { reasons: [`for semaphores of ${name}`], holders: [] };
    const { value, lastPid, waiters } = semaphore;
    const place = waiters.findIndex((waiter) => waiter.task === task);
    const { op } = waiters[place] as (typeof waiters)[number];
    const wanted = op === 0 ? "to be 0" : `to be ${-op} or more`;
    const by = lastPid === 0 ? "never changed" : `last changed by pid ${lastPid}`;
    const taken = this.#alive.flatMap((process) => {
      const count = op === 0 ? 0 : this.#machine.semaphoreAdjustment(process.index, a, num);
      return count > 0 ? [{ process, text: `${count} taken by pid ${process.pid}` }] : [];
    });
    const takers = taken.map(({ text }) => `, ${text}`).join("");
    const line = waiters.length === 1 ? "" : `; ${place} of ${waiters.length} who wait come first`;
    return {
      reasons: [`for semaphore ${num} of ${name} ${wanted}: it is ${value}, ${by}${takers}${line}`],
      holders: taken.map(({ process }) => process),
    };
  }

  /** Anybody who has the memory might wake, so nobody holds a word; but that of a robust lock says who has it. */
  #futexReason({ call, task }: PendingCall): Reason {
    const isLock = call.syscall.number === CALL_FUTEX && (call.payload as FutexRequest).isRobust;
    const words = this.#futexes.filter(({ waiters }) => waiters.some((waiter) => waiter.task === task));
    const holders = isLock ? words.flatMap(({ value }) => this.#ownerOf(value) ?? []) : [];
    const reasons = words.map((futex) => {
      const { value, waiters } = futex;
      const place = waiters.findIndex((waiter) => waiter.task === task);
      const line = waiters.length === 1 ? "" : `; ${place} of ${waiters.length} who wait come first`;
      const name = this.#wordName(futex);
      if (!isLock) return `to be woken at ${name}, which is ${value}${line}`;
      const owner = value & FUTEX_TID_MASK;
      return `for the lock at ${name}, which ${owner === 0 ? "nobody" : `pid ${owner}`} has${line}`;
    });
    return { reasons, holders };
  }

  /** Who has a robust lock, by its word. */
  #ownerOf(word: number): SimulatedProcess | undefined {
    return this.#alive.find(({ pid }) => pid === (word & FUTEX_TID_MASK));
  }

  #wordName({ object, place }: FutexFacts): string {
    if (object === undefined) return `the word at 0x${place.toString(16)} of its own memory`;
    const facts = this.#sharedObjects.find((one) => one.object === object);
    const name =
      facts?.name === undefined ? "shared memory without a name" : `the shared memory ${facts.name}`;
    return `the word at ${place} of ${name}`;
  }

  /** Whoever maps the memory may give: a semaphore does not know who has taken. */
  #posixSemaphoreReason({ process, task }: PendingCall): Reason {
    const semaphore = this.#posixSemaphores.find(({ waiters }) =>
      waiters.some((waiter) => waiter.task === task),
    );
    if (semaphore === undefined) return { reasons: [], holders: [] };
    const { name, object, value, waiters } = semaphore;
    const isMapped = new Set(
      this.#mappedParts.filter((part) => part.object === object).map((part) => part.process),
    );
    const others = this.#alive.filter((other) => other !== process && isMapped.has(other.index));
    const by =
      others.length === 0 ? "no other process has it" : `${others.map(named).join(" and ")} could give`;
    const place = waiters.findIndex((waiter) => waiter.task === task);
    const line = waiters.length === 1 ? "" : `; ${place} of ${waiters.length} who wait come first`;
    const which = name === undefined ? "a semaphore without a name" : `the semaphore ${name}`;
    return { reasons: [`for ${which}: it is ${value}, and ${by}${line}`], holders: others };
  }

  #isReader(process: SimulatedProcess, fd: number): boolean {
    return this.#own(process, fd)?.end === "read";
  }

  #pipeOf(process: SimulatedProcess, fd: number): PipeFacts | undefined {
    const own = this.#own(process, fd);
    return own && this.#pipes.get(own.pipe);
  }

  #own(process: SimulatedProcess, fd: number): Holder | undefined {
    return this.#holders.find((holder) => holder.process === process && holder.fd === fd);
  }

  #pollReasons(process: SimulatedProcess, { fd, events }: PollEntry): Reason[] {
    if (fd < 0) return [];
    return [
      ...((events & (POLLIN | POLLRDNORM)) !== 0 ? [this.#pipeReason(process, fd, "read")] : []),
      ...((events & (POLLOUT | POLLWRNORM)) !== 0 ? [this.#pipeReason(process, fd, "write")] : []),
    ];
  }

  /** Why nothing can be read from a pipe, or written to it: it is empty or full, and who could change that does not. */
  #pipeReason(process: SimulatedProcess, fd: number, end: "read" | "write"): Reason {
    const own = this.#own(process, fd);
    if (own?.kind === "message queue") return this.#queueReason(process, fd, end);
    const pipe = own && this.#pipes.get(own.pipe);
    const other = end === "read" ? "write" : "read";
    if (own === undefined || pipe === undefined || own.end === other) {
      return { reasons: [`fd ${fd} is no ${end} end of a pipe`], holders: [] };
    }
    const holders = this.#holders.filter((holder) => holder.pipe === own.pipe && holder.end !== end);
    const processes = processesOf(holders);
    const state = end === "read" ? "empty" : `full, with ${pipe.size.toLocaleString("en-US")} bytes in it`;
    const by = heldBy(process, holders);
    const name = this.#pipeName(own.pipe);
    return {
      reasons: [`on fd ${fd}, ${name}: it is ${state}, and its ${other} end is held by ${by}`],
      holders: processes,
    };
  }

  /** Why nothing can be received from a message queue, or sent to it, and who has it open to change that. */
  #queueReason(process: SimulatedProcess, fd: number, end: "read" | "write"): Reason {
    const own = this.#own(process, fd);
    const queue = own && this.#queues.get(own.queue);
    if (own === undefined || queue === undefined) {
      return { reasons: [`fd ${fd} is no message queue`], holders: [] };
    }
    const holders = this.#holders.filter((holder) => holder.queue === own.queue && holder.end !== end);
    const state = end === "read" ? "empty" : `full, with ${queue.messages} messages in it`;
    const doing = end === "read" ? "sending" : "receiving";
    const by = holders.length === 0 ? "nobody" : heldBy(process, holders);
    return {
      reasons: [`on fd ${fd}, ${messageQueueName(queue)}: it is ${state}, and open for ${doing} by ${by}`],
      holders: processesOf(holders),
    };
  }

  /** Signals come of messages: the queues that are to tell the process by one, and who could put a message in. */
  #signalReason(process: SimulatedProcess, set: readonly number[]): Reason {
    const telling = [...this.#queues.values()].filter(
      ({ notified, signal }) => notified === process.index && set.includes(signal),
    );
    if (telling.length === 0) {
      return { reasons: ["for a signal: no message queue is to tell it of a message by one"], holders: [] };
    }
    const waits = telling.map((queue) => this.#notificationReason(process, queue));
    return {
      reasons: waits.flatMap(({ reasons }) => reasons),
      holders: waits.flatMap(({ holders }) => holders),
    };
  }

  #notificationReason(process: SimulatedProcess, queue: MessageQueueFacts): Reason {
    const holders = this.#holders.filter((holder) => holder.queue === queue.queue && holder.end !== "read");
    const by = holders.length === 0 ? "nobody" : heldBy(process, holders);
    const told = `for ${signalText(queue.signal)}, which tells of a message in ${messageQueueName(queue)}`;
    const content =
      queue.messages === 0
        ? "it is empty"
        : `but only of one that finds it empty, and it has ${queue.messages} in it`;
    return {
      reasons: [`${told}: ${content}, and open for sending by ${by}`],
      holders: processesOf(holders),
    };
  }

  #pipeName(pipe: number): string {
    const path = this.#pipes.get(pipe)?.path;
    if (path !== undefined) return `the FIFO ${path}`;
    const origin = this.#recording.pipeMadeAt(pipe);
    return origin === undefined ? "a pipe" : `the pipe of step ${origin.step}`;
  }
}

const queueName = (id: number, queue?: SysvQueueFacts): string => `the System V queue ${id}${keyText(queue)}`;

const setName = (id: number, set?: SemaphoreSetFacts): string =>
  `the System V semaphores ${id}${keyText(set)}${set === undefined ? ", which are gone" : ""}`;

const keyText = (object: { readonly key: number } | undefined): string =>
  object === undefined || object.key === IPC_PRIVATE ? "" : ` (key 0x${(object.key >>> 0).toString(16)})`;

const messageQueueName = ({ name }: MessageQueueFacts): string =>
  name === undefined ? "a message queue that was unlinked" : `the message queue ${name}`;

const contentText = ({ count, bytes }: SysvQueueFacts, which = ""): string =>
  `${count} ${which}${count === 1 ? "message" : "messages"}, ${bytes.toLocaleString("en-US")} bytes`;

function wantedText(type: bigint, flags: number): string {
  if (type === 0n) return "";
  if (type < 0n) return ` of a type up to ${-type}`;
  return (flags & MSG_EXCEPT) === 0 ? ` of type ${type}` : ` of another type than ${type}`;
}

const processesOf = (holders: readonly Holder[]): SimulatedProcess[] => [
  ...new Set(holders.map((holder) => holder.process)),
];

/** Who holds an end, and by which descriptors. */
function heldBy(process: SimulatedProcess, holders: readonly Holder[]): string {
  const processes = processesOf(holders);
  const held = processes.map((holder) => {
    const fds = holders.filter((one) => one.process === holder).map((one) => one.fd);
    return `pid ${holder.pid}${holder === process ? " itself" : ""} (fd ${fds.join(", ")})`;
  });
  const isOnlyItself = processes.length === 1 && processes[0] === process;
  return isOnlyItself ? `${held[0]} alone` : held.join(" and ");
}

/** A way from a process along those it waits for back to it, that process first and last; empty if there is none. */
function circleIn(graph: ReadonlyMap<SimulatedProcess, readonly SimulatedProcess[]>): SimulatedProcess[] {
  const finished = new Set<SimulatedProcess>();
  const visit = (process: SimulatedProcess, path: readonly SimulatedProcess[]): SimulatedProcess[] => {
    const start = path.indexOf(process);
    if (start >= 0) return [...path.slice(start), process];
    if (finished.has(process)) return [];
    for (const next of graph.get(process) ?? []) {
      const circle = visit(next, [...path, process]);
      if (circle.length > 0) return circle;
    }
    finished.add(process);
    return [];
  };
  for (const process of graph.keys()) {
    const circle = visit(process, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

/** What a program left behind, told to people. */
export function leftoverText(leftover: Leftover, recording: Recording | undefined): string {
  const { process } = leftover;
  switch (leftover.kind) {
    case "descriptor": {
      const { fd, end, kind } = leftover.facts;
      const origin = recording?.openedAt(process.pid, fd);
      const since = origin === undefined ? "" : `, since step ${origin.step}`;
      const ofPipe = end === "both" ? "a FIFO" : `the ${end} end of a pipe`;
      const what = kind === "pipe" ? ofPipe : kind === "shared memory" ? kind : `a ${kind}`;
      return `${named(process)} returned with fd ${fd} open (${what}${since})`;
    }
    case "child":
      return `${named(process)} returned without waiting for its child ${named(leftover.child)}`;
    case "call":
      return `${named(process)} returned while its call ${callText(leftover.pending.call)} was outstanding: it was cancelled`;
  }
}
