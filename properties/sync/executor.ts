// The `sync` executor: each call is the plain blocking call in a thread of its own, and that a thread is blocked is seen
// in /proc, never waited for. Processes and threads live on from case to case; where cases start and end processes
// themselves, they are made anew for each.
import { FORM_BLOCKING } from "../../assembly/abi/model.js";
import { SIGKILL } from "../../assembly/abi/signal.js";
import { type Executor, HarnessError } from "../executor.js";
import { adoptOrphans, prepareLibc } from "../libc.js";
import type { Observation, Pending } from "../oracle.js";
import { gone, type Outcome } from "../outcome.js";
import type { Command } from "./commands.js";
import {
  ExecutorProcess,
  type ExecutorThread,
  endOrphans,
  FIRST_DESCRIPTOR,
  PATIENCE_MS,
  Slots,
} from "./executor-process.js";
import { MAX_EXECUTORS, THREADS } from "./slots.js";

/** What the cases are about: calls in a few lasting processes, or processes themselves. */
export type Subject = "calls" | "processes";

interface Life {
  readonly processCount: number;
  readonly rlimitNofile: number;
  /** The limit that node finds when it starts, if it matters. */
  readonly startLimit: number | undefined;
  /** Cases until the processes are replaced, even if all went well. */
  readonly cases: number;
}

const lives: Readonly<Record<Subject, Life>> = {
  // Few enough descriptors that cases run into the limit.
  calls: { processCount: 3, rlimitNofile: FIRST_DESCRIPTOR + 24, startLimit: undefined, cases: 2000 },
  // Enough for a node that starts; and the backend's own go to the upper half of what it finds.
  processes: { processCount: 1, rlimitNofile: 1024, startLimit: 1024, cases: 200 },
};

export class SyncExecutor implements Executor {
  readonly form = FORM_BLOCKING;
  readonly firstDescriptor = FIRST_DESCRIPTOR;
  readonly rlimitNofile: number;
  readonly #life: Life;
  readonly #slots: Slots;
  /** Those of the case, by index in the model less one (0 is init). The dead stay until their place is taken. */
  #processes: ExecutorProcess[] = [];
  /** All that were made since the last replacement. */
  #made: ExecutorProcess[] = [];
  /** Spawned, but not known by an index yet. */
  #born: { readonly process: ExecutorProcess; readonly spawn: number } | undefined;
  #casesLeft = 0;
  /** Threads that are in a call, as far as is known. */
  readonly #busy: ExecutorThread[] = [];
  /** Processes that a call is to end. */
  readonly #doomed = new Set<ExecutorProcess>();

  constructor(subject: Subject = "calls") {
    this.#life = lives[subject];
    this.rlimitNofile = this.#life.rlimitNofile;
    prepareLibc();
    adoptOrphans();
    this.#slots = new Slots();
  }

