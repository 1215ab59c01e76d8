// What JavaScript gives to every program and no kernel decides: time, timers, chance. In a simulation they can be the
// model's: a timer is then a clock_nanosleep(2) of the process that sets it, so that when it fires is a choice like any
// other, and dies with its process.
//
// Which process sets a timer is told by whose code a step let go on last: between two steps, that of one process runs. Code
// that is no program's, between two schedules, has the real functions.
import { CLOCK_MONOTONIC } from "../../assembly/abi/time.js";
import { syscalls } from "../syscalls.js";
import type { PendingCall, SimulatedProcess } from "./process.js";

/**
 * What programs find in `Date`, `performance.now`, `setTimeout`, `setInterval`, `AbortSignal.timeout` and `Math.random`:
 * the real thing, the model's, or an error.
 */
export type Globals = "real" | "virtual" | "forbid";

/** What the globals need of the engine. */
export interface GlobalsHost {
  /** The process whose code runs; undefined between schedules. */
  readonly running: SimulatedProcess | undefined;
  /** How many schedules have begun. */
  readonly schedule: number;
  /** Nanoseconds of CLOCK_REALTIME. */
  readonly realtime: bigint;
  /** Nanoseconds since the schedule began. */
  readonly elapsed: bigint;
  /** Takes back a call as if it had never been made. */
  forget(pending: PendingCall): void;
  /** Is told what a program threw. */
  threw(process: SimulatedProcess, error: unknown): void;
}

type Callback = (...args: unknown[]) => unknown;
type Replacement = readonly [object: object, name: string, value: unknown];

// Taken when the module is loaded, like those of quiescence.ts.
const real = {
  Date,
  now: performance.now.bind(performance),
  random: Math.random,
  setTimeout: globalThis.setTimeout as (callback: Callback, ms?: number, ...args: unknown[]) => unknown,
  setInterval: globalThis.setInterval as (callback: Callback, ms?: number, ...args: unknown[]) => unknown,
  clearTimeout: globalThis.clearTimeout as (timer: unknown) => void,
  clearInterval: globalThis.clearInterval as (timer: unknown) => void,
  abortTimeout: AbortSignal.timeout.bind(AbortSignal),
};

/** Puts the chosen globals in place. @returns puts back what was there */
export function installGlobals(globals: Globals, host: GlobalsHost): () => void {
  if (globals === "real") return () => {};
  const replacements = globals === "virtual" ? virtualGlobals(host) : forbiddenGlobals(host);
  const before = replacements.map(([object, name]) => Object.getOwnPropertyDescriptor(object, name));
  for (const [object, name, value] of replacements) {
    Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: true });
  }
  return () => {
    replacements.forEach(([object, name], i) => {
      const descriptor = before[i];
      if (descriptor === undefined) Reflect.deleteProperty(object, name);
      else Object.defineProperty(object, name, descriptor);
    });
  };
}

function virtualGlobals(host: GlobalsHost): Replacement[] {
  const random = seededRandom(host);
  // By number, for clearTimeout(Number(timer)); those of the present schedule.
  const timers = new Map<number, VirtualTimer>();
  let schedule = -1;
  const set = (
    process: SimulatedProcess,
    repeats: boolean,
    callback: Callback,
    ms: unknown,
    args: unknown[],
  ): VirtualTimer => {
    if (typeof callback !== "function") throw new TypeError("setTimeout: the callback must be a function");
    if (schedule !== host.schedule) timers.clear();
    schedule = host.schedule;
    const timer = new VirtualTimer(host, process, repeats, Number(ms) || 0, () => callback(...args));
    timers.set(timer.id, timer);
    return timer;
  };
  const clear = (timer: unknown, otherwise: (timer: unknown) => void): void => {
    const found = timer instanceof VirtualTimer ? timer : timers.get(Number(timer));
    if (found === undefined) return otherwise(timer);
    timers.delete(found.id);
    found.close();
  };
  const setTimeout = (callback: Callback, ms?: number, ...args: unknown[]): unknown => {
    const { running } = host;
    return running === undefined
      ? real.setTimeout(callback, ms, ...args)
      : set(running, false, callback, ms, args);
  };
  const setInterval = (callback: Callback, ms?: number, ...args: unknown[]): unknown => {
    const { running } = host;
    return running === undefined
      ? real.setInterval(callback, ms, ...args)
      : set(running, true, callback, ms, args);
  };
  const timeout = (ms: number): AbortSignal => {
    if (host.running === undefined) return real.abortTimeout(ms);
    const controller = new AbortController();
    const reason = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    setTimeout(() => controller.abort(reason), ms);
    return controller.signal;
  };
  return [
    [
      globalThis,
      "Date",
      dateOf(() => (host.running === undefined ? real.Date.now() : Number(host.realtime / 1_000_000n))),
    ],
    [performance, "now", () => (host.running === undefined ? real.now() : Number(host.elapsed) / 1e6)],
    [Math, "random", () => (host.running === undefined ? real.random() : random())],
    [globalThis, "setTimeout", setTimeout],
    [globalThis, "setInterval", setInterval],
    [globalThis, "clearTimeout", (timer: unknown) => clear(timer, real.clearTimeout)],
    [globalThis, "clearInterval", (timer: unknown) => clear(timer, real.clearInterval)],
    [AbortSignal, "timeout", timeout],
  ];
}

