// What shared memory is made and attached with, checked before anything is touched.
import { O_ACCMODE, O_RDONLY, O_RDWR } from "../../assembly/abi/fcntl.js";
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
} from "../../assembly/abi/memfd.js";
import { int } from "../arguments.js";
import { argumentError } from "../errors.js";
import { flag, optionsOf, positive } from "../options.js";
import { checkWait, type TimedWaitOptions } from "../timeout.js";

/** What memory is attached for. */
export type SharedMemoryAccess = "read" | "read-write";

/** Options of new memory that has a name. */
export interface SharedMemoryCreateOptions {
  /** Bytes. */
  readonly size: number;
  /** Permissions, less those of the umask: 0o600 if left out. */
  readonly mode?: number;
  /** `close` removes the name, if this object made the memory, and it still has its name. */
  readonly unlinkOnClose?: boolean;
}

/** Options of attaching. `signal` and `timeout`: of the wait for the memory to have a size. */
export interface SharedMemoryAttachOptions extends TimedWaitOptions {
  /** "read-write" if left out. */
  readonly access?: SharedMemoryAccess;
}

/** Options of an object that is made of a descriptor. */
export interface SharedMemoryFromOptions {
  /** What the descriptor allows if left out. */
  readonly access?: SharedMemoryAccess;
  /** The memory's name, for errors and for `unlink`. */
  readonly name?: string;
}

/** Options of new memory without a name. */
export interface AnonymousMemoryOptions {
  /** What errors, and /proc, call it: "shared memory" if left out. */
  readonly name?: string;
  /** Whether `resize` may be used. false if left out: then nobody can cut it off under others' arrays. */
  readonly resizable?: boolean;
}

/** What can no more be done to memory without a name, by anybody: memfd_create(2), fcntl(2). */
export interface MemorySeals {
  /** It cannot become smaller: arrays of it stay safe. F_SEAL_SHRINK. */
  readonly shrink: boolean;
  /** It cannot become larger: F_SEAL_GROW. */
  readonly grow: boolean;
  /** It cannot be written to: F_SEAL_WRITE. */
  readonly write: boolean;
  /** It cannot be written to, but by mappings that are there: F_SEAL_FUTURE_WRITE. */
  readonly futureWrite: boolean;
  /** It cannot be sealed further, as no memory can that has a name: F_SEAL_SEAL. */
  readonly seal: boolean;
}

const sealNumbers: Readonly<Record<keyof MemorySeals, number>> = {
  shrink: F_SEAL_SHRINK,
  grow: F_SEAL_GROW,
  write: F_SEAL_WRITE,
  futureWrite: F_SEAL_FUTURE_WRITE,
  seal: F_SEAL_SEAL,
};

const sealNames = Object.keys(sealNumbers) as readonly (keyof MemorySeals)[];

/** @param seals as fcntl(2) gives them */
export const sealsOf = (seals: number): MemorySeals =>
  Object.fromEntries(
    sealNames.map((name) => [name, (seals & sealNumbers[name]) !== 0]),
  ) as unknown as MemorySeals;

/** Seals as fcntl(2) takes them. @throws TypeError naming the one */
export function sealMask(caller: string, seals: Partial<MemorySeals>): number {
  if (typeof seals !== "object" || seals === null) throw argumentError(caller, "seals", "an object", seals);
  let mask = 0;
  for (const name of sealNames) {
    const value = seals[name];
    if (value !== undefined && typeof value !== "boolean") {
      throw argumentError(caller, `seals.${name}`, "a boolean", value);
    }
    if (value === true) mask |= sealNumbers[name];
  }
  return mask;
}

/** How memory is made. */
export interface MemoryCreation {
  readonly size: number;
  readonly mode: number;
  readonly unlinkOnClose: boolean;
}

/** @throws TypeError naming the option */
export function creationOf(caller: string, options: SharedMemoryCreateOptions): MemoryCreation {
  const { size, mode = 0o600, unlinkOnClose } = optionsOf(caller, options);
  return {
    size: positive(caller, "options.size", size),
    mode: int(caller, "options.mode", mode),
    unlinkOnClose: flag(caller, "unlinkOnClose", unlinkOnClose),
  };
}

/** @returns whether it is attached for writing. @throws TypeError naming the option */
export function isForWriting(caller: string, options: SharedMemoryAttachOptions | undefined): boolean {
  const { access } = optionsOf(caller, options);
  checkWait(caller, options);
  return accessOf(caller, access) ?? true;
}

/** @returns whether it is to be written to; undefined if nothing is said */
export function accessOf(caller: string, access: unknown): boolean | undefined {
  if (access === undefined) return undefined;
  if (access === "read" || access === "read-write") return access === "read-write";
  throw argumentError(caller, "options.access", '"read" or "read-write"', access);
}

/** What memory is opened with. */
export const openFlag = (isWritable: boolean): number => (isWritable ? O_RDWR : O_RDONLY);

/**
 * Whether memory can be mapped for writing by a descriptor.
 * @param flags of F_GETFL
 */
export const allowsWriting = (flags: number, { write, futureWrite }: MemorySeals): boolean =>
  (flags & O_ACCMODE) === O_RDWR && !write && !futureWrite;
