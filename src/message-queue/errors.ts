// What errors of message queues say beyond their errno: which limit was hit, and where it is set.
import { EMSGSIZE } from "../../assembly/abi/errno.js";
import { O_CREAT, O_EXCL } from "../../assembly/abi/fcntl.js";
import { MQ_PRIO_MAX } from "../../assembly/abi/mqueue.js";
import { codeOf, explain, SyscallError } from "../errors.js";
import type { Linux } from "../linux.js";

/** Whether a call until a time that is over would have waited. */
export const wouldWait = (error: unknown): boolean => {
  const code = codeOf(error);
  return code === "ETIMEDOUT" || code === "EAGAIN";
};

/**
 * Says more of a message that was not sent.
 * @param messageSize asks what the queue's is
 */
export async function explainSend(
  error: unknown,
  length: number,
  priority: number,
  messageSize: () => Promise<number>,
): Promise<void> {
  if (codeOf(error) === "EINVAL") {
    explain(error as SyscallError, `priority ${priority}, and MQ_PRIO_MAX is ${MQ_PRIO_MAX}`);
  } else if (codeOf(error) === "EMSGSIZE") {
    const size = await messageSize().catch(() => undefined);
    if (size !== undefined) explain(error as SyscallError, longHint(length, size));
  }
}

const longHint = (length: number, messageSize: number): string =>
  `it has ${length} bytes, and the queue's messageSize is ${messageSize}, which is chosen when a queue is made: ` +
  "MessageQueue.open(…, { create: true, messageSize }), up to /proc/sys/fs/mqueue/msgsize_max";

/** What is said of a buffer that is too short, whatever the message. */
export const shortHint = (length: number, messageSize: number): string =>
  `the buffer has ${length} bytes, and needs the queue's messageSize: ${messageSize}`;

/** The kernel's error for that. */
export const tooShortError = (fd: number, length: number, messageSize: number): SyscallError =>
  new SyscallError(EMSGSIZE, "mq_receive", { fd, hint: shortHint(length, messageSize) });

/**
 * Says which of two limits an opening has hit: that of descriptors, or that of what the user's queues may hold.
 * @param flags what it was opened with
 */
export async function explainTooMany(
  linux: Linux,
  name: string,
  flags: number,
  error: SyscallError,
): Promise<void> {
  // Who opens a queue that is there is given no memory. The kernel takes a descriptor first: do_mq_open.
  const isOfMemory = (flags & O_CREAT) !== 0 && (await hasFreeDescriptor(linux, name, flags));
  explain(
    error,
    isOfMemory
      ? "the limit is RLIMIT_MSGQUEUE (ulimit -q), on what the user's queues may come to hold together: maxMessages times messageSize, and more"
      : "the limit is RLIMIT_NOFILE: ulimit -n",
  );
}

async function hasFreeDescriptor(linux: Linux, name: string, flags: number): Promise<boolean> {
  try {
    await linux.close(await linux.mq_open(name, flags & ~(O_CREAT | O_EXCL)));
    return true;
  } catch (error) {
    return codeOf(error) !== "EMFILE";
  }
}
