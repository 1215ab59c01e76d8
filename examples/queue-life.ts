// The life of a message queue of either kind: created, sent to, received from, removed. Both keep messages whole, and keep
// them when the sender is gone; and a queue that nobody removes stays on the machine, with what is in it.
//
// A POSIX queue (mq_overview(7)) gives out the highest priority first. It has a name, and is open as a file is: when the name is
// removed, who has it open goes on. So the name can go as soon as all have the queue that are to have it, and then nothing is
// left on the machine however they end. But a process that is to open it by name may come too late: `hasty` starts a child, and
// removes the name without knowing whether the child was there. `mended` passes it the open queue.
//
// A System V queue (sysvipc(7)) gives out the type that a receiver asks for. It has an identifier, and nobody has it open: when it
// is removed it is gone for all at once, and who waits on it is told by EIDRM. That can be the word for "enough".
import { type Linux, MessageQueue, program, SysvMessageQueue, WEXITSTATUS } from "linux-ipc";

/** Opens the queue by its name. */
export const hastyReader = program(import.meta.url, async function reader(linux, name: string) {
  await answer(await MessageQueue.open(linux, name));
});

/** Was passed the queue. */
export const mendedReader = program(import.meta.url, async function reader(linux) {
  await answer(MessageQueue.from(linux, "queue"));
});

/** Receives three messages, and sends what they were. */
async function answer(queue: MessageQueue): Promise<void> {
  const texts: string[] = [];
  while (texts.length < 3) texts.push((await queue.receive()).text);
  await queue.send(texts.join(", "));
  await queue.close();
}

/** The life of a POSIX queue whose reader opens it by name. @returns what the reader says */
export async function hasty(linux: Linux, name: string): Promise<string> {
  return await posixLife(linux, name, (_queue) => linux.spawn(hastyReader, { args: [name] }));
}

/** The life of a POSIX queue that is passed to its reader. @returns what the reader says */
export async function mended(linux: Linux, name: string): Promise<string> {
  return await posixLife(linux, name, (queue) => linux.spawn(mendedReader, { fds: { queue: queue.fd } }));
}

async function posixLife(
  linux: Linux,
  name: string,
  startReader: (queue: MessageQueue) => Promise<number>,
): Promise<string> {
  const options = { create: true, exclusive: true, maxMessages: 4, messageSize: 64 };
  await using queue = await MessageQueue.open(linux, name, options);
  // Nobody waits for a message yet. They are kept.
  await queue.send("one");
  await queue.send("two");
  await queue.send("urgent", { priority: 9 });
  const pid = await startReader(queue);
  await queue.unlink();
  await linux.waitpid(pid);
  // The reader is gone; what it sent is there, in a queue that has no name any more.
  return (await queue.receive()).text;
}

/** Receives a message of type 2, then one of any type up to 2, and sends what they were as type 9. Then it waits for more. */
export const sysvReader = program(import.meta.url, async function reader(linux, id: number) {
  const queue = SysvMessageQueue.from(linux, id);
  const texts = [(await queue.receive({ type: 2 })).text, (await queue.receive({ type: { upTo: 2 } })).text];
  await queue.send(texts.join(", "), { type: 9 });
  try {
    await queue.receive({ type: { upTo: 2 } });
    return 1;
  } catch (error) {
    // The queue was removed while it waited (EIDRM), or had been before (EINVAL).
    const { code } = error as { code?: string };
    if (code !== "EIDRM" && code !== "EINVAL") throw error;
    return 0;
  }
});

/** The life of a System V queue. @returns what the reader says, and its exit status */
export async function sysv(linux: Linux): Promise<{ answer: string; status: number }> {
  await using queue = await SysvMessageQueue.createPrivate(linux, { removeOnClose: true });
  await queue.send("one", { type: 1 });
  await queue.send("two", { type: 2 });
  const pid = await linux.spawn(sysvReader, { args: [queue.id] });
  const { text: answer } = await queue.receive({ type: 9 });
  await queue.remove();
  const { status } = await linux.waitpid(pid);
  return { answer, status: WEXITSTATUS(status) };
}