function forbiddenGlobals(host: GlobalsHost): Replacement[] {
  const forbid =
    <Args extends unknown[], Result>(name: string, instead: string, otherwise: (...args: Args) => Result) =>
    (...args: Args): Result => {
      if (host.running === undefined) return otherwise(...args);
      throw new Error(`${name} is not simulated, and the option globals forbids it: use ${instead}`);
    };
  const sleep = "linux.clock_nanosleep, or the timeout of linux.poll";
  return [
    [globalThis, "Date", dateOf(forbid("Date", "linux.clock_gettime", real.Date.now))],
    [performance, "now", forbid("performance.now", "linux.clock_gettime", real.now)],
    [Math, "random", forbid("Math.random", "a generator with a seed", real.random)],
    [globalThis, "setTimeout", forbid("setTimeout", sleep, real.setTimeout)],
    [globalThis, "setInterval", forbid("setInterval", sleep, real.setInterval)],
    [AbortSignal, "timeout", forbid("AbortSignal.timeout", sleep, real.abortTimeout)],
  ];
}

/** A `Date` whose present time comes from somewhere else. */
function dateOf(now: () => number): DateConstructor {
  return new Proxy(real.Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new real.Date(now()).toString(),
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
}

/** Numbers that begin anew with each schedule, so that all have the same. */
function seededRandom(host: GlobalsHost): () => number {
  let schedule = -1;
  let state = 0;
  return () => {
    if (host.schedule !== schedule) {
      schedule = host.schedule;
      state = 0x9e3779b9;
    }
    // mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const NANOSECONDS_PER_MILLISECOND = 1e6;
// As node has it: longer timers fire after a millisecond, and none fires at once.
const LONGEST_MS = 2 ** 31 - 1;

// Far from the numbers of real timers.
let nextId = 0x4000_0000;

/** The sleep that wakes a timer. */
interface Sleep {
  timer: VirtualTimer;
  pending: PendingCall | undefined;
}

/** The timers of each process that have not fired. */
const timersOf = new WeakMap<SimulatedProcess, Set<VirtualTimer>>();

/** What setTimeout gives in a simulation: it has what node's has. */
class VirtualTimer {
  readonly id = nextId++;
  readonly #host: GlobalsHost;
  readonly #process: SimulatedProcess;
  readonly #siblings: Set<VirtualTimer>;
  readonly #repeats: boolean;
  readonly #ms: number;
  readonly #callback: () => unknown;
  #sleep: Sleep | undefined;
  #due = 0n;

  constructor(
    host: GlobalsHost,
    process: SimulatedProcess,
    repeats: boolean,
    ms: number,
    callback: () => unknown,
  ) {
    const siblings = timersOf.get(process) ?? new Set();
    timersOf.set(process, siblings);
    this.#host = host;
    this.#process = process;
    this.#siblings = siblings;
    this.#repeats = repeats;
    this.#ms = ms >= 1 && ms <= LONGEST_MS ? Math.trunc(ms) : 1;
    this.#callback = callback;
    this.#set();
  }

  #set(): void {
    const process = this.#process;
    if (!process.isLive) return;
    const interval = BigInt(this.#ms * NANOSECONDS_PER_MILLISECOND);
    const call = syscalls.clock_nanosleep.marshal(CLOCK_MONOTONIC, 0, interval);
    const sleep: Sleep = { timer: this, pending: undefined };
    const wake = (): void => VirtualTimer.#wake(sleep);
    process.start(call, undefined, wake, wake);
    sleep.pending = process.last;
    this.#sleep = sleep;
    this.#due = this.#host.elapsed + interval;
    // Deleted and added, so that those of the same time stand in the order in which they were set.
    this.#siblings.delete(this);
    this.#siblings.add(this);
  }

  /** A sleep is over. Timers of one process fire in order whichever wakes first: sleeps change hands if need be. */
  static #wake(sleep: Sleep): void {
    const woken = sleep.timer;
    let first = woken;
    for (const other of woken.#siblings) if (other.#isBefore(first)) first = other;
    if (first !== woken && first.#sleep !== undefined) {
      woken.#sleep = first.#sleep;
      woken.#sleep.timer = woken;
      first.#sleep = undefined;
    } else {
      woken.#sleep = undefined;
    }
    first.#fire();
  }

  #isBefore(other: VirtualTimer): boolean {
    return this.#due < other.#due || (this.#due === other.#due && this.id < other.id);
  }

  #fire(): void {
    this.#siblings.delete(this);
    if (this.#repeats) this.#set();
    try {
      this.#callback();
    } catch (error) {
      this.#host.threw(this.#process, error);
    }
  }

  close(): this {
    const pending = this.#sleep?.pending;
    this.#sleep = undefined;
    this.#siblings.delete(this);
    if (pending !== undefined) this.#host.forget(pending);
    return this;
  }

  refresh(): this {
    this.close();
    this.#set();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.toPrimitive](): number {
    return this.id;
  }
}
