// Fixed pools of items. The lowest free index is taken first and an item is zeroed when it is given back, so that the
// bytes of a pool depend on what is in it and not on how it came to be: equal states are equal bytes.
//
// The first word of every item is zero if and only if the item is free.
import { MACHINE } from "./memory";
import { zeroWords } from "./words";

@unmanaged
export class Pool {
  /** One more than the highest index in use: items from here on are zero. */
  high: u32;
  /** The lowest index that is free; `capacity` if none is. */
  lowestFree: u32;
  base: u32;
  itemSize: u32;
  capacity: u32;

  address(index: u32): usize {
    return this.base + index * this.itemSize;
  }

  isUsed(index: u32): bool {
    return load<u32>(this.address(index)) != 0;
  }

  /** Takes the lowest free item; its first word must be set before the next take. Returns `capacity` if all are in use. */
  take(): u32 {
    const index = this.lowestFree;
    if (index == this.capacity) return index;
    let next = index + 1;
    while (next < this.high && this.isUsed(next)) next++;
    this.lowestFree = next;
    if (index >= this.high) this.high = index + 1;
    return index;
  }

  /** The lowest of `count` free items that stand side by side; `capacity` if there are none. At least one. */
  findRun(count: u32): u32 {
    let first = this.lowestFree;
    for (let index = first; index < this.high && index - first < count; index++) {
      if (this.isUsed(index)) first = index + 1;
    }
    return first + count <= this.capacity ? first : this.capacity;
  }

  /** Takes items that `findRun` has found; the first word of each must be set before the next take. */
  takeRun(first: u32, count: u32): void {
    const end = first + count;
    if (first == this.lowestFree) {
      let next = end;
      while (next < this.high && this.isUsed(next)) next++;
      this.lowestFree = next;
    }
    if (end > this.high) this.high = end;
  }

  /** Gives items side by side back. */
  freeRun(first: u32, count: u32): void {
    for (let index = first + count; index > first; index--) this.free(index - 1);
  }

  isFull(): bool {
    return this.lowestFree == this.capacity;
  }

  /** Gives an item back and zeroes it. */
  free(index: u32): void {
    assert(index < this.high && this.isUsed(index), "free of an item that is not in use");
    zeroWords(this.address(index), this.itemSize);
    if (index < this.lowestFree) this.lowestFree = index;
    let high = this.high;
    while (high > 0 && !this.isUsed(high - 1)) high--;
    this.high = high;
  }
}

// The pool headers stand at the start of the machine block.
const POOL_HEADER: u32 = 20;
export const POOL_COUNT: u32 = 26;

export function pool(number: u32): Pool {
  return changetype<Pool>(MACHINE + number * POOL_HEADER);
}

export const TASK_POOL: u32 = 0;
export const PROCESS_POOL: u32 = 1;
export const CHUNK_POOL: u32 = 2;
export const OPEN_FILE_POOL: u32 = 3;
export const WAIT_POOL: u32 = 4;
export const PIPE_POOL: u32 = 5;
export const SLOT_POOL: u32 = 6;
export const FRAME_POOL: u32 = 7;
export const INODE_POOL: u32 = 8;
export const NAME_PIECE_POOL: u32 = 9;
export const USER_POOL: u32 = 10;
export const GROUP_LIST_POOL: u32 = 11;
export const MESSAGE_POOL: u32 = 12;
export const MESSAGE_BLOCK_POOL: u32 = 13;
export const MESSAGE_QUEUE_POOL: u32 = 14;
export const SYSV_QUEUE_POOL: u32 = 15;
export const SEMAPHORE_SET_POOL: u32 = 16;
export const SEMAPHORE_POOL: u32 = 17;
export const SEMAPHORE_UNDO_POOL: u32 = 18;
export const SEMAPHORE_ADJUSTMENT_POOL: u32 = 19;
export const SEMAPHORE_OPERATION_POOL: u32 = 20;
export const SHARED_OBJECT_POOL: u32 = 21;
export const MAPPED_PART_POOL: u32 = 22;
export const SHARED_SEGMENT_POOL: u32 = 23;
export const FUTEX_POOL: u32 = 24;
export const FUTEX_WAITER_POOL: u32 = 25;

/** Empties a pool, zeroing what was in use. */
export function resetPool(number: u32, base: usize, itemSize: u32, capacity: u32): void {
  const it = pool(number);
  memory.fill(base, 0, it.high * itemSize);
  it.high = 0;
  it.lowestFree = 0;
  it.base = <u32>base;
  it.itemSize = itemSize;
  it.capacity = capacity;
}
