// What System V message queues are opened and sent to with, checked before anything is touched.
import { IPC_CREAT, IPC_EXCL } from "../../assembly/abi/ipc.js";
import { int } from "../arguments.js";
import { flag, flagOfNew, optionsOf } from "../options.js";
import type { TimedWaitOptions } from "../timeout.js";
import { messageType } from "./selection.js";

/** Options of a new queue. */
export interface SysvCreateOptions {
  /** Permissions of a new queue: 0o600 if left out. */
  readonly mode?: number;
  /** `close` removes the queue, if this object made it. */
  readonly removeOnClose?: boolean;
}

/** Options of opening a queue by its key. */
export interface SysvOpenOptions extends SysvCreateOptions {
  /** Makes the queue if it is not there: IPC_CREAT. */
  readonly create?: boolean;
  /** With `create`: EEXIST if it is there already: IPC_EXCL. */
  readonly exclusive?: boolean;
}

/** Options of sending. */
export interface SysvSendOptions {
  /** At least 1: 1 if left out. A receiver may ask for it. */
  readonly type?: number | bigint;
}

/** Options of a stream that sends. `type`: of the chunks without one of their own; `timeout`: of each. */
export type SysvWritableOptions = SysvSendOptions & Omit<TimedWaitOptions, "signal">;

/** How msgget(2) is called. */
export interface SysvOpening {
  readonly flags: number;
  readonly removeOnClose: boolean;
}

/** @throws TypeError naming the option */
export function openingOf(caller: string, options: SysvOpenOptions | undefined): SysvOpening {
  const { mode = 0o600, ...given } = optionsOf<SysvOpenOptions>(caller, options);
  const isCreating = flag(caller, "create", given.create);
  const ofNew = (option: "exclusive" | "removeOnClose"): boolean =>
    flagOfNew(caller, option, given[option], isCreating);
  const isExclusive = ofNew("exclusive");
  const permissions = int(caller, "options.mode", mode) & 0o777;
  return {
    // To open one that is there, the mode is what is asked of it: nothing, for each call asks by itself.
    flags: isCreating ? IPC_CREAT | (isExclusive ? IPC_EXCL : 0) | permissions : 0,
    removeOnClose: ofNew("removeOnClose"),
  };
}

/** @throws TypeError it is no type that a message can have */
export function typeOf(caller: string, options: SysvSendOptions | undefined): bigint {
  return messageType(caller, "options.type", optionsOf<SysvSendOptions>(caller, options).type ?? 1);
}
