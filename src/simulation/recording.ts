// Takes down one schedule in words. Slow, so only a schedule that somebody will read is recorded: the one that failed is
// repeated for it.
import {
  CALL_DUP,
  CALL_DUP2,
  CALL_DUP3,
  CALL_FCNTL,
  CALL_MEMFD_CREATE,
  CALL_MEMORY_READ,
  CALL_MEMORY_WRITE,
  CALL_MQ_OPEN,
  CALL_MQ_RECEIVE,
  CALL_MQ_SEND,
  CALL_MQ_TIMEDRECEIVE,
  CALL_MQ_TIMEDSEND,
  CALL_MSGRCV,
  CALL_MSGSND,
  CALL_OPEN,
  CALL_PIPE2,
  CALL_PREAD,
  CALL_PWRITE,
  CALL_READ,
  CALL_READV,
  CALL_SHM_OPEN,
  CALL_VMSPLICE,
  CALL_WRITE,
  CALL_WRITEV,
} from "../../assembly/abi/calls.js";
import { BLOCKED, GONE } from "../../assembly/abi/model.js";
import type { PlacedBytes, SysvMessage } from "../call.js";
import { callText, durationText, resultText } from "./call-text.js";
import type { Engine } from "./engine.js";
import { hashBytes } from "./hash.js";
import type { PendingCall, SimulatedProcess } from "./process.js";
import { Trace, type TraceStep } from "./trace.js";

/** Where something came into being. */
export interface Origin {
  readonly pid: number;
  readonly step: number;
}

export class Recording {
  readonly #steps: TraceStep[] = [];
  /** For each step, what its text does not tell: a hash of the bytes that it moved. */
  readonly #hashes: number[] = [];
  readonly #opened = new Map<string, Origin>();
  readonly #pipes = new Map<number, Origin>();
  #waiting: PendingCall[] = [];
  #descriptors: number[] = [];
  #time = 0n;

  /** Is told before each step. */
  before(engine: Engine): void {
    this.#waiting = engine.waiting();
    this.#time = engine.machine.monotonic();
  }

  /** Is told before a process gives up what it held. */
  beforeExit(engine: Engine, process: SimulatedProcess): void {
    this.before(engine);
    this.#descriptors = openDescriptors(engine, process);
  }

