// What `spawn` steps start: a process that makes calls on command, as its parent does.
import { program } from "../src/program.js";

/** The child of a spawn step. Where it takes its commands from is its argument: the harness's own, not the model's. */
export const childProgram = program(import.meta.url, async (_linux, connection: string) => {
  const { runChild } = await import("./sync/process.js");
  return runChild(connection);
});
