// The `awaited` executor: calls are made as in production, several at once in one thread of a process each. Blocked is what
// is still under way when nothing moves any more: two rounds in which no process had anything to tell, and none had a call
// under way whose descriptors were ready. Whatever moves a call, somebody's completion came before it, and is told.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { FORM_AWAITED } from "../../assembly/abi/model.js";
import { SIGKILL } from "../../assembly/abi/signal.js";
import type { Action } from "../action.js";
import { CaseFolders } from "../case-folder.js";
import { type Executor, HarnessError } from "../executor.js";
import type { Observation, Pending } from "../oracle.js";
import type { Outcome } from "../outcome.js";
import { Pool, type PooledProcess } from "../pool.js";
import { commandOf } from "../real-machine.js";
import { asksForSignal, hasSignalOnItsWay } from "../signals.js";
import { countBlockedLanes } from "../sync/thread-state.js";
import type { IdsOf, UserName } from "../users.js";
import { MOST_LANES, type Order, type Reply, waitsInLane } from "./messages.js";

/** Above all that node opens for itself. */
const FIRST_DESCRIPTOR = 64;
/** The backend keeps descriptors of its own from half of this on: they need numbers, so none of the limits is tried here. */
const RLIMIT_NOFILE = 1024;
/** Cases until a process is replaced. */
const CASES_PER_LIFE = 2000;
/** Calls that a process may have under way. */
const MOST_UNDER_WAY = 4;
/** A process that does not start for so long is lost. */
const STARTING_MS = 20_000;
/** A call that could go on for so long and does not is taken for blocked: the oracle will object. */
const PATIENCE_MS = 2000;

export class AwaitedExecutor implements Executor {
  readonly form = FORM_AWAITED;
  readonly firstDescriptor = FIRST_DESCRIPTOR;
  readonly rlimitNofile = RLIMIT_NOFILE;
  readonly #folders = new CaseFolders();
  readonly #pool: Pool<AwaitedProcess>;
  #processes: AwaitedProcess[] = [];

  /** @param idsOf whose the processes of users are */
  constructor(idsOf: IdsOf) {
    this.#pool = new Pool((user) => new AwaitedProcess(this.#folders, idsOf, user), CASES_PER_LIFE);
  }

  async begin(users: readonly UserName[]): Promise<void> {
    this.#processes = await this.#pool.take(users);
  }

