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

/** The places of addresses among the arguments of a call. */
const addressPlaces: Readonly<Partial<Record<Action["call"], readonly number[]>>> = {
  munmap: [0],
  mprotect: [0],
  msync: [0],
  memory_read: [0],
  memory_write: [0],
  memory_load: [0],
  memory_store: [0],
  memory_add: [0],
  memory_compare_exchange: [0],
  memory_wait: [0],
  memory_notify: [0],
  sem_close: [0],
  sem_init: [0],
  sem_destroy: [0],
  sem_wait: [0],
  sem_trywait: [0],
  sem_timedwait: [0],
  sem_clockwait: [0],
  sem_post: [0],
  sem_getvalue: [0],
  futex: [0, 4],
  set_robust_list: [0],
};

export class Mappings {
  #pairs: Pair[] = [];

  /** An action of a process on the model's addresses as one on real ones. An address that is no mapping's is none's there either. */
  toReal(process: number, { call, args }: Action): Action {
    const places = addressPlaces[call] ?? [];
    const real = (address: number): number => this.#realOf(process, address);
    const translated = args.map((argument, place) => {
      if (typeof argument === "number") return places.includes(place) ? real(argument) : argument;
      if (argument === null || typeof argument !== "object") return argument;
      if ("links" in argument) return { links: argument.links.map(real) };
      if (!("waiters" in argument)) return argument;
      return { waiters: argument.waiters.map((waiter) => ({ ...waiter, uaddr: real(waiter.uaddr) })) };
    });
    return { call, args: translated };
  }

  #realOf(process: number, address: number): number {
    const found = this.#pairs.find(
      (pair) => pair.process === process && address >= pair.model && address < pair.end,
    );
    return found === undefined ? address : found.real + (address - found.model);
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
