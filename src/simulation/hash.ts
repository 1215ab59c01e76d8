// FNV-1a, 32 bits: for what must be short and the same everywhere, not for what must not collide.
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** A hash of a text as eight hexadecimal digits. */
export function hashText(text: string): string {
  let hash = OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** A hash of bytes. */
export function hashBytes(bytes: Uint8Array): number {
  let hash = OFFSET;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
  return hash >>> 0;
}
