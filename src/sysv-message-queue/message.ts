// A message of a System V message queue.
import { textOf } from "../data.js";

/** A message that was received. */
export class SysvMessage {
  /** @internal Made by `SysvMessageQueue`. */
  constructor(
    /** Its bytes, which are the receiver's. */
    readonly bytes: Uint8Array,
    /**
     * At least 1. A C long, which a number does not hold: always a bigint, since a message whose type is too large for a number
     * could not be given, and would be lost.
     */
    readonly type: bigint,
  ) {}

  /** Its bytes as text, in UTF-8. What is none becomes U+FFFD; a byte order mark is kept. */
  get text(): string {
    return textOf(this.bytes);
  }
}
