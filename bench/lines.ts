// How fast the lines of a FIFO are iterated over that another process writes, against node:readline on an fs stream.
import { once } from "node:events";
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { linux } from "../backends/linux/index.js";
import { Fifo } from "../src/pipe/fifo.js";
import { program } from "../src/program.js";
import type { Benchmark, Effort, Row } from "./benchmark.js";
import { compare, perSecond } from "./measure.js";
import { obey, startServant } from "./servant.js";

/** Lines that differ; they are written again and again. */
const blockLines = 1_000;

/** Opens the FIFO whenever it is told to, writes lines into it and closes it. */
const producer = program(import.meta.url, async (_linux, path: string, alphabet: string, blocks: number) => {
  const block = Buffer.from(linesOf(alphabet));
  await obey(() => {
    const fd = openSync(path, "w");
    for (let i = 0; i < blocks; i++) {
      for (let done = 0; done < block.length; ) done += writeSync(fd, block, done);
    }
    closeSync(fd);
  });
});

/** A block of lines of 20 to 100 characters. */
function linesOf(alphabet: string): string {
  const characters = [...alphabet];
  let text = "";
  for (let line = 0; line < blockLines; line++) {
    const length = 20 + ((line * 37) % 81);
    for (let i = 0; i < length; i++) text += characters[(line + i * 7) % characters.length];
    text += "\n";
  }
  return text;
}

const ascii = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,;:";

export const lines: Benchmark = {
  name: "lines",
  kernel: "linux",
  async run(effort) {
    return [
      await iterating(effort, "lines of ASCII", ascii),
      await iterating(effort, "lines with other characters", `${ascii}äéßπж–日本語😀`),
    ];
  },
};

/** What lines are read from. */
interface LineReader {
  lines(): AsyncIterable<string>;
  close(): Promise<void>;
}

function readline(path: string): LineReader {
  const input = createReadStream(path);
  return {
    lines: () => createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }),
    // By itself, at its end: what follows must not find it open.
    close: async () => void (input.closed || (await once(input, "close"))),
  };
}

async function iterating(effort: Effort, what: string, alphabet: string): Promise<Row> {
  const directory = mkdtempSync(join(tmpdir(), "linux-ipc-bench-"));
  const path = join(directory, "lines");
  const blocks = Math.ceil(1_000 * effort.scale);
  const count = blocks * blockLines;
  const length = (linesOf(alphabet).length - blockLines) * blocks;
  try {
    const fifo = await Fifo.create(linux, path);
    const servant = await startServant(producer, [path, alphabet, blocks]);
    const consume = (open: () => Promise<LineReader>) => async (): Promise<number> => {
      let found = 0;
      let characters = 0;
      const start = process.hrtime.bigint();
      servant.order(0);
      const reader = await open();
      for await (const line of reader.lines()) {
        found++;
        characters += line.length;
      }
      await reader.close();
      const ns = Number(process.hrtime.bigint() - start);
      if (found !== count || characters !== length) throw new Error(`${found} lines, ${characters} long`);
      await servant.done();
      return ns / count;
    };
    const rateOf = perSecond("lines");
    const row = await compare(
      // A second each: fewer rounds will do.
      { ...effort, rounds: Math.ceil(effort.rounds / 5) },
      {
        what: `Linux: ${count.toLocaleString("en-US")} ${what} from another process, for await over lines()`,
        ours: consume(() => fifo.open({ mode: "read" })),
        peer: consume(async () => readline(path)),
        peerName: "readline on an fs.ReadStream",
        show: (ns) => rateOf(1e9 / ns),
        // Nanoseconds each: the quotient of the rates is the other way round.
        ratio: (ours, peer) => peer / ours,
        goal: { atLeast: 1 },
      },
    );
    await servant.end();
    return row;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
