// Children that are given ends of pipes to keep.
import type { ExecutableOptions, Linux, SpawnOptions } from "../linux.js";
import { optionsOf } from "../options.js";
import type { Executable, Json, Program } from "../program.js";
import type { PipeEnd } from "./end.js";

/** Options of a spawn whose descriptors may be ends of pipes. */
export type PassingOptions<Options> = Omit<Options, "fds"> & {
  /** Descriptors to pass, by name. Ends are closed here once the child has them; numbers stay open. */
  readonly fds?: Readonly<Record<string, PipeEnd | number>>;
};

/**
 * Starts a child, and hands ends of pipes over to it: `linux.spawn`, after which this process closes its own. So a reader sees
 * the end when the child is done. What a child is to share with this process, or with other children, is passed by its number:
 * `end.fd`.
 *
 * What an iteration over a reader has left unread is not passed.
 * @returns the child's pid
 * @throws as `linux.spawn`: the ends stay open then · EBADF an end was closed
 */
export function spawnWith<const Arguments extends readonly Json[]>(
  linux: Linux,
  program: Program<Arguments>,
  options?: PassingOptions<SpawnOptions<Arguments>>,
): Promise<number>;
export function spawnWith(
  linux: Linux,
  executable: Executable,
  options?: PassingOptions<ExecutableOptions>,
): Promise<number>;
export async function spawnWith(
  linux: Linux,
  started: Program | Executable,
  options?: PassingOptions<SpawnOptions>,
): Promise<number> {
  const passed = Object.entries(optionsOf("spawnWith", options).fds ?? {});
  const fds = Object.fromEntries(passed.map(([name, end]) => [name, typeof end === "number" ? end : end.fd]));
  // One implementation of both forms of spawn.
  const pid = await linux.spawn(started as Program, { ...options, fds });
  for (const [, end] of passed) if (typeof end !== "number") await end.close();
  return pid;
}
