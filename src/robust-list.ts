// A thread's robust list, written in user space: the locks that it holds, linked in memory where the kernel finds them when the
// thread ends, however it ends. It marks each with FUTEX_OWNER_DIED then, and wakes one who waits for it: get_robust_list(2).
//
//   head: │ list │ futex_offset │ list_op_pending │         entry: │ prev │ next │
//             └──────────────────────────────────────────────────────────►│       next: the next entry, or the head
//
// `list` and each `next` point to the `next` of an entry, and the lock's word lies futex_offset bytes from there. `prev` is the C
// library's own affair, so that it can take out an entry in the middle; it points to a `next` as well, or to the head.
//
// A thread has one list, and its C library has registered it, since robust mutexes of C (which native addons use) are in it too. So this
// list is joined, never replaced: entries are linked as glibc links its own, and what stands beside them may be anybody's. Where
// none is registered one is made.
//
// The order of the stores is that of Documentation/locking/robust-futexes: between `begin` and `end` the kernel looks at the
// entry that is being linked or taken out, whether or not it is in the list, so that a kill at any instruction finds it. Each pointer that
// the kernel follows is written by one store of 64 bits, and stores of a thread are seen in their order by the thread's own end.

import { ENOSYS } from "../assembly/abi/errno.js";
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "../assembly/abi/mman.js";
import { SyscallError } from "./errors.js";
import type { Linux } from "./linux.js";
import type { ForeignPointers, Mapping } from "./mapping.js";

// Words of a head.
const LIST = 0;
const FUTEX_OFFSET = 1;
const PENDING = 2;
const HEAD_WORDS = 3;
const WORD_BYTES = 8;

// Words of an entry.
const PREV = 0;
const NEXT = 1;

/** Bytes from an entry's `next` to its lock's word: where glibc has them on machines of 64 bits. */
export const GLIBC_FUTEX_OFFSET = -32;

/** In a pointer to an entry: its lock inherits priority. */
const PI = 1n;

/** One lock's place in the list. */
export class RobustEntry {
  /** The same, by halves: to compare those costs nothing, where a bigint is made for each that is read. */
  readonly halves: Int32Array;

  /**
   * @param address where the kernel finds `next`
   * @param pointers `prev` and `next`
   */
  constructor(
    readonly address: bigint,
    readonly pointers: BigInt64Array,
  ) {
    this.halves = new Int32Array(pointers.buffer, pointers.byteOffset, 4);
  }
}

export class RobustList {
  readonly #address: bigint;
  readonly #low: number;
  readonly #high: number;
  readonly #head: BigInt64Array;
  /** By halves, as entries have their pointers. */
  readonly #halves: Int32Array;
  readonly #foreign: ForeignPointers;
  /** The entries that were linked here. */
  readonly #entries: RobustEntry[] = [];

  /**
   * @param address where the kernel finds the head
   * @param head its three words
   */
  constructor(address: bigint, head: BigInt64Array, foreign: ForeignPointers) {
    this.#address = address;
    this.#low = Number(BigInt.asIntN(32, address));
    this.#high = Number(BigInt.asIntN(32, address >> 32n));
    this.#head = head;
    this.#halves = new Int32Array(head.buffer, head.byteOffset, 2);
    this.#foreign = foreign;
  }

