// What all threads of this process share, in one SharedArrayBuffer: which descriptors and children are the
// program's. Descriptors and children belong to the process, so a Worker that imports linux-ipc/native sees
// the same ones as the main thread. It travels to Workers as environment data, which each inherits when it is
// made.
//
// For each descriptor number three words:
//   generation  odd while the number is the program's, one more with each opening and closing
//   private     the private descriptor through which bytes are moved without blocking (descriptors.ts)
//   watchers    how many threads have it in their epoll set (readiness.ts)
//
// And where memory is mapped, and waited at: a thread may wait at a word that another has mapped (mapped-parts.ts).
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { failure, getrlimit, scratch } from "./libc.js";

const SHARED = "linux-ipc:shared";
/**
 * No number from here on is ever the program's: Linux's fs.nr_open, the highest limit a process can be given
 * by default.
 */
const MAX_DESCRIPTORS = 1 << 20;
const RLIMIT_NOFILE = 7;

/** Threads that can wait at the same time and are told when another closes their descriptor. */
const MAX_THREADS = 256;
/** What is kept of each: threads.ts. */
export const THREAD_WORDS = 3;
/** Parts of mappings that all threads know, and words of memory that are waited at: mapped-parts.ts says what is kept of each. */
const MAX_PARTS = 2048;
export const PART_WORDS = 11;
const MAX_PINS = 4096;
export const PIN_WORDS = 5;
/** Children that are not reaped yet. */
const MAX_CHILDREN = 4096;

function descriptorCapacity(): number {
  if (failure !== undefined) return 0;
  getrlimit(RLIMIT_NOFILE, scratch.address);
  const hard = scratch.view.getBigUint64(8, true);
  return hard < BigInt(MAX_DESCRIPTORS) ? Number(hard) : MAX_DESCRIPTORS;
}

// The words of the header.
const CAPACITY = 0;
const HIGHEST = 1;
const CHILDREN_MADE = 2;
const CAUGHT_SIGNALS = 3;
const HEADER_WORDS = 4;

function findMemory(): SharedArrayBuffer {
  const inherited = isMainThread ? undefined : getEnvironmentData(SHARED);
  if (inherited instanceof SharedArrayBuffer) return inherited;
  const capacity = descriptorCapacity();
  const ofMemory = PART_WORDS * MAX_PARTS + PIN_WORDS * MAX_PINS;
  const words = HEADER_WORDS + 3 * capacity + THREAD_WORDS * MAX_THREADS + 2 * MAX_CHILDREN + ofMemory;
  const memory = new SharedArrayBuffer(4 * words);
  new Int32Array(memory)[CAPACITY] = capacity;
  if (failure === undefined && isMainThread) setEnvironmentData(SHARED, memory as unknown as number[]);
  return memory;
}

const memory = findMemory();
const header = new Int32Array(memory, 0, HEADER_WORDS);

/** One more than the highest descriptor number that can be the program's. */
export const capacity: number = header[CAPACITY] as number;

let end = 4 * HEADER_WORDS;
function words(count: number): Int32Array {
  const array = new Int32Array(memory, end, count);
  end += 4 * count;
  return array;
}

export const generations: Int32Array = words(capacity);
export const privates: Int32Array = words(capacity);
export const watchers: Int32Array = words(capacity);
/** The threads that wait: threads.ts. */
export const threads: Int32Array = words(THREAD_WORDS * MAX_THREADS);
const childSlots: Int32Array = words(2 * MAX_CHILDREN);
/** What is mapped, and what of it is waited at: mapped-parts.ts. */
export const partSlots: Int32Array = words(PART_WORDS * MAX_PARTS);
export const pinSlots: Int32Array = words(PIN_WORDS * MAX_PINS);

/** One more than the highest descriptor that was ever the program's. */
export const highest = (): number => Atomics.load(header, HIGHEST);

/** Notes that a descriptor is the program's. */
export function raiseHighest(fd: number): void {
  for (let known = highest(); fd >= known; known = highest()) {
    Atomics.compareExchange(header, HIGHEST, known, fd + 1);
  }
}

/** The signals that the process catches, as a set of bits: signals.ts. */
export const caughtSignals = (): number => Atomics.load(header, CAUGHT_SIGNALS);

/** Notes that signals are caught. @param set of bits */
export function addCaughtSignals(set: number): void {
  Atomics.or(header, CAUGHT_SIGNALS, set);
}

/** Enters a child. @returns false if there is no room */
export function addChild(pid: number): boolean {
  for (let at = 0; at < childSlots.length; at += 2) {
    if (Atomics.compareExchange(childSlots, at, 0, pid) !== 0) continue;
    childSlots[at + 1] = Atomics.add(header, CHILDREN_MADE, 1);
    return true;
  }
  return false;
}

/** Takes a reaped child out. */
export function removeChild(pid: number): void {
  for (let at = 0; at < childSlots.length; at += 2) {
    if (Atomics.compareExchange(childSlots, at, pid, 0) === pid) return;
  }
}

/** The children that are not reaped, the oldest first: the order in which waitpid(-1) looks at them. */
export function listChildren(): number[] {
  const found: { pid: number; order: number }[] = [];
  for (let at = 0; at < childSlots.length; at += 2) {
    const pid = childSlots[at] as number;
    if (pid !== 0) found.push({ pid, order: childSlots[at + 1] as number });
  }
  return found.sort((a, b) => a.order - b.order).map(({ pid }) => pid);
}
