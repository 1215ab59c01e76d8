import type { Linux } from "./linux.js";

/** What passes between processes as an argument: values that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The code of one process: resolves to its exit status (nothing: 0). */
export type Main<Arguments extends readonly Json[] = readonly Json[]> = (
  linux: Linux,
  ...args: Arguments
  // biome-ignore lint/suspicious/noConfusingVoidType: a main function may return nothing at all
) => Promise<number | void>;

/** A program that `linux.spawn` starts: on the model by calling `main`, on a real kernel as a node process of its own. */
export interface Program<Arguments extends readonly Json[] = readonly Json[]> {
  /** The module that made it, as a URL. */
  readonly url: string;
  /** Its place among the programs of that module, from 0. */
  readonly ordinal: number;
  readonly main: Main<Arguments>;
}

// biome-ignore lint/suspicious/noExplicitAny: programs of every argument list
export type AnyProgram = Program<any>;

/**
 * An executable file that `linux.spawn` starts on a real kernel. On the model, which has no such files, `model` runs in
 * its place.
 */
export interface Executable {
  /** The file, or a name that is looked for in PATH. */
  readonly path: string;
  /** Undefined: it cannot be started on the model. */
  readonly model: Main<string[]> | undefined;
}

/** What `linux.spawn` starts. */
export type Startable = AnyProgram | Executable;

const programs = new Map<string, AnyProgram[]>();

/**
 * Makes a program of a function. Call it at the top level of a module, in the same order every time: a real process
 * imports that module and finds the program by its place in it. So the module must not start work when imported.
 *
 * Variables of the module are shared between simulated processes and not between real ones.
 *
 * @param url `import.meta.url` of the calling module
 * @param main what a process of it does
 */
export function program<const Arguments extends readonly Json[]>(
  url: string,
  main: Main<Arguments>,
): Program<Arguments> {
  if (typeof url !== "string") throw new TypeError('program: "url" must be a string (import.meta.url)');
  if (typeof main !== "function") throw new TypeError('program: "main" must be a function');
  const siblings = programs.get(url) ?? [];
  const made: Program<Arguments> = Object.freeze({ url, ordinal: siblings.length, main });
  siblings.push(made);
  programs.set(url, siblings);
  return made;
}

/** Finds a program by module and place; undefined if that module made none there. */
export function findProgram(url: string, ordinal: number): AnyProgram | undefined {
  return programs.get(url)?.[ordinal];
}

const executables = new WeakSet<object>();

/**
 * Names an executable file, for `linux.spawn`. On a real kernel it is posix_spawnp(3) of it: a path with a slash in it is
 * the file, any other is looked for in PATH. It gets the descriptors called `stdin`, `stdout` and `stderr` as 0, 1 and 2.
 *
 * @param path found out about when it is spawned: ENOENT, EACCES, ENOEXEC
 * @param options `model`: what runs on the model in its place, with the same arguments. It finds the three descriptors in
 *   `linux.fds`, those that are passed. Left out, spawn is ENOSYS there
 */
export function executable(path: string, options: { readonly model?: Main<string[]> } = {}): Executable {
  if (typeof path !== "string" || !isText(path)) {
    throw new TypeError('executable: "path" must be a string of Unicode characters without NUL');
  }
  if (typeof options !== "object" || options === null) {
    throw new TypeError('executable: "options" must be an object');
  }
  const { model } = options;
  if (model !== undefined && typeof model !== "function") {
    throw new TypeError('executable: "options.model" must be a function');
  }
  const made: Executable = Object.freeze({ path, model });
  executables.add(made);
  return made;
}

/** Whether a string can be C's, in UTF-8: a lone surrogate would become another character. */
export const isText = (text: string): boolean => !/\0|\p{Surrogate}/u.test(text);

/** Whether a value was made by `executable`. */
export const isExecutable = (value: unknown): value is Executable =>
  typeof value === "object" && value !== null && executables.has(value);

/** What of it runs on the model; undefined if nothing can. */
export const mainOf = (started: Startable): Main | undefined =>
  "main" in started ? started.main : (started.model as Main | undefined);

/** Whether a value was made by `program`. */
export function isProgram(value: unknown): value is AnyProgram {
  if (typeof value !== "object" || value === null) return false;
  const { url, ordinal } = value as AnyProgram;
  return findProgram(url, ordinal) === value;
}
