// The string that replays a failure: `1,3fa9c2e1,2pipe2.spawn:2.3read.2waitpid`
//   1          version of this format
//   3fa9c2e1   hash of the options (options.ts)
//   2pipe2     a step: the process with pid 2 attempts its call pipe2
//   .spawn:2   two more steps of the same process
// A step is named by process and call, not by its place among the choices, so a string survives edits that do not change
// what happens before the failure. `read/1` is the second of the reads that are outstanding, `0timer` a timer that fires,
// `exiting` a step in which an ended process gives up what it held. No character means anything to a shell.
import { syscallByNumber, syscallList } from "../syscalls.js";
import { CALL_EXITING, CALL_TIMER } from "./choice.js";

/** One step as a failure string names it. */
export interface StepName {
  readonly pid: number;
  readonly call: number;
  readonly nth: number;
}

const VERSION = "1";

const numbers = new Map<string, number>([
  ...syscallList.map((syscall): [string, number] => [syscall.name, syscall.number]),
  ["timer", CALL_TIMER],
  ["exiting", CALL_EXITING],
]);

/** The name of what a step does: a call's, or `timer` or `exiting`. */
export function stepCallName(call: number): string {
  if (call === CALL_TIMER) return "timer";
  if (call === CALL_EXITING) return "exiting";
  return syscallByNumber(call)?.name ?? `call${call}`;
}

/** Writes steps as a failure string. */
export function encodeFailure(hash: string, steps: readonly StepName[]): string {
  const words: string[] = [];
  let pid = -1;
  let word = "";
  let repeats = 0;
  const flush = (): void => {
    if (repeats > 0) words.push(repeats === 1 ? word : `${word}:${repeats}`);
  };
  for (const step of steps) {
    const name = stepCallName(step.call) + (step.nth === 0 ? "" : `/${step.nth}`);
    const isSamePid = step.pid === pid;
    if (isSamePid && word.replace(/^\d+/, "") === name) {
      repeats++;
      continue;
    }
    flush();
    word = isSamePid ? name : step.pid + name;
    pid = step.pid;
    repeats = 1;
  }
  flush();
  return [VERSION, hash, words.join(".")].join(",");
}

/**
 * Reads a failure string.
 * @throws TypeError saying what is wrong with it
 */
export function decodeFailure(failure: string): { hash: string; steps: StepName[] } {
  const wrong = (why: string): TypeError => new TypeError(`not a failure string of linux-ipc: ${why}`);
  if (typeof failure !== "string") throw wrong("not a string");
  const [version, hash, text, ...rest] = failure.trim().split(",");
  if (version !== VERSION)
    throw wrong(`its version is ${JSON.stringify(version)}, this one reads ${VERSION}`);
  if (hash === undefined || text === undefined || rest.length > 0) throw wrong("it has not three parts");
  if (!/^[0-9a-f]{8}$/.test(hash)) throw wrong(`${JSON.stringify(hash)} is no hash of options`);
  const steps: StepName[] = [];
  let pid = -1;
  for (const word of text === "" ? [] : text.split(".")) {
    const parts = /^(\d*)([a-z_]+[0-9]?)(?:\/(\d+))?(?::(\d+))?$/.exec(word);
    const call = numbers.get(parts?.[2] ?? "");
    if (parts === null || call === undefined) throw wrong(`${JSON.stringify(word)} is no step`);
    if (parts[1] !== "") pid = Number(parts[1]);
    if (pid < 0) throw wrong("its first step names no process");
    const repeats = Number(parts[4] ?? 1);
    if (steps.length + repeats > 10_000_000) throw wrong("it has too many steps");
    const step: StepName = { pid, call, nth: Number(parts[3] ?? 0) };
    for (let i = 0; i < repeats; i++) steps.push(step);
  }
  return { hash, steps };
}
