// The processes of the `sync` executor and their threads, as the controller sees them.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { WNOHANG } from "../../assembly/abi/wait.js";
import * as libc from "../../backends/linux/libc.js";
import { isTimed } from "../action.js";
import type { CaseFolders } from "../case-folder.js";
import { HarnessError } from "../executor.js";
import { interrupt, makeChannel } from "../libc.js";
import type { Pending } from "../oracle.js";
import type { Outcome } from "../outcome.js";
import type { PooledProcess } from "../pool.js";
import { commandOf } from "../real-machine.js";
import type { IdsOf, UserName } from "../users.js";
import { type Connection, channelFile, commandText, type Order, slotsFile } from "./commands.js";
import { Slots } from "./slots.js";
import { ThreadState } from "./thread-state.js";

/** Above all that node opens for itself and four threads. */
export const FIRST_DESCRIPTOR = 96;
/** A thread that does nothing expected for so long is lost. */
export const PATIENCE_MS = 10_000;

/** What a controller and its executors have in common. */
export class Meeting {
  readonly folders: CaseFolders;
  readonly slots: Slots;
  readonly rlimitNofile: number;
  /** Threads of a process: the main one among them. */
  readonly threads: number;
  /** The limit that node finds when it starts, if it matters. */
  readonly startLimit: number | undefined;
  /** Whose the processes of users are. */
  readonly idsOf: IdsOf;

  constructor(
    folders: CaseFolders,
    limits: Pick<Meeting, "rlimitNofile" | "threads" | "startLimit">,
    idsOf: IdsOf,
  ) {
    this.folders = folders;
    this.idsOf = idsOf;
    this.slots = new Slots(slotsFile(folders.parent));
    this.rlimitNofile = limits.rlimitNofile;
    this.threads = limits.threads;
    this.startLimit = limits.startLimit;
  }

