// The judge. It keeps the set of all states that the model can be in after what the real kernel was seen to do, and asks of
// each further observation whether the model allows it: inclusion, not equality, since the kernel may wake tasks in any
// order.
//
// After each step the set is closed under the moves that are left: the attempts of new and woken tasks, the closing of what
// a dead process held, and a timer if nothing else can move. A branch in which a call comes to something else than was
// observed is dropped at once. What stays are the quiescent states that agree; none left is a difference.
//
// One state is the rule. It is then kept in the machine itself, and nothing is copied.
import { BLOCKED, TASK_BLOCKED, TASK_EXITING, TASK_FREE, TASK_WOKEN } from "../assembly/abi/model.js";
import type { Form, Machine, Snapshot } from "../backends/wasm/machine.js";
import type { Call } from "../src/call.js";
import type { Mapping } from "../src/mapping.js";
import { refusal } from "../src/refusals.js";
import { type Action, actionText, callOf, isTimed } from "./action.js";
import { modelOutcome, type Outcome, outcomeText, sameOutcome } from "./outcome.js";
import { credentialsOf, type UserName } from "./users.js";

/** A call that was issued, and has not completed as far as is known. */
export interface Pending {
  /** Its number among the calls of the case. */
  readonly id: number;
  /** Index of its process. */
  readonly process: number;
  readonly action: Action;
}

/** What the kernel was seen to have done once nothing moved any more: calls that are not here are still blocked. */
export type Observation = ReadonlyMap<number, Outcome>;

export type Verdict =
  | { readonly kind: "allowed" }
  /** The model does not allow it; `allowed` says what it does, one string for each quiescent state. */
  | { readonly kind: "different"; readonly allowed: readonly string[] }
  /** Too many states to tell. */
  | { readonly kind: "inconclusive" };

const allowed: Verdict = { kind: "allowed" };
const inconclusive: Verdict = { kind: "inconclusive" };

/** How many states a step may be closed over. */
const STATE_CAP = 4000;

interface PendingTask extends Pending {
  readonly task: number;
  readonly call: Call;
}

class CapReached extends Error {}

export class Oracle {
  readonly machine: Machine;
  readonly form: Form;
  readonly #empty: Snapshot;
  /** The states but the one in the machine; empty if that is the only one. Else the machine holds the first of them. */
  #states: Snapshot[] = [];
  readonly #pending = new Map<number, PendingTask>();
  #recorded: { pending: readonly Pending[]; observation: Observation }[] = [];
  #users: readonly UserName[] = [];
  /** Distinct states met in all closures, by hash: a measure of how far the generators reach. */
  readonly distinct = new Set<bigint>();

  // Of the closure under way.
  #observation: Observation | undefined;
  #seen = new Set<bigint | string>();
  #leaves = new Map<bigint, Snapshot>();
  #branched = false;
  #described = new Set<string>();
  #log: string[] = [];
  readonly #runnable: number[] = [];

  readonly #capabilities: bigint;

  /** @param capabilities those of user 0 on the machine */
  constructor(machine: Machine, form: Form, capabilities = 0n) {
    this.machine = machine;
    this.form = form;
    this.#capabilities = capabilities;
    this.#empty = machine.snapshot();
  }

  /** Starts a case: processes of these users, which hold nothing. */
  begin(users: readonly UserName[]): void {
    this.#users = users;
    this.#recorded = [];
    this.#restart();
  }

