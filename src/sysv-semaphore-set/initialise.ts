// How a new set gets its values, so that nobody uses it before.
//
// semget(2) makes a set whose semaphores are 0, and whoever knows the key finds it at once: one who comes then and takes its 0 for the
// value would wait for a permit that is there in a moment, or take one that SETALL then gives again. What all can see is
// `sem_otime`, the time of the last semop(2): 0 in a new set, and never again after the first. So the maker's values come by a semop, in
// the same moment as the time; and who finds a set waits until it has one (Stevens, UNIX Network Programming, volume 2, 11.2).

import { ENOENT } from "../../assembly/abi/errno.js";
import { IPC_NOWAIT, IPC_STAT } from "../../assembly/abi/ipc.js";
import { SETALL } from "../../assembly/abi/sem.js";
import { codeOf, SyscallError } from "../errors.js";
import type { Linux } from "../linux.js";
import { lookUntil } from "../look-until.js";
import { isGone } from "../sysv/handle.js";
import type { SemaphoreOperation } from "../sysv-semaphore.js";
import type { TimedWaitOptions } from "../timeout.js";

/** Gives a new set its values, which is there for others from then on. */
export async function initialise(linux: Linux, id: number, values: readonly number[]): Promise<void> {
  const additions = values.flatMap((value, num) => (value === 0 ? [] : [operation(num, value)]));
  try {
    await linux.semop(id, additions.length > 0 ? additions : [operation(0, 0)]);
  } catch (error) {
    if (codeOf(error) !== "E2BIG") throw error;
    // More than a call may do. The time is set by one that changes nothing.
    await linux.semctl(id, 0, SETALL, values);
    const [num] = additions.map((addition) => addition.num);
    await linux.semop(id, [operation(num as number, -1), operation(num as number, 1)]);
  }
}

const operation = (num: number, op: number): SemaphoreOperation => ({ num, op, flg: IPC_NOWAIT });

/**
 * Waits until a set is initialised.
 * @throws ENOENT it was removed instead · EACCES its mode forbids to look · AbortError · TimeoutError
 */
export async function initialised(
  linux: Linux,
  caller: string,
  id: number,
  options: TimedWaitOptions | undefined,
): Promise<void> {
  try {
    await lookUntil(linux, caller, options, async () => {
      const { otime } = await linux.semctl(id, 0, IPC_STAT);
      return otime === 0n ? undefined : true;
    });
  } catch (error) {
    throw isGone(error)
      ? new SyscallError(ENOENT, "semget", { hint: "it was removed before it was initialised" })
      : error;
  }
}