  call(engine: Engine, pending: PendingCall, isFirst: boolean, result: number): void {
    const { call, process } = pending;
    // A call that goes on waiting although it may attempt: a write that has only looked, or what a thread is to make.
    const goesOn = result === BLOCKED && engine.isWoken(pending);
    const isInLane = call.syscall.wait === "lane";
    const outcome = goesOn && isInLane ? " begins" : resultText(call, result);
    this.#note(engine, process.pid, callText(call) + outcome, {
      call: call.syscall.name,
      waits: result === BLOCKED && !goesOn,
      seesRoom: goesOn && !isInLane,
      resumed: !isFirst,
    });
    if (result >= 0) this.#noteOpened(engine, pending, result);
    this.#hashes.push(result === BLOCKED || result === GONE ? 0 : bytesHash(pending, result));
  }

  /** Is told of a call that ended without an attempt. */
  ended(engine: Engine, pending: PendingCall, outcome: string): void {
    this.#waiting = [];
    const text = `${callText(pending.call)} = ${outcome}`;
    this.#note(engine, pending.process.pid, text, { call: pending.call.syscall.name, resumed: true });
    this.#hashes.push(0);
  }

  exiting(engine: Engine, process: SimulatedProcess, isDone: boolean): void {
    const left = openDescriptors(engine, process);
    const closed = this.#descriptors.filter((fd) => !left.includes(fd));
    const what = closed.length === 0 ? [] : [`closes ${closed.join(", ")}`];
    if (isDone) what.push("has ended");
    if (what.length === 0) what.push("leaves a call");
    this.#note(engine, process.pid, `(${what.join(", ")})`, { call: "exiting" });
    this.#hashes.push(0);
  }

  timer(engine: Engine): void {
    const passed = engine.machine.monotonic() - this.#time;
    this.#note(engine, 0, `(${durationText(passed)} pass)`, { call: "timer" });
    this.#hashes.push(0);
  }

  /** The step in which a process got a descriptor; undefined if it was born with it. */
  openedAt(pid: number, fd: number): Origin | undefined {
    return this.#opened.get(`${pid} ${fd}`);
  }

  /** The step in which a pipe was made. */
  pipeMadeAt(pipe: number): Origin | undefined {
    return this.#pipes.get(pipe);
  }

  trace(engine: Engine): Trace {
    return new Trace(
      this.#steps,
      engine.processes.map(({ pid, name }) => ({ pid, name })),
    );
  }

  /** Where another recording of the same choices differs: what each says there. Undefined if it does not. */
  differenceTo(other: Recording): { step: number; here: string; there: string } | undefined {
    const length = Math.max(this.#steps.length, other.#steps.length);
    for (let at = 0; at < length; at++) {
      const [here, there] = [this.#textAt(at), other.#textAt(at)];
      if (here !== there) return { step: this.#stepAt(at) ?? other.#stepAt(at) ?? at + 1, here, there };
      if (this.#hashes[at] !== other.#hashes[at]) {
        return { step: this.#stepAt(at) ?? at + 1, here, there: "the same with other bytes" };
      }
    }
    return undefined;
  }

  #stepAt(at: number): number | undefined {
    return this.#steps[at]?.step;
  }

  #textAt(at: number): string {
    const step = this.#steps[at];
    return step === undefined ? "nothing more" : `pid ${step.pid} ${step.text}${step.waits ? " waits" : ""}`;
  }

  #note(
    engine: Engine,
    pid: number,
    text: string,
    facts: { call: string; waits?: boolean; seesRoom?: boolean; resumed?: boolean },
  ): void {
    const wakes = this.#waiting
      .filter((pending) => engine.isWoken(pending))
      .map(({ process }) => process.pid);
    this.#steps.push({
      step: engine.steps.length,
      pid,
      text,
      call: facts.call,
      waits: facts.waits ?? false,
      seesRoom: facts.seesRoom ?? false,
      resumed: facts.resumed ?? false,
      wakes: [...new Set(wakes)],
    });
  }

  #noteOpened(engine: Engine, { process, call }: PendingCall, result: number): void {
    const origin: Origin = { pid: process.pid, step: engine.steps.length };
    const open = (fd: number): void => void this.#opened.set(`${process.pid} ${fd}`, origin);
    switch (call.syscall.number) {
      case CALL_PIPE2: {
        const ends = call.value as readonly [number, number];
        ends.forEach(open);
        const facts = engine.machine.descriptors(process.index).find(({ fd }) => fd === ends[0]);
        if (facts !== undefined) this.#pipes.set(facts.pipe, origin);
        break;
      }
      case CALL_DUP:
      case CALL_DUP2:
      case CALL_DUP3:
      case CALL_FCNTL:
      case CALL_OPEN:
      case CALL_MQ_OPEN:
      case CALL_SHM_OPEN:
      case CALL_MEMFD_CREATE:
        open(result);
        break;
    }
  }
}

const movesBytes: ReadonlySet<number> = new Set([
  CALL_READ,
  CALL_READV,
  CALL_WRITE,
  CALL_WRITEV,
  CALL_VMSPLICE,
  CALL_MQ_SEND,
  CALL_MQ_TIMEDSEND,
  CALL_MQ_RECEIVE,
  CALL_MQ_TIMEDRECEIVE,
  CALL_MSGSND,
  CALL_MSGRCV,
  CALL_PREAD,
  CALL_PWRITE,
  CALL_MEMORY_READ,
  CALL_MEMORY_WRITE,
]);

/** Calls whose bytes come with something else. */
const withMore: ReadonlySet<number> = new Set([
  CALL_MSGSND,
  CALL_MSGRCV,
  CALL_PREAD,
  CALL_PWRITE,
  CALL_MEMORY_READ,
  CALL_MEMORY_WRITE,
]);

const openDescriptors = (engine: Engine, process: SimulatedProcess): number[] =>
  engine.machine.descriptors(process.index).map(({ fd }) => fd);

function bytesHash({ call }: PendingCall, result: number): number {
  if (result < 0 || !movesBytes.has(call.syscall.number)) return 0;
  const { number } = call.syscall;
  const payload = withMore.has(number) ? (call.payload as SysvMessage | PlacedBytes).bytes : call.payload;
  const buffers = payload instanceof Uint8Array ? [payload] : (payload as readonly Uint8Array[]);
  // A message is sent whole.
  const isSent = number === CALL_MQ_SEND || number === CALL_MQ_TIMEDSEND || number === CALL_MSGSND;
  let left = isSent ? (payload as Uint8Array).length : result;
  return buffers.reduce((hash, buffer) => {
    const moved = buffer.subarray(0, left);
    left -= moved.length;
    return (Math.imul(hash, 31) + hashBytes(moved)) | 0;
  }, 0);
}