  dispose(): void {
    this.slots.close();
    this.folders.dispose();
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
  readonly #path: string;
  readonly #channel: number;
  #state: ThreadState | undefined;
  #pid = 0;
  #id = 0;

  constructor(slot: number, process: ExecutorProcess, folder: string) {
    this.slot = slot;
    this.process = process;
    this.#path = channelFile(folder, slot);
    makeChannel(this.#path);
    // Both ends, so that opening it waits for nobody. The other side has one end: it is told when this one goes.
    this.#channel = openSync(this.#path, "r+");
  }

  /** It has said hello. */
  started(hello: Outcome): void {
    [this.#pid, this.#id] = hello.values as [number, number];
    this.#state = new ThreadState(this.#pid, this.#id);
  }

  get pid(): number {
    return this.#pid;
  }

  /** The kernel's number of it. */
  get id(): number {
    return this.#id;
  }

  get state(): ThreadState {
    return this.#state as ThreadState;
  }

  send(order: Order): void {
    this.sequence++;
    writeSync(this.#channel, commandText({ sequence: this.sequence, order }));
  }

  turnsIfBlocked(): number {
    const { action } = this.pending as Pending;
    // What waits for a time ends soon.
    const turns = isTimed(action) ? -1 : this.state.turnsIfBlockedIn(action);
    this.wasBlocked = turns >= 0;
    return turns;
  }

  /** Lets a signal interrupt the call that it is in. */
  interrupt(): void {
    this.state.forget();
    this.wasBlocked = false;
    interrupt(this.#pid, this.#id);
  }

  close(): void {
    this.#state?.close();
    closeSync(this.#channel);
    unlinkSync(this.#path);
  }

  toString(): string {
    const call = JSON.stringify(this.pending?.action);
    return `thread ${this.#id} of ${this.#pid} in ${call} (${this.state.toString()})`;
  }
}

export class ExecutorProcess implements PooledProcess {
  readonly #meeting: Meeting;
  readonly #threads: readonly ExecutorThread[];
  readonly #firstSlot: number;
  /** Undefined if another executor process has spawned it. */
  #child: ChildProcess | undefined;
  /** Whose child it is; undefined if it is the controller's. */
  readonly #parent: ExecutorProcess | undefined;
  #pid = 0;
  #isReady = false;
  #isDead = false;
  /** Whether the case has made it somebody else, or has tried to. */
  hasChanged = false;
  /** Where it works; undefined if it has not worked yet. */
  #folder: string | undefined;
  /** Whether it has had children. */
  hasSpawned = false;

  constructor(meeting: Meeting, parent?: ExecutorProcess) {
    this.#meeting = meeting;
    this.#parent = parent;
    this.#firstSlot = meeting.slots.take();
    this.#threads = Array.from(
      { length: meeting.threads },
      (_, index) => new ExecutorThread(this.#firstSlot + index, this, meeting.folders.parent),
    );
  }

  /** What it is to be told at its start. */
  get connection(): string {
    const connection: Connection = {
      folder: this.#meeting.folders.parent,
      slot: this.#firstSlot,
      threads: this.#meeting.threads,
      firstDescriptor: FIRST_DESCRIPTOR,
      rlimitNofile: this.#meeting.rlimitNofile,
    };
    return JSON.stringify(connection);
  }

  /** Starts it as a child of the controller. @param user `startingUser` of the one it will be */
  start(user: UserName): this {
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    const command = [...commandOf(user, this.#meeting.idsOf(user)), process.execPath, main, this.connection];
    const limit = this.#meeting.startLimit;
    const limited =
      limit === undefined ? command : ["sh", "-c", `ulimit -n ${limit} && exec "$@"`, "sh", ...command];
    const [file, ...args] = limited as [string, ...string[]];
    this.#child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"] });
    if (this.#child.pid === undefined) throw new HarnessError("an executor process cannot be started");
    ownChildren.add(this.#child.pid);
    this.#pid = this.#child.pid;
    return this;
  }

  /** Whether another executor process starts it. */
  get isSpawned(): boolean {
    return this.#parent !== undefined;
  }

  /** Another executor process has started it. */
  isSpawnedAs(pid: number): void {
    this.#pid = pid;
  }

  /** 0 until it has started. */
  get pid(): number {
    return this.#pid;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** The number of the thread that makes the calls that never wait. */
  get firstThread(): number {
    return (this.#threads[1] as ExecutorThread).id;
  }

  get #main(): ExecutorThread {
    return this.#threads[0] as ExecutorThread;
  }

  async ready(): Promise<void> {
    if (this.#isReady) return;
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (this.#threads.some(({ slot }) => this.#meeting.slots.sequences()[slot] !== 1)) {
      if (this.#child !== undefined && this.#child.exitCode !== null) {
        throw new HarnessError("an executor process died at its start");
      }
      if (Date.now() > giveUpAt) throw new HarnessError("an executor process does not start");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const thread of this.#threads) thread.started(this.#meeting.slots.read(thread.slot));
    await this.#settle();
    this.#isReady = true;
  }

  /** Occupies all numbers below the first. Node may still be closing files that it loaded: so until nothing is to do twice. */
  async #settle(): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let idle = 0; idle < 2; ) {
      idle = this.#ask({ settle: true }) === 0 ? idle + 1 : 0;
      if (Date.now() > giveUpAt) throw new HarnessError("an executor process does not come to rest");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  become(user: UserName): void {
    this.#ask({ become: this.#meeting.idsOf(user) });
    this.checkDescriptors();
  }

  /** Makes sure that it is in the directory of the case. */
  enter(): void {
    const { current } = this.#meeting.folders;
    if (this.#folder !== current) this.#ask({ enter: current });
    this.#folder = current;
  }

  idleThreads(): ExecutorThread[] {
    return this.#threads.filter((thread, index) => index > 0 && thread.pending === undefined);
  }

  /** Lets it close what it has, and go to the directory of the next case. */
  startClosing(): void {
    this.#folder = this.#meeting.folders.current;
    const { hasChanged, hasSpawned } = this;
    this.#main.send({ closeAll: this.#folder, hasChanged, hasSpawned });
  }

  /** Waits for it to have done so. @returns false if it is not again what it was before the case */
  hasClosed(): boolean {
    const isSpoiled = this.#answerOf(this.#main) !== 0;
    this.hasChanged = false;
    this.hasSpawned = false;
    return !isSpoiled;
  }

  #ask(order: Order): number {
    return this.#tell(this.#main, order);
  }

  #tell(thread: ExecutorThread, order: Order): number {
    thread.send(order);
    return this.#answerOf(thread);
  }

  #answerOf(thread: ExecutorThread): number {
    const { slots } = this.#meeting;
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (slots.sequences()[thread.slot] !== thread.sequence) {
      if (Date.now() > giveUpAt)
        throw new HarnessError(`an executor's main thread does not answer: ${thread.state}`);
    }
    return slots.read(thread.slot).result;
  }

  /** Throws unless the runtime's own descriptors are open, and no others. Other threads of node open a file for a moment now and then. */
  checkDescriptors(): void {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (this.#descriptorCount() !== FIRST_DESCRIPTOR) {
      if (Date.now() < giveUpAt) continue;
      const others = this.#descriptorsFrom(FIRST_DESCRIPTOR);
      throw new HarnessError(`open at the end of a case, from ${FIRST_DESCRIPTOR} on: ${others.join(", ")}`);
    }
  }

  #descriptorCount(): number {
    // Since Linux 6.2 the size of this folder is the number of descriptors.
    const folder = `/proc/${this.pid}/fd`;
    return statSync(folder).size || readdirSync(folder).length;
  }

  /** The descriptors from a number on, and what each is open on. */
  #descriptorsFrom(first: number): string[] {
    const folder = `/proc/${this.pid}/fd`;
    const numbers = readdirSync(folder).filter((name) => Number(name) >= first);
    return numbers.map((number) => `${number} (${targetOf(`${folder}/${number}`)})`);
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
    } else if (this.pid !== 0 && this.#parent?.isDead) {
      libc.waitpid(this.pid, libc.scratch.address, WNOHANG);
    }
  }

  async end(): Promise<void> {
    this.#child?.kill("SIGKILL");
    if (this.pid !== 0 && !this.isDead) process.kill(this.pid, "SIGKILL");
    while (this.pid !== 0 && !this.isDead) await new Promise((resolve) => setTimeout(resolve, 1));
    await this.reap();
    for (const thread of this.#threads) thread.close();
    this.#meeting.slots.give(this.#firstSlot);
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

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "closed meanwhile";
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
