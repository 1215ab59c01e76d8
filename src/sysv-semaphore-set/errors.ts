// What errors of System V semaphores say beyond their errno.
import { IPC_STAT } from "../../assembly/abi/ipc.js";
import { SEMVMX } from "../../assembly/abi/sem.js";
import { codeOf, explain, type SyscallError } from "../errors.js";
import type { Linux } from "../linux.js";

const NO_SET = "no set has this id: it was removed, or never was";

/** Says more of operations that were not done. @param count how many they were */
export async function explainOperations(
  linux: Linux,
  id: number,
  error: unknown,
  count: number,
): Promise<void> {
  switch (codeOf(error)) {
    case "EINVAL":
      return explain(error as SyscallError, count === 0 ? "no operation" : NO_SET);
    case "ERANGE":
      return explain(
        error as SyscallError,
        `a semaphore would come above ${SEMVMX} (SEMVMX), or what is to be undone of it out of that range`,
      );
    case "EFBIG":
      return explain(error as SyscallError, await rangeHint(linux, id));
  }
}

/** Says more of a question that was not answered, or a change that was not made. */
export async function explainControl(
  linux: Linux,
  id: number,
  error: unknown,
  isOfOne: boolean,
): Promise<void> {
  if (codeOf(error) !== "EINVAL") return;
  // EINVAL is also a semaphore that the set has not.
  const hint = isOfOne ? await rangeHint(linux, id) : `${NO_SET}; or an ID that no user can have`;
  explain(error as SyscallError, hint);
}

async function rangeHint(linux: Linux, id: number): Promise<string> {
  try {
    const { nsems } = await linux.semctl(id, 0, IPC_STAT);
    return nsems === 1 ? "the set has one semaphore, 0" : `the set has semaphores 0 to ${nsems - 1}`;
  } catch (error) {
    return codeOf(error) === "EINVAL" ? NO_SET : "the set has no such semaphore";
  }
}