  async begin(): Promise<number> {
    if (this.#casesLeft-- <= 0) await this.#replace();
    return this.#processes.length;
  }

  async #replace(): Promise<void> {
    await this.#endProcesses();
    const { processCount, startLimit, cases } = this.#life;
    this.#slots.clear();
    this.#processes = Array.from({ length: processCount }, () => this.#make());
    for (const process of this.#processes) process.start(startLimit);
    for (const process of this.#processes) await process.started();
    for (const process of this.#processes) await process.settle();
    for (const process of this.#processes) {
      for (const other of this.#processes) if (other !== process) process.pidfdOf(other);
    }
    for (const process of this.#processes) process.checkDescriptors();
    this.#casesLeft = cases;
  }

  #make(parent?: ExecutorProcess): ExecutorProcess {
    if (this.#made.length === MAX_EXECUTORS) throw new HarnessError("too many processes");
    const made = new ExecutorProcess(this.#made.length * THREADS, this.#slots, this.rlimitNofile, parent);
    this.#made.push(made);
    return made;
  }

  idle(process: number): number {
    return this.#process(process).idleThreads().length;
  }

  canSpawn(): boolean {
    return this.#made.length < MAX_EXECUTORS;
  }

  meet(process: number): number {
    if (this.#born !== undefined) this.#processes[process - 1] = this.#born.process;
    this.#born = undefined;
    return this.#process(process).pid;
  }

  #process(index: number): ExecutorProcess {
    return this.#processes[index - 1] as ExecutorProcess;
  }

  issue(pending: Pending): void {
    const process = this.#process(pending.process);
    const [thread] = process.idleThreads();
    if (thread === undefined) throw new HarnessError(`no thread of process ${pending.process} is idle`);
    const order = this.#order(process, pending);
    thread.pending = pending;
    thread.state.forget();
    thread.send(order);
    this.#busy.push(thread);
  }

  #order(process: ExecutorProcess, { id, action }: Pending): Command["order"] {
    const [first, second] = action.args as [number, number];
    switch (action.call) {
      case "share":
        return { take: second, pidfd: process.pidfdOf(this.#process(first)) };
      case "spawn":
        this.#born = { process: this.#make(process), spawn: id };
        return { make: action, connection: this.#born.process.connection };
      case "exit":
        this.#doomed.add(process);
        break;
      case "kill":
        if (second === SIGKILL) this.#doom(first);
        break;
    }
    return { make: action };
  }

  #doom(pid: number): void {
    const doomed = this.#made.find((process) => process.pid === pid);
    if (doomed !== undefined) this.#doomed.add(doomed);
  }

  settle(): Observation | Promise<Observation> {
    const observation = new Map<number, Outcome>();
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let round = 0; ; round++) {
      this.#collect(observation);
      // Most calls complete soon: looking for that is cheaper than looking at all threads.
      if (round < 8 && this.#busy.some((thread) => !thread.wasBlocked)) continue;
      if (this.#isQuiescent() && !this.#collect(observation)) break;
      if (Date.now() > giveUpAt) {
        this.#casesLeft = 0;
        throw new HarnessError(`lost: ${this.#busy.map(String).join(", ")}`);
      }
    }
    const isPlain = this.#born === undefined && this.#doomed.size === 0;
    return isPlain ? observation : this.#settleProcesses(observation);
  }

  /** Waits for a child to have started, and for the dead to be reaped where that is init's part. */
  async #settleProcesses(observation: Map<number, Outcome>): Promise<Observation> {
    // Nothing is left of a case that does this.
    this.#casesLeft = 0;
    if (this.#born !== undefined) {
      const isAlive = (observation.get(this.#born.spawn)?.result ?? -1) >= 0;
      if (!isAlive) this.#born = undefined;
      await this.#born?.process.started();
      await this.#born?.process.settle();
    }
    if (this.#doomed.size > 0) {
      this.#doomed.clear();
      // Also those that had ended before, and were their dead parent's to reap.
      for (const process of this.#made) if (process.isStarted && process.isDead) await process.reap();
    }
    return observation;
  }

  /** Takes the answers that have come in. @returns whether there were any */
  #collect(observation: Map<number, Outcome>): boolean {
    const sequences = this.#slots.reader.sequences();
    let found = false;
    for (let index = this.#busy.length - 1; index >= 0; index--) {
      const thread = this.#busy[index] as ExecutorThread;
      const hasAnswered = sequences[thread.slot] === thread.sequence;
      const isGone = !hasAnswered && this.#doomed.has(thread.process) && thread.process.isDead;
      if (!hasAnswered && !isGone) continue;
      observation.set((thread.pending as Pending).id, isGone ? gone : this.#slots.reader.read(thread.slot));
      thread.pending = undefined;
      thread.wasBlocked = false;
      this.#busy.splice(index, 1);
      found = true;
    }
    return found;
  }

  /**
   * Whether all threads that are in a call are blocked in it: each was seen so twice without a turn on a processor between,
   * and all were looked at once before any was looked at again; so there was a moment when all slept. And who is to die has
   * died.
   */
  #isQuiescent(): boolean {
    for (const process of this.#doomed) if (!process.isDead) return false;
    const turns: number[] = [];
    for (const thread of this.#busy) {
      const count = thread.turnsIfBlocked();
      if (count < 0) return false;
      turns.push(count);
    }
    return this.#busy.every((thread, index) => thread.turnsIfBlocked() === turns[index]);
  }

  async end(): Promise<void> {
    try {
      if (this.#casesLeft === 0) await this.#endProcesses();
      else this.#closeAll();
    } catch (error) {
      // What is left would be in the way of the next case.
      this.#casesLeft = 0;
      throw error;
    }
  }

  #closeAll(): void {
    for (const process of this.#processes) process.startClosing();
    for (const process of this.#processes) process.awaitMain();
    const ignored = new Map<number, Outcome>();
    const giveUpAt = Date.now() + PATIENCE_MS;
    // Most calls end once nobody else has their pipe. One that polls both ends of it, or none, needs more.
    for (let round = 1; this.#collect(ignored) || this.#busy.length > 0; round++) {
      if (round % 256 === 0) for (const thread of this.#busy) thread.interrupt();
      if (Date.now() > giveUpAt)
        throw new HarnessError(`still blocked: ${this.#busy.map(String).join(", ")}`);
    }
    for (const process of this.#processes) process.checkDescriptors();
  }

  async dispose(): Promise<void> {
    await this.#endProcesses();
    this.#slots.close();
  }

  async #endProcesses(): Promise<void> {
    this.#busy.length = 0;
    this.#doomed.clear();
    this.#born = undefined;
    // Parents first: their children become the controller's then, and it reaps them.
    for (const process of this.#made) await process.end();
    await endOrphans();
    this.#made = [];
    this.#processes = [];
  }
}
