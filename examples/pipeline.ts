// cat FILE | grep WORD | wc: three processes joined by two pipes, each of which sees bytes in whatever pieces the pipes
// hand over. `shell` starts them as a shell does (run-pipeline.ts), and reads what wc says through a third pipe.
//
// The answer is that of GNU's tools with LC_ALL=C, to the byte: a last line without a newline gets one from grep, a NUL is
// a byte like any other, and lines may be as long as memory allows.
import { closeSync, openSync, readSync } from "node:fs";
import { type Linux, PipeReader, PipeWriter, program, spawnWith } from "linux-ipc";
import { runPipeline } from "./run-pipeline.js";

const chunkSize = 65536;
const newline = 10;

/** How the wc of a system prints, and what it takes for a word: its releases differ. */
export type WcStyle = {
  /** Columns of each number. */
  readonly width: number;
  /** Whether a word needs a printable character (coreutils before 9.5), or only something that is no space. */
  readonly printableWords: boolean;
};

/** Writes a file to its standard output. */
export const cat = program(import.meta.url, async function cat(linux, path: string) {
  const output = PipeWriter.from(linux, "stdout");
  const file = openSync(path, "r");
  try {
    const chunk = new Uint8Array(chunkSize);
    // Reading a file is no wait for another process, so it needs no kernel that can be simulated.
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
      await output.write(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
});

/** Writes the lines of its standard input that hold a word to its standard output. Exit status 1 if there is none. */
export const grep = program(import.meta.url, async function grep(linux, word: string) {
  const output = PipeWriter.from(linux, "stdout");
  // As for grep -F, a word of several lines is as many words.
  const words = word.split("\n").map((each) => Buffer.from(each));
  let status = 1;
  for await (const lines of wholeLines(PipeReader.from(linux, "stdin"))) {
    const found: Buffer[] = [];
    for (let start = 0; start < lines.length; ) {
      const end = lines.indexOf(newline, start);
      const line = lines.subarray(start, end);
      if (words.some((each) => line.includes(each))) found.push(lines.subarray(start, end + 1));
      start = end + 1;
    }
    if (found.length === 0) continue;
    status = 0;
    await output.write(Buffer.concat(found));
  }
  return status;
});

/** Counts the lines, words and bytes of its standard input, and writes the numbers to its standard output. */
export const wc = program(import.meta.url, async function wc(linux, style: WcStyle) {
  const output = PipeWriter.from(linux, "stdout");
  let lines = 0;
  let words = 0;
  let bytes = 0;
  let inWord = false;
  for await (const chunk of PipeReader.from(linux, "stdin")) {
    bytes += chunk.length;
    // An index is twice as fast as an iterator here, and files may be large.
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte === newline) lines++;
      if (byte === 32 || (byte >= 9 && byte <= 13)) {
        inWord = false;
      } else if (!inWord && (!style.printableWords || (byte > 32 && byte < 127))) {
        inWord = true;
        words++;
      }
    }
  }
  const numbers = [lines, words, bytes].map((number) => String(number).padStart(style.width));
  await output.write(`${numbers.join(" ")}\n`);
});

/** Runs `cat FILE | grep WORD | wc`. Resolves to what wc wrote; rejects if a process of the pipeline failed. */
export async function shell(linux: Linux, path: string, word: string, style: WcStyle): Promise<string> {
  const { output, statuses } = await runPipeline(linux, [
    (fds) => spawnWith(linux, cat, { args: [path], fds }),
    (fds) => spawnWith(linux, grep, { args: [word], fds }),
    (fds) => spawnWith(linux, wc, { args: [style], fds }),
  ]);
  for (const [place, status] of statuses.entries()) {
    const isNoMatch = place === 1 && status === 1 << 8;
    if (status !== 0 && !isNoMatch) {
      throw new Error(`${["cat", "grep", "wc"][place]} failed: wait status ${status}`);
    }
  }
  return output.toString();
}

/** The same bytes in pieces that end with a newline; a last line without one gets it. */
async function* wholeLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  // A line may come in many pieces: they are joined once, when its end is there.
  let begun: Uint8Array[] = [];
  for await (const chunk of input) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) {
      yield Buffer.concat([...begun, chunk.subarray(0, end)]);
      begun = [];
    }
    if (end < chunk.length) begun.push(chunk.subarray(end));
  }
  if (begun.length > 0) yield Buffer.concat([...begun, Uint8Array.of(newline)]);
}
