// Snapshots: the machine block, then the items in use of every pool, then the frames in use, then the bytes of shared memory,
// side by side in the stage.
// What lies beyond them is zero, in the snapshot as in the machine, so equal states are equal bytes and hash alike.
import { machine } from "./machine";
import { FRAMES, MACHINE, MACHINE_SIZE, STAGE } from "./memory";
import { FRAME_POOL, POOL_COUNT, Pool, pool } from "./pool";
import { measureSharedBytes, restoreSharedBytes, saveSharedBytes, zeroSharedBytes } from "./shared-object";
import { copyWords, zeroWords } from "./words";

function itemBytes(it: Pool): usize {
  return it.high * it.itemSize;
}

function frameBytesInUse(): usize {
  return pool(FRAME_POOL).high * machine.pageSize;
}

/** Copies the state to the stage. Returns its length in bytes, a multiple of 8. */
export function save(): u32 {
  measureSharedBytes();
  let to = STAGE;
  copyWords(to, MACHINE, MACHINE_SIZE);
  to += MACHINE_SIZE;
  for (let number: u32 = 0; number < POOL_COUNT; number++) {
    const it = pool(number);
    copyWords(to, it.base, itemBytes(it));
    to += itemBytes(it);
  }
  copyWords(to, FRAMES, frameBytesInUse());
  to = saveSharedBytes(to + frameBytesInUse());
  const end = (to + 7) & ~7;
  zeroWords(to, end - to);
  return <u32>(end - STAGE);
}

/** Makes the state on the stage the machine's. */
export function restore(): void {
  zeroSharedBytes();
  for (let number: u32 = 0; number < POOL_COUNT; number++)
    zeroWords(pool(number).base, itemBytes(pool(number)));
  zeroWords(FRAMES, frameBytesInUse());
  let from = STAGE;
  copyWords(MACHINE, from, MACHINE_SIZE);
  from += MACHINE_SIZE;
  for (let number: u32 = 0; number < POOL_COUNT; number++) {
    const it = pool(number);
    copyWords(it.base, from, itemBytes(it));
    from += itemBytes(it);
  }
  copyWords(FRAMES, from, frameBytesInUse());
  restoreSharedBytes(from + frameBytesInUse());
}
