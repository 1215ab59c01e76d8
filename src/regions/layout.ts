// How a region lies in memory: two slots, each a header of one cache line and room for the content.
//
//   slot 0                                              slot 1
//   │ 0           8        12      16     32        40    56  64            │
//   │ generation │ length │ check │ salt │ counter │ tag │ 0 │ content … 0 │ the same
//
// All numbers are little-endian. What is newest has the highest generation. While somebody writes the slot its generation is marked, and
// stays so if they die at it. One of 0 says that nobody has ever begun: so memory that is zero is an empty region, and needs no preparation.

export const HEADER_SIZE = 64;
export const GENERATION = 0;
export const LENGTH = 8;
export const CHECK = 12;
export const SALT = 16;
export const SALT_SIZE = 16;
export const COUNTER = 32;
export const TAG = 40;
export const TAG_SIZE = 16;

/** Marks the generation of a slot that is being written. */
export const BEING_WRITTEN = 1n << 63n;

/** What a region must begin at a multiple of: bytes. */
export const ALIGNMENT = 64;

export type Slot = 0 | 1;

const slotSize = (capacity: number): number => HEADER_SIZE + Math.ceil(capacity / ALIGNMENT) * ALIGNMENT;

/** Bytes of memory that a region takes. @param capacity bytes of its content, at most */
export const regionSize = (capacity: number): number => 2 * slotSize(capacity);

/** Where a slot begins, from the start of the region on. */
export const slotPlace = (capacity: number, slot: Slot): number => slot * slotSize(capacity);

/**
 * What a slot is, wherever its bytes are copied to: the format, what kind of region, and its place.
 * @param context of a sealed region
 */
export function positionOf(
  kind: 1 | 2,
  byteOffset: number,
  capacity: number,
  slot: Slot,
  context: Uint8Array,
): Uint8Array {
  const name = new TextEncoder().encode("linux-ipc region 1");
  const position = new Uint8Array(name.length + 18 + context.length);
  const view = new DataView(position.buffer);
  position.set(name);
  view.setUint8(name.length, kind);
  view.setUint8(name.length + 1, slot);
  view.setBigUint64(name.length + 2, BigInt(byteOffset), true);
  view.setBigUint64(name.length + 10, BigInt(capacity), true);
  position.set(context, name.length + 18);
  return position;
}
