// Runs one case: its steps on the real kernel, each judged by the oracle before the next is made.
import { PROCESS_ALIVE } from "../assembly/abi/model.js";
import { type Action, isInstant, waitsAtMemory } from "./action.js";
import { acceptedDivergence, avoidance } from "./divergences.js";
import { type Executor, HarnessError } from "./executor.js";
import { Mappings } from "./mappings.js";
import { type Observation, type Oracle, type Pending, taskText, type Verdict } from "./oracle.js";
import { type Outcome, outcomeText } from "./outcome.js";
import { Pids } from "./pids.js";
import { Queues, removeQueues } from "./queues.js";
import { callerOf, resolve, type Setting } from "./resolve.js";
import { removeSemaphores, Semaphores } from "./semaphores.js";
import type { Case, Step } from "./step.js";
import type { Tally } from "./tally.js";
import type { UserName } from "./users.js";

/** One line of what happened. */
export interface Row {
  readonly step: number;
  /** Who called what. */
  readonly call: string;
  /** What completed, and who is still blocked. */
  readonly real: string;
  /** The same if it agrees; else each thing that the model allows. */
  readonly model: readonly string[];
}

export type CaseResult =
  | { readonly kind: "same" | "inconclusive" | "accepted" }
  | { readonly kind: "different"; readonly rows: readonly Row[] };

/** Bytes of a page of the model and, so far, of the machine. */
const PAGE = 4096;

/** Calls after which a process may not do all that it might. */
const changingCalls: ReadonlySet<string> = new Set(["setresuid", "setresgid", "setgroups"]);

interface Made {
  readonly pending: Pending;
  readonly observation: Observation;
  readonly blocked: readonly Pending[];
}

/** Runs the steps. Whatever comes of it, the executor is ready for another case. */
export async function runCase(
  { users, steps }: Case,
  executor: Executor,
  oracle: Oracle,
  tally: Tally,
): Promise<CaseResult> {
  await executor.begin(users);
  oracle.begin(users);
  const run = new CaseRun(users, executor, oracle, tally);
  tally.cases++;
  let result: CaseResult;
  try {
    result = await run.all(steps);
  } catch (error) {
    // What went wrong first says more than what goes wrong when cleaning up after it.
    await Promise.resolve(executor.end()).catch(() => {});
    removeObjects();
    throw error;
  }
  await executor.end();
  removeObjects();
  return result;
}

/** Removes the System V objects that a case has left. */
function removeObjects(): void {
  removeQueues();
  removeSemaphores();
}

/** Calls that make a System V object, or find one. */
const gettingCalls: ReadonlySet<string> = new Set(["msgget", "semget"]);

class CaseRun {
  readonly #executor: Executor;
  readonly #oracle: Oracle;
  readonly #tally: Tally;
  readonly #made: Made[] = [];
  readonly #blocked = new Map<number, Pending>();
  readonly #pids = new Pids(process.pid);
  readonly #queues = new Queues((thread) => this.#pids.modelPidOf(thread));
  readonly #semaphores = new Semaphores((process) => this.#pids.modelPidOf(process));
  readonly #mappings = new Mappings();
  /** The address that the mmap or sem_open that is made gives on the model, and where the caller had mappings before. */
  #predictedAddress: number | undefined;
  #mapped: ReadonlySet<number> = new Set();
  /** What the msgget or semget that is made comes to on the model. */
  #predicted: number | undefined;
  /** Processes that are user 0 from the beginning, with all that it may: by index in the model. */
  readonly #roots: Set<number>;

