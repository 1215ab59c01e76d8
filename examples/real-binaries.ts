// Programs of ours joined to the system's own by pipes: `ls FOLDER | grep WORD` with our ls and the real grep, and
// `cat FILE | wc` with the real cat and our wc.
//
// The pipes are a shell's: they lead from process to process, and no byte goes through this one, as it would with
// child_process. On the model the programs of pipeline.ts stand for the system's.
import { readdirSync } from "node:fs";
import { executable, type Linux, PipeWriter, program, spawnWith } from "linux-ipc";
import { cat, grep, type WcStyle, wc } from "./pipeline.js";
import { runPipeline } from "./run-pipeline.js";

/** Writes the names in a folder to its standard output, as `LC_ALL=C ls` does. */
export const ls = program(import.meta.url, async function ls(linux, folder: string) {
  const names = readdirSync(folder, { encoding: "buffer" }).filter((name) => name[0] !== 0x2e);
  const lines = names.sort(Buffer.compare).map((name) => Buffer.concat([name, Buffer.from("\n")]));
  await PipeWriter.from(linux, "stdout").write(Buffer.concat(lines));
});

/** The system's grep. Its stand-in knows `grep -a -F -e WORD` and no other options. */
export const systemGrep = executable("grep", {
  model: (linux, ...args) => grep.main(linux, args[3] as string),
});

/** The system's cat. Its stand-in knows one file and no options. */
export const systemCat = executable("cat", {
  model: (linux, path) => cat.main(linux, path as string),
});

/** `ls FOLDER | grep -a -F -e WORD`: the lines, and whether there are any, which is what grep's exit status says. */
export async function lsGrep(
  linux: Linux,
  folder: string,
  word: string,
): Promise<{ lines: string; found: boolean }> {
  const { output, statuses } = await runPipeline(linux, [
    (fds) => spawnWith(linux, ls, { args: [folder], fds }),
    (fds) =>
      spawnWith(linux, systemGrep, {
        args: ["-a", "-F", "-e", word],
        fds,
        // A word is found byte by byte, whatever language the shell speaks.
        env: { ...process.env, LC_ALL: "C" },
      }),
  ]);
  expectSuccess("ls", statuses[0]);
  return { lines: output.toString("latin1"), found: statuses[1] === 0 };
}

/** `cat FILE | wc`: what wc writes. */
export async function catWc(linux: Linux, path: string, style: WcStyle): Promise<string> {
  const { output, statuses } = await runPipeline(linux, [
    (fds) => spawnWith(linux, systemCat, { args: [path], fds }),
    (fds) => spawnWith(linux, wc, { args: [style], fds }),
  ]);
  expectSuccess("cat", statuses[0]);
  expectSuccess("wc", statuses[1]);
  return output.toString();
}

function expectSuccess(name: string, status: number | undefined): void {
  if (status !== 0) throw new Error(`${name} failed: wait status ${status}`);
}
