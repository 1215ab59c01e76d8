// Regions whose content is checked by CRC-32C: against accidents, not against anybody who means harm.
//
// The check is computed by @node-rs/crc32, in native code: 4 GB/s here, where one in JavaScript (@aws-crypto/crc32c) has 0.1. Like ffi-rs it
// comes as prebuilt N-API modules by optionalDependencies: nothing is compiled when it is installed, and it depends on nothing else.
import { crc32c } from "@node-rs/crc32";
import type { SharedMemory } from "../shared-memory/shared-memory.js";
import { CHECK, positionOf, type Slot } from "./layout.js";
import type { Protection } from "./protocol.js";
import { Region, type RegionOptions } from "./region.js";

/**
 * A region whose content is checked by CRC-32C (Castagnoli): over the content, its length, its generation and its place. What two writers have
 * mixed, or something else has overwritten, is found with a probability of 1 - 2^-32, and always if no more than 32 bits next to
 * each other were changed; but where only a slot's generation was, it can look like one whose writer died, and the older content is given.
 * Who wants to can make the check fit: `SealedRegion` is for that.
 */
export class CheckedRegion extends Region {
  /**
   * Makes an object of a region. Nothing is touched.
   * @throws RangeError beyond the memory
   */
  constructor(memory: SharedMemory, options: RegionOptions) {
    super("CheckedRegion", memory, options, (byteOffset, capacity) => new Checksum(byteOffset, capacity));
  }
}

/** @internal */
export class Checksum implements Protection {
  /** The check of each slot's place, from which that of its content goes on. */
  readonly #positions: readonly number[];

  constructor(byteOffset: number, capacity: number) {
    this.#positions = ([0, 1] as const).map((slot) =>
      crc32c(positionOf(1, byteOffset, capacity, slot, new Uint8Array(0))),
    );
  }

  protect(slot: Slot, header: Uint8Array, content: Uint8Array): Uint8Array {
    new DataView(header.buffer).setUint32(CHECK, this.#checkOf(slot, header, content), true);
    return content;
  }

  open(slot: Slot, header: Uint8Array, stored: Uint8Array): Uint8Array | undefined {
    const check = new DataView(header.buffer).getUint32(CHECK, true);
    return check === this.#checkOf(slot, header, stored) ? stored : undefined;
  }

  #checkOf(slot: Slot, header: Uint8Array, content: Uint8Array): number {
    // Generation and length.
    const ofHeader = crc32c(header.subarray(0, CHECK), this.#positions[slot]);
    return crc32c(content, ofHeader);
  }
}
