// A robust list in plain memory: whatever locks are linked and taken out, in whatever order, the kernel would find those that are held.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ForeignPointers } from "./mapping.js";
import { GLIBC_FUTEX_OFFSET, RobustEntry, RobustList } from "./robust-list.js";

const HEAD = 1;
const LIST = HEAD;
const PENDING = HEAD + 2;
/** Words of memory of 64 bits, by their address: 8 times the index. */
const addressOf = (index: number): bigint => BigInt(index * 8);

class Memory {
  readonly words = new BigInt64Array(128);
  readonly foreign: ForeignPointers = {
    read: (address) => this.words[Number(address) / 8],
    write: (address, value) => {
      this.words[Number(address) / 8] = value;
    },
  };
  readonly list: RobustList;

  constructor() {
    this.words[LIST] = addressOf(HEAD);
    this.words[HEAD + 1] = BigInt(GLIBC_FUTEX_OFFSET);
    this.list = new RobustList(addressOf(HEAD), this.words.subarray(HEAD, HEAD + 3), this.foreign);
  }

  /** An entry with its `prev` at an index, and its `next` behind that. */
  entryAt(index: number): RobustEntry {
    return new RobustEntry(addressOf(index + 1), this.words.subarray(index, index + 2));
  }

  /** What glibc does to lock a mutex of its own: ENQUEUE_MUTEX. */
  enqueue(index: number): void {
    const first = this.words[LIST] as bigint;
    this.words[Number(first & ~1n) / 8 - 1] = addressOf(index + 1);
    this.words[index + 1] = first;
    this.words[index] = addressOf(HEAD);
    this.words[LIST] = addressOf(index + 1);
  }

  /** And to unlock it: DEQUEUE_MUTEX. */
  dequeue(index: number): void {
    const prev = this.words[index] as bigint;
    const next = this.words[index + 1] as bigint;
    this.words[Number(next & ~1n) / 8 - 1] = prev;
    this.words[Number(prev & ~1n) / 8] = next;
    this.words[index] = 0n;
    this.words[index + 1] = 0n;
  }

  /** What the kernel finds: indexes of entries, as exit_robust_list goes through them. */
  walk(): number[] {
    const found: number[] = [];
    for (let at = this.words[LIST] as bigint; at !== addressOf(HEAD); ) {
      const index = Number(at & ~1n) / 8 - 1;
      found.push(index);
      if (found.length > 100) throw new Error("it goes round");
      at = this.words[index + 1] as bigint;
    }
    return found;
  }
}

describe("a robust list", () => {
  it("holds what is locked, the last one first, among entries of the C library's own", () => {
    const operations = fc.array(fc.record({ slot: fc.nat(11), isOwn: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(operations, (steps) => {
        const memory = new Memory();
        const entries = Array.from({ length: 12 }, (_, slot) => memory.entryAt(10 + slot * 4));
        const isOwn = new Map<number, boolean>();
        const expected: number[] = [];
        for (const step of steps) {
          const index = 10 + step.slot * 4;
          const entry = entries[step.slot] as RobustEntry;
          const own = isOwn.get(index);
          if (own === undefined) {
            isOwn.set(index, step.isOwn);
            expected.unshift(index);
            if (step.isOwn) memory.list.link(entry);
            else memory.enqueue(index);
          } else {
            isOwn.delete(index);
            expected.splice(expected.indexOf(index), 1);
            if (own) memory.list.unlink(entry);
            else memory.dequeue(index);
          }
          expect(memory.walk()).toEqual(expected);
        }
      }),
    );
  });

  it("tells the kernel of the entry that is being locked or unlocked", () => {
    const memory = new Memory();
    memory.list.begin(memory.entryAt(10));
    expect(memory.words[PENDING]).toBe(addressOf(11));
    memory.list.end();
    expect(memory.words[PENDING]).toBe(0n);
    expect(memory.list.futexOffset).toBe(-32);
  });

  it("keeps the mark of a lock with priority inheritance beside it", () => {
    const memory = new Memory();
    memory.enqueue(10);
    memory.words[LIST] = addressOf(11) | 1n;
    const entry = memory.entryAt(20);
    memory.list.link(entry);
    expect(memory.words[21]).toBe(addressOf(11) | 1n);
    expect(memory.words[10]).toBe(addressOf(21));
    memory.list.unlink(entry);
    expect(memory.words[LIST]).toBe(addressOf(11) | 1n);
    expect(memory.words[10]).toBe(addressOf(HEAD));
  });

  it("writes to no memory that does not point back, whatever another process has put into an entry", () => {
    const memory = new Memory();
    const entry = memory.entryAt(20);
    memory.list.link(entry);
    memory.words[50] = 7n;
    memory.words[20] = addressOf(50);
    memory.words[21] = addressOf(51);
    memory.list.unlink(entry);
    expect(memory.words[50]).toBe(7n);
  });
});
