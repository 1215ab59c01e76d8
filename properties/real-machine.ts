// What the model has to know of the machine that the real kernel runs on.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { MachineOptions } from "../backends/wasm/machine.js";
import { CAP_LAST_CAP, CAP_SETGID, CAP_SETUID, CAP_SYS_RESOURCE } from "../src/constants.js";
import { credentialsOf, type Ids, type UserName } from "./users.js";

const CAP_SYS_PTRACE = 19;

let hasSetpriv: boolean | undefined;

/** Whether processes can be started with fewer capabilities than ours: by setpriv(1). */
function canLimit(): boolean {
  hasSetpriv ??= spawnSync("setpriv", ["--version"]).status === 0;
  return hasSetpriv;
}

/** The capabilities of root in the cases. CAP_SYS_RESOURCE, which many a container's root lacks, is not among them. */
export function rootCapabilities(): bigint {
  const resource = canLimit() ? 1n << BigInt(CAP_SYS_RESOURCE) : 0n;
  return effectiveCapabilities() & ~resource;
}

/**
 * What to put before a command that is to run as a user 0 of cases, with its real user. Not done in the process itself: there each thread has its
 * own capabilities, and libc ends a process when setresuid(2) succeeds in one thread and fails in another.
 */
export function commandOf(user: UserName, { ruid }: Ids): readonly string[] {
  const { groups, capabilities } = credentialsOf(user, rootCapabilities());
  if (capabilities === effectiveCapabilities() && ruid === undefined) return [];
  const numbers = Array.from({ length: CAP_LAST_CAP + 1 }, (_, number) => number);
  const kept = numbers.filter((number) => (capabilities >> BigInt(number)) & 1n);
  const bounding = ["-all", ...kept.map((number) => `+cap_${number}`)].join();
  const list =
    groups.length > 0 ? `--groups=${groups.join()}` : maySetGroups() ? "--clear-groups" : "--keep-groups";
  const real = ruid === undefined ? [] : [`--ruid=${ruid}`];
  return ["setpriv", "--regid=0", list, `--bounding-set=${bounding}`, ...real];
}

/** Not in the user namespace of somebody who is no root: user_namespaces(7). */
const maySetGroups = (): boolean => readFileSync("/proc/self/setgroups", "latin1").trim() === "allow";

let ownCapabilities: bigint | undefined;

function effectiveCapabilities(): bigint {
  if (ownCapabilities === undefined) {
    const [, mask] = /^CapEff:\s*(\w+)/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    ownCapabilities = BigInt(`0x${mask ?? "0"}`);
  }
  return ownCapabilities;
}

const limit = (name: string): number => Number(readFileSync(`/proc/sys/fs/${name}`, "latin1"));

/** The machine's limits on pipes. */
export const pipeLimits = (): Pick<
  MachineOptions,
  "pipeMaxSize" | "pipeUserPagesSoft" | "pipeUserPagesHard"
> => ({
  pipeMaxSize: limit("pipe-max-size"),
  pipeUserPagesSoft: limit("pipe-user-pages-soft"),
  pipeUserPagesHard: limit("pipe-user-pages-hard"),
});

/** The machine's limits on POSIX message queues. */
export const messageQueueLimits = (): MachineOptions => ({
  mqMsgMax: limit("mqueue/msg_max"),
  mqMsgsizeMax: limit("mqueue/msgsize_max"),
  mqQueuesMax: limit("mqueue/queues_max"),
  mqMsgDefault: limit("mqueue/msg_default"),
  mqMsgsizeDefault: limit("mqueue/msgsize_default"),
  rlimitMsgqueue: resourceLimit("Max msgqueue size"),
});

/** What the machine has for shared memory. */
export const sharedMemoryLimits = (): Pick<MachineOptions, "protectedRegular"> => ({
  protectedRegular: limit("protected_regular") as 0 | 1 | 2,
});

/** The soft limit of this process on a resource, which its children inherit: proc_pid_limits(5). */
function resourceLimit(name: string): number {
  const line = readFileSync("/proc/self/limits", "latin1")
    .split("\n")
    .find((text) => text.startsWith(name));
  const soft = Number(line?.slice(name.length).trim().split(/\s+/)[0]);
  return Number.isSafeInteger(soft) ? Math.min(soft, UNLIMITED) : UNLIMITED;
}

const UNLIMITED = 0xffffffff;

/** Whether processes here can become all users of cases: not in a user namespace of one user. */
export function canBecomeOthers(): boolean {
  if (!canLimit()) return false;
  const needed = [CAP_SETUID, CAP_SETGID, CAP_SYS_PTRACE];
  const available = effectiveCapabilities();
  if (!needed.every((number) => (available >> BigInt(number)) & 1n)) return false;
  const ranges = readFileSync("/proc/self/uid_map", "latin1").trim().split("\n");
  return ranges.some((range) => {
    const [first, , count] = range.trim().split(/\s+/).map(Number) as [number, number, number];
    return first === 0 && count >= 65536;
  });
}
