// What all threads of this process know of its mappings: where each part is, and at which words of memory a call waits. A mapping's arrays
// are those of the thread that made it (mapping.ts), but any thread can wait at its addresses, in a lane or by linux.sync.
//
// A slot is one thread's to write. Its first word counts what becomes of it, four steps a use: free, being written, in use, free
// again; a reader who finds it the same before and after has read one use. Slots of a Worker that was terminated are passed over.
import { existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { PROT_READ, PROT_WRITE } from "../../assembly/abi/mman.js";
import { PART_WORDS, PIN_WORDS, partSlots, pinSlots } from "./shared.js";
import { ownThread } from "./thread-signals.js";

// The words of a slot of either kind.
const STATE = 0;
const THREAD = 1;
const ADDRESS = 2;
// And those of a part.
const PLACE = 4;
const BYTES_LOW = 6;
const FLAGS = 7;
const LIFE = 8;
const MAPPING = 9;
// And those of a pin.
const IS_SEMAPHORE = 4;

// Steps of the first word.
const FREE = 0;
const IN_USE = 2;
const STEPS = 4;

const SHARED_FLAG = 0x100;
/** Of a length the bits above 32: 4 GiB are the most. */
const LARGEST_FLAG = 0x200;
/** It is one opening of a semaphore by sem_open(3). */
const SEMAPHORE_FLAG = 0x400;

const TWO_TO_32 = 2 ** 32;

/** A part of a mapping whose pages have one protection. */
export interface MappedPart {
  /** The handle that programs have. */
  readonly address: number;
  readonly length: number;
  /** Where the mapping begins that it is a part of: another may lie right behind it. */
  readonly mapping: number;
  /** Where the kernel is to look: a private mapping's bytes are those of its arrays. */
  readonly place: number;
  /** PROT_*. */
  readonly protection: number;
  /** Whether it shows an object, or memory without a file, that is shared; else it is a copy. */
  readonly isShared: boolean;
}

let thread = 0;

/** The kernel's number of this thread. */
function thisThread(): number {
  thread ||= isMainThread ? process.pid : ownThread();
  return thread;
}

const isAlive = (tid: number): boolean =>
  tid === thisThread() || tid === process.pid || existsSync(`/proc/self/task/${tid}`);

function setLong(slots: Int32Array, at: number, value: number): void {
  slots[at] = value | 0;
  slots[at + 1] = Math.floor(value / TWO_TO_32);
}

const longAt = (slots: Int32Array, at: number): number =>
  ((slots[at] as number) >>> 0) + (slots[at + 1] as number) * TWO_TO_32;

/** Takes a free slot to be written. @returns its place, or -1 if there is none */
function take(slots: Int32Array, words: number): number {
  for (let at = 0; at < slots.length; at += words) {
    const state = Atomics.load(slots, at + STATE);
    if (state % STEPS === FREE && Atomics.compareExchange(slots, at + STATE, state, state + 1) === state) {
      slots[at + THREAD] = thisThread();
      return at;
    }
  }
  return -1;
}

/** What was written is to be seen. */
const publish = (slots: Int32Array, at: number): unknown => Atomics.add(slots, at + STATE, 1);

const giveBack = (slots: Int32Array, at: number): unknown => Atomics.add(slots, at + STATE, 2);

/** Lets all threads know a part. @returns its slot, or -1 if there is none: then this thread alone knows it */
export function enterPart({ address, length, mapping, place, protection, isShared }: MappedPart): number {
  const at = take(partSlots, PART_WORDS);
  if (at === -1) return -1;
  setLong(partSlots, at + ADDRESS, address);
  setLong(partSlots, at + PLACE, place);
  setLong(partSlots, at + MAPPING, mapping);
  partSlots[at + BYTES_LOW] = length | 0;
  const largest = length === TWO_TO_32 ? LARGEST_FLAG : 0;
  partSlots[at + FLAGS] = protection | (isShared ? SHARED_FLAG : 0) | largest;
  publish(partSlots, at);
  return at;
}

/** Takes a part out again. @param slot from enterPart */
export function removePart(slot: number): void {
  if (slot !== -1) giveBack(partSlots, slot);
}

/** The part that some thread of the process has mapped at an address. */
export function partOfAnyThread(address: number): MappedPart | undefined {
  for (let at = 0; at < partSlots.length; at += PART_WORDS) {
    const state = Atomics.load(partSlots, at + STATE);
    if (state % STEPS !== IN_USE) continue;
    const part = partIn(at);
    const owner = partSlots[at + THREAD] as number;
    if (address < part.address || address >= part.address + part.length) continue;
    if (Atomics.load(partSlots, at + STATE) === state && isAlive(owner)) return part;
  }
  return undefined;
}

function partIn(at: number): MappedPart {
  const flags = partSlots[at + FLAGS] as number;
  const length = (flags & LARGEST_FLAG) !== 0 ? TWO_TO_32 : (partSlots[at + BYTES_LOW] as number) >>> 0;
  return {
    address: longAt(partSlots, at + ADDRESS),
    length,
    mapping: longAt(partSlots, at + MAPPING),
    place: longAt(partSlots, at + PLACE),
    protection: flags & 0xff,
    isShared: (flags & SHARED_FLAG) !== 0,
  };
}

/** Whether a slot is in use by an opening of the semaphore at an address. Returns its first word then, else -1. */
function semaphoreState(at: number, address: number): number {
  const state = Atomics.load(partSlots, at + STATE);
  if (state % STEPS !== IN_USE) return -1;
  const isIt =
    ((partSlots[at + FLAGS] as number) & SEMAPHORE_FLAG) !== 0 && longAt(partSlots, at + ADDRESS) === address;
  const isSame = isIt && Atomics.load(partSlots, at + STATE) === state;
  return isSame && isAlive(partSlots[at + THREAD] as number) ? state : -1;
}

/** The life of the semaphore that is open at an address: 0 if none is. */
function lifeOf(address: number): number {
  for (let at = 0; at < partSlots.length; at += PART_WORDS) {
    if (semaphoreState(at, address) !== -1) return partSlots[at + LIFE] as number;
  }
  return 0;
}

/** Whether a semaphore that sem_open(3) gave is open at an address, in whichever thread. */
export const isSemaphoreOpen = (address: number): boolean => lifeOf(address) !== 0;

/**
 * Counts one more opening of a semaphore, which all threads know then.
 * @param length bytes that are mapped there
 * @returns the number of its life, from the first opening to the last closing: not that of another that is mapped there later.
 *   undefined if there is no slot
 */
export function enterSemaphore(address: number, length: number, known = lifeOf(address)): number | undefined {
  const life = known || 1 + Math.floor(Math.random() * (2 ** 31 - 1));
  const at = take(partSlots, PART_WORDS);
  if (at === -1) return undefined;
  setLong(partSlots, at + ADDRESS, address);
  setLong(partSlots, at + PLACE, address);
  setLong(partSlots, at + MAPPING, address);
  partSlots[at + BYTES_LOW] = length;
  partSlots[at + FLAGS] = PROT_READ | PROT_WRITE | SHARED_FLAG | SEMAPHORE_FLAG;
  partSlots[at + LIFE] = life;
  publish(partSlots, at);
  return life;
}

/** Counts one opening less. Returns the number of its life; undefined if the semaphore is not open. */
export function leaveSemaphore(address: number): number | undefined {
  for (let at = 0; at < partSlots.length; at += PART_WORDS) {
    const state = semaphoreState(at, address);
    if (state === -1) continue;
    const life = partSlots[at + LIFE] as number;
    if (Atomics.compareExchange(partSlots, at + STATE, state, state + 2) === state) return life;
  }
  return undefined;
}

/**
 * Notes that a call waits at an address: its mapping stays.
 * @param isSemaphore whether libc is to change what is there
 * @returns the slot, or -1 if there is none
 */
export function pin(address: number, isSemaphore = false): number {
  const at = take(pinSlots, PIN_WORDS);
  if (at === -1) return -1;
  setLong(pinSlots, at + ADDRESS, address);
  pinSlots[at + IS_SEMAPHORE] = isSemaphore ? 1 : 0;
  publish(pinSlots, at);
  return at;
}

/** @param slot from `pin` */
export function unpin(slot: number): void {
  giveBack(pinSlots, slot);
}

/** Whether a call of any thread waits in a range, or, if only those count, one for a semaphore. */
export function isPinned(start: number, length: number, bySemaphores = false): boolean {
  for (let at = 0; at < pinSlots.length; at += PIN_WORDS) {
    if (Atomics.load(pinSlots, at + STATE) % STEPS !== IN_USE) continue;
    const address = longAt(pinSlots, at + ADDRESS);
    if (bySemaphores && pinSlots[at + IS_SEMAPHORE] === 0) continue;
    if (start <= address && address < start + length && isAlive(pinSlots[at + THREAD] as number)) return true;
  }
  return false;
}