  #restart(): void {
    this.machine.restore(this.#empty);
    for (const user of this.#users) this.machine.createProcess(credentialsOf(user, this.#capabilities));
    this.#states = [];
    this.#pending.clear();
  }

  /** How many states the model may be in. */
  get stateCount(): number {
    return Math.max(1, this.#states.length);
  }

  /** Judges what came of some calls that were issued at once, all else being quiescent. */
  observe(issued: readonly Pending[], observation: Observation): Verdict {
    const [first] = issued;
    if (first !== undefined && issued.length === 1) {
      const errno = refusalOf(first.action);
      if (errno !== 0) return judgeResult(first, observation, -errno);
    }
    this.#recorded.push({ pending: issued, observation });
    try {
      if (this.#advance(() => this.#issue(issued), observation)) {
        this.distinct.add(this.machine.hash());
        return allowed;
      }
    } catch (error) {
      if (error instanceof CapReached) return inconclusive;
      throw error;
    }
    return { kind: "different", allowed: this.#whatIsAllowed() };
  }

  /** Judges an interruption: no call of the model, it completes at once, and may let others complete. */
  observeInterruption(pending: Pending, observation: Observation): Verdict {
    this.#recorded.push({ pending: [pending], observation });
    const rest = new Map(observation);
    rest.delete(pending.id);
    try {
      if (this.#advance(() => this.#interrupt(pending), rest)) return allowed;
    } catch (error) {
      if (error instanceof CapReached) return inconclusive;
      throw error;
    }
    return { kind: "different", allowed: this.#whatIsAllowed() };
  }

  #interrupt({ action }: Pending): void {
    const [id] = action.args;
    for (const known of this.#pending.values()) if (known.id === id) this.machine.interrupt(known.task);
  }

  /** Gives a process a descriptor for another's open file in every state; the result of the first. */
  share(from: number, fd: number, to: number): number {
    const shared = this.#states.map((state) => {
      this.machine.restore(state);
      const result = this.machine.shareDescriptor(from, fd, to);
      return { result, state: this.machine.snapshot() };
    });
    if (shared.length === 0) return this.machine.shareDescriptor(from, fd, to);
    this.#states = shared.map(({ state }) => state);
    this.machine.restore(this.#states[0] as Snapshot);
    return (shared[0] as { result: number }).result;
  }

  /** What a call that never blocks comes to, in the first of the states. Leaves all as it was. */
  predict(process: number, action: Action): number {
    const before = this.machine.snapshot();
    const result = this.machine.attempt(this.machine.createTask(process, this.form), callOf(action));
    this.machine.restore(before);
    return result;
  }

  /** The address that an mmap gives, in the first of the states; undefined if it gives none. Leaves all as it was. */
  predictMapping(process: number, action: Action): number | undefined {
    const before = this.machine.snapshot();
    const call = callOf(action);
    const result =
      refusalOf(action) === 0 ? this.machine.attempt(this.machine.createTask(process, this.form), call) : -1;
    this.machine.restore(before);
    return result < 0 ? undefined : (call.value as Mapping).address;
  }

  /** Whether a call may block in one of the states. Leaves all as it was. */
  mayBlock(process: number, action: Action): boolean {
    if (refusalOf(action) !== 0) return false;
    const before = this.#states.length > 0 ? this.#states : [this.machine.snapshot()];
    const call = callOf(action);
    const blocks = before.some((state) => {
      this.machine.restore(state);
      return this.machine.attempt(this.machine.createTask(process, this.form), call) === BLOCKED;
    });
    this.machine.restore(before[0] as Snapshot);
    return blocks;
  }

  /** Lets something happen in every state, and follows what comes of it. @returns whether the observation is among that */
  #advance(happens: () => void, observation: Observation | undefined): boolean {
    const before = this.#states;
    this.#observation = observation;
    this.#seen.clear();
    this.#leaves.clear();
    this.#branched = before.length > 0;
    if (before.length === 0) {
      happens();
      if (!this.#explore() && !this.#branched) return false;
    }
    for (const state of before) {
      this.machine.restore(state);
      this.#log.length = 0;
      happens();
      this.#explore();
    }
    if (this.#branched) {
      if (this.#leaves.size === 0) return false;
      this.#states = [...this.#leaves.values()];
      this.machine.restore(this.#states[0] as Snapshot);
      if (this.#states.length === 1) this.#states = [];
    }
    if (observation !== undefined) {
      for (const pending of this.#pending.values()) {
        if (observation.has(pending.id)) this.#pending.delete(pending.task);
      }
    }
    return true;
  }

  /** Makes the tasks of calls. Which of them are taken is the same in every state: all have the same tasks outstanding. */
  #issue(issued: readonly Pending[]): void {
    for (const pending of issued) {
      const task = this.machine.createTask(pending.process, this.form);
      if (task < 0) throw new Error("the model has no task left");
      const known = this.#pending.get(task);
      if (known === undefined) this.#pending.set(task, { ...pending, task, call: callOf(pending.action) });
      else if (known.id !== pending.id) throw new Error("the states disagree about which task is free");
    }
  }

  /** Follows the machine's state to quiescence; true if it ended in one state, now in the machine, that agrees. */
  #explore(): boolean {
    const machine = this.machine;
    for (;;) {
      const count = machine.runnable(this.#runnable);
      if (count === 0) {
        if (!machine.hasTimer() || !this.#waitsForTime()) return this.#leaf();
        machine.fireTimer();
        continue;
      }
      if (count === 1) {
        if (!this.#step(this.#runnable[0] as number)) return false;
        continue;
      }
      this.#branched = true;
      // States that are described differ also by what completed on the way.
      const hash = machine.hash();
      const key = this.#observation !== undefined ? hash : `${hash} ${[...this.#log].sort().join()}`;
      if (this.#seen.has(key)) return false;
      this.#seen.add(key);
      if (this.#seen.size > STATE_CAP) throw new CapReached();
      const state = machine.snapshot();
      if (this.#takePoll(state, count)) continue;
      const logged = this.#log.length;
      for (const [index, task] of this.#runnable.slice(0, count).entries()) {
        if (index > 0) machine.restore(state);
        this.#log.length = logged;
        if (this.#step(task)) this.#explore();
      }
      return false;
    }
  }

  /**
   * Lets a poll complete that can complete with what was observed. Nobody else sees that it has, so nothing is lost by doing
   * it first; and many that wake at once are not tried in all their orders. @returns whether there was one
   */
  #takePoll(state: Snapshot, count: number): boolean {
    if (this.#observation === undefined) return false;
    for (const task of this.#runnable.slice(0, count)) {
      const pending = this.#pending.get(task);
      if (pending?.action.call !== "poll" || !this.#observation.has(pending.id)) continue;
      if (this.machine.taskState(task) !== TASK_WOKEN) continue;
      if (this.#step(task) && this.machine.taskState(task) === TASK_FREE) return true;
      this.machine.restore(state);
    }
    return false;
  }

  /** One step of a task; false if it came to something else than was observed. */
  #step(task: number): boolean {
    if (this.machine.taskState(task) === TASK_EXITING) {
      this.machine.exitStep(task);
      return true;
    }
    const pending = this.#pending.get(task);
    if (pending === undefined) throw new Error(`task ${task} of the model is not the oracle's`);
    const result = this.machine.attempt(task, pending.call);
    if (result === BLOCKED) return true;
    const outcome = modelOutcome(pending.call, result);
    if (this.#observation === undefined) {
      this.#log.push(`${taskText(pending)} → ${outcomeText(pending.action.call, outcome)}`);
      return true;
    }
    const observed = this.#observation.get(pending.id);
    return observed !== undefined && sameOutcome(observed, outcome);
  }

  /** Whether the next timer is that of a call that ends soon: the others are so far away that nobody sees them. */
  #waitsForTime(): boolean {
    for (const { action, task } of this.#pending.values()) {
      if (isTimed(action) && this.machine.taskState(task) === TASK_BLOCKED) return true;
    }
    return false;
  }

  /** A quiescent state: it agrees if the calls that it blocks are those that were seen blocked. */
  #leaf(): boolean {
    if (this.#observation === undefined) {
      this.#describe();
      return true;
    }
    for (const { task, id } of this.#pending.values()) {
      const isBlocked = this.machine.taskState(task) === TASK_BLOCKED;
      if (isBlocked === this.#observation.has(id)) return false;
      if (!isBlocked && this.machine.taskState(task) !== TASK_FREE) return false;
    }
    if (this.#branched) {
      const hash = this.machine.hash();
      if (!this.#leaves.has(hash)) this.#leaves.set(hash, this.machine.snapshot());
      if (this.#leaves.size > STATE_CAP) throw new CapReached();
    }
    return true;
  }

  #describe(): void {
    const blocked = [...this.#pending.values()]
      .filter(({ task }) => this.machine.taskState(task) === TASK_BLOCKED)
      .map(taskText);
    const completed = [...this.#log].sort().join("; ");
    this.#described.add(`${completed || "nothing completes"}; blocked: ${blocked.join(", ") || "none"}`);
  }

  /** Runs the case again up to its last step, and lists how that may end: for the report of a difference. */
  #whatIsAllowed(): string[] {
    const recorded = this.#recorded;
    const last = recorded.at(-1);
    this.#restart();
    this.#recorded = [];
    try {
      for (const { pending, observation } of recorded.slice(0, -1)) {
        const [first] = pending;
        if (first?.action.call === "share") this.observeShare(first, observation);
        else if (first?.action.call === "interrupt") this.observeInterruption(first, observation);
        else this.observe(pending, observation);
      }
      this.#described.clear();
      this.#log.length = 0;
      if (last !== undefined) this.#advance(() => this.#happen(last.pending), undefined);
    } catch (error) {
      if (!(error instanceof CapReached)) throw error;
      this.#described.add("…");
    }
    this.#recorded = recorded;
    return [...this.#described];
  }

  #happen(pending: readonly Pending[]): void {
    const [first] = pending;
    if (first?.action.call === "interrupt") this.#interrupt(first);
    else this.#issue(pending);
  }

  /** Judges a `share`: no call of the model, it completes at once. */
  observeShare(pending: Pending, observation: Observation): Verdict {
    this.#recorded.push({ pending: [pending], observation });
    const [from, fd] = pending.action.args as [number, number];
    return judgeResult(pending, observation, this.share(from, fd, pending.process));
  }
}

/** The errno of a call that linux-ipc refuses before it asks a kernel: 0 for all others. */
const refusalOf = (action: Action): number =>
  action.call === "share" || action.call === "interrupt" ? 0 : refusal(callOf(action));

/** Judges what never goes to the model: its result is known, and nothing else may complete. */
function judgeResult({ id, action }: Pending, observation: Observation, result: number): Verdict {
  if (observation.size === 1 && observation.get(id)?.result === result) return allowed;
  const expected = outcomeText(action.call, { result, values: [], bytes: undefined });
  return { kind: "different", allowed: [`${action.call} → ${expected}`] };
}

/** A pending call as people read it. */
export function taskText({ process, action }: Pick<Pending, "process" | "action">): string {
  return `P${process} ${actionText(action)}`;
}