  /** Bytes from an entry's `next` to its lock's word. */
  get futexOffset(): number {
    return Number(this.#head[FUTEX_OFFSET]);
  }

  /** Before a lock is tried, and before it is unlocked: whatever happens from now on, the kernel looks at its word too. */
  begin(entry: RobustEntry): void {
    this.#head[PENDING] = entry.address;
  }

  /** After that. */
  end(): void {
    this.#head[PENDING] = 0n;
  }

  /** Puts an entry in front. */
  link(entry: RobustEntry): void {
    entry.pointers[PREV] = this.#address;
    if (this.#isHead(this.#halves, LIST)) entry.pointers[NEXT] = this.#address;
    else {
      const first = this.#head[LIST] as bigint;
      entry.pointers[NEXT] = first;
      this.#setPrev(first & ~PI, entry.address, this.#address);
    }
    this.#head[LIST] = entry.address;
    this.#entries.push(entry);
  }

  /** Takes an entry out. */
  unlink(entry: RobustEntry): void {
    const { pointers, halves } = entry;
    if (this.#isHead(halves, PREV) && this.#isHead(halves, NEXT)) this.#head[LIST] = this.#address;
    else this.#unlinkBetween(entry, pointers[PREV] as bigint, pointers[NEXT] as bigint);
    pointers[PREV] = 0n;
    pointers[NEXT] = 0n;
    const last = this.#entries.pop() as RobustEntry;
    if (last !== entry) this.#entries[this.#entries.indexOf(entry)] = last;
  }

  #unlinkBetween({ address }: RobustEntry, prev: bigint, next: bigint): void {
    if (next !== this.#address) this.#setPrev(next & ~PI, prev, address);
    if (prev === this.#address) this.#head[LIST] = next;
    else this.#setNext(prev & ~PI, next, address);
  }

  /** Whether a pointer is that to the head. @param at which one */
  #isHead(halves: Int32Array, at: number): boolean {
    return halves[2 * at] === this.#low && halves[2 * at + 1] === this.#high;
  }

  #setPrev(entry: bigint, prev: bigint, before: bigint): void {
    const own = this.#find(entry);
    if (own !== undefined) own.pointers[PREV] = prev;
    else this.#setForeign(entry - BigInt(WORD_BYTES), prev, before);
  }

  #setNext(entry: bigint, next: bigint, before: bigint): void {
    const own = this.#find(entry);
    if (own !== undefined) own.pointers[NEXT] = next;
    else this.#setForeign(entry, next, before);
  }

  #find(address: bigint): RobustEntry | undefined {
    return this.#entries.find((entry) => entry.address === address);
  }

  /**
   * Sets a pointer of an entry that is not from here. Locks lie in memory that other processes write to: only what points back is
   * believed to be one.
   */
  #setForeign(address: bigint, value: bigint, before: bigint): void {
    const found = this.#foreign.read(address);
    if (found !== undefined && (found & ~PI) === before) this.#foreign.write(address, value);
  }
}

/** What a thread is to the kernel. */
export interface Thread {
  /** gettid(2): what stands in the word of a lock that it has. */
  readonly id: number;
  readonly list: RobustList;
}

const threads = new WeakMap<Linux, Promise<Thread>>();

/**
 * The calling thread.
 * @throws SyscallError ENOSYS the C library has locks of another layout in its list · ENOMEM
 */
export function threadOf(linux: Linux): Promise<Thread> {
  const before = threads.get(linux);
  if (before !== undefined) return before;
  const found = findThread(linux);
  threads.set(linux, found);
  // It may go better another time.
  found.catch(() => threads.delete(linux));
  return found;
}

async function findThread(linux: Linux): Promise<Thread> {
  const head = (await linux.get_robust_list(0)) ?? (await register(linux));
  const words = head.array(BigInt64Array, 0, HEAD_WORDS);
  const list = new RobustList(BigInt(head.address), words, head.foreign ?? nothing);
  if (list.futexOffset !== GLIBC_FUTEX_OFFSET) {
    const hint = `the C library's robust list has locks ${list.futexOffset} bytes from their entries, not ${GLIBC_FUTEX_OFFSET}`;
    throw new SyscallError(ENOSYS, "get_robust_list", { hint });
  }
  return { id: await linux.gettid(), list };
}

const nothing: ForeignPointers = { read: () => undefined, write: () => {} };

/** Gives the thread a list: on the model, where no C library has done so. */
async function register(linux: Linux): Promise<Mapping> {
  const length = HEAD_WORDS * WORD_BYTES;
  const how = MAP_PRIVATE | MAP_ANONYMOUS;
  const head = await linux.mmap(null, length, PROT_READ | PROT_WRITE, how, -1);
  const words = head.array(BigInt64Array, 0, HEAD_WORDS);
  words[LIST] = BigInt(head.address);
  words[FUTEX_OFFSET] = BigInt(GLIBC_FUTEX_OFFSET);
  await linux.set_robust_list(head.address, length);
  return head;
}
