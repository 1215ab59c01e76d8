// Snapshots: the machine block, then the items in use of every pool, then the frames in use, side by side in the stage.
// What lies beyond them is zero, in the snapshot as in the machine, so equal states are equal bytes and hash alike.
import { machine } from "./machine";
import { FRAMES, MACHINE, MACHINE_SIZE, STAGE } from "./memory";
import { FRAME_POOL, POOL_COUNT, Pool, pool } from "./pool";

function itemBytes(it: Pool): usize {
  return it.high * it.itemSize;
}

function frameBytesInUse(): usize {
  return pool(FRAME_POOL).high * machine.pageSize;
}

/** Copies the state to the stage. Returns its length in bytes, a multiple of 8. */
export function save(): u32 {
  let to = STAGE;
  copy(to, MACHINE, MACHINE_SIZE);
  to += MACHINE_SIZE;
  for (let number: u32 = 0; number < POOL_COUNT; number++) {
    const it = pool(number);
    copy(to, it.base, itemBytes(it));
    to += itemBytes(it);
  }
  copy(to, FRAMES, frameBytesInUse());
  to += frameBytesInUse();
  const end = (to + 7) & ~7;
  zero(to, end - to);
  return <u32>(end - STAGE);
}

/** Makes the state on the stage the machine's. */
export function restore(): void {
  for (let number: u32 = 0; number < POOL_COUNT; number++) zero(pool(number).base, itemBytes(pool(number)));
  zero(FRAMES, frameBytesInUse());
  let from = STAGE;
  copy(MACHINE, from, MACHINE_SIZE);
  from += MACHINE_SIZE;
  for (let number: u32 = 0; number < POOL_COUNT; number++) {
    const it = pool(number);
    copy(it.base, from, itemBytes(it));
    from += itemBytes(it);
  }
  copy(FRAMES, from, frameBytesInUse());
}

// `memory.copy` and `memory.fill` leave the module: for few bytes, or none, a loop over words is faster. All sizes here are
// multiples of four.
const FEW_BYTES: usize = 1024;

function copy(to: usize, from: usize, size: usize): void {
  if (size > FEW_BYTES) {
    memory.copy(to, from, size);
    return;
  }
  for (let at: usize = 0; at < size; at += 4) store<u32>(to + at, load<u32>(from + at));
}

function zero(address: usize, size: usize): void {
  if (size > FEW_BYTES) {
    memory.fill(address, 0, size);
    return;
  }
  for (let at: usize = 0; at < size; at += 4) store<u32>(address + at, 0);
}
