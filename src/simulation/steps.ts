// The steps of one schedule as integers: what the search keeps of each, and all that a failure string needs.
import type { StepName } from "./failure-string.js";

const FIRST_CAPACITY = 256;

/** The steps of the present schedule. The same object for every schedule of a search. */
export class StepLog {
  /** How many steps there are. */
  length = 0;
  /** How many of them had to wait. */
  blocked = 0;
  /** A hash of all choices, in two halves. */
  #low = 0;
  #high = 0;
  #pids = new Int32Array(FIRST_CAPACITY);
  /** The call's number, with `nth` above its eight bits. */
  #calls = new Int32Array(FIRST_CAPACITY);
  #results = new Int32Array(FIRST_CAPACITY);

  clear(): void {
    this.length = 0;
    this.blocked = 0;
    this.#low = 0x811c9dc5;
    this.#high = 0x2545f491;
  }

  /** Notes what is about to happen. */
  begin(pid: number, call: number, nth: number): void {
    const at = this.length++;
    if (at === this.#pids.length) this.#grow();
    const what = call | (nth << 8);
    this.#pids[at] = pid;
    this.#calls[at] = what;
    this.#low = Math.imul(this.#low ^ pid, 0x01000193) ^ what;
    this.#high = (Math.imul(this.#high ^ what, 0x85ebca6b) + pid) | 0;
  }

  /** Notes what came of it. */
  end(result: number): void {
    this.#results[this.length - 1] = result;
  }

  /** Two halves of a number that schedules with other choices do not share, but for rare collisions. */
  get fingerprint(): readonly [low: number, high: number] {
    return [this.#low, this.#high];
  }

  /** The steps as a failure string names them. */
  names(): StepName[] {
    return Array.from({ length: this.length }, (_, at) => {
      const what = this.#calls[at] as number;
      return { pid: this.#pids[at] as number, call: what & 0xff, nth: what >> 8 };
    });
  }

  /** Pids, calls and results in a row, to be compared. */
  copy(): Int32Array {
    const { length } = this;
    const all = new Int32Array(length * 3);
    all.set(this.#pids.subarray(0, length), 0);
    all.set(this.#calls.subarray(0, length), length);
    all.set(this.#results.subarray(0, length), length * 2);
    return all;
  }

  #grow(): void {
    const twice = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(old.length * 2);
      grown.set(old);
      return grown;
    };
    this.#pids = twice(this.#pids);
    this.#calls = twice(this.#calls);
    this.#results = twice(this.#results);
  }
}
