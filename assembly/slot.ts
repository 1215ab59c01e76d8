// Slots: what a pipe is a ring of. A slot shows some bytes of a page frame; tee(2) and splice(2) let slots of several pipes
// show the same frame, and then each is consumed for itself. A byte that no slot shows is zero, so that equal states are
// equal bytes.
//
// Models struct pipe_buffer of Linux 6.18: include/linux/pipe_fs_i.h.
import { frameBytes, isShared, releaseFrame, shareFrame } from "./core/frame";
import { SLOT_SIZE, SLOTS } from "./core/memory";
import { pool, SLOT_POOL } from "./core/pool";

/** One page's worth of a pipe: `length` bytes at `offset` of its frame. */
@unmanaged
export class Slot {
  /** Always 1 in use: 0 only in a free record. */
  used: u32;
  frame: u32;
  offset: u32;
  length: u32;
  flags: u32;
  /** The next newer slot, plus 1. */
  next: u32;
}

/** The slots of a pipe: part of its record, where they have these names. */
@unmanaged
export class SlotRing {
  /** `slotsUsed`. */
  count: u32;
  /** The oldest and the newest slot in use, plus 1. */
  oldest: u32;
  newest: u32;
}

/** A write may join this slot: PIPE_BUF_FLAG_CAN_MERGE. Of the slots that show a frame, one at most has it. */
export const SLOT_CAN_MERGE: u32 = 1;
/** A packet: one read takes it, and drops what it has no room for: PIPE_BUF_FLAG_PACKET. */
export const SLOT_PACKET: u32 = 2;

export function slotAt(indexPlus1: u32): Slot {
  return changetype<Slot>(SLOTS + (indexPlus1 - 1) * SLOT_SIZE);
}

export function hasSlot(): bool {
  return !pool(SLOT_POOL).isFull();
}

/** Adds a slot to a pipe. The caller has counted its use of the frame, and made sure that a slot is left. */
export function addSlot(ring: SlotRing, frame: u32, offset: u32, length: u32, flags: u32): void {
  if (offsetof<Slot>() != SLOT_SIZE) ERROR("SLOT_SIZE is not the size of Slot");
  const index = pool(SLOT_POOL).take() + 1;
  const slot = slotAt(index);
  slot.used = 1;
  slot.frame = frame;
  slot.offset = offset;
  slot.length = length;
  slot.flags = flags;
  link(ring, index);
}

/** Lets a pipe show the first `length` bytes of another's slot too. No write joins them there. */
export function addCopy(ring: SlotRing, slot: Slot, length: u32): void {
  shareFrame(slot.frame);
  addSlot(ring, slot.frame, slot.offset, length, slot.flags & ~SLOT_CAN_MERGE);
}

/** Moves the oldest slot of a pipe to another, as it is. */
export function moveOldest(from: SlotRing, to: SlotRing): void {
  link(to, unlinkOldest(from));
}

/** Gives up the oldest slot of a pipe: all its bytes have been consumed. */
export function freeOldest(ring: SlotRing): void {
  const index = unlinkOldest(ring);
  releaseFrame(slotAt(index).frame);
  pool(SLOT_POOL).free(index - 1);
}

function link(ring: SlotRing, index: u32): void {
  if (ring.newest) slotAt(ring.newest).next = index;
  else ring.oldest = index;
  ring.newest = index;
  ring.count++;
}

function unlinkOldest(ring: SlotRing): u32 {
  const index = ring.oldest;
  const slot = slotAt(index);
  ring.oldest = slot.next;
  if (!ring.oldest) ring.newest = 0;
  slot.next = 0;
  ring.count--;
  return index;
}

/** Takes bytes off the front of a slot. They are zeroed unless another slot shows them. */
export function consume(slot: Slot, count: u32): void {
  const start = slot.offset;
  slot.offset += count;
  slot.length -= count;
  if (isShared(slot.frame)) zeroUnseen(slot.frame, start, start + count);
  else memory.fill(frameBytes(slot.frame) + start, 0, count);
}

/** Zeroes those bytes of a frame, from `start` up to `end`, that no slot shows. */
function zeroUnseen(frame: u32, start: u32, end: u32): void {
  const count = pool(SLOT_POOL).high;
  let at = start;
  while (at < end) {
    // How far the bytes from here on are seen, or else unseen.
    let seenEnd = at;
    let unseenEnd = end;
    for (let index: u32 = 1; index <= count; index++) {
      const slot = slotAt(index);
      if (!slot.used || slot.frame != frame || !slot.length) continue;
      if (slot.offset > at) unseenEnd = min(unseenEnd, slot.offset);
      else seenEnd = max(seenEnd, slot.offset + slot.length);
    }
    if (seenEnd == at) {
      memory.fill(frameBytes(frame) + at, 0, unseenEnd - at);
      seenEnd = unseenEnd;
    }
    at = seenEnd;
  }
}
