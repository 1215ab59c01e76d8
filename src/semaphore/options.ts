// What POSIX semaphores are made and opened with, checked before anything is touched.
import { SEM_VALUE_MAX } from "../../assembly/abi/semaphore.js";
import { int } from "../arguments.js";
import { argumentError } from "../errors.js";
import { flag, optionsOf } from "../options.js";
import { checkWait, type TimedWaitOptions } from "../timeout.js";

/** Options of a new semaphore that has a name. */
export interface SemaphoreCreateOptions {
  /** Permits that there are at first: 0 to 2147483647. 1 makes a mutex, 0 an order of events. */
  readonly value: number;
  /** Permissions, less those of the umask: 0o600 if left out. */
  readonly mode?: number;
  /** `close` removes the name, if this object made the semaphore, and it still has its name. */
  readonly unlinkOnClose?: boolean;
}

/** Options of a semaphore in memory. `signal` and `timeout`: of the wait for its maker. */
export interface SemaphoreInOptions extends TimedWaitOptions {
  /** Makes the semaphore, with so many permits: sem_init(3). Left out: waits until another has made it. */
  readonly value?: number;
}

/** How a semaphore is made. */
export interface SemaphoreCreation {
  readonly value: number;
  readonly mode: number;
  readonly unlinkOnClose: boolean;
}

/** @throws TypeError naming the option */
export function creationOf(caller: string, options: SemaphoreCreateOptions): SemaphoreCreation {
  const { value, mode = 0o600, unlinkOnClose } = optionsOf(caller, options);
  return {
    value: permits(caller, value),
    mode: int(caller, "options.mode", mode),
    unlinkOnClose: flag(caller, "unlinkOnClose", unlinkOnClose),
  };
}

/** @returns the value of a semaphore that is to be made. @throws TypeError naming the option */
export function valueToMake(caller: string, options: SemaphoreInOptions | undefined): number | undefined {
  const { value } = optionsOf<SemaphoreInOptions>(caller, options);
  checkWait(caller, options);
  return value === undefined ? undefined : permits(caller, value);
}

function permits(caller: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= SEM_VALUE_MAX)
    return value;
  throw argumentError(caller, "options.value", `an integer from 0 to ${SEM_VALUE_MAX}`, value);
}
