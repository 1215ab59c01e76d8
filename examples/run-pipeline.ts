// What a shell does for `a | b | c`: starts each process with its standard output joined by a pipe to the standard input of
// the next. Here what the last one writes comes back, as from $(a | b | c).
import { type Linux, Pipe, type PipeReader, type PipeWriter } from "linux-ipc";

/** Starts one process of a pipeline by `spawnWith`, with the ends of pipes that it is given. Resolves to its pid. */
export type Stage = (fds: { readonly stdin?: PipeReader; readonly stdout: PipeWriter }) => Promise<number>;

/** Resolves to what the last process wrote, and the wait statuses of all, in their order. */
export async function runPipeline(
  linux: Linux,
  stages: readonly Stage[],
): Promise<{ output: Buffer; statuses: number[] }> {
  const pids: number[] = [];
  let last: PipeReader | undefined;
  for (const start of stages) {
    const { reader, writer } = await Pipe.create(linux);
    // The ends that a process is given are its own from then on: this process closes them (spawnWith), or the reader of the pipe
    // would never see its end, and the writer never learn that nobody reads.
    pids.push(await start(last === undefined ? { stdout: writer } : { stdin: last, stdout: writer }));
    last = reader;
  }
  const output = Buffer.from((await last?.readAll()) ?? []);
  await last?.close();
  const statuses: number[] = [];
  for (const pid of pids) statuses.push((await linux.waitpid(pid)).status);
  return { output, statuses };
}
