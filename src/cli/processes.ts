// What /proc(5) tells of the processes that this one started, and how they are ended. A hang is seen here, not guessed
// from a clock: every thread of every process is asleep and has not run since the last looks.
import { readdirSync, readFileSync } from "node:fs";

/** Whether there are real processes to be shown at all. */
export const hasRealKernel = process.platform === "linux";

/** The pids of all that descend from a process, parents before their children. */
export function descendants(ancestor: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  const found: number[] = [...(children.get(ancestor) ?? [])];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** The parent of a process; undefined if it has been reaped. */
function parentOf(pid: number): number | undefined {
  const stat = contents(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses, which may hold anything: state and parent stand after the last one.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ", 2)[1]);
}

/**
 * Tells two looks at sleeping processes apart if any of them has run in between.
 * @returns undefined if a thread of one of them is not asleep, or one has been reaped
 */
function stillness(pids: readonly number[]): string | undefined {
  const threads: string[] = [];
  for (const pid of pids) {
    for (const thread of threadsOf(pid)) {
      const status = contents(`/proc/${pid}/task/${thread}/status`);
      // A zombie does nothing more, and its parent may well be one of those that wait for something else.
      if (status === undefined || !/^State:\s*[SZ]/m.test(status)) return undefined;
      threads.push(`${thread}: ${status.match(/^(non)?voluntary_ctxt_switches:\s*\d+/gm)?.join()}`);
    }
  }
  return threads.join("\n");
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function contents(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // The process has ended since its name was read.
    return undefined;
  }
}

const lookIntervalMs = 50;
const looksOfAHang = 6;

/**
 * Waits until the processes that descend from another can only wait for ever: at six looks, 50 ms apart, they are the
 * same ones, every thread of them is asleep, and none has run in between. (Who sleeps for a time looks the same.)
 * @param signal ends the watch: it resolves to false
 */
export async function untilHung(ancestor: number, signal: AbortSignal): Promise<boolean> {
  let last: string | undefined;
  let looks = 0;
  while (!signal.aborted) {
    const pids = [ancestor, ...descendants(ancestor)];
    const now = stillness(pids);
    looks = now !== undefined && now === last ? looks + 1 : 1;
    last = now;
    if (now !== undefined && looks >= looksOfAHang) return true;
    await pause(lookIntervalMs, signal);
  }
  return false;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}

/**
 * Kills all that descend from a process. They are stopped first: one that is stopped starts no further child, which would
 * be init's by the time that its parent is dead, and out of reach.
 */
export function killDescendants(ancestor: number): void {
  const stopped = new Set<number>();
  for (let found = descendants(ancestor); found.length > 0; ) {
    for (const pid of found) {
      stopped.add(pid);
      send(pid, "SIGSTOP");
    }
    found = descendants(ancestor).filter((pid) => !stopped.has(pid));
  }
  for (const pid of stopped) send(pid, "SIGKILL");
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile: what was wanted.
  }
}
