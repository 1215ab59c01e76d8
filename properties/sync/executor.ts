// The `sync` executor: each call is the plain blocking call in a thread of its own, and that a thread is blocked is seen
// in /proc, never waited for. Processes and threads live on from case to case.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, ftruncateSync, statSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FORM_BLOCKING } from "../../assembly/abi/model.js";
import * as libc from "../../backends/linux/libc.js";
import { allocate } from "../../backends/linux/ffi.js";
import { type Action, isTimed } from "../action.js";
import { type Executor, HarnessError } from "../executor.js";
import type { Observation, Pending } from "../oracle.js";
import type { Outcome } from "../outcome.js";
import { type Command, commandText, type Connection } from "./commands.js";
import { interrupt, memfdCreate, prepareLibc } from "../libc.js";
import { FILE_SIZE, SEQUENCES_SIZE, SlotReader, THREADS } from "./slots.js";
import { ThreadState } from "./thread-state.js";

/** Above all that node opens for itself and four threads. */
const FIRST_DESCRIPTOR = 96;
/** Few enough that cases run into the limit. */
const RLIMIT_NOFILE = FIRST_DESCRIPTOR + 24;
const PROCESS_COUNT = 3;
/** Cases until the processes are replaced. */
const CASES_PER_LIFE = 2000;
/** A thread that does nothing expected for so long is lost. */
const PATIENCE_MS = 10_000;

export class SyncExecutor implements Executor {
  readonly form = FORM_BLOCKING;
  readonly firstDescriptor = FIRST_DESCRIPTOR;
  readonly rlimitNofile = RLIMIT_NOFILE;
  readonly #slots: Slots;
  #processes: ExecutorProcess[] = [];
  #casesLeft = 0;
  /** Threads that are in a call, as far as is known. */
  readonly #busy: ExecutorThread[] = [];

  constructor() {
    prepareLibc();
    this.#slots = new Slots();
  }

