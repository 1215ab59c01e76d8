// Copies and zeroes blocks of words, sizes in bytes and multiples of four. For the few that an item or a young machine has,
// a loop is faster than `memory.copy` and `memory.fill`, which leave the module.
const FEW_BYTES: usize = 1024;

export function copyWords(to: usize, from: usize, size: usize): void {
  if (size > FEW_BYTES) {
    memory.copy(to, from, size);
    return;
  }
  let at: usize = 0;
  for (; at + 8 <= size; at += 8) store<u64>(to + at, load<u64>(from + at));
  if (at < size) store<u32>(to + at, load<u32>(from + at));
}

export function zeroWords(address: usize, size: usize): void {
  if (size > FEW_BYTES) {
    memory.fill(address, 0, size);
    return;
  }
  let at: usize = 0;
  for (; at + 8 <= size; at += 8) store<u64>(address + at, 0);
  if (at < size) store<u32>(address + at, 0);
}
