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
  memory.copy(to, MACHINE, MACHINE_SIZE);
  to += MACHINE_SIZE;
  for (let number: u32 = 0; number < POOL_COUNT; number++) {
    const it = pool(number);
    memory.copy(to, it.base, itemBytes(it));
    to += itemBytes(it);
  }
  memory.copy(to, FRAMES, frameBytesInUse());
  to += frameBytesInUse();
  const end = (to + 7) & ~7;
  memory.fill(to, 0, end - to);
  return <u32>(end - STAGE);
}

/** Makes the state on the stage the machine's. */
export function restore(): void {
  for (let number: u32 = 0; number < POOL_COUNT; number++)
    memory.fill(pool(number).base, 0, itemBytes(pool(number)));
  memory.fill(FRAMES, 0, frameBytesInUse());
  let from = STAGE;
  memory.copy(MACHINE, from, MACHINE_SIZE);
  from += MACHINE_SIZE;
  for (let number: u32 = 0; number < POOL_COUNT; number++) {
    const it = pool(number);
    memory.copy(it.base, from, itemBytes(it));
    from += itemBytes(it);
  }
  memory.copy(FRAMES, from, frameBytesInUse());
}
