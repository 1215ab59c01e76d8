// The peer in C (pairs.c), compiled when it is needed, if there is a compiler: the package itself never has one.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageSize } from "./queues.js";
import { undoAtEnd } from "./undo.js";

/** What a process of a C program does. Each gives nanoseconds for one of `count` times. */
export interface CompiledPairs {
  /** A message through a POSIX queue. */
  posix(mqdes: number, count: number): number;
  /** A message through a System V queue. */
  sysv(msqid: number, count: number): number;
  /** One added to the first semaphore of a System V set, and taken. */
  semop(semid: number, count: number): number;
  /** sem_post and sem_wait of a semaphore in shared memory. */
  sem(count: number): number;
  /** A copy of so many bytes. */
  memcpy(size: number, count: number): number;
  /** A mutex in shared memory locked and unlocked, while another process does the same. */
  mutex(count: number): number;
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
  // Before glibc 2.34 the functions on POSIX queues were in librt, and of semaphores in libpthread; later there are empty ones.
  const options = ["-O2", "-pthread", "-o", program, source, "-lrt"];
  const { error, status } = spawnSync(compiler, options, { stdio: "inherit" });
  if (error !== undefined || status !== 0) {
    remove();
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
    throw new Error(`${compiler} did not compile bench/pairs.c`, { cause: error });
  }
  const run = (way: string, count: number, { size = 0, id = 0, queue }: Arguments = {}): number => {
    const stdio = ["ignore", "pipe", "inherit", queue ?? "ignore"] as const;
    const args = [way, count, size, id].map((value) => String(value));
    const result = spawnSync(program, args, { stdio: [...stdio], encoding: "utf8" });
    if (result.status !== 0) throw new Error("the program in C failed", { cause: result.error });
    return Number(result.stdout);
  };
  return {
    posix: (queue, count) => run("posix", count, { size: messageSize, queue }),
    sysv: (id, count) => run("sysv", count, { size: messageSize, id }),
    semop: (id, count) => run("semop", count, { id }),
    sem: (count) => run("sem", count),
    memcpy: (size, count) => run("memcpy", count, { size }),
    mutex: (count) => run("mutex", count),
    remove,
  };
}

/** What the program is told besides. */
interface Arguments {
  readonly size?: number;
  readonly id?: number;
  readonly queue?: number;
}
