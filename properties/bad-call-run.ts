// Makes bad calls (bad-calls.ts) at a `Linux`, one after the other, and takes down what each came to. The same for
// both backends: what it makes itself it makes by awaited calls.
import fc from "fast-check";
import { SyscallError } from "../src/errors.js";
import type { Linux } from "../src/linux.js";
import type { Mapping } from "../src/mapping.js";
import { type BadCall, badCallTo } from "./bad-calls.js";

const BATCH = 1000;

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

/** Ends of pipes whose other end is closed, under numbers that do not change. */
export const READ_END = 100;
export const WRITE_END = 101;

/** What the calls came to. */
export interface BadCallReport {
  /** How often each call ended how: `read EBADF`, `kill TypeError`, `dup done`. */
  readonly outcomes: Record<string, number>;
  /** Errors that are neither a SyscallError nor a TypeError nor an AbortError. */
  readonly unexpected: string[];
}

/** Opens READ_END and WRITE_END anew. */
export async function openEnds(linux: Linux): Promise<void> {
  const [emptyRead, emptyWrite] = await linux.pipe2();
  const [brokenRead, brokenWrite] = await linux.pipe2();
  await linux.dup2(emptyRead, READ_END);
  await linux.dup2(brokenWrite, WRITE_END);
  for (const fd of [emptyRead, emptyWrite, brokenRead, brokenWrite]) await linux.close(fd);
}

/**
 * Makes bad calls, in the current directory where they touch files. READ_END and WRITE_END must be open, and are in the end.
 * @param forms the objects whose methods are called, by turns
 */
export async function runBadCalls(
  linux: Linux,
  forms: readonly object[],
  calls: number,
  seed: number,
): Promise<BadCallReport> {
  const report: BadCallReport = { outcomes: {}, unexpected: [] };
  const self = await linux.getpid();
  for (let done = 0; done < calls; done += BATCH) {
    const numRuns = Math.min(BATCH, calls - done);
    const batch = fc.sample(badCallTo([READ_END, WRITE_END]), { numRuns, seed: seed + done });
    for (const [index, call] of batch.entries()) {
      const methods = forms[index % forms.length] as Methods;
      try {
        const args = call.args();
        const isSuicide = call.name === "kill" && args[0] === self;
        const returned: unknown = isSuicide ? undefined : methods[call.name]?.(...args);
        await cleanUp(linux, call, args, returned instanceof Promise ? await returned : returned);
        note(report, call, "done");
      } catch (error) {
        noteError(report, call, error);
      }
    }
  }
  await openEnds(linux);
  return report;
}

function note({ outcomes }: BadCallReport, { name }: BadCall, outcome: string): void {
  const key = `${name} ${outcome}`;
  outcomes[key] = (outcomes[key] ?? 0) + 1;
}

function noteError(report: BadCallReport, call: BadCall, error: unknown): void {
  note(report, call, outcomeOf(error));
  if (outcomeOf(error) !== "unexpected") return;
  report.unexpected.push(`${call.name}: ${error instanceof Error ? error.stack : String(error)}`);
}

function outcomeOf(error: unknown): string {
  if (error instanceof SyscallError) return error.code;
  if (error instanceof TypeError) return "TypeError";
  return error instanceof Error && error.name === "AbortError" ? "AbortError" : "unexpected";
}

/** Closes what a call has opened, undoes what it has changed for others. */
async function cleanUp(
  linux: Linux,
  { name }: BadCall,
  args: readonly unknown[],
  result: unknown,
): Promise<void> {
  const made = name === "pipe2" ? [...(result as number[])] : [];
  const isCopy = name === "dup" || (name === "fcntl" && (args[1] === 0 || args[1] === 1030));
  if (isCopy || ["dup2", "dup3", "open", "memfd_create"].includes(name)) made.push(result as number);
  for (const fd of made) if (fd !== READ_END && fd !== WRITE_END) await linux.close(fd);
  if (["close", "dup2", "dup3"].includes(name)) await openEnds(linux);
  if (name === "mmap") await linux.munmap((result as Mapping).address, (result as Mapping).length);
  if (name === "umask") await linux.umask(0o022);
}
