// Mappings of a case: the model and the real kernel give them other addresses. Each mapping is paired when it is made; the addresses
// of an action, and what an mmap came to, are translated.
import type { Action } from "./action.js";
import { addressIn, type Outcome, valuesOfAddress } from "./outcome.js";

const PAGE = 4096;

interface Pair {
  readonly process: number;
  readonly model: number;
  readonly end: number;
  readonly real: number;
}

/** Calls whose first argument is an address. */
const onMappings: ReadonlySet<string> = new Set([
  "munmap",
  "mprotect",
  "msync",
  "memory_read",
  "memory_write",
]);

export class Mappings {
  #pairs: Pair[] = [];

  /** An action of a process on the model's addresses as one on real ones. An address that is no mapping's is none's there either. */
  toReal(process: number, action: Action): Action {
    if (!onMappings.has(action.call)) return action;
    const [address, ...rest] = action.args as [number, ...Action["args"]];
    const found = this.#pairs.find(
      (pair) => pair.process === process && address >= pair.model && address < pair.end,
    );
    const real = found === undefined ? address : found.real + (address - found.model);
    return { call: action.call, args: [real, ...rest] };
  }

  /**
   * What a call came to, on the model's addresses.
   * @param predicted the address that an mmap gives on the model; undefined if it gives none
   */
  toModel(process: number, { call, args }: Action, outcome: Outcome, predicted: number | undefined): Outcome {
    if (call !== "mmap" || outcome.result < 0 || predicted === undefined) return outcome;
    const end = predicted + Math.ceil((args[1] as number) / PAGE) * PAGE;
    // What had the range before is gone.
    this.#pairs = this.#pairs.filter(
      (pair) => pair.process !== process || pair.end <= predicted || pair.model >= end,
    );
    this.#pairs.push({ process, model: predicted, end, real: addressIn(outcome.values) });
    return { ...outcome, values: valuesOfAddress(predicted) };
  }
}
