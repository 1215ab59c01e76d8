// What `spawn` starts: node runs this module, it finds the program that the parent named, runs it, and ends the process with its result.
import { findProgram } from "../../src/program.js";
import { linux } from "./index.js";
import { spawnMessage } from "./inheritance.js";

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
  return typeof status === "number" ? status & 0xff : 0;
}
