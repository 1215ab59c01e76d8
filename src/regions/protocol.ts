// How a region is written and read, step by step, whatever touches the memory for it: arrays at once, or guarded calls one by one.
//
// A write goes to the slot that is not the newest: first its generation is marked, then all else is written, and the new generation last. Who
// dies at it leaves that slot marked, and the other as it was. A read copies a slot's header and content out, looks whether the
// generation is still the same, and then checks the copies: nothing that another does to the memory afterwards matters.
//
// The two generations are loaded one after the other. If the first was marked and the second is, a write has ended and another begun in
// between: the read begins again. If the second is 0, nobody had begun a second write, and the first says all.
//
// Two writers at the same time are a mistake, which the check reveals; who writes holds a lock.
import { RegionError } from "./errors.js";
import { BEING_WRITTEN, GENERATION, HEADER_SIZE, LENGTH, type Slot, slotPlace } from "./layout.js";

/** What is done to the memory. Places are from the start of the region on. */
export type Step =
  /** Loads the generation of a slot, in one piece: into `generation`. */
  | { readonly kind: "load"; readonly slot: Slot; generation: bigint }
  /** Stores the generation of a slot, in one piece, after all that came before. */
  | { readonly kind: "publish"; readonly slot: Slot; readonly generation: bigint }
  | { readonly kind: "copy-out"; readonly place: number; readonly bytes: Uint8Array }
  | { readonly kind: "copy-in"; readonly place: number; readonly bytes: Uint8Array };

/** What makes content recognisable, and unreadable for others if that is wanted. */
export interface Protection {
  /**
   * @param header of the slot, with generation and length; all else of it is filled in
   * @returns what is stored in place of the content: as many bytes
   */
  protect(slot: Slot, header: Uint8Array, content: Uint8Array): Uint8Array;
  /** @returns the content; undefined if it is not what was protected for this place and generation */
  open(slot: Slot, header: Uint8Array, stored: Uint8Array): Uint8Array | undefined;
}

/** What was found in a region. */
export interface Found {
  readonly slot: Slot;
  readonly generation: bigint;
  readonly bytes: Uint8Array;
}

/** What an object knows of its region. */
export class Knowledge {
  /** The generations of both slots when the newest was last seen to be whole, and which that was. */
  generations: readonly [bigint, bigint] = [0n, 0n];
  newest: Slot | undefined;

  /** @param highest the highest generation that was seen to be whole, or is known from elsewhere */
  constructor(public highest: bigint) {}
}

/** Times that a read begins again, if what it reads is changed meanwhile or not whole. */
const ATTEMPTS = 8;

const otherThan = (slot: Slot): Slot => (slot === 0 ? 1 : 0);

/** Gives room for so many bytes. */
export type Room = (length: number) => Uint8Array;

const newRoom: Room = (length) => new Uint8Array(length);

/**
 * Looks for the newest content.
 * @param room for what is copied out
 * @returns undefined: the region is empty
 */
export function* reading(
  capacity: number,
  protection: Protection,
  knowledge: Knowledge,
  room: Room = newRoom,
): Generator<Step, Found | undefined> {
  let isDamaged = false;
  let before: readonly [bigint, bigint] = [0n, 0n];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // What the object itself writes while it reads is newer than what it looks for.
    const { highest } = knowledge;
    const generations = yield* generationsOf();
    const newest = newerOf(generations);
    if (newest === undefined) {
      if (generations[1] === 0n) {
        if (highest === 0n) return undefined;
        throw stale(0n, highest);
      }
      // Both are marked. If that stays so, it is no writer's doing.
      isDamaged ||= generations[0] === before[0] && generations[1] === before[1];
      before = generations;
      continue;
    }
    const generation = generations[newest];
    const found = yield* contentOf(capacity, protection, newest, generation, room);
    if (found === "changed") continue;
    if (found === undefined) {
      isDamaged = true;
      continue;
    }
    if (generation < highest) throw stale(generation, highest);
    if (generation > knowledge.highest) knowledge.highest = generation;
    knowledge.generations = generations;
    knowledge.newest = newest;
    return { slot: newest, generation, bytes: found };
  }
  throw isDamaged
    ? new RegionError("ERR_REGION_DAMAGED", "read: the newest content of the region fails its check")
    : new RegionError("ERR_REGION_BUSY", "read: the region was written to all the time");
}