  constructor(users: readonly UserName[], executor: Executor, oracle: Oracle, tally: Tally) {
    this.#roots = new Set(
      [...users.keys()].filter((place) => users[place] === "root").map((place) => place + 1),
    );
    this.#executor = executor;
    this.#oracle = oracle;
    this.#tally = tally;
    this.#meetProcesses();
  }

  /** Pairs the pids of processes that are new in the model with the real ones. */
  #meetProcesses(): void {
    for (const { process, pid } of this.#oracle.machine.processes()) {
      if (!this.#pids.hasModel(pid)) this.#pids.add(pid, this.#executor.meet(process));
    }
  }

  async all(steps: readonly Step[]): Promise<CaseResult> {
    for (const step of [...steps, undefined]) {
      const verdict = step === undefined ? await this.unmapAll() : await this.step(step);
      if (verdict.kind === "inconclusive") {
        this.#tally.inconclusive++;
        return { kind: "inconclusive" };
      }
      if (verdict.kind === "different") return this.#difference(verdict.allowed);
    }
    return { kind: "same" };
  }

  #difference(allowed: readonly string[]): CaseResult {
    const { pending, observation } = this.#made.at(-1) as Made;
    const accepted = acceptedDivergence(pending, observation);
    if (accepted === undefined) return { kind: "different", rows: this.#rows(allowed) };
    this.#tally.accept(accepted.name);
    return { kind: "accepted" };
  }

  async step(step: Step): Promise<Verdict> {
    const pending = this.#pendingOf(step);
    return pending === undefined ? { kind: "allowed" } : this.#make(pending);
  }

  async #make(pending: Pending): Promise<Verdict> {
    const { process: caller, action: made } = pending;
    if (gettingCalls.has(made.call)) this.#predicted = this.#oracle.predict(caller, made);
    if (made.call === "mmap" || made.call === "sem_open") this.#predictMapping(caller, made);
    await this.#meetOwners(made);
    await this.#executor.issue({ ...pending, action: this.#toReal(caller, made) });
    const settled = this.#executor.settle();
    const observation = this.#note(pending, settled instanceof Promise ? await settled : settled);
    const verdict = this.#judge(pending, observation);
    if (pending.action.call === "spawn" && verdict.kind === "allowed") this.#meetProcesses();
    return verdict;
  }

  /** Learns the threads that an action names. */
  async #meetOwners({ args }: Action): Promise<void> {
    for (const argument of args) {
      if (typeof argument !== "object" || argument === null || !("owner" in argument)) continue;
      const { owner } = argument;
      const process = this.#oracle.machine.processes().find(({ pid }) => pid === owner)?.process;
      if (process !== undefined) this.#pids.addThread(owner, await this.#executor.thread(process));
    }
  }

  #predictMapping(caller: number, made: Action): void {
    this.#predictedAddress = this.#oracle.predictMapping(caller, made);
    const parts = this.#oracle.machine.mappedParts().filter(({ process }) => process === caller);
    this.#mapped = new Set(parts.map(({ mapping }) => mapping));
  }

  #toReal(caller: number, action: Action): Action {
    const ofObjects = this.#semaphores.toReal(this.#queues.toReal(this.#pids.toReal(action)));
    return this.#mappings.toReal(caller, ofObjects);
  }

  #toModel({ process, action }: Pending, seen: Outcome): Outcome {
    const ofProcesses = this.#pids.toModel(action.call, seen);
    const ofQueues = this.#queues.toModel(action, ofProcesses, this.#predicted);
    const ofSemaphores = this.#semaphores.toModel(action, ofQueues, this.#predicted);
    return this.#mappings.toModel(process, action, ofSemaphores, this.#predictedAddress, (address) =>
      this.#mapped.has(address),
    );
  }

  /** Unmaps what the case has left mapped, in steps like its own. Memory that a call waits at stays until that is interrupted. */
  async unmapAll(): Promise<Verdict> {
    const { machine } = this.#oracle;
    for (const { id, process, action } of [...this.#blocked.values()]) {
      if (!waitsAtMemory(action.call) || !this.#blocked.has(id)) continue;
      const verdict = await this.#makeAction(process, { call: "interrupt", args: [id] });
      if (verdict.kind !== "allowed") return verdict;
    }
    for (;;) {
      const [part] = machine.mappedParts();
      if (part === undefined) return { kind: "allowed" };
      const { process, mapping, mappingPages, semaphoreOpens } = part;
      const action: Action =
        semaphoreOpens > 0
          ? { call: "sem_close", args: [mapping] }
          : { call: "munmap", args: [mapping, mappingPages * PAGE] };
      const verdict = await this.#makeAction(process, action);
      if (verdict.kind !== "allowed") return verdict;
    }
  }

  #makeAction(process: number, action: Action): Promise<Verdict> {
    return this.#make({ id: this.#made.length, process, action });
  }

  #judge(pending: Pending, observation: Observation): Verdict {
    try {
      if (pending.action.call === "share") return this.#oracle.observeShare(pending, observation);
      if (pending.action.call === "interrupt") return this.#oracle.observeInterruption(pending, observation);
      return this.#oracle.observe([pending], observation);
    } catch (error) {
      // An assertion of the model.
      return {
        kind: "different",
        allowed: [`the model fails: ${error instanceof Error ? error.message : error}`],
      };
    }
  }

  /** The call that a step makes now; undefined if it cannot be made. */
  #pendingOf(step: Step): Pending | undefined {
    const { machine } = this.#oracle;
    const alive = machine.processes().filter(({ state }) => state === PROCESS_ALIVE);
    if (alive.length === 0) return undefined;
    const setting: Setting = {
      machine,
      processes: alive.map(({ process }) => process),
      pids: this.#pids.known(),
      queues: this.#queues.known(),
      sets: this.#semaphores.known(),
      firstDescriptor: this.#executor.firstDescriptor,
      rlimitNofile: this.#executor.rlimitNofile,
      stepNumber: this.#made.length,
      blocked: (process) => this.#blockedOf(process).map(({ id }) => id),
      canShare: (process) => this.#roots.has(process),
    };
    const process = callerOf(step, setting);
    if (process === undefined) return undefined;
    const action = resolve(step, process, setting);
    if (action === undefined || !this.#canTake(process, action)) return undefined;
    const blocked = this.#blockedOf(process).map((pending) => pending.action.call);
    const avoided = avoidance({ action, caller: process, machine, form: this.#executor.form, blocked });
    if (avoided !== undefined) {
      this.#tally.avoid(avoided.name);
      return undefined;
    }
    return { id: this.#made.length, process, action };
  }

  #blockedOf(process: number): Pending[] {
    return [...this.#blocked.values()].filter((pending) => pending.process === process);
  }

  /** The last idle thread of a process is kept for calls that cannot wait: else a case ends with all blocked. */
  #canTake(process: number, action: Action): boolean {
    if (!this.#executor.canMake(action)) return false;
    if (action.call === "interrupt") return true;
    const idle = this.#executor.idle(process, action.call);
    if (idle === 0) return false;
    return idle > 1 || isInstant(action.call) || !this.#oracle.mayBlock(process, action);
  }

  /** Keeps what was seen: the observation, on the model's pids. */
  #note(pending: Pending, seen: Observation): Observation {
    this.#blocked.set(pending.id, pending);
    if (changingCalls.has(pending.action.call)) this.#roots.delete(pending.process);
    const observation = new Map<number, Outcome>();
    for (const [id, outcome] of seen) {
      const completed = this.#blocked.get(id);
      if (completed === undefined) throw new HarnessError(`an answer to call ${id}, which is not under way`);
      this.#blocked.delete(id);
      if (completed.action.call !== "interrupt") this.#tally.outcome(completed.action.call, outcome);
      observation.set(id, this.#toModel(completed, outcome));
    }
    this.#tally.steps++;
    if (!observation.has(pending.id)) this.#tally.blocked++;
    this.#made.push({ pending, observation, blocked: [...this.#blocked.values()] });
    return observation;
  }

  /** The case as a table, whose last row is where the two differ. */
  #rows(allowed: readonly string[]): Row[] {
    return this.#made.map((made, index) => {
      const real = this.#answer(made);
      const isLast = index === this.#made.length - 1;
      return { step: index + 1, call: taskText(made.pending), real, model: isLast ? allowed : [real] };
    });
  }

  #answer({ observation, blocked }: Made): string {
    const completed = [...observation].map(([id, outcome]) => {
      const { action, process } = (this.#made[id] as Made).pending;
      return `${taskText({ action, process })} → ${outcomeText(action.call, outcome)}`;
    });
    return `${completed.sort().join("; ") || "nothing completes"}; blocked: ${blocked.map(taskText).join(", ") || "none"}`;
  }
}
