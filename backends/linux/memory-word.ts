// Words of memory, as calls: `Atomics` on the arrays of a mapping, without a system call. What another process may cut off is looked at
// before it is touched, which is one: touching what is not there would end this process.
import { EFAULT, EINVAL } from "../../assembly/abi/errno.js";
import { PROT_WRITE } from "../../assembly/abi/mman.js";
import type { Call, MemoryWord } from "../../src/call.js";
import { READABLE, wordsAt } from "./mapping.js";

/** An access: what the word had before, by its place among the words of a mapping. */
type Access = (words: Int32Array, index: number, call: Call) => number;

function accessed(way: number, access: Access): (call: Call) => number {
  return (call) => {
    const { address } = call.payload as MemoryWord;
    if (address % 4 !== 0) return -EINVAL;
    const found = wordsAt(address, way);
    if (found === undefined) return -EFAULT;
    call.value = access(found.words, (address - found.address) / 4, call);
    return 0;
  };
}

export const memory_load = accessed(READABLE, (words, index) => Atomics.load(words, index));

export const memory_store = accessed(PROT_WRITE, (words, index, { a }) => Atomics.store(words, index, a));

export const memory_add = accessed(PROT_WRITE, (words, index, { a }) => Atomics.add(words, index, a));

export const memory_compare_exchange = accessed(PROT_WRITE, (words, index, { a, b }) =>
  Atomics.compareExchange(words, index, b, a),
);