  #process(index: number): AwaitedProcess {
    // Index 0 in the model is init.
    return this.#processes[index - 1] as AwaitedProcess;
  }

  idle(process: number, call: string): number {
    const { underway, inLanes } = this.#process(process);
    const idle = MOST_UNDER_WAY - underway.size;
    if (!waitsInLane(call)) return idle;
    return inLanes < MOST_LANES ? idle : 0;
  }

  canMake({ call, args }: Action): boolean {
    return call !== "spawn" && call !== "exit" && !(call === "kill" && args[1] === SIGKILL);
  }

  meet(process: number): number {
    return this.#process(process).pid;
  }

  async thread(process: number): Promise<number> {
    return this.meet(process);
  }

  issue({ id, process, action }: Pending): void {
    const caller = this.#process(process);
    const [first, second] = action.args as [number, number];
    if (action.call === "interrupt") {
      caller.send({ abort: first, id });
      return;
    }
    caller.underway.set(id, action);
    caller.isToldBySignals ||= asksForSignal(action);
    caller.hasChanged ||= /^set(resuid|resgid|groups)$/.test(action.call);
    if (action.call === "share") caller.send({ take: second, from: this.#process(first).pid, id });
    else caller.send({ make: action, id });
  }

  async settle(): Promise<Observation> {
    const observation = new Map<number, Outcome>();
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let quietRounds = 0; quietRounds < 2; ) {
      const moved = await this.#round(observation);
      quietRounds = moved ? 0 : quietRounds + 1;
      if (Date.now() > giveUpAt) break;
    }
    return observation;
  }

  /** Asks every process what has completed. @returns whether anything moved, or could */
  async #round(observation: Map<number, Outcome>): Promise<boolean> {
    const isSignalled = this.#processes.some(({ hasSignalOnItsWay }) => hasSignalOnItsWay);
    const replies = await Promise.all(this.#processes.map((process) => process.ask({ ping: true })));
    let moved = isSignalled;
    for (const [index, { completed, isReady }] of replies.entries()) {
      moved ||= isReady || completed.length > 0;
      for (const [id, outcome] of completed) {
        observation.set(id, outcome);
        (this.#processes[index] as AwaitedProcess).underway.delete(id);
      }
    }
    return moved || this.#processes.some(({ isLeavingLane }) => isLeavingLane);
  }

  async end(): Promise<void> {
    const left = new Set(this.#processes);
    try {
      this.#folders.renew();
      const closed = await Promise.all(this.#processes.map((process) => process.closeAll()));
      for (const [index, process] of this.#processes.entries()) {
        left.delete(process);
        await (closed[index] === true ? this.#pool.give(process) : this.#pool.discard(process));
      }
    } finally {
      // What is left in them would be in the way of the next case.
      for (const process of left) await this.#pool.discard(process);
      this.#processes = [];
    }
  }

  async dispose(): Promise<void> {
    await this.#pool.dispose();
    this.#folders.dispose();
  }
}

class AwaitedProcess implements PooledProcess {
  /** Calls under way, as far as is known, by number. */
  readonly underway = new Map<number, Action>();
  /** Whether the case has made it somebody else, or has tried to. */
  hasChanged = false;
  /** Whether it may be told of messages by signals. */
  isToldBySignals = false;
  /** Where it works; undefined if it has not worked yet. */
  #folder: string | undefined;
  readonly #folders: CaseFolders;
  readonly #idsOf: IdsOf;
  readonly #child: ChildProcess;
  #onReply: ((reply: Reply) => void) | undefined;
  #onDeath: ((error: Error) => void) | undefined;

  constructor(folders: CaseFolders, idsOf: IdsOf, user: UserName) {
    this.#folders = folders;
    this.#idsOf = idsOf;
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    // The backend looks at the limit when it is loaded, so the limit is set before node starts.
    const script = `ulimit -n ${RLIMIT_NOFILE} && exec "$@"`;
    const command = [...commandOf(user, idsOf(user)), process.execPath, main, String(FIRST_DESCRIPTOR)];
    this.#child = spawn("sh", ["-c", script, "sh", ...command], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
    this.#child.on("message", (reply: Reply) => this.#onReply?.(reply));
    this.#child.on("exit", (status, signal) =>
      this.#onDeath?.(new HarnessError(`an executor process ended with ${signal ?? `status ${status}`}`)),
    );
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** How many of its calls wait in lanes, or are about to. */
  get inLanes(): number {
    return [...this.underway.values()].filter(({ call }) => waitsInLane(call)).length;
  }

  /**
   * Whether a thread that is to wait in a lane does anything else: then its call is about to end, or to begin. Asked from
   * outside: who looks at files needs descriptors, and the call would get another number.
   */
  get isLeavingLane(): boolean {
    return this.inLanes > 0 && this.inLanes !== countBlockedLanes(this.pid, [...this.underway.values()]);
  }

  /** Whether it may have been told of a message, and its event loop not know it yet. */
  get hasSignalOnItsWay(): boolean {
    return this.isToldBySignals && hasSignalOnItsWay(this.pid);
  }

  send(order: Order): void {
    this.#child.send(order);
  }

  ask(order: Order): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#onDeath = reject;
      this.#onReply = (reply) => {
        if (reply.failure === undefined) resolve(reply);
        else reject(new HarnessError(reply.failure));
      };
      this.send(order);
    });
  }

  /** Occupies all numbers below the first. Node may still be closing files that it loaded: so until nothing is to do. */
  async ready(): Promise<void> {
    const giveUpAt = Date.now() + STARTING_MS;
    while ((await this.ask({ settle: this.#folders.parent })).result !== 0) {
      if (Date.now() > giveUpAt) throw new HarnessError("an executor process does not come to rest");
    }
  }

  async become(user: UserName): Promise<void> {
    await this.ask({ become: this.#idsOf(user) });
  }

  /** Makes sure that it is in the directory of the case. */
  async enter(): Promise<void> {
    const { current } = this.#folders;
    if (this.#folder !== current) await this.ask({ enter: current });
    this.#folder = current;
  }

  /** Lets it close what it has, and go to the directory of the next case. @returns false if it is not what it was before */
  async closeAll(): Promise<boolean> {
    this.#folder = this.#folders.current;
    const { result } = await this.ask({ closeAll: this.#folder, hasChanged: this.hasChanged });
    this.hasChanged = false;
    this.isToldBySignals = false;
    this.underway.clear();
    return result === 0;
  }

  async end(): Promise<void> {
    this.#onDeath = undefined;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
