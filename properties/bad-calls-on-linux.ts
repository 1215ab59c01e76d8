// A process that makes bad calls at the real kernel, awaited and plain by turns, and prints what they came to as one line of JSON. Run by
// backends/linux/bad-input.test.ts in namespaces of its own: kill(2) is called with any number at all.
//   node bad-calls-on-linux.js CALLS SEED
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { linux } from "../backends/linux/index.js";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME } from "../src/constants.js";
import { SyscallError } from "../src/errors.js";
import { type BadCall, badCallTo } from "./bad-calls.js";

const [calls = 1000, seed = 1] = process.argv.slice(2).map(Number);
const BATCH = 1000;

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;
const awaited = linux as unknown as Methods;
const plain = linux.sync as unknown as Methods;

/** Ends of pipes whose other end is closed, under numbers that do not change. */
const READ_END = 100;
const WRITE_END = 101;

function openOwn(): void {
  const [emptyRead, emptyWrite] = linux.sync.pipe2();
  const [brokenRead, brokenWrite] = linux.sync.pipe2();
  linux.sync.dup2(emptyRead, READ_END);
  linux.sync.dup2(brokenWrite, WRITE_END);
  for (const fd of [emptyRead, emptyWrite, brokenRead, brokenWrite]) linux.sync.close(fd);
}

const countDescriptors = (): number => readdirSync("/proc/self/fd").length;

const outcomes: Record<string, number> = {};
const unexpected: string[] = [];

function note(name: string, outcome: string): void {
  const key = `${name} ${outcome}`;
  outcomes[key] = (outcomes[key] ?? 0) + 1;
}

function noteError({ name }: BadCall, error: unknown): void {
  if (error instanceof SyscallError) return note(name, error.code);
  if (error instanceof TypeError) return note(name, "TypeError");
  if (error instanceof Error && ["AbortError"].includes(error.name)) return note(name, error.name);
  unexpected.push(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
}

/** Closes what a call has made. */
function cleanUp({ name }: BadCall, args: readonly unknown[], result: unknown): void {
  note(name, "done");
  const made = name === "pipe2" ? (result as number[]) : [];
  const isCopy = name === "dup" || (name === "fcntl" && (args[1] === 0 || args[1] === 1030));
  if (isCopy || name === "dup2" || name === "dup3") made.push(result as number);
  for (const fd of made) if (fd !== READ_END && fd !== WRITE_END) linux.sync.close(fd);
  if (["close", "dup2", "dup3"].includes(name)) openOwn();
}

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise;

openOwn();
// Whatever is opened once and kept is open now.
await linux.poll([{ fd: READ_END, events: 0 }], 0);
for (const clock of [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME])
  await linux.clock_nanosleep(clock, 0, 1000n);
await linux.poll([], 1);
await linux.read(READ_END, new Uint8Array(1));
await linux.write(WRITE_END, new Uint8Array(1)).catch(() => {});
const before = countDescriptors();
for (let done = 0; done < calls; done += BATCH) {
  const numRuns = Math.min(BATCH, calls - done);
  const batch = fc.sample(badCallTo([READ_END, WRITE_END]), { numRuns, seed: seed + done });
  for (const [index, call] of batch.entries()) {
    const methods = index % 2 === 0 ? awaited : plain;
    try {
      const args = call.args();
      const returned = methods[call.name]?.(...args);
      cleanUp(call, args, isPromise(returned) ? await returned : returned);
    } catch (error) {
      noteError(call, error);
    }
  }
}
openOwn();
await linux.read(READ_END, new Uint8Array(1));
await linux.write(WRITE_END, new Uint8Array(1)).catch(() => {});
const leaked = countDescriptors() - before;
console.log(JSON.stringify({ calls, seed, leaked, unexpected: unexpected.slice(0, 20), outcomes }));
