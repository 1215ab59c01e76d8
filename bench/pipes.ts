// Real pipes for benchmarks, read and written through node:fs or through linux-ipc.
import { readSync, writeSync } from "node:fs";
import { linux } from "../backends/linux/index.js";
import { O_CLOEXEC } from "../src/constants.js";

/** A real pipe: its read end and its write end. */
export function realPipe(): readonly [number, number] {
  return linux.sync.pipe2(O_CLOEXEC);
}

/** One 64-byte message through a pipe by way of node:fs: what the figures are compared with. */
export function fsPair(readEnd: number, writeEnd: number): () => void {
  const message = new Uint8Array(64).fill(1);
  const buffer = new Uint8Array(64);
  return () => {
    writeSync(writeEnd, message);
    readSync(readEnd, buffer);
  };
}
