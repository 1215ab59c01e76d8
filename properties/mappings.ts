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
  "sem_close",
  "sem_init",
  "sem_destroy",
  "sem_wait",
  "sem_trywait",
  "sem_timedwait",
  "sem_clockwait",
  "sem_post",
  "sem_getvalue",
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
   * @param predicted the address that an mmap or a sem_open gives on the model; undefined if it gives none
   * @param isMapped whether something was mapped at an address of the model before
   */
  toModel(
    process: number,
    { call, args }: Action,
    outcome: Outcome,
    predicted: number | undefined,
    isMapped: (address: number) => boolean,
  ): Outcome {
    const isMapping = call === "mmap" || call === "sem_open";
    if (!isMapping || outcome.result < 0 || predicted === undefined) return outcome;
    const real = addressIn(outcome.values);
    const size = call === "mmap" ? (args[1] as number) : 1;
    const end = predicted + Math.ceil(size / PAGE) * PAGE;
    const known = this.#pairs.find((pair) => pair.process === process && pair.real === real);
    // A semaphore that is open already is where it was; what is new is where nothing else is.
    if (known !== undefined && isMapped(known.model)) {
      return { ...outcome, values: valuesOfAddress(known.model) };
    }
    // What had the range before is gone.
    this.#pairs = this.#pairs.filter(
      (pair) => pair !== known && (pair.process !== process || pair.end <= predicted || pair.model >= end),
    );
    this.#pairs.push({ process, model: predicted, end, real });
    return { ...outcome, values: valuesOfAddress(predicted) };
  }
}
