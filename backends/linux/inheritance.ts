// What a process that `spawn` started was given by its parent: descriptors, by number and by name, and what
// to run.
//
// Node sets FD_CLOEXEC on all descriptors that it finds open when it starts (uv_disable_stdio_inheritance),
// so the flag is cleared again here: a descriptor that came through an exec did not have it.
import { closeSync, readFileSync } from "node:fs";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { F_SETFD } from "../../assembly/abi/fcntl.js";
import type { Json } from "../../src/program.js";
import { adopt } from "./descriptors.js";
import * as libc from "./libc.js";

/** The environment variable that holds the number of the descriptor that the message is read from. */
export const MESSAGE_VARIABLE = "LINUX_IPC_SPAWNED";

/** What a parent tells its child. */
export interface SpawnMessage {
  /** The module of the program, and its place there: findProgram in src/program.ts. */
  readonly url: string;
  readonly ordinal: number;
  readonly args: readonly Json[];
  /** Descriptors by name. */
  readonly fds: Readonly<Record<string, number>>;
  /** All descriptors that the child has from the program, those with a name among them. */
  readonly inherited: readonly number[];
}

type Names = Readonly<Record<string, number>>;

const FDS = "linux-ipc:fds";

/** What the parent told this process; undefined if `spawn` did not start it. */
export const spawnMessage: SpawnMessage | undefined = takeMessage();

/** The descriptors that the parent passed by name. Workers know them too. */
export const namedDescriptors: Names = Object.freeze(
  isMainThread ? claim(spawnMessage) : ((getEnvironmentData(FDS) as Names | undefined) ?? {}),
);

function takeMessage(): SpawnMessage | undefined {
  const variable = process.env[MESSAGE_VARIABLE];
  if (!isMainThread || variable === undefined) return undefined;
  // Not for the processes that the program starts by other means.
  delete process.env[MESSAGE_VARIABLE];
  const fd = Number(variable);
  const message = JSON.parse(readFileSync(fd, "utf8")) as SpawnMessage;
  closeSync(fd);
  return message;
}

function claim(message: SpawnMessage | undefined): Names {
  if (message === undefined || libc.failure !== undefined) return {};
  for (const fd of message.inherited) {
    libc.fcntl(fd, F_SETFD, 0);
    adopt(fd);
  }
  setEnvironmentData(FDS, { ...message.fds });
  return message.fds;
}
