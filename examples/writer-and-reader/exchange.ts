// What starts a writer and a reader of shared memory, which know of each other by a name only: naive.ts, mended.ts.
import { type Linux, Pipe, type Program } from "linux-ipc";

/** Is given the name of the memory, and what to write into it. */
export type Writer = Program<[string, string]>;

/** Is given the name of the memory, and prints on a pipe what is in it: "paper". */
export type Reader = Program<[string]>;

/** What the names of the memory and the semaphores have behind the name that all is about. */
export const suffixes = ["", "-filled", "-taken"];

/** Has a text written by one process, and read by another. @returns what the reader prints */
export async function exchange(
  linux: Linux,
  { writer, reader }: { readonly writer: Writer; readonly reader: Reader },
  name: string,
  text: string,
): Promise<string> {
  await using paper = await Pipe.create(linux);
  const pids = [
    await linux.spawn(writer, { args: [name, text] }),
    await linux.spawn(reader, { args: [name], fds: { paper: paper.writer.fd } }),
  ];
  await paper.writer.close();
  const printed = await paper.reader.text();
  for (const pid of pids) await linux.waitpid(pid);
  return printed;
}
