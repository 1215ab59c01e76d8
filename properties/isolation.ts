// Campaigns run in processes of their own, in fresh IPC, PID and mount namespaces that are entered before node starts: a
// thread that entered one itself would leave what its process shares. There a campaign's process is init, so whatever it
// leaves behind ends with it; and `kill` reaches nothing else. The files that its cases make lie in a file system of its
// own, in memory, that ends with it too.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ISOLATED } from "./isolated.js";
import type { Place } from "./place.js";
import { QUEUES_FOLDER } from "./queue-names.js";
import { canBecomeOthers } from "./real-machine.js";
import type { Report, Request } from "./report.js";

/** What a campaign's process sends: how far it is, then what came of it. */
export type Message =
  | { readonly progress: number }
  | { readonly report: Report }
  | { readonly failure: string };

const namespaces = ["--ipc", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child"];

// If this process is killed, so is the campaign.
const dying = ["setpriv", "--pdeathsig", "KILL"];

const mounting = ["sh", "-c", 'mount -t tmpfs linux-ipc /dev/shm && exec "$@"', "sh"];

// The names of message queues can be seen and removed there, and their limits are low: cases are to run into them. So is
// what may be locked.
const makingQueues = [
  "sh",
  "-c",
  `mount -t tmpfs linux-ipc /dev/shm && mkdir ${QUEUES_FOLDER} && mount -t mqueue linux-ipc ${QUEUES_FOLDER} &&
  cd /proc/sys/fs/mqueue && echo 4 > queues_max && echo 6 > msg_max && echo 4000 > msgsize_max && echo 3 > msg_default &&
  echo 200 > msgsize_default && cd / && prlimit --msgqueue=20000:20000 --memlock=20480:20480 --pid $$ && exec "$@"`,
  "sh",
];

/** An option of unshare(1): root of a user namespace of one user. */
const ONE_USER = "-Ur";

/** How a command is started in namespaces of its own. */
interface Isolation {
  readonly command: readonly string[];
  /** Whether they have a place for the names of queues. */
  readonly hasQueueNames: boolean;
  readonly isOneUser: boolean;
}

/** undefined where namespaces are forbidden. */
function findIsolation(): Isolation | undefined {
  // Whoever is not root becomes it in a user namespace first.
  const own =
    process.getuid?.() === 0 ? [namespaces, [ONE_USER, ...namespaces]] : [[ONE_USER, ...namespaces]];
  const plain = own.map((options) => ["unshare", ...options]);
  const separate = [...plain.map((command) => [...dying, ...command]), ...plain];
  return [makingQueues, mounting, []]
    .flatMap((more) =>
      separate.map((command) => ({
        command: [...command, ...more],
        hasQueueNames: more === makingQueues,
        isOneUser: command.includes(ONE_USER),
      })),
    )
    .find(({ command }) => works(command));
}

/** What campaigns may do. */
export function placeInside(): Place {
  const isolation = findIsolation();
  return {
    isRoot: process.getuid?.() === 0 || isolation !== undefined,
    hasQueueNames: isolation?.hasQueueNames ?? false,
    hasOwnQueues: isolation !== undefined,
    hasOtherUsers: canBecomeOthers() && isolation?.isOneUser !== true,
  };
}

const works = ([file, ...args]: readonly string[]): boolean =>
  spawnSync(file as string, [...args, "true"]).status === 0;

// Tests run this module from its source; processes always run what was built.
const main = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../dist/properties/campaign-main.js" : "./campaign-main.js",
    import.meta.url,
  ),
);

/** A campaign under way. */
export interface IsolatedCampaign {
  /** Why it runs without namespaces of its own; undefined if it has them. */
  readonly note: string | undefined;
  readonly report: Promise<Report>;
}

/** Starts a campaign apart. @param progress told the steps made so far, now and then */
export function startCampaign(request: Request, progress: (steps: number) => void): IsolatedCampaign {
  const isolating = findIsolation();
  const [command, ...args] = [...(isolating?.command ?? []), process.execPath, main, JSON.stringify(request)];
  const child = spawn(command as string, args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, [ISOLATED]: isolating === undefined ? "" : "1" },
  });
  return {
    note:
      isolating === undefined ? "namespaces are forbidden here (unshare failed): running without" : undefined,
    report: reportOf(child, progress),
  };
}

async function reportOf(child: ChildProcess, progress: (steps: number) => void): Promise<Report> {
  let report: Report | undefined;
  let failure: string | undefined;
  child.on("message", (message: Message) => {
    if ("progress" in message) progress(message.progress);
    else if ("report" in message) report = message.report;
    else failure = message.failure;
  });
  const [status, signal] = (await once(child, "close")) as [number | null, string | null];
  if (report !== undefined) return report;
  throw new Error(failure ?? `the campaign ended with ${signal ?? `status ${status}`}`);
}
