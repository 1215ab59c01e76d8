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

/** Whether a value was made by `program`. */
export function isProgram(value: unknown): value is AnyProgram {
  if (typeof value !== "object" || value === null) return false;
  const { url, ordinal } = value as AnyProgram;
  return findProgram(url, ordinal) === value;
}
