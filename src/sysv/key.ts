// Keys by which objects of System V IPC are found: sysvipc(7), ftok(3).
import { IPC_PRIVATE } from "../../assembly/abi/ipc.js";
import { int } from "../arguments.js";
import { argumentError, argumentMistake } from "../errors.js";
import type { Linux } from "../linux.js";

/** A key that is made of a file, which must be there, and a number: ftok(3). */
export interface FileKey {
  readonly path: string;
  /** 1 to 255: its low eight bits are all that count. */
  readonly project: number;
}

/** @throws TypeError it is no key · as `ftok` */
export async function keyOf(linux: Linux, caller: string, key: number | FileKey): Promise<number> {
  if (typeof key !== "object" || key === null) {
    if (int(caller, "key", key) !== IPC_PRIVATE) return key;
    throw argumentMistake(caller, "key", "a key that others can have: createPrivate makes one without", "0");
  }
  const { path, project } = key;
  if (typeof path !== "string") throw argumentError(caller, "key.path", "a string", path);
  if (!Number.isInteger(project) || project < 1 || project > 255) {
    throw argumentError(caller, "key.project", "an integer from 1 to 255", project);
  }
  return await linux.ftok(path, project);
}

/** A key as ipcs(1) shows it. */
export const keyText = (key: number): string => `0x${(key >>> 0).toString(16)}`;
