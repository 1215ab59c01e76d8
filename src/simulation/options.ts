// What simulate, explore and replay can be told, checked and with its defaults filled in.
import type { MachineOptions } from "../../backends/wasm/machine.js";
import type { Main, Program } from "../program.js";
import { programName } from "./call-text.js";
import type { Globals } from "./globals.js";
import { hashText } from "./hash.js";

/** The first process: a function, or a program made by `program()`. */
export type RootProgram = Main<[]> | Program<[]>;

/** Options of one simulated schedule. */
export interface SimulationOptions {
  /**
   * Names the test. The name is in the failure string's hash: with LINUX_IPC_REPLAY set, only calls with the same name (and
   * the same `machine` and `globals`) replay it, all others run as usual.
   */
  readonly name?: string;
  /** Where the random choices start: the same seed, the same schedules. An integer from 0 to 2^53 - 1; 1 if left out. */
  readonly seed?: number;
  /** The most steps of one schedule; beyond it, the schedule has failed. 10,000 if left out. */
  readonly maxSteps?: number;
  /** How the simulated machine differs from Linux's defaults. */
  readonly machine?: MachineOptions;
  /**
   * What becomes of leaks: descriptors that the root program opened and had not closed when it returned, children that it
   * did not wait for, calls that were outstanding when a program returned. "report" (the default) puts them into the
   * report, "fail" makes them a failure, "ignore" does not look for them.
   */
  readonly leaks?: "report" | "fail" | "ignore";
  /**
   * What programs find in `Date`, `performance.now`, `setTimeout`, `setInterval`, `AbortSignal.timeout` and `Math.random`.
   * "real" (the default): what is there; a program that depends on it is noticed at best, as nondeterminism or as waiting
   * for something outside. "virtual": the model's clock; a timer is a clock_nanosleep of its process; chance that is the
   * same in each schedule. "forbid": an error.
   */
  readonly globals?: Globals;
}

/** How `explore` chooses schedules. */
export type Strategy = "random";

/** Options of a search through many schedules. */
export interface ExplorationOptions extends SimulationOptions {
  /** How many schedules to run. 1,000 if left out; without bound if `budgetMs` is given. */
  readonly schedules?: number;
  /** Stops the search after so many milliseconds of real time: the schedule in progress is finished. */
  readonly budgetMs?: number;
  /** How schedules are chosen: "random", which draws at every step among all that can happen. */
  readonly strategy?: Strategy;
  /** Is told from time to time how far the search has come. */
  readonly onProgress?: (coverage: Coverage) => void;
}

/** What a search went through. */
export interface Coverage {
  /** Schedules that ran. */
  readonly schedules: number;
  /** Schedules among them that differ from each other. Counted up to a million. */
  readonly distinct: number;
  /** Steps of all schedules together. */
  readonly steps: number;
  /** Steps among them whose call had to wait. */
  readonly blocked: number;
  /** Steps of the longest schedule. */
  readonly longest: number;
  /** Real time, milliseconds. */
  readonly elapsedMs: number;
}

/** Options with nothing left open. */
export interface Settings {
  readonly name: string | undefined;
  readonly seed: number;
  readonly maxSteps: number;
  readonly machine: MachineOptions;
  readonly leaks: "report" | "fail" | "ignore";
  readonly globals: Globals;
  readonly schedules: number;
  readonly budgetMs: number;
  readonly onProgress: ((coverage: Coverage) => void) | undefined;
  /** Of the machine, which gives choices their meaning, and of the name: part of every failure string. */
  readonly hash: string;
}

const known: ReadonlySet<string> = new Set([
  "name",
  "seed",
  "maxSteps",
  "machine",
  "leaks",
  "globals",
  "schedules",
  "budgetMs",
  "strategy",
  "onProgress",
] satisfies (keyof ExplorationOptions)[]);

/**
 * Checks options and fills in what was left out.
 * @param caller the function whose options they are, for the error
 * @throws TypeError naming the option
 */
export function settingsOf(caller: string, options: ExplorationOptions): Settings {
  const wrong = (option: string, expected: string): never => {
    const value = (options as Record<string, unknown>)[option];
    throw new TypeError(`${caller}: "${option}" must be ${expected}, not ${String(value)}`);
  };
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${caller}: the first argument must be an object of options`);
  }
  for (const option of Object.keys(options)) {
    if (!known.has(option)) throw new TypeError(`${caller}: unknown option "${option}"`);
  }
  const count = (option: "seed" | "maxSteps" | "schedules", least: number, otherwise: number): number => {
    const value = options[option] ?? otherwise;
    if (!Number.isSafeInteger(value) || value < least) wrong(option, `an integer of at least ${least}`);
    return value;
  };
  const { name, machine = {}, leaks = "report", globals = "real" } = options;
  const { budgetMs, strategy = "random", onProgress } = options;
  if (name !== undefined && typeof name !== "string") wrong("name", "a string");
  if (typeof machine !== "object" || machine === null) wrong("machine", "an object");
  if (leaks !== "report" && leaks !== "fail" && leaks !== "ignore") {
    wrong("leaks", '"report", "fail" or "ignore"');
  }
  if (globals !== "real" && globals !== "virtual" && globals !== "forbid") {
    wrong("globals", '"real", "virtual" or "forbid"');
  }
  if (strategy !== "random") wrong("strategy", '"random"');
  if (budgetMs !== undefined && !(typeof budgetMs === "number" && budgetMs > 0)) {
    wrong("budgetMs", "a positive number of milliseconds");
  }
  if (onProgress !== undefined && typeof onProgress !== "function") wrong("onProgress", "a function");
  const unbounded = budgetMs === undefined ? 1000 : Number.MAX_SAFE_INTEGER;
  return {
    name,
    seed: count("seed", 0, 1),
    maxSteps: count("maxSteps", 1, 10_000),
    machine,
    leaks,
    globals,
    schedules: count("schedules", 1, unbounded),
    budgetMs: budgetMs ?? Number.POSITIVE_INFINITY,
    onProgress,
    hash: worldHash(machine, globals) + hashText(name ?? "").slice(0, 4),
  };
}

/** A hash of what gives choices their meaning: the first half of the options' hash. */
export function worldHash(machine: MachineOptions, globals: Globals): string {
  const differences = Object.entries(machine).sort();
  const world = globals === "real" ? differences : [...differences, globals];
  return hashText(textOf(world)).slice(0, 4);
}

/** Options as a text: capabilities are a bigint, which JSON does not know. */
export const textOf = (options: unknown): string =>
  JSON.stringify(options, (_, value) => (typeof value === "bigint" ? `${value}n` : value));

/**
 * The function that the first process runs, and its name.
 * @throws TypeError if there is none
 */
export function firstProcess(caller: string, root: RootProgram): { main: Main<[]>; name: string } {
  const main: unknown = typeof root === "object" && root !== null ? root.main : root;
  if (typeof main !== "function") {
    throw new TypeError(
      `${caller}: the program must be an async function (linux) => …, or made by program()`,
    );
  }
  const name = typeof root === "function" ? root.name : programName(root);
  return { main: main as Main<[]>, name: name || "main" };
}