/** Writes new content. @returns its generation */
export function* writing(
  capacity: number,
  protection: Protection,
  knowledge: Knowledge,
  content: Uint8Array,
): Generator<Step, bigint> {
  const generations = yield* generationsOf();
  const newest = yield* newestOf(capacity, protection, knowledge, generations);
  const kept = newest === undefined ? 0n : generations[newest];
  const generation = (kept > knowledge.highest ? kept : knowledge.highest) + 1n;
  const slot = newest === undefined ? 0 : otherThan(newest);
  const header = new Uint8Array(HEADER_SIZE);
  const view = new DataView(header.buffer);
  view.setBigUint64(GENERATION, generation, true);
  view.setUint32(LENGTH, content.length, true);
  const stored = protection.protect(slot, header, content);
  const place = slotPlace(capacity, slot);
  yield { kind: "publish", slot, generation: generation | BEING_WRITTEN };
  yield { kind: "copy-in", place: place + LENGTH, bytes: header.subarray(LENGTH) };
  if (stored.length > 0) yield { kind: "copy-in", place: place + HEADER_SIZE, bytes: stored };
  yield { kind: "publish", slot, generation };
  knowledge.generations = slot === 0 ? [generation, kept] : [kept, generation];
  knowledge.newest = slot;
  if (generation > knowledge.highest) knowledge.highest = generation;
  return generation;
}

const isComplete = (generation: bigint): boolean => generation !== 0n && (generation & BEING_WRITTEN) === 0n;

/** The slot of the higher generation, of those that were written to the end. */
function newerOf([first, second]: readonly [bigint, bigint]): Slot | undefined {
  if (isComplete(second) && !(isComplete(first) && first > second)) return 1;
  return isComplete(first) ? 0 : undefined;
}

function* generationsOf(): Generator<Step, readonly [bigint, bigint]> {
  const first = { kind: "load" as const, slot: 0 as const, generation: 0n };
  yield first;
  const second = { kind: "load" as const, slot: 1 as const, generation: 0n };
  yield second;
  return [first.generation, second.generation];
}

/** The slot that has the newest whole content, which a write must leave alone; undefined if none has any. */
function* newestOf(
  capacity: number,
  protection: Protection,
  knowledge: Knowledge,
  generations: readonly [bigint, bigint],
): Generator<Step, Slot | undefined> {
  const [first, second] = knowledge.generations;
  // Nobody has written since.
  if (generations[0] === first && generations[1] === second) return knowledge.newest;
  const newer = newerOf(generations);
  if (newer === undefined) return undefined;
  for (const slot of [newer, otherThan(newer)]) {
    const generation = generations[slot];
    if (!isComplete(generation)) continue;
    const found = yield* contentOf(capacity, protection, slot, generation);
    if (found !== undefined && found !== "changed") return slot;
  }
  return undefined;
}

/** The content of a slot; undefined if it is not whole, "changed" if it is another by now. */
function* contentOf(
  capacity: number,
  protection: Protection,
  slot: Slot,
  generation: bigint,
  room: Room = newRoom,
): Generator<Step, Uint8Array | "changed" | undefined> {
  const header = new Uint8Array(HEADER_SIZE);
  const place = slotPlace(capacity, slot);
  yield { kind: "copy-out", place, bytes: header };
  const view = new DataView(header.buffer);
  const length = view.getUint32(LENGTH, true);
  const isPossible = length <= capacity;
  const stored = room(isPossible ? length : 0);
  if (stored.length > 0) yield { kind: "copy-out", place: place + HEADER_SIZE, bytes: stored };
  const after = { kind: "load" as const, slot, generation: 0n };
  yield after;
  if (after.generation !== generation) return "changed";
  // What was copied must be of the generation too: the memory may be anybody's.
  if (!isPossible || view.getBigUint64(GENERATION, true) !== generation) return undefined;
  return protection.open(slot, header, stored);
}

const stale = (generation: bigint, highest: bigint): RegionError =>
  new RegionError(
    "ERR_REGION_STALE",
    `read: the region has content of generation ${generation}, and there was one of generation ${highest}`,
  );
