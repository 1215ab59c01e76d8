// What is written, sent and received: bytes, or text, which is in UTF-8.
import { byteLengthOf, honestView, isUint8Array } from "./byte-length.js";
import { argumentError } from "./errors.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @throws TypeError naming the argument */
export function bytesOf(caller: string, argument: string, data: unknown): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  if (isUint8Array(data)) return data.length === byteLengthOf(data) ? data : honestView(data);
  throw argumentError(caller, argument, "a Uint8Array or a string", data);
}

/** What is no text becomes U+FFFD. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);
