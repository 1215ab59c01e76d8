// A message of a POSIX message queue.
import { textOf } from "../data.js";

/** A message that was received. */
export class Message {
  /** @internal Made by `MessageQueue`. */
  constructor(
    /** Its bytes, which are the receiver's. */
    readonly bytes: Uint8Array,
    /** 0 to 32767, the highest first. */
    readonly priority: number,
  ) {}

  /** Its bytes as text, in UTF-8. What is none becomes U+FFFD; a byte order mark is kept. */
  get text(): string {
    return textOf(this.bytes);
  }
}
