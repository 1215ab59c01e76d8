// Regions whose content is encrypted and authenticated by AES-256-GCM: for memory that others can write to who are not trusted.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { bytesOf } from "../data.js";
import { argumentError, argumentMistake } from "../errors.js";
import { optionsOf } from "../options.js";
import type { SharedMemory } from "../shared-memory/shared-memory.js";
import { CHECK, COUNTER, positionOf, SALT, SALT_SIZE, type Slot, TAG, TAG_SIZE } from "./layout.js";
import type { Protection } from "./protocol.js";
import { Region, type RegionOptions } from "./region.js";

/** Where a sealed region lies, and what its content is sealed with. */
export interface SealedRegionOptions extends RegionOptions {
  /** 32 bytes that nobody else knows. They are copied. */
  readonly key: Uint8Array;
  /**
   * What the region is, for instance the name of its memory: content of another context is no content of this region. All who use the
   * region say the same. Empty if left out: then what lies at the same place of other memory, under the same key, can be put in its place.
   */
  readonly context?: Uint8Array | string;
  /**
   * 16 bytes that no other object has been given with this key: drawn at random if left out. For simulations, which must be the same each
   * time they run; anything else should leave it out, since a nonce that is used twice gives contents away.
   */
  readonly salt?: Uint8Array;
}

const CIPHER = "aes-256-gcm";
const KEY_SIZE = 32;
const NONCE_SIZE = 12;
const INFO = "linux-ipc region 1, aes-256-gcm";
/** Contents that one key seals, far below what AES-GCM allows. */
const MOST_CONTENTS = 2n ** 32n;
/** Keys of writers that are kept. */
const MAX_KEYS = 16;

/**
 * A region whose content is encrypted and authenticated by AES-256-GCM. Who does not have the key learns how long the content is and when it
 * is replaced, and can destroy it, which is told; but can neither read it nor make the region give what nobody wrote there.
 *
 * Bound to the content are its length and generation, the region's place and capacity, the slot, and `context`. So content that was copied
 * from elsewhere fails its check.
 *
 * What is not guarded: older content that is put back, all of the region as it was at one time, is told only to an object that has seen
 * newer (or by `minGeneration`): a new one cannot know. Who has the key can write what they like. That the content is destroyed or
 * hidden cannot be prevented. Keys lie in this process's memory.
 *
 * No nonce is used twice: each object draws 16 random bytes, from which and the key HKDF-SHA-256 derives a key of its own, and the nonce
 * is a count of what it has sealed with that. (A process that is copied while it runs, by a checkpoint or a snapshot of its machine,
 * must make its objects anew.)
 */
export class SealedRegion extends Region {
  /**
   * Makes an object of a region. Nothing is touched.
   * @throws RangeError beyond the memory
   */
  constructor(memory: SharedMemory, options: SealedRegionOptions) {
    const caller = "SealedRegion";
    const { key, context = "", salt } = optionsOf(caller, options);
    const secret = bytesOfSize(caller, "options.key", key, KEY_SIZE);
    const own = salt === undefined ? undefined : bytesOfSize(caller, "options.salt", salt, SALT_SIZE);
    const meaning = bytesOf(caller, "options.context", context).slice();
    super(
      caller,
      memory,
      options,
      (byteOffset, capacity) => new Seal(secret, byteOffset, capacity, meaning, own),
    );
  }
}

function bytesOfSize(caller: string, argument: string, value: unknown, length: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw argumentError(caller, argument, "a Uint8Array", value);
  if (value.length === length) return value.slice();
  throw argumentMistake(caller, argument, `of ${length} bytes`, `of ${value.length}`);
}

/** @internal */
export class Seal implements Protection {
  readonly #secret: Uint8Array;
  readonly #positions: readonly Uint8Array[];
  /** Keys by the salt that they are derived from, the last used at the end. */
  readonly #keys = new Map<string, Uint8Array>();
  #salt: Uint8Array | undefined;
  /** Contents that were sealed with the salt. */
  #count = 0n;

  /** @param salt undefined: it is drawn at random */
  constructor(
    secret: Uint8Array,
    byteOffset: number,
    capacity: number,
    context: Uint8Array,
    salt?: Uint8Array,
  ) {
    this.#secret = secret;
    this.#salt = salt;
    this.#positions = ([0, 1] as const).map((slot) => positionOf(2, byteOffset, capacity, slot, context));
  }

  protect(slot: Slot, header: Uint8Array, content: Uint8Array): Uint8Array {
    if (this.#salt === undefined || this.#count === MOST_CONTENTS) {
      this.#salt = randomBytes(SALT_SIZE);
      this.#count = 0n;
    }
    header.set(this.#salt, SALT);
    new DataView(header.buffer).setBigUint64(COUNTER, this.#count, true);
    // Before it is used: what fails afterwards does not use it again.
    this.#count++;
    const cipher = createCipheriv(CIPHER, this.#keyOf(header), nonceOf(header));
    cipher.setAAD(this.#dataOf(slot, header));
    const stored = cipher.update(content);
    cipher.final();
    header.set(cipher.getAuthTag(), TAG);
    return stored;
  }

  open(slot: Slot, header: Uint8Array, stored: Uint8Array): Uint8Array | undefined {
    const tag = header.subarray(TAG, TAG + TAG_SIZE);
    const decipher = createDecipheriv(CIPHER, this.#keyOf(header), nonceOf(header), {
      authTagLength: TAG_SIZE,
    });
    decipher.setAAD(this.#dataOf(slot, header));
    decipher.setAuthTag(tag);
    const content = decipher.update(stored);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return new Uint8Array(content.buffer, content.byteOffset, content.length);
  }

  /** What is bound to the content: where it is, its generation and its length. */
  #dataOf(slot: Slot, header: Uint8Array): Uint8Array {
    const position = this.#positions[slot] as Uint8Array;
    const data = new Uint8Array(position.length + CHECK);
    data.set(position);
    data.set(header.subarray(0, CHECK), position.length);
    return data;
  }

  #keyOf(header: Uint8Array): Uint8Array {
    const salt = header.slice(SALT, SALT + SALT_SIZE);
    const name = String.fromCharCode(...salt);
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = new Uint8Array(hkdfSync("sha256", this.#secret, salt, INFO, KEY_SIZE));
    const [oldest] = this.#keys.keys();
    if (oldest !== undefined && this.#keys.size >= MAX_KEYS) this.#keys.delete(oldest);
    this.#keys.set(name, key);
    return key;
  }
}

/** The counter, and zeros before it. */
function nonceOf(header: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(NONCE_SIZE);
  nonce.set(header.subarray(COUNTER, COUNTER + 8), NONCE_SIZE - 8);
  return nonce;
}
