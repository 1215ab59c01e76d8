// A parent writes lines to its child through a pipe, as in the example of pipe(2). Each has both ends at first, and closes the
// one that it does not use.
//
// That is no mere tidiness: each of the two that is forgotten is a process that waits for itself. A reader sees the end of
// a pipe when its write end is closed for the last time, in any process, the reader's own among them. And a writer is told by
// EPIPE that nobody reads when that holds for the read end: else it waits for room in a pipe that only it could empty.
import { type Linux, program, type SyscallError, WEXITSTATUS } from "linux-ipc";

const newline = 10;

/** An end that is left open by the process that does not use it. */
export type Forgotten = "the child's write end" | "the parent's read end" | "none";

/** Reads lines until the end, or until it has as many as it wants. Its exit status is how many it has read. */
export const child = program(
  import.meta.url,
  async function child(linux, readEnd: number, writeEnd: number, wanted: number, forgotten: Forgotten) {
    if (forgotten !== "the child's write end") await linux.close(writeEnd);
    const chunk = new Uint8Array(4096);
    let lines = 0;
    while (lines < wanted) {
      const count = await linux.read(readEnd, chunk);
      if (count === 0) break;
      for (const each of chunk.subarray(0, count)) if (each === newline && lines < wanted) lines++;
    }
    return lines;
  },
);

/**
 * Writes lines to a child until all are written, or the child has ended.
 * @param wanted how many the child reads, at most
 * @returns how many it has read
 */
export async function tell(
  linux: Linux,
  lines: readonly string[],
  wanted: number,
  forgotten: Forgotten = "none",
): Promise<number> {
  // Without O_CLOEXEC a child has both ends, under the numbers that they have here: as after fork(2). With it, a child has
  // those that `fds` names and no other, and one of the two cannot be forgotten any more.
  const [readEnd, writeEnd] = await linux.pipe2();
  const pid = await linux.spawn(child, { args: [readEnd, writeEnd, wanted, forgotten] });
  if (forgotten !== "the parent's read end") await linux.close(readEnd);
  try {
    for (const line of lines) await linux.write(writeEnd, Buffer.from(`${line}\n`));
  } catch (error) {
    // The child has read what it wanted.
    if ((error as SyscallError).code !== "EPIPE") throw error;
  }
  await linux.close(writeEnd);
  const { status } = await linux.waitpid(pid);
  return WEXITSTATUS(status);
}

/** Tells a child that keeps its write end. A process of its own, so that it can be watched, and ended, as it waits for ever. */
export const forgetful = program(import.meta.url, async function forgetful(linux) {
  await tell(linux, ["one", "two"], 100, "the child's write end");
});
