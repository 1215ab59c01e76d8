// The bytes that writes write: cut out of one fixed noise, at an offset that the step's number gives. So a byte that was
// lost, doubled or moved is seen, and both sides make the same bytes without sending them to each other.

const OFFSETS = 65536;
/** The largest write of a step. */
export const MAX_PAYLOAD = 2 * 1024 * 1024;

let noise: Uint8Array | undefined;

function makeNoise(): Uint8Array {
  const bytes = new Uint8Array(MAX_PAYLOAD + OFFSETS);
  // xorshift32: no period shorter than the array.
  let state = 0x9e3779b9;
  for (let index = 0; index < bytes.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}

/** The bytes of the write number `seed`: a view, not to be written to. */
export function pattern(seed: number, length: number): Uint8Array {
  if (length > MAX_PAYLOAD) throw new RangeError(`a payload of ${length} bytes`);
  noise ??= makeNoise();
  const offset = (seed * 40503) % OFFSETS;
  return noise.subarray(offset, offset + length);
}
