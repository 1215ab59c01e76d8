// A process that makes bad calls at the real kernel, awaited and plain by turns, and prints what they came to
// as one line of JSON. Run by backends/linux/bad-input.test.ts in namespaces of its own: kill(2) is called
// with any number at all. node bad-calls-on-linux.js CALLS SEED
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linux } from "../backends/linux/index.js";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, TIMER_ABSTIME } from "../src/constants.js";
import { openEnds, READ_END, runBadCalls, WRITE_END } from "./bad-call-run.js";

const [calls = 1000, seed = 1] = process.argv.slice(2).map(Number);

const countDescriptors = (): number => readdirSync("/proc/self/fd").length;

/** Makes the calls after which whatever is opened once and kept is open. */
async function openAll(): Promise<void> {
  await linux.poll([{ fd: READ_END, events: 0 }], 0);
  // An interval on CLOCK_REALTIME is timed on another clock; a time on it needs its own timer.
  for (const clock of [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME]) {
    await linux.clock_nanosleep(clock, TIMER_ABSTIME, 1000n);
  }
  await linux.poll([], 1);
  await linux.read(READ_END, new Uint8Array(1));
  await linux.write(WRITE_END, new Uint8Array(1)).catch(() => {});
}

// What the calls do to files they do in here.
const folder = mkdtempSync(join(tmpdir(), "linux-ipc-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.chdir(folder);

await openEnds(linux);
await openAll();
const before = countDescriptors();
const { outcomes, unexpected } = await runBadCalls(linux, [linux, linux.sync], calls, seed);
await openAll();
const leaked = countDescriptors() - before;
console.log(JSON.stringify({ calls, seed, leaked, unexpected: unexpected.slice(0, 20), outcomes }));
