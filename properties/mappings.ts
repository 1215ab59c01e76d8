// Mappings of a case: the model and the real kernel give them other addresses. Each mapping is paired when it is made; the addresses
// of an action, and what an mmap or a shmat came to, are translated.
import type { Action, ActionArgument } from "./action.js";
import { addressIn, type Outcome, valuesOfAddress } from "./outcome.js";

const PAGE = 4096;

interface Pair {
  readonly process: number;
  readonly model: number;
  readonly end: number;
  readonly real: number;
}

/** Calls that have an address among their arguments, which is the first but for shmat. */
const onMappings: ReadonlySet<string> = new Set([
  "munmap",
  "mprotect",
  "msync",
  "memory_read",
  "memory_write",
  "shmdt",
]);

export class Mappings {
  #pairs: Pair[] = [];

  /** An action of a process on the model's addresses as one on real ones. An address that is no mapping's is none's there either. */
  toReal(process: number, action: Action): Action {
    const { call, args } = action;
    if (call === "shmat")
      return { call, args: [args[0] as number, this.#realOf(process, args[1]), args[2] as number] };
    if (!onMappings.has(call)) return action;
    return { call, args: [this.#realOf(process, args[0]), ...args.slice(1)] };
  }

  #realOf(process: number, address: ActionArgument | undefined): ActionArgument {
    if (typeof address !== "number") return null;
    const found = this.#pairs.find(
      (pair) => pair.process === process && address >= pair.model && address < pair.end,
    );
    return found === undefined ? address : found.real + (address - found.model);
  }

  /**
   * What a call came to, on the model's addresses.
   * @param predicted the address that an mmap or a shmat gives on the model; undefined if it gives none
   */
  toModel(process: number, { call, args }: Action, outcome: Outcome, predicted: number | undefined): Outcome {
    if (outcome.result < 0 || predicted === undefined) return outcome;
    if (call !== "mmap" && call !== "shmat") return outcome;
    const real = addressIn(outcome.values);
    const more = outcome.values.slice(2);
    // What was attached where it was asked for lies in a range that is paired already.
    const range = this.#pairs.find(
      (pair) => pair.process === process && real - pair.real + pair.model === predicted,
    );
    if (call === "shmat" && typeof args[1] === "number" && range !== undefined) {
      return { ...outcome, values: [...valuesOfAddress(predicted), ...more] };
    }
    const length = (call === "mmap" ? args[1] : more[0]) as number;
    const end = predicted + Math.ceil(length / PAGE) * PAGE;
    // What had the range before is gone.
    this.#pairs = this.#pairs.filter(
      (pair) => pair.process !== process || pair.end <= predicted || pair.model >= end,
    );
    this.#pairs.push({ process, model: predicted, end, real });
    return { ...outcome, values: [...valuesOfAddress(predicted), ...more] };
  }
}