  async begin(): Promise<number> {
    if (this.#casesLeft-- <= 0 || this.#processes.some((process) => process.isDead)) await this.#replace();
    return this.#processes.length;
  }

  async #replace(): Promise<void> {
    await this.#endProcesses();
    this.#casesLeft = CASES_PER_LIFE;
    this.#slots.clear();
    this.#processes = Array.from(
      { length: PROCESS_COUNT },
      (_, index) => new ExecutorProcess(index * THREADS, this.#slots),
    );
    for (const process of this.#processes) await process.started();
    for (const process of this.#processes) process.settle();
    for (const process of this.#processes) {
      for (const other of this.#processes) if (other !== process) process.meet(other);
    }
    for (const process of this.#processes) process.checkDescriptors();
  }

  idle(process: number): number {
    return this.#process(process).idleThreads().length;
  }

  pid(process: number): number {
    return this.#process(process).pid;
  }

  #process(index: number): ExecutorProcess {
    // Index 0 in the model is init.
    return this.#processes[index - 1] as ExecutorProcess;
  }

  issue(pending: Pending): void {
    const process = this.#process(pending.process);
    const [thread] = process.idleThreads();
    if (thread === undefined) throw new HarnessError(`no thread of process ${pending.process} is idle`);
    thread.pending = pending;
    thread.state.forget();
    thread.send(this.#order(process, pending.action));
    this.#busy.push(thread);
  }

  #order(process: ExecutorProcess, action: Action): Command["order"] {
    if (action.call !== "share") return { make: action };
    const [from, fd] = action.args as [number, number];
    return { take: fd, pidfd: process.pidfdOf(this.#process(from)) };
  }

  settle(): Observation {
    const observation = new Map<number, Outcome>();
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let round = 0; ; round++) {
      this.#collect(observation);
      // Most calls complete soon: looking for that is cheaper than looking at all threads.
      if (round < 8 && this.#busy.some((thread) => !thread.wasBlocked)) continue;
      if (this.#isQuiescent() && !this.#collect(observation)) return observation;
      if (Date.now() > giveUpAt) throw new HarnessError(`lost: ${this.#busy.map(String).join(", ")}`);
    }
  }

  /** Takes the answers that have come in. @returns whether there were any */
  #collect(observation: Map<number, Outcome>): boolean {
    const sequences = this.#slots.reader.sequences();
    let found = false;
    for (let index = this.#busy.length - 1; index >= 0; index--) {
      const thread = this.#busy[index] as ExecutorThread;
      if (sequences[thread.slot] !== thread.sequence) continue;
      observation.set((thread.pending as Pending).id, this.#slots.reader.read(thread.slot));
      thread.pending = undefined;
      thread.wasBlocked = false;
      this.#busy.splice(index, 1);
      found = true;
    }
    return found;
  }

  /**
   * Whether all threads that are in a call are blocked in it: each was seen so twice without a turn on a processor between,
   * and all were looked at once before any was looked at again; so there was a moment when all slept.
   */
  #isQuiescent(): boolean {
    const turns: number[] = [];
    for (const thread of this.#busy) {
      const count = thread.turnsIfBlocked();
      if (count < 0) return false;
      turns.push(count);
    }
    return this.#busy.every((thread, index) => thread.turnsIfBlocked() === turns[index]);
  }

  end(): void {
    try {
      this.#end();
    } catch (error) {
      // What is left would be in the way of the next case.
      this.#casesLeft = 0;
      throw error;
    }
  }

  #end(): void {
    for (const process of this.#processes) process.startClosing();
    for (const process of this.#processes) process.awaitMain();
    const ignored = new Map<number, Outcome>();
    const giveUpAt = Date.now() + PATIENCE_MS;
    // Most calls end once nobody else has their pipe. One that polls both ends of it, or none, needs more.
    for (let round = 1; this.#collect(ignored) || this.#busy.length > 0; round++) {
      if (round % 256 === 0) for (const thread of this.#busy) thread.interrupt();
      if (Date.now() > giveUpAt) throw new HarnessError(`still blocked: ${this.#busy.map(String).join(", ")}`);
    }
    for (const process of this.#processes) process.checkDescriptors();
  }

  async dispose(): Promise<void> {
    await this.#endProcesses();
    this.#slots.close();
  }

  async #endProcesses(): Promise<void> {
    this.#busy.length = 0;
    await Promise.all(this.#processes.map((process) => process.end()));
    this.#processes = [];
  }
}

/** The file that answers come in, and who reads it. */
class Slots {
  readonly file: number;
  readonly reader: SlotReader;

  constructor() {
    this.file = memfdCreate("linux-ipc answers");
    ftruncateSync(this.file, FILE_SIZE);
    this.reader = new SlotReader(this.file);
  }

  /** Forgets all answers: new threads count from 1 again. */
  clear(): void {
    writeSync(this.file, new Uint8Array(SEQUENCES_SIZE), 0, SEQUENCES_SIZE, 0);
  }

  close(): void {
    closeSync(this.file);
  }
}

/** A thread of an executor process, as the controller sees it. */
class ExecutorThread {
  readonly slot: number;
  sequence = 1;
  /** The call that it is in; undefined if it is idle. */
  pending: Pending | undefined;
  wasBlocked = false;
  readonly commandPipe: readonly [number, number];
  #state: ThreadState | undefined;
  #pid = 0;
  #id = 0;

  constructor(slot: number) {
    this.slot = slot;
    const out = allocate(8);
    if (libc.pipe2(out.address, 0o2000000) !== 0) throw new HarnessError("pipe2 failed");
    this.commandPipe = [out.view.getInt32(0, true), out.view.getInt32(4, true)];
  }

  /** It has said hello. */
  started(hello: Outcome): void {
    [this.#pid, this.#id] = hello.values as [number, number];
    this.#state = new ThreadState(this.#pid, this.#id);
  }

  get pid(): number {
    return this.#pid;
  }

  get state(): ThreadState {
    return this.#state as ThreadState;
  }

  send(order: Command["order"]): void {
    this.sequence++;
    writeSync(this.commandPipe[1], commandText({ sequence: this.sequence, order }));
  }

  turnsIfBlocked(): number {
    const { action } = this.pending as Pending;
    // What waits for a time ends soon.
    const turns = isTimed(action) ? -1 : this.state.turnsIfBlockedIn(action);
    this.wasBlocked = turns >= 0;
    return turns;
  }

  interrupt(): void {
    interrupt(this.#pid, this.#id);
  }

  close(): void {
    this.#state?.close();
    for (const fd of this.commandPipe) closeSync(fd);
  }

  toString(): string {
    const call = JSON.stringify(this.pending?.action);
    return `thread ${this.#id} of ${this.#pid} in ${call} (${this.state.toString()})`;
  }
}

class ExecutorProcess {
  readonly #threads: readonly ExecutorThread[];
  readonly #slots: Slots;
  readonly #child: ChildProcess;
  readonly #pidfds = new Map<ExecutorProcess, number>();

  constructor(firstSlot: number, slots: Slots) {
    this.#slots = slots;
    this.#threads = Array.from({ length: THREADS }, (_, index) => new ExecutorThread(firstSlot + index));
    const connection: Connection = {
      controller: process.pid,
      slots: slots.file,
      commands: this.#threads.map(({ commandPipe }) => commandPipe[0]),
      slot: firstSlot,
      firstDescriptor: FIRST_DESCRIPTOR,
      rlimitNofile: RLIMIT_NOFILE,
    };
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    this.#child = spawn(process.execPath, [main, JSON.stringify(connection)], {
      stdio: ["ignore", "inherit", "inherit"],
    });
  }

  get isDead(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get pid(): number {
    return this.#main.pid;
  }

  get #main(): ExecutorThread {
    return this.#threads[0] as ExecutorThread;
  }

  /** Resolves when all threads have said hello. */
  async started(): Promise<void> {
    while (this.#threads.some(({ slot }) => this.#slots.reader.sequences()[slot] !== 1)) {
      if (this.isDead) throw new HarnessError("an executor process died at its start");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const thread of this.#threads) thread.started(this.#slots.reader.read(thread.slot));
  }

  idleThreads(): ExecutorThread[] {
    return this.#threads.filter((thread, index) => index > 0 && thread.pending === undefined);
  }

  /** Occupies all numbers below the first. Node may still be closing files that it loaded: then once more. */
  settle(): void {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (this.#ask({ settle: true }) < 0 || this.#countDescriptors() !== FIRST_DESCRIPTOR) {
      if (Date.now() > giveUpAt) throw new HarnessError(`the runtime needs descriptors from ${FIRST_DESCRIPTOR} on`);
    }
  }

  meet(other: ExecutorProcess): void {
    const pidfd = this.#ask({ meet: other.#main.pid });
    if (pidfd < 0) throw new HarnessError("pidfd_open failed");
    this.#pidfds.set(other, pidfd);
  }

  pidfdOf(other: ExecutorProcess): number {
    return this.#pidfds.get(other) as number;
  }

  startClosing(): void {
    this.#main.send({ closeAll: true });
  }

  /** Waits for the main thread to have obeyed: its answer. */
  awaitMain(): number {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (this.#slots.reader.sequences()[this.#main.slot] !== this.#main.sequence) {
      if (Date.now() > giveUpAt) throw new HarnessError("an executor's main thread does not answer");
    }
    return this.#slots.reader.read(this.#main.slot).result;
  }

  #ask(order: Command["order"]): number {
    this.#main.send(order);
    return this.awaitMain();
  }

  /** Throws unless the runtime's own descriptors are open, and no others. */
  checkDescriptors(): void {
    const count = this.#countDescriptors();
    if (count !== FIRST_DESCRIPTOR) {
      throw new HarnessError(`${count} descriptors are open at the end of a case, not ${FIRST_DESCRIPTOR}`);
    }
  }

  #countDescriptors(): number {
    // Since Linux 6.2 the size of this folder is the number of descriptors.
    return statSync(`/proc/${this.#main.pid}/fd`).size;
  }

  async end(): Promise<void> {
    if (!this.isDead) {
      this.#child.kill("SIGKILL");
      await once(this.#child, "exit");
    }
    for (const thread of this.#threads) thread.close();
  }
}
