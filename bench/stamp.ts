// The writer of the readiness benchmark. Run as a Worker, it writes whenever a descriptor appears in the shared word.
import { writeSync } from "node:fs";
import { isMainThread, workerData } from "node:worker_threads";

// The time in which a thread that has nothing to do falls asleep in epoll_wait(2).
const settleNs = 100_000n;

/** Writes the time to a descriptor. */
export function stampAndWrite(writeEnd: number): void {
  writeSync(writeEnd, new Uint8Array(BigInt64Array.of(process.hrtime.bigint()).buffer));
}

if (!isMainThread) {
  const order = workerData as Int32Array<SharedArrayBuffer>;
  for (;;) {
    Atomics.wait(order, 0, 0);
    const writeEnd = Atomics.exchange(order, 0, 0);
    const start = process.hrtime.bigint();
    while (process.hrtime.bigint() - start < settleNs);
    stampAndWrite(writeEnd);
  }
}
