// A named pipe as a log: any process that knows its name opens it and writes lines, and one collector reads them all.
//
// A write of up to PIPE_BUF bytes (4096) goes into a pipe in one piece, however many write at once and however full it is:
// lines up to that length always come out whole. A longer one goes in in one piece too, as long as there is room for all of
// it. When there is not, it goes piece by piece as the collector makes room, and what others write comes in between: the line is torn.
// So it works until the day on which much is written at once.

import type { Linux } from "linux-ipc";
import { Fifo, program } from "linux-ipc";

/** How much is written. */
export type Load = {
  readonly writers: number;
  /** Lines of each writer. */
  readonly lines: number;
  /** Bytes of each line, with its newline. */
  readonly size: number;
};

/** What came out. */
export interface Collected {
  readonly whole: number;
  readonly torn: number;
}

/** Writes lines that consist of one letter. */
export const writer = program(
  import.meta.url,
  async function writer(linux, path: string, letter: string, load: Load) {
    // Waits until the collector has it open.
    const log = await Fifo.open(linux, path, { mode: "write" });
    for (let i = 0; i < load.lines; i++) await log.write(`${letter.repeat(load.size - 1)}\n`);
    await log.close();
  },
);

/** Makes a log, starts its writers, and reads what they write. */
export async function collect(linux: Linux, path: string, load: Load): Promise<Collected> {
  const fifo = await Fifo.create(linux, path, { mode: 0o600, unlinkOnClose: true });
  // For writing as well: a FIFO that only writers have open for writing is at its end whenever the last of them closes it, also
  // if another is about to come.
  const { reader } = await fifo.open({ mode: "read-write" });
  const pids: number[] = [];
  for (let i = 0; i < load.writers; i++) {
    pids.push(await linux.spawn(writer, { args: [path, String.fromCharCode(97 + i), load] }));
  }
  const count = { whole: 0, torn: 0 };
  for await (const line of reader.lines()) {
    const isWhole = line === line.charAt(0).repeat(load.size - 1);
    count[isWhole ? "whole" : "torn"]++;
    if (count.whole + count.torn === load.writers * load.lines) break;
  }
  await fifo.close();
  for (const pid of pids) await linux.waitpid(pid);
  return count;
}
