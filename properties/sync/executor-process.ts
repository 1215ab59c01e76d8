// The processes of the `sync` executor and their threads, as the controller sees them.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, ftruncateSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { WNOHANG } from "../../assembly/abi/wait.js";
import { allocate } from "../../backends/linux/ffi.js";
import * as libc from "../../backends/linux/libc.js";
import { isTimed } from "../action.js";
import { HarnessError } from "../executor.js";
import { interrupt, memfdCreate } from "../libc.js";
import type { Pending } from "../oracle.js";
import type { Outcome } from "../outcome.js";
import { type Command, type Connection, commandText } from "./commands.js";
import { FILE_SIZE, SEQUENCES_SIZE, SlotReader, THREADS } from "./slots.js";
import { ThreadState } from "./thread-state.js";

/** Above all that node opens for itself and four threads. */
export const FIRST_DESCRIPTOR = 96;
/** A thread that does nothing expected for so long is lost. */
export const PATIENCE_MS = 10_000;

/** The file that answers come in, and who reads it. */
export class Slots {
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
export class ExecutorThread {
  readonly slot: number;
  readonly process: ExecutorProcess;
  sequence = 1;
  /** The call that it is in; undefined if it is idle. */
  pending: Pending | undefined;
  wasBlocked = false;
  readonly commandPipe: readonly [number, number];
  #state: ThreadState | undefined;
  #pid = 0;
  #id = 0;

  constructor(slot: number, process: ExecutorProcess) {
    this.slot = slot;
    this.process = process;
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

export class ExecutorProcess {
  readonly #threads: readonly ExecutorThread[];
  readonly #slots: Slots;
  readonly #connection: Connection;
  readonly #pidfds = new Map<ExecutorProcess, number>();
  /** Undefined if another executor process has spawned it. */
  #child: ChildProcess | undefined;
  /** Whose child it is; undefined if it is the controller's. */
  readonly #parent: ExecutorProcess | undefined;
  #isDead = false;

  constructor(firstSlot: number, slots: Slots, rlimitNofile: number, parent?: ExecutorProcess) {
    this.#slots = slots;
    this.#parent = parent;
    this.#threads = Array.from(
      { length: THREADS },
      (_, index) => new ExecutorThread(firstSlot + index, this),
    );
    this.#connection = {
      controller: process.pid,
      slots: slots.file,
      commands: this.#threads.map(({ commandPipe }) => commandPipe[0]),
      slot: firstSlot,
      firstDescriptor: FIRST_DESCRIPTOR,
      rlimitNofile,
    };
  }

  /** What it is to be told at its start. */
  get connection(): string {
    return JSON.stringify(this.#connection);
  }

  /** Starts it as a child of the controller. @param limit RLIMIT_NOFILE from before node starts; else it is set later */
  start(limit: number | undefined): void {
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    const command = [process.execPath, main, this.connection];
    const limited =
      limit === undefined ? command : ["sh", "-c", `ulimit -n ${limit} && exec "$@"`, "sh", ...command];
    const [file, ...args] = limited as [string, ...string[]];
    this.#child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"] });
    if (this.#child.pid !== undefined) ownChildren.add(this.#child.pid);
  }

  /** 0 until it has started. */
  get pid(): number {
    return this.#main.pid;
  }

  get isStarted(): boolean {
    return this.pid !== 0;
  }

  get #main(): ExecutorThread {
    return this.#threads[0] as ExecutorThread;
  }

  /** Resolves when all threads have said hello. */
  async started(): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (this.#threads.some(({ slot }) => this.#slots.reader.sequences()[slot] !== 1)) {
      if (this.#child !== undefined && this.#child.exitCode !== null) {
        throw new HarnessError("an executor process died at its start");
      }
      if (Date.now() > giveUpAt) throw new HarnessError("an executor process does not start");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const thread of this.#threads) thread.started(this.#slots.reader.read(thread.slot));
  }

  idleThreads(): ExecutorThread[] {
    return this.#threads.filter((thread, index) => index > 0 && thread.pending === undefined);
  }

  /** Occupies all numbers below the first. Node may still be closing files that it loaded: so until nothing is to do twice. */
  async settle(): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let idle = 0; idle < 2; ) {
      idle = this.#ask({ settle: true }) === 0 ? idle + 1 : 0;
      if (Date.now() > giveUpAt) throw new HarnessError("an executor process does not come to rest");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** A pidfd of another process, as this one has it. */
  pidfdOf(other: ExecutorProcess): number {
    const known = this.#pidfds.get(other);
    if (known !== undefined) return known;
    const pidfd = this.#ask({ meet: other.pid });
    if (pidfd < 0) throw new HarnessError("pidfd_open failed");
    this.#pidfds.set(other, pidfd);
    return pidfd;
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
    // Since Linux 6.2 the size of this folder is the number of descriptors.
    const folder = `/proc/${this.pid}/fd`;
    const count = statSync(folder).size || readdirSync(folder).length;
    if (count !== FIRST_DESCRIPTOR) {
      throw new HarnessError(`${count} descriptors are open at the end of a case, not ${FIRST_DESCRIPTOR}`);
    }
  }

  /** Whether it has died: all its threads, so that what it held is released and its parent can know. */
  get isDead(): boolean {
    this.#isDead ||= hasDied(this.pid);
    return this.#isDead;
  }

  /** Reaps it if the controller is to do that: it is, or has become, its child. */
  async reap(): Promise<void> {
    if (this.#child !== undefined) {
      if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
    } else if (this.isStarted && this.#parent?.isDead) {
      libc.waitpid(this.pid, libc.scratch.address, WNOHANG);
    }
  }

  async end(): Promise<void> {
    this.#child?.kill("SIGKILL");
    if (this.isStarted && !this.isDead) process.kill(this.pid, "SIGKILL");
    while (this.isStarted && !this.isDead) await new Promise((resolve) => setTimeout(resolve, 1));
    await this.reap();
    for (const thread of this.#threads) thread.close();
  }
}

/** The children that the controller has started itself. */
const ownChildren = new Set<number>();

/** Ends the children that the controller has inherited from processes that have ended. */
export async function endOrphans(): Promise<void> {
  const childrenFile = `/proc/self/task/${process.pid}/children`;
  for (;;) {
    const orphans = readFileSync(childrenFile, "latin1")
      .split(" ")
      .filter(Boolean)
      .map(Number)
      .filter((pid) => !ownChildren.has(pid));
    if (orphans.length === 0) return;
    for (const pid of orphans) {
      process.kill(pid, "SIGKILL");
      libc.waitpid(pid, libc.scratch.address, WNOHANG);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function hasDied(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const state = stat.charAt(stat.lastIndexOf(")") + 2);
    // A zombie whose threads have all gone: until then its parent is not told.
    return (state === "Z" || state === "X") && readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
}
