// What errors of System V message queues say beyond their errno: which limit was hit, and where it is set.
import { EAGAIN } from "../../assembly/abi/errno.js";
import { IPC_INFO, IPC_STAT, MSG_COPY } from "../../assembly/abi/ipc.js";
import { codeOf, explain, SyscallError } from "../errors.js";
import type { Linux } from "../linux.js";
import { tooLongHint, type Wish } from "./selection.js";

const NO_QUEUE = "no queue has this id: it was removed, or never was";

/** Says more of a message of `length` bytes that was not sent. */
export async function explainSend(linux: Linux, error: unknown, length: number): Promise<void> {
  if (codeOf(error) !== "EINVAL") return;
  const { msgmax } = await linux.msgctl(0, IPC_INFO);
  explain(
    error as SyscallError,
    length > msgmax ? `it has ${length} bytes, and msgmax is ${msgmax}: /proc/sys/kernel/msgmax` : NO_QUEUE,
  );
}

/** Says more of a receive that failed. @param room bytes that it had room for */
export function explainReceive(error: unknown, { flags }: Wish, room: number): void {
  const code = codeOf(error);
  const orLonger = (flags & MSG_COPY) === 0 ? "" : "; or the message is longer than msgmax is now";
  if (code === "EINVAL") explain(error as SyscallError, NO_QUEUE + orLonger);
  else if (code === "E2BIG") explain(error as SyscallError, tooLongHint(room));
}

/** Says more of a call of msgctl(2) that failed. */
export function explainControl(error: unknown, isRaising: boolean): void {
  const code = codeOf(error);
  if (code === "EINVAL") explain(error as SyscallError, `${NO_QUEUE}; or an ID that no user can have`);
  else if (code === "EPERM" && isRaising) {
    const limit = "maxBytes above /proc/sys/kernel/msgmnb without CAP_SYS_RESOURCE";
    explain(error as SyscallError, `another's queue, or ${limit}`);
  }
}

/** The error of a message that no queue of its size has room for; undefined if it may have, some time. */
export async function neverFits(linux: Linux, id: number, length: number): Promise<SyscallError | undefined> {
  try {
    const { qbytes } = await linux.msgctl(id, IPC_STAT);
    if (length <= qbytes) return undefined;
    const hint = `it has ${length} bytes, and the queue may hold ${qbytes}: set({ maxBytes }), up to /proc/sys/kernel/msgmnb`;
    return new SyscallError(EAGAIN, "msgsnd", { hint });
  } catch {
    // Who may only write is not told.
    return undefined;
  }
}
