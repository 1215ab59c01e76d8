// The hash of a state: XXH64's rounds over 8-byte words (xxHash specification, "consume remaining input" and "final mix").
const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;
const PRIME_5: u64 = 0x27d4eb2f165667c5;

/** Hashes `length` bytes, a multiple of 8. */
export function hashBytes(address: usize, length: u32): u64 {
  let hash: u64 = PRIME_5 + length;
  const end = address + length;
  for (let at = address; at < end; at += 8) {
    hash ^= rotl<u64>(load<u64>(at) * PRIME_2, 31) * PRIME_1;
    hash = rotl<u64>(hash, 27) * PRIME_1 + PRIME_4;
  }
  hash ^= hash >> 33;
  hash *= PRIME_2;
  hash ^= hash >> 29;
  hash *= PRIME_3;
  return hash ^ (hash >> 32);
}
