// The `awaited` executor: calls are made as in production, several at once in one thread of a process each. Blocked is what
// is still under way when nothing moves any more: two rounds in which no process had anything to tell, and none had a call
// under way whose descriptors were ready. Whatever moves a call, somebody's completion came before it, and is told.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { FORM_AWAITED } from "../../assembly/abi/model.js";
import { type Executor, HarnessError } from "../executor.js";
import type { Observation, Pending } from "../oracle.js";
import type { Outcome } from "../outcome.js";
import type { Order, Reply } from "./messages.js";

/** Above all that node opens for itself. */
const FIRST_DESCRIPTOR = 64;
/** The backend keeps descriptors of its own from half of this on: they need numbers, so none of the limits is tried here. */
const RLIMIT_NOFILE = 1024;
const PROCESS_COUNT = 3;
/** Cases until the processes are replaced. */
const CASES_PER_LIFE = 2000;
/** Calls that a process may have under way. */
const MOST_UNDER_WAY = 4;
/** A call that could go on for so long and does not is taken for blocked: the oracle will object. */
const PATIENCE_MS = 2000;

export class AwaitedExecutor implements Executor {
  readonly form = FORM_AWAITED;
  readonly firstDescriptor = FIRST_DESCRIPTOR;
  readonly rlimitNofile = RLIMIT_NOFILE;
  #processes: AwaitedProcess[] = [];
  #casesLeft = 0;

  async begin(): Promise<number> {
    if (this.#casesLeft-- <= 0) await this.#replace();
    return this.#processes.length;
  }

  async #replace(): Promise<void> {
    await this.dispose();
    this.#casesLeft = CASES_PER_LIFE;
    this.#processes = Array.from({ length: PROCESS_COUNT }, () => new AwaitedProcess());
    for (const process of this.#processes) await process.settle();
    for (const process of this.#processes) {
      for (const other of this.#processes) if (other !== process) await process.meet(other);
    }
  }

  #process(index: number): AwaitedProcess {
    // Index 0 in the model is init.
    return this.#processes[index - 1] as AwaitedProcess;
  }

  idle(process: number): number {
    return MOST_UNDER_WAY - this.#process(process).underway.size;
  }

  canSpawn(): boolean {
    return false;
  }

  meet(process: number): number {
    return this.#process(process).pid;
  }

  issue({ id, process, action }: Pending): void {
    const caller = this.#process(process);
    caller.underway.add(id);
    if (action.call !== "share") {
      caller.send({ make: action, id });
      return;
    }
    const [from, fd] = action.args as [number, number];
    caller.send({ take: fd, pidfd: caller.pidfdOf(this.#process(from)), id });
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
    const replies = await Promise.all(this.#processes.map((process) => process.ask({ ping: true })));
    let moved = false;
    for (const [index, { completed, isReady }] of replies.entries()) {
      moved ||= isReady || completed.length > 0;
      for (const [id, outcome] of completed) {
        observation.set(id, outcome);
        (this.#processes[index] as AwaitedProcess).underway.delete(id);
      }
    }
    return moved;
  }

  async end(): Promise<void> {
    try {
      await Promise.all(this.#processes.map((process) => process.ask({ closeAll: true })));
    } catch (error) {
      // What is left would be in the way of the next case.
      this.#casesLeft = 0;
      throw error;
    }
    for (const process of this.#processes) process.underway.clear();
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end()));
    this.#processes = [];
  }
}

class AwaitedProcess {
  /** Calls under way, as far as is known. */
  readonly underway = new Set<number>();
  readonly #child: ChildProcess;
  readonly #pidfds = new Map<AwaitedProcess, number>();
  #onReply: ((reply: Reply) => void) | undefined;
  #onDeath: ((error: Error) => void) | undefined;

  constructor() {
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    // The backend looks at the limit when it is loaded, so the limit is set before node starts.
    const script = `ulimit -n ${RLIMIT_NOFILE} && exec "$@"`;
    this.#child = spawn("sh", ["-c", script, "sh", process.execPath, main, String(FIRST_DESCRIPTOR)], {
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
  async settle(): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while ((await this.ask({ settle: true })).result !== 0) {
      if (Date.now() > giveUpAt) throw new HarnessError("an executor process does not come to rest");
    }
  }

  async meet(other: AwaitedProcess): Promise<void> {
    const { result } = await this.ask({ meet: other.pid });
    if (result < 0) throw new HarnessError("pidfd_open failed");
    this.#pidfds.set(other, result);
  }

  pidfdOf(other: AwaitedProcess): number {
    return this.#pidfds.get(other) as number;
  }

  async end(): Promise<void> {
    this.#onDeath = undefined;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
