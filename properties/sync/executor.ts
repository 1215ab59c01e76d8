// The `sync` executor: each call is the plain blocking call in a thread of its own, and that a thread is blocked is seen
// in /proc, never waited for. Processes and threads live on from case to case, unless a case has started or ended them, or has
// made them somebody else for good.
import { FORM_BLOCKING } from "../../assembly/abi/model.js";
import { SIGKILL } from "../../assembly/abi/signal.js";
import { type Action, isInstant } from "../action.js";
import { CaseFolders } from "../case-folder.js";
import { type Executor, HarnessError } from "../executor.js";
import type { Subject } from "../executors.js";
import { adoptOrphans, prepareLibc } from "../libc.js";
import type { Observation, Pending } from "../oracle.js";
import { answer, gone, type Outcome } from "../outcome.js";
import { Pool } from "../pool.js";
import type { IdsOf, UserName } from "../users.js";
import type { Order } from "./commands.js";
import {
  ExecutorProcess,
  type ExecutorThread,
  endOrphans,
  FIRST_DESCRIPTOR,
  Meeting,
  PATIENCE_MS,
} from "./executor-process.js";

interface Life {
  readonly rlimitNofile: number;
  /** Threads of a process: the main one, one for calls that do not wait, and the rest. */
  readonly threads: number;
  /** The limit that node finds when it starts, if it matters. */
  readonly startLimit: number | undefined;
  /** Cases until a process is replaced, even if all went well. */
  readonly cases: number;
}

const lives: Readonly<Record<Subject, Life>> = {
  // Few enough descriptors that cases run into the limit.
  calls: { rlimitNofile: FIRST_DESCRIPTOR + 24, threads: 4, startLimit: undefined, cases: 2000 },
  // Threads are what takes longest at a process's start. Enough descriptors for a node that starts; and the backend's own go to the upper half of what it finds.
  processes: { rlimitNofile: 1024, threads: 3, startLimit: 1024, cases: 200 },
};

/** Processes that a case may start. */
const MOST_CHILDREN = 12;

export class SyncExecutor implements Executor {
  readonly form = FORM_BLOCKING;
  readonly firstDescriptor = FIRST_DESCRIPTOR;
  readonly rlimitNofile: number;
  readonly #meeting: Meeting;
  readonly #pool: Pool<ExecutorProcess>;
  /** Those of the case, by index in the model less one (0 is init). The dead stay until their place is taken. */
  #processes: ExecutorProcess[] = [];
  /** All that the case has had, the oldest first. */
  #made: ExecutorProcess[] = [];
  /** Spawned, but not known by an index yet. */
  #born: { readonly process: ExecutorProcess; readonly spawn: number } | undefined;
  /** Threads that are in a call, as far as is known. */
  readonly #busy: ExecutorThread[] = [];
  /** Processes that a call is to end, and the call. */
  readonly #doomed = new Map<ExecutorProcess, number>();
  /** Processes that have ended in this case. */
  readonly #ended = new Set<ExecutorProcess>();
  /** Interruptions that were sent. */
  readonly #interrupted: number[] = [];
  /** Whether something went wrong, so that no process can be used again. */
  #isLost = false;

  /** @param idsOf whose the processes of users are */
  constructor(subject: Subject, idsOf: IdsOf) {
    const life = lives[subject];
    this.rlimitNofile = life.rlimitNofile;
    prepareLibc();
    adoptOrphans();
    this.#meeting = new Meeting(new CaseFolders(), life, idsOf);
    this.#pool = new Pool((user) => new ExecutorProcess(this.#meeting).start(user), life.cases);
  }

  async begin(users: readonly UserName[]): Promise<void> {
    this.#processes = await this.#pool.take(users);
    this.#made = [...this.#processes];
  }

  idle(process: number): number {
    return this.#process(process).idleThreads().length;
  }

