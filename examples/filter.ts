// Text goes through a filter, here tr(1), and comes back: popen(3) in both directions.
//
// `hasty` writes all of it and then reads. That is well while the text is small, on any machine and however often it is tried:
// the two pipes and the filter hold what is on its way. A text that they cannot hold stops all of it for ever. The filter waits
// until somebody reads what it has written, and who should read waits until the filter takes the rest.
//
// `mended` reads while it writes.
import { executable, type Linux, Pipe, PipeReader, PipeWriter, spawnWith } from "linux-ipc";

/** `tr a-z A-Z`. On the model, which has no files to execute, the function runs in its place. */
export const tr = executable("tr", {
  async model(linux) {
    const output = PipeWriter.from(linux, "stdout");
    for await (const chunk of PipeReader.from(linux, "stdin")) {
      await output.write(chunk.map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte)));
    }
  },
});

interface Filter {
  readonly pid: number;
  /** What is written here goes in, and what comes out is read from there. */
  readonly input: PipeWriter;
  readonly output: PipeReader;
}

async function startFilter(linux: Linux): Promise<Filter> {
  const there = await Pipe.create(linux);
  const back = await Pipe.create(linux);
  const fds = { stdin: there.reader, stdout: back.writer };
  const pid = await spawnWith(linux, tr, { args: ["a-z", "A-Z"], fds });
  return { pid, input: there.writer, output: back.reader };
}

/** Writes, then reads. */
export async function hasty(linux: Linux, text: string): Promise<string> {
  const { pid, input, output } = await startFilter(linux);
  await writeAll(input, text);
  const changed = await output.text();
  await output.close();
  await linux.waitpid(pid);
  return changed;
}

/** Reads while it writes. */
export async function mended(linux: Linux, text: string): Promise<string> {
  const { pid, input, output } = await startFilter(linux);
  const [changed] = await Promise.all([output.text(), writeAll(input, text)]);
  await output.close();
  await linux.waitpid(pid);
  return changed;
}

/** Writes a text, and its end. */
async function writeAll(input: PipeWriter, text: string): Promise<void> {
  await input.write(text);
  await input.close();
}
