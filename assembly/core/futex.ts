// Futexes: words of memory at which somebody waits. The kernel knows a word by its key: an object and the place in it, or, where only one
// process counts, the process and its address. There is a record for as long as somebody waits, and in it those who do, in line.
//
// Of an entry in such a line (core/wait.ts) `events` is the bitset, and `fd` which of several words of a call it waits at.
import { FUTEX_SIZE, FUTEXES } from "./memory";
import { FUTEX_POOL, pool } from "./pool";
import { Task } from "./task";
import { firstWaitOf, stopWait, Wait, WaitQueue, waitExclusively } from "./wait";

@unmanaged
export class Futex {
  /** Always 1 in use: 0 only in a free record. */
  used: u32;
  /** The line: two words of a queue. */
  first: u32;
  last: u32;
  unused: u32;
  /** See `sharedKey` and `privateKey`. */
  key: i64;

  get line(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Futex>("first"));
  }
}

// A key is above 0, so that it can stand where -errno can: a bit that is always set, what the owner is, which one, and 47 bits of place.
const KEY: i64 = 1 << 62;
const KEY_PRIVATE: i64 = 1 << 61;
const OWNER_SHIFT: u32 = 47;
const PLACE_MASK: i64 = (1 << 47) - 1;
const OWNER_MASK: u32 = 0x3fff;

/** The key of a word of an object. @param offset bytes from its start on */
export function sharedKey(object: u32, offset: u32): i64 {
  return KEY | ((<i64>object) << OWNER_SHIFT) | <i64>offset;
}

/** The key of a word of a process's memory: FUTEX_PRIVATE_FLAG. */
export function privateKey(process: u32, address: i64): i64 {
  return KEY | KEY_PRIVATE | ((<i64>process) << OWNER_SHIFT) | address;
}

export function isPrivateKey(key: i64): bool {
  return (key & KEY_PRIVATE) != 0;
}

/** Index of the object, or of the process. */
export function ownerOfKey(key: i64): u32 {
  return <u32>(key >> OWNER_SHIFT) & OWNER_MASK;
}

/** Bytes from the object's start on, or the address. */
export function placeOfKey(key: i64): i64 {
  return key & PLACE_MASK;
}

export function futexAt(index: u32): Futex {
  return changetype<Futex>(FUTEXES + index * FUTEX_SIZE);
}

/** The record of a key; null if nobody waits there. */
export function findFutex(key: i64): Futex | null {
  const count = pool(FUTEX_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const futex = futexAt(index);
    if (futex.used && futex.key == key) return futex;
  }
  return null;
}

/** The record of a key, a new one if nobody waits there yet; null if the model has no room for it. */
export function takeFutex(key: i64): Futex | null {
  if (offsetof<Futex>() != FUTEX_SIZE) ERROR("FUTEX_SIZE is not the size of Futex");
  const found = findFutex(key);
  if (found || pool(FUTEX_POOL).isFull()) return found;
  const futex = futexAt(pool(FUTEX_POOL).take());
  futex.used = 1;
  futex.key = key;
  return futex;
}

/** Puts a task at the end of a line. There must be room for the entry. */
export function joinFutex(futex: Futex, task: Task, bitset: u32, place: u32): void {
  waitExclusively(futex.line, task);
  const entry = firstWaitOf(task)!;
  entry.events = bitset;
  entry.fd = place;
}

/** Takes an entry of a task out of its line. */
export function leaveFutex(task: Task, entry: Wait): void {
  const line = entry.queue;
  stopWait(task, entry);
  dropIfEmpty(line);
}

/** Gives back the record that a queue is of, if it is a futex's and nobody is left in it. */
export function dropIfEmpty(queue: u32): void {
  const end = FUTEXES + pool(FUTEX_POOL).high * FUTEX_SIZE;
  if (queue < <u32>FUTEXES || queue >= <u32>end) return;
  const index = (queue - <u32>FUTEXES) / FUTEX_SIZE;
  if (!futexAt(index).first) pool(FUTEX_POOL).free(index);
}
