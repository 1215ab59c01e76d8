// The shell's own cat, grep and wc: what the pipelines of the demo and of the examples are measured against.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { WcStyle } from "../../examples/pipeline.js";

const run = promisify(execFile);

/** What a script of the shell prints, byte by byte. */
export async function shellOutput(script: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, LC_ALL: "C" };
  const { stdout } = await run("sh", ["-c", script, "sh", ...args], { env, encoding: "latin1" });
  return stdout;
}

/** What `cat FILE | grep WORD | wc` prints. @param path absolute, so that it is no option and no `-` */
export function shellPipeline(path: string, word: string): Promise<string> {
  return shellOutput('cat "$1" | grep -a -F -e "$2" | wc', path, word);
}

/**
 * How the wc of this system prints, asked of itself: GNU's and others' differ in the width of a column, and GNU's since
 * coreutils 9.5 takes what is neither printable nor a space for part of a word.
 */
export async function wcStyle(): Promise<WcStyle> {
  const line = await shellOutput("printf '\\001' | wc");
  const [, words] = line.trim().split(/ +/);
  return { width: (line.length - "  \n".length) / 3, printableWords: words === "0" };
}
