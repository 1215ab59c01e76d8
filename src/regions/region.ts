// A region of shared memory whose content is whole, or is told not to be.
import { EACCES } from "../../assembly/abi/errno.js";
import { bytes as checkedBytes, size } from "../arguments.js";
import { honestView } from "../byte-length.js";
import { bytesOf, textOf } from "../data.js";
import { argumentError, argumentMistake, SyscallError, tooLongError } from "../errors.js";
import type { Mapping } from "../mapping.js";
import { positive } from "../options.js";
import { outOfRange } from "../shared-memory/errors.js";
import { SharedMemory } from "../shared-memory/shared-memory.js";
import { Turns } from "../turns.js";
import { RegionError } from "./errors.js";
import { ALIGNMENT, regionSize, slotPlace } from "./layout.js";
import { Knowledge, type Protection, reading, type Step, writing } from "./protocol.js";

/** Where a region lies. */
export interface RegionOptions {
  /** Bytes from the start of the memory on: a multiple of 64; 0 if left out. */
  readonly byteOffset?: number;
  /** Bytes of its content, at most. The region takes `byteLength` of it. All who use the region say the same. */
  readonly capacity: number;
  /** A generation that is known to be there already: older content is ERR_REGION_STALE. 0 if left out. */
  readonly minGeneration?: bigint;
}

/** What a region holds. */
export class RegionContent {
  /** @internal Made by regions. */
  constructor(
    /** A copy, which is the reader's. */
    readonly bytes: Uint8Array,
    /** How many times the region was written to, or more: each content has a higher one than those before. */
    readonly generation: bigint,
  ) {}

  /** Its bytes as text, in UTF-8. What is none becomes U+FFFD. */
  get text(): string {
    return textOf(this.bytes);
  }
}

/** What content can have at most: a length of 31 bits. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * A region of shared memory that holds one content, which is replaced as a whole. A writer that dies at any point leaves the older
 * content; content that is not whole is never given. Memory that is zero is an empty region.
 *
 * One process writes at a time: that is for a lock. Who reads need none, and never waits.
 *
 * `read` and `write` go by the memory's arrays. Where a process can cut the memory off that may not end this one, use `readGuarded`
 * and `writeGuarded`, or memory that is sealed against it (`SharedMemory.anonymous`).
 */
export abstract class Region {
  readonly memory: SharedMemory;
  readonly byteOffset: number;
  /** Bytes of its content, at most. */
  readonly capacity: number;
  readonly #protection: Protection;
  readonly #knowledge: Knowledge;
  readonly #writes = new Turns();
  #mapping: Mapping | undefined;
  #bytes = new Uint8Array(0);
  #generations: readonly BigUint64Array[] = [];

  /** @internal @param protect makes the protection of what lies there */
  constructor(
    caller: string,
    memory: SharedMemory,
    options: RegionOptions,
    protect: (byteOffset: number, capacity: number) => Protection,
  ) {
    if (!(memory instanceof SharedMemory)) throw argumentError(caller, "memory", "a SharedMemory", memory);
    const { byteOffset, capacity, minGeneration } = placeOf(caller, memory, options);
    this.memory = memory;
    this.byteOffset = byteOffset;
    this.capacity = capacity;
    this.#protection = protect(byteOffset, capacity);
    this.#knowledge = new Knowledge(minGeneration);
  }

  /** Bytes of memory that a region takes. @param capacity bytes of its content, at most */
  static byteLength(capacity: number): number {
    return regionSize(capacityOf("byteLength", capacity));
  }

  /** Bytes of memory that it takes. */
  get byteLength(): number {
    return regionSize(this.capacity);
  }

  /**
   * Copies out what it holds.
   * @returns undefined: it was never written to
   * @throws RegionError ERR_REGION_DAMAGED the newest content fails its check: two wrote at the same time, something else has written
   *   there, or somebody without the key has · ERR_REGION_STALE it was set back to what this object has seen replaced ·
   *   ERR_REGION_BUSY it was replaced eight times while it was read · SyscallError EBADF the memory is closed · EFAULT it was cut off
   */
  read(): RegionContent | undefined {
    const found = this.#runNow(reading(this.capacity, this.#protection, this.#knowledge));
    return found && new RegionContent(found.bytes, found.generation);
  }

  /**
   * Copies out what it holds into a buffer, which is faster for much. If it fails, what the buffer holds has no meaning.
   * @returns the bytes of the buffer that it fills, and its generation; undefined: it was never written to
   * @throws RangeError it is longer than the buffer · as `read`
   */
  readInto(buffer: Uint8Array): { readonly length: number; readonly generation: bigint } | undefined {
    const own = honestView(checkedBytes("readInto", "buffer", buffer));
    const room = (length: number): Uint8Array => {
      if (length > own.length) throw tooLongError("readInto", "the content", own.length);
      return own.subarray(0, length);
    };
    const found = this.#runNow(reading(this.capacity, this.#protection, this.#knowledge, room));
    if (found === undefined) return undefined;
    const { bytes, generation } = found;
    if (bytes.buffer !== own.buffer) own.set(bytes);
    return { length: bytes.length, generation };
  }

