// What a descriptor of the program is open on, found once for each opening of its number.
import { fstatSync, type Stats } from "node:fs";
import * as libc from "./libc.js";
import { generations } from "./shared.js";

/**
 * "pipe": made by pipe2. "fifo": has a name, or had one. "file": a file, directory or disk, whose reads and writes never
 * wait. "other": a terminal, device, socket, counter. "none": closed behind our back.
 */
export type FileKind = "pipe" | "fifo" | "file" | "other" | "none";

interface Known {
  readonly generation: number;
  readonly kind: FileKind;
}

const known = new Map<number, Known>();

/** What a descriptor of the program is open on. */
export function kindOf(fd: number): FileKind {
  const generation = Atomics.load(generations, fd);
  const found = known.get(fd);
  if (found?.generation === generation) return found.kind;
  const kind = lookAt(fd);
  if (kind !== "none") known.set(fd, { generation, kind });
  return kind;
}

/** A number may be another file now: it was closed and opened behind our back, and adopted. */
export function forgetKind(fd: number): void {
  known.delete(fd);
}

function lookAt(fd: number): FileKind {
  const stat = statusOf(fd);
  if (stat === undefined) return "none";
  if (stat.isFIFO()) return stat.dev === pipeDevice() ? "pipe" : "fifo";
  return stat.isFile() || stat.isDirectory() || stat.isBlockDevice() ? "file" : "other";
}

function statusOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

let device: number | undefined;

/** The device number of the file system that all pipes without names are on: fs/pipe.c, pipefs. */
function pipeDevice(): number | undefined {
  if (device !== undefined) return device;
  const { address, view } = libc.scratch;
  if (libc.pipe2(address, 0) === -1) return undefined;
  const ends = [view.getInt32(0, true), view.getInt32(4, true)] as const;
  device = statusOf(ends[0])?.dev;
  for (const fd of ends) libc.close(fd);
  return device;
}