  canMake({ call }: Action): boolean {
    // A blocked thread is told of no signal that its process catches.
    if (call === "sigwait") return false;
    return call !== "spawn" || (this.#made.length < MOST_CHILDREN && this.#meeting.slots.hasRoom);
  }

  meet(process: number): number {
    if (this.#born !== undefined) this.#processes[process - 1] = this.#born.process;
    this.#born = undefined;
    return this.#process(process).pid;
  }

  async thread(process: number): Promise<number> {
    const found = this.#process(process);
    await found.ready();
    return found.firstThread;
  }

  #process(index: number): ExecutorProcess {
    return this.#processes[index - 1] as ExecutorProcess;
  }

  issue(pending: Pending): void | Promise<void> {
    const process = this.#process(pending.process);
    if (process.isReady) this.#issue(pending, process);
    else return process.ready().then(() => this.#issue(pending, process));
  }

  #issue(pending: Pending, process: ExecutorProcess): void {
    const { action } = pending;
    if (action.call === "interrupt") {
      this.#busy.find((thread) => thread.pending?.id === action.args[0])?.interrupt();
      this.#interrupted.push(pending.id);
      return;
    }
    const idle = process.idleThreads();
    // What a process has mapped, and its list of locks, are those of the first: it is not to wait.
    const thread = isInstant(action.call) ? idle[0] : idle.at(-1);
    if (thread === undefined) throw new HarnessError(`no thread of process ${pending.process} is idle`);
    const order = this.#order(process, pending);
    thread.pending = pending;
    thread.state.forget();
    thread.send(order);
    this.#busy.push(thread);
  }

  #order(process: ExecutorProcess, { id, action }: Pending): Order {
    if (action.call === "share") {
      const [from, fd] = action.args as [number, number];
      return { take: fd, from: this.#process(from).pid };
    }
    this.#prepare(process, id, action);
    if (this.#born === undefined) return { make: action };
    return { make: action, connection: this.#born.process.connection };
  }

  /** Notes what a call may do to processes. */
  #prepare(process: ExecutorProcess, id: number, { call, args }: Action): void {
    switch (call) {
      case "spawn":
        this.#born = { process: new ExecutorProcess(this.#meeting, process), spawn: id };
        this.#made.push(this.#born.process);
        process.hasSpawned = true;
        break;
      case "exit":
        this.#doomed.set(process, id);
        break;
      case "kill":
        if (args[1] === SIGKILL) this.#doom(args[0] as number, id);
        break;
      case "setresuid":
      case "setresgid":
      case "setgroups":
        process.hasChanged = true;
        break;
    }
  }

  #doom(pid: number, id: number): void {
    const doomed = this.#made.find((process) => process.pid === pid);
    if (doomed !== undefined) this.#doomed.set(doomed, id);
  }

  /** A call did not end whom it was to end. */
  #spare(id: number): void {
    for (const [process, doom] of this.#doomed) if (doom === id) this.#doomed.delete(process);
  }

  settle(): Observation | Promise<Observation> {
    const observation = new Map<number, Outcome>();
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (const id of this.#interrupted.splice(0)) observation.set(id, answer(0));
    for (let round = 0; ; round++) {
      this.#collect(observation);
      // Most calls complete soon: looking for that is cheaper than looking at all threads.
      if (round < 8 && this.#busy.some((thread) => !thread.wasBlocked)) continue;
      if (this.#isQuiescent() && !this.#collect(observation)) break;
      if (Date.now() > giveUpAt) {
        this.#isLost = true;
        throw new HarnessError(`lost: ${this.#busy.map(String).join(", ")}`);
      }
    }
    if (this.#born !== undefined) this.#bear(observation);
    return this.#doomed.size === 0 ? observation : this.#bury(observation);
  }

  /** Learns the number of a child. It starts meanwhile, and is waited for when it is to make its first call. */
  #bear(observation: Map<number, Outcome>): void {
    const born = this.#born as { process: ExecutorProcess; spawn: number };
    const outcome = observation.get(born.spawn);
    const [pid] = outcome?.values ?? [];
    if (pid === undefined) this.#born = undefined;
    else born.process.isSpawnedAs(pid);
  }

  /** Waits for the dead to be reaped where that is init's part. */
  async #bury(observation: Map<number, Outcome>): Promise<Observation> {
    for (const process of this.#doomed.keys()) this.#ended.add(process);
    this.#doomed.clear();
    // Also those that had ended before, and were their dead parent's to reap.
    for (const process of this.#made) if (process.pid !== 0 && process.isDead) await process.reap();
    return observation;
  }

  /** Takes the answers that have come in. @returns whether there were any */
  #collect(observation: Map<number, Outcome>): boolean {
    const { slots } = this.#meeting;
    const sequences = slots.sequences();
    let found = false;
    for (let index = this.#busy.length - 1; index >= 0; index--) {
      const thread = this.#busy[index] as ExecutorThread;
      const hasAnswered = sequences[thread.slot] === thread.sequence;
      const isGone = !hasAnswered && this.#doomed.has(thread.process) && thread.process.isDead;
      if (!hasAnswered && !isGone) continue;
      const { id } = thread.pending as Pending;
      const outcome = isGone ? gone : slots.read(thread.slot);
      if (!isGone && outcome.result < 0) this.#spare(id);
      observation.set(id, outcome);
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
    for (const process of this.#doomed.keys()) if (!process.isDead) return false;
    const turns: number[] = [];
    for (const thread of this.#busy) {
      const count = thread.turnsIfBlocked();
      if (count < 0) return false;
      turns.push(count);
    }
    return this.#busy.every((thread, index) => thread.turnsIfBlocked() === turns[index]);
  }

  async end(): Promise<void> {
    const left = new Set(this.#made);
    const discard = async (process: ExecutorProcess): Promise<void> => {
      left.delete(process);
      await this.#pool.discard(process);
    };
    try {
      this.#meeting.folders.renew();
      if (this.#isLost) return;
      // Parents first: if they have ended, their children become the controller's, and it reaps them.
      for (const process of this.#made) if (!this.#canGoOn(process)) await discard(process);
      if (left.size < this.#made.length) await endOrphans();
      for (const process of this.#closeAll([...left])) await discard(process);
      for (const process of left) {
        left.delete(process);
        await this.#pool.give(process);
      }
    } finally {
      // Something was left in them that would be in the way of the next case.
      for (const process of left) await this.#pool.discard(process);
      this.#reset();
    }
  }

  /** Whether a process can be what it was before the case. */
  #canGoOn(process: ExecutorProcess): boolean {
    return !process.isSpawned && !this.#ended.has(process);
  }

  /** Lets processes close what they have. @returns those that are not what they were */
  #closeAll(processes: readonly ExecutorProcess[]): ExecutorProcess[] {
    for (let index = this.#busy.length - 1; index >= 0; index--) {
      if (!processes.includes((this.#busy[index] as ExecutorThread).process)) this.#busy.splice(index, 1);
    }
    for (const process of processes) process.startClosing();
    const spoiled = processes.filter((process) => !process.hasClosed());
    const ignored = new Map<number, Outcome>();
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let round = 0; this.#busy.length > 0; round++) {
      if (round % 256 === 0) for (const thread of this.#busy) thread.interrupt();
      this.#collect(ignored);
      if (Date.now() > giveUpAt)
        throw new HarnessError(`still blocked: ${this.#busy.map(String).join(", ")}`);
    }
    for (const process of processes) if (!spoiled.includes(process)) process.checkDescriptors();
    return spoiled;
  }

  #reset(): void {
    this.#processes = [];
    this.#made = [];
    this.#born = undefined;
    this.#busy.length = 0;
    this.#doomed.clear();
    this.#ended.clear();
    this.#interrupted.length = 0;
    this.#isLost = false;
  }

  async dispose(): Promise<void> {
    await this.#pool.dispose();
    await endOrphans();
    this.#meeting.dispose();
  }
}