  /**
   * Replaces what it holds.
   * @param content bytes, or text, which is written in UTF-8
   * @returns its generation
   * @throws RangeError longer than `capacity` · RegionError ERR_REGION_BUSY a `writeGuarded` of the same object is going on ·
   *   SyscallError EACCES the memory was attached for reading · EBADF it is closed · EFAULT it was cut off
   */
  write(content: Uint8Array | string): bigint {
    const bytes = this.#contentOf("write", content);
    if (!this.#writes.isFree) {
      throw new RegionError("ERR_REGION_BUSY", "write: a writeGuarded of the same object is going on");
    }
    return this.#runNow(writing(this.capacity, this.#protection, this.#knowledge, bytes));
  }

  /**
   * `read` by guarded copies: pread(2). It takes some calls, between which others may write.
   * @throws RangeError the memory was cut off · as `read`
   */
  async readGuarded(): Promise<RegionContent | undefined> {
    const found = await this.#runGuarded(reading(this.capacity, this.#protection, this.#knowledge));
    return found && new RegionContent(found.bytes, found.generation);
  }

  /**
   * `write` by guarded copies: pwrite(2). Those of one object go one after the other. The bytes are those of the time of the call.
   * @throws as `write`
   */
  async writeGuarded(content: Uint8Array | string): Promise<bigint> {
    const given = this.#contentOf("writeGuarded", content);
    const bytes = typeof content === "string" ? given : given.slice();
    const turn = this.#writes.enter();
    if (turn !== undefined) await turn;
    try {
      return await this.#runGuarded(writing(this.capacity, this.#protection, this.#knowledge, bytes));
    } finally {
      this.#writes.leave();
    }
  }

  #contentOf(caller: string, content: Uint8Array | string): Uint8Array {
    const bytes = bytesOf(caller, "content", content);
    if (bytes.length > this.capacity) throw tooLongError(caller, "the content", this.capacity);
    if (!this.memory.isWritable) {
      throw new SyscallError(EACCES, caller, { hint: "the memory was attached for reading" });
    }
    return bytes;
  }

  #runNow<Result>(steps: Generator<Step, Result>): Result {
    this.#touch();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      this.#take(value);
    }
  }

  /** Takes the arrays of the memory as it is now attached. */
  #touch(): void {
    const { mapping } = this.memory;
    if (mapping === this.#mapping) return;
    const { byteOffset, capacity } = this;
    this.#bytes = mapping.array(Uint8Array, byteOffset, regionSize(capacity));
    this.#generations = ([0, 1] as const).map((slot) =>
      mapping.array(BigUint64Array, byteOffset + slotPlace(capacity, slot), 1),
    );
    this.#mapping = mapping;
  }

  #take(step: Step): void {
    switch (step.kind) {
      case "load":
        step.generation = Atomics.load(this.#generations[step.slot] as BigUint64Array, 0);
        break;
      case "publish":
        Atomics.store(this.#generations[step.slot] as BigUint64Array, 0, step.generation);
        break;
      case "copy-out":
        step.bytes.set(this.#bytes.subarray(step.place, step.place + step.bytes.length));
        break;
      case "copy-in":
        this.#bytes.set(step.bytes, step.place);
    }
  }

  async #runGuarded<Result>(steps: Generator<Step, Result>): Promise<Result> {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      await this.#takeGuarded(value);
    }
  }

  async #takeGuarded(step: Step): Promise<void> {
    const { memory, byteOffset, capacity } = this;
    const word = new Uint8Array(8);
    const view = new DataView(word.buffer);
    switch (step.kind) {
      case "load":
        await this.#fill(word, byteOffset + slotPlace(capacity, step.slot));
        step.generation = view.getBigUint64(0, true);
        break;
      case "publish":
        view.setBigUint64(0, step.generation, true);
        await memory.write(word, byteOffset + slotPlace(capacity, step.slot));
        break;
      case "copy-out":
        await this.#fill(step.bytes, byteOffset + step.place);
        break;
      case "copy-in":
        await memory.write(step.bytes, byteOffset + step.place);
    }
  }

  async #fill(bytes: Uint8Array, place: number): Promise<void> {
    const count = await this.memory.readInto(bytes, place);
    if (count < bytes.length) throw outOfRange("readGuarded", place, place + bytes.length, place + count);
  }
}

function placeOf(
  caller: string,
  memory: SharedMemory,
  options: RegionOptions,
): { byteOffset: number; capacity: number; minGeneration: bigint } {
  if (typeof options !== "object" || options === null) {
    throw argumentError(caller, "options", "an object", options);
  }
  const { byteOffset = 0, capacity, minGeneration = 0n } = options;
  if (size(caller, "options.byteOffset", byteOffset) % ALIGNMENT !== 0) {
    throw argumentError(caller, "options.byteOffset", `a multiple of ${ALIGNMENT}`, byteOffset);
  }
  if (typeof minGeneration !== "bigint" || BigInt.asUintN(63, minGeneration) !== minGeneration) {
    throw argumentError(caller, "options.minGeneration", "a bigint from 0 on", minGeneration);
  }
  const end = byteOffset + regionSize(capacityOf(caller, capacity));
  if (end > memory.size) throw outOfRange(caller, byteOffset, end, memory.size);
  return { byteOffset, capacity, minGeneration };
}

function capacityOf(caller: string, capacity: unknown): number {
  if (positive(caller, "capacity", capacity) <= MOST_BYTES) return capacity as number;
  throw argumentMistake(caller, "capacity", `at most ${MOST_BYTES} bytes`, String(capacity));
}
