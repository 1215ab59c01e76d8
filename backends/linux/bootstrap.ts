// What `spawn` starts: node runs this module, it finds the program that the parent named, runs it, and ends
// the process with its result.
import { type AnyProgram, findProgram } from "../../src/program.js";
import { linux } from "./index.js";
import { spawnMessage } from "./inheritance.js";
import { waitingCount } from "./readiness.js";

try {
  process.exit(await run());
} catch (error) {
  console.error(error);
  process.exit(1);
}

async function run(): Promise<number> {
  if (spawnMessage === undefined) throw new Error("bootstrap: started by something else than spawn");
  const { url, ordinal, args } = spawnMessage;
  await import(url);
  const program = findProgram(url, ordinal);
  if (program === undefined) {
    throw new Error(
      `${url} made no program number ${ordinal}: call program(import.meta.url, …) at its top level, in the same order every time`,
    );
  }
  const status: unknown = await program.main(linux, ...args);
  const left = waitingCount();
  if (left > 0)
    console.error(
      `linux-ipc: ${nameOf(program)} returned while calls of it waited (${left}): they are cancelled`,
    );
  return typeof status === "number" ? status & 0xff : 0;
}

function nameOf({ main, url }: AnyProgram): string {
  return main.name || url;
}
