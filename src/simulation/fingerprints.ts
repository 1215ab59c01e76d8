// How many different numbers there were: a set of pairs of 32-bit integers. A `Set` of numbers of that size keeps each on the
// heap, and took as long as ten steps.
const FIRST_CAPACITY = 1024;

export class FingerprintSet {
  /** How many different ones were added. */
  size = 0;
  readonly #most: number;
  #capacity = FIRST_CAPACITY;
  /** Pairs side by side; two zeros are a free place. */
  #pairs = new Int32Array(FIRST_CAPACITY * 2);

  /** @param most so many are kept: what is added then is not counted */
  constructor(most: number) {
    this.#most = most;
  }

  add(low: number, high: number): void {
    if (this.size >= this.#most) return;
    // A pair of zeros would look like a free place.
    if (!this.#insert(low | (high === 0 ? 1 : 0), high)) return;
    this.size++;
    if (this.size * 2 > this.#capacity) this.#grow();
  }

  /** @returns whether it is new */
  #insert(low: number, high: number): boolean {
    const pairs = this.#pairs;
    const mask = this.#capacity - 1;
    for (let place = (low ^ (high >>> 15)) & mask; ; place = (place + 1) & mask) {
      const [a, b] = [pairs[place * 2], pairs[place * 2 + 1]];
      if (a === low && b === high) return false;
      if (a !== 0 || b !== 0) continue;
      pairs[place * 2] = low;
      pairs[place * 2 + 1] = high;
      return true;
    }
  }

  #grow(): void {
    const old = this.#pairs;
    this.#capacity *= 2;
    this.#pairs = new Int32Array(this.#capacity * 2);
    for (let at = 0; at < old.length; at += 2) {
      const [low, high] = [old[at] as number, old[at + 1] as number];
      if (low !== 0 || high !== 0) this.#insert(low, high);
    }
  }
}
