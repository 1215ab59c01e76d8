// semtimedop(2) as C takes it: struct timespec, then an array of struct sembuf { unsigned short sem_num; short sem_op, sem_flg; }, in
// memory that does not move.
import type { SemaphoreOperation } from "../../src/sysv-semaphore.js";
import { setTimespec } from "./clock.js";
import { allocate } from "./ffi.js";
import * as libc from "./libc.js";

const TIME = 0;
const OPERATIONS = 16;
const SEMBUF_SIZE = 6;

/**
 * The plain semtimedop(2), or semop(2).
 * @param timeout nanoseconds; undefined waits for ever
 * @param flags what each operation has besides its own
 * @returns 0 or -errno
 */
export function operatePlainly(
  semid: number,
  operations: readonly SemaphoreOperation[],
  timeout: bigint | undefined,
  flags = 0,
): number {
  const size = OPERATIONS + operations.length * SEMBUF_SIZE;
  const { address, view } = size <= libc.scratch.bytes.length ? libc.scratch : allocate(size);
  let at = OPERATIONS;
  for (const { num, op, flg } of operations) {
    view.setUint16(at, num, true);
    view.setInt16(at + 2, op, true);
    view.setInt16(at + 4, flg | flags, true);
    at += SEMBUF_SIZE;
  }
  if (timeout !== undefined) setTimespec(view, TIME, timeout);
  const time = timeout === undefined ? 0 : address + TIME;
  return libc.resultOrErrno(libc.semtimedop(semid, address + OPERATIONS, operations.length, time));
}
