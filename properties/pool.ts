// Executor processes between cases: those that a case has left as they were wait for the next one that wants their user,
// and once cases use them up, a few are started ahead. Starting one takes as long as hundreds of steps.
import { startingUser, type UserName } from "./users.js";

export interface PooledProcess {
  /** Resolves once it has started, and obeys. */
  ready(): Promise<void>;
  /** Makes it the user's: it cannot become another's afterwards. */
  become(user: UserName): Promise<void> | void;
  /** Begins a case. */
  enter(): Promise<void> | void;
  end(): Promise<void>;
}

/** Processes that are started ahead, of each kind that cases use up. */
const SPARE = 2;
/** Processes that wait at most: those that have waited longest go first. */
const MOST_IDLE = 12;

export class Pool<Process extends PooledProcess> {
  readonly #start: (user: UserName) => Process;
  readonly #casesPerLife: number;
  readonly #cases = new Map<Process, number>();
  readonly #users = new Map<Process, UserName>();
  /** The longest idle first. */
  #idle: Process[] = [];
  /** Those that are started ahead, by whom they were started as. */
  readonly #spare = new Map<UserName, Process[]>();

  /**
   * @param start starts a process of a user 0
   * @param casesPerLife after how many cases a process is replaced, even if all went well
   */
  constructor(start: (user: UserName) => Process, casesPerLife: number) {
    this.#start = start;
    this.#casesPerLife = casesPerLife;
  }

  /** A process of each user, that holds nothing. */
  async take(users: readonly UserName[]): Promise<Process[]> {
    // All are started before any is waited for.
    const taken = users.map((user) => this.#takeIdle(user) ?? this.#takeNew(user));
    for (const [user, processes] of this.#spare) {
      while (processes.length < SPARE) processes.push(this.#start(user));
    }
    for (const [place, process] of taken.entries()) {
      if (!this.#users.has(process)) await this.#prepare(process, users[place] as UserName);
      await process.enter();
    }
    return taken;
  }

  async #prepare(process: Process, user: UserName): Promise<void> {
    this.#users.set(process, user);
    await process.ready();
    await process.become(user);
  }

  #takeIdle(user: UserName): Process | undefined {
    const process = this.#idle.find((idle) => this.#users.get(idle) === user);
    if (process !== undefined) this.#idle = this.#idle.filter((idle) => idle !== process);
    return process;
  }

  #takeNew(user: UserName): Process {
    const first = startingUser(user);
    return this.#spare.get(first)?.shift() ?? this.#start(first);
  }

  /** Takes a process back that a case has left as it was. */
  async give(process: Process): Promise<void> {
    const cases = (this.#cases.get(process) ?? 0) + 1;
    if (cases >= this.#casesPerLife) return this.#end(process);
    this.#cases.set(process, cases);
    this.#idle.push(process);
    if (this.#idle.length > MOST_IDLE) await this.#end(this.#idle.shift() as Process);
  }

  /** Ends a process that cannot be used again. */
  async discard(process: Process): Promise<void> {
    const user = this.#users.get(process);
    const first = user && startingUser(user);
    if (first !== undefined && !this.#spare.has(first)) this.#spare.set(first, []);
    await this.#end(process);
  }

  async #end(process: Process): Promise<void> {
    this.#cases.delete(process);
    this.#users.delete(process);
    await process.end();
  }

  async dispose(): Promise<void> {
    const all = [...this.#idle, ...[...this.#spare.values()].flat()];
    await Promise.all(all.map((process) => this.#end(process)));
    this.#idle = [];
    this.#spare.clear();
  }
}
