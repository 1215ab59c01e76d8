// The peer in C (pairs.c), compiled when it is needed, if there is a compiler: the package itself never has one.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageSize } from "./queues.js";
import { undoAtEnd } from "./undo.js";

/** Messages through a queue by a process of a C program. */
export interface CompiledPairs {
  /** @returns nanoseconds for each of `count` messages through a POSIX queue */
  posix(mqdes: number, count: number): number;
  /** @returns nanoseconds for each of `count` messages through a System V queue */
  sysv(msqid: number, count: number): number;
  /** Removes the program. */
  remove(): void;
}

// From dist/bench/, where this file runs.
const source = fileURLToPath(new URL("../../bench/pairs.c", import.meta.url));

/**
 * Compiles the program.
 * @param compiler the command
 * @returns undefined if there is no such command
 * @throws Error if it does not compile
 */
export function compilePairs(compiler = "cc"): CompiledPairs | undefined {
  const folder = mkdtempSync(join(tmpdir(), "linux-ipc-bench-"));
  const remove = undoAtEnd(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "pairs");
  // Before glibc 2.34 the functions on POSIX queues were in librt; later there is an empty one.
  const { error, status } = spawnSync(compiler, ["-O2", "-o", program, source, "-lrt"], { stdio: "inherit" });
  if (error !== undefined || status !== 0) {
    remove();
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
    throw new Error(`${compiler} did not compile bench/pairs.c`, { cause: error });
  }
  const run = (queue: "ignore" | number, ...args: (number | string)[]): number => {
    const stdio = ["ignore", "pipe", "inherit", queue] as const;
    const result = spawnSync(program, args.map(String), { stdio: [...stdio], encoding: "utf8" });
    if (result.status !== 0) throw new Error("the program in C failed", { cause: result.error });
    return Number(result.stdout);
  };
  return {
    posix: (mqdes, count) => run(mqdes, "posix", count, messageSize),
    sysv: (msqid, count) => run("ignore", "sysv", count, messageSize, msqid),
    remove,
  };
}
