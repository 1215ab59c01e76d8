// The only module that imports ffi-rs: C functions bound by name, and memory with an address. Importing it
// never throws: where ffi-rs cannot load (another system, an unknown architecture, no addons allowed)
// `ffiFailure` says why, and a call throws it.
//
// ffi-rs keeps its table of symbols in an unlocked static of the process: a first use in one thread while
// another calls is a segmentation fault. So the main thread looks all symbols up before any Worker can call
// one (`touch`, in libc.ts), and a Worker only uses what is there. Nor may a Worker be the one that loads the
// addon: node unloads it when the last thread that loaded it ends, and crashes.
import { createRequire } from "node:module";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

/**
 * How a C value passes: a 32-bit int, a 64-bit integer or pointer (as a number, exact up to 2^53, or as a bigint), or a
 * string.
 */
export type CType = "int" | "long" | "bigint" | "string";

export type CFunction = (...values: unknown[]) => number;

/** Memory at an address that does not move. */
export interface Memory {
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
}

interface LoadParameters {
  readonly library: string;
  readonly funcName: string;
  readonly retType: unknown;
  readonly paramsType: readonly unknown[];
  paramsValue: readonly unknown[];
  readonly freeResultMemory: boolean;
}

// What is used of ffi-rs's native addon: package.json pins its version, since this is no public interface. Its JavaScript wrapper only converts plain array types, which we do
// not pass, and costs 0.5 us a call.
interface Addon {
  readonly DataType: Readonly<Record<string, number>>;
  readonly FFITypeTag: Readonly<Record<string, unknown>>;
  open(library: { library: string; path: string }): void;
  load(parameters: LoadParameters): unknown;
  createExternalBuffer(external: unknown, length: number): Uint8Array<ArrayBuffer>;
}

// The process itself: dlsym finds libc's symbols in it, whichever libc it is, and libuv's, which node
// exports.
const LIBRARY = "process";

/** Tells Workers that the main thread has the addon: they inherit environment data when they are made. */
const LOADED = "linux-ipc:ffi";
const ON_MAIN_THREAD = 'import "linux-ipc/native" on the main thread before the Worker is made';

const { addon, failure } = loadAddon();

/** Why there is no FFI here; undefined where there is. */
export const ffiFailure: Error | undefined = failure;

function loadAddon(): { addon?: Addon; failure?: Error } {
  try {
    if (process.platform !== "linux") throw new Error(`this is ${process.platform}`);
    if (!isMainThread && getEnvironmentData(LOADED) !== true) {
      return { failure: new Error(`linux-ipc/native in a Worker: ${ON_MAIN_THREAD}`) };
    }
    const loaded = requireAddon();
    if (isMainThread) {
      loaded.open({ library: LIBRARY, path: "" });
      setEnvironmentData(LOADED, true);
    }
    return { addon: loaded };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { failure: new Error(`linux-ipc/native needs Linux and ffi-rs: ${reason}`, { cause }) };
  }
}

/** The addon itself, which must have loaded. */
export function requireAddon(): Addon {
  const here = createRequire(import.meta.url);
  const beside = createRequire(here.resolve("ffi-rs"));
  // ffi-rs's own loader asks process.report which libc this is, which can take long (it looks up network
  // interfaces).
  for (const libc of ["gnu", "musl"]) {
    try {
      return beside(`@yuuang/ffi-rs-linux-${process.arch}-${libc}`) as Addon;
    } catch {
      // Not installed, or made for the other libc.
    }
  }
  return here("ffi-rs") as Addon;
}

const types: Readonly<Record<CType | "external", unknown>> = {
  int: addon?.DataType.I32,
  long: addon?.DataType.I64,
  bigint: addon?.DataType.BigInt,
  string: addon?.DataType.String,
  external: addon?.DataType.External,
};

const bound: LoadParameters[] = [];

const parametersOf = (name: string, result: unknown, parameters: readonly unknown[]): LoadParameters => ({
  library: LIBRARY,
  funcName: name,
  retType: result,
  paramsType: parameters,
  paramsValue: [],
  freeResultMemory: false,
});

/**
 * Binds a C function of this process.
 * @param result what it returns: "int" or "long"
 * @param parameters what it takes; the variable arguments of fcntl(2) and the like pass as plain ones on x64
 *   and arm64
 */
export function bind(name: string, result: "int" | "long" | "void", ...parameters: CType[]): CFunction {
  if (addon === undefined) return unsupported;
  const { load, DataType } = addon;
  const cached = parametersOf(
    name,
    result === "void" ? DataType.Void : types[result],
    parameters.map((type) => types[type]),
  );
  bound.push(cached);
  return (...values) => {
    cached.paramsValue = values;
    return load(cached) as number;
  };
}

function unsupported(): never {
  throw ffiFailure;
}

/**
 * Looks up all symbols bound so far, without calling them: ffi-rs finds the symbol first and converts the
 * arguments then, which fails for a Symbol.
 * @returns the names that this process does not have
 */
export function touch(): Set<string> {
  const missing = new Set<string>();
  for (const parameters of bound.splice(0)) {
    try {
      parameters.paramsValue = parameters.paramsType.map(() => Symbol());
      addon?.load(parameters);
    } catch (error) {
      if (String(error).includes("Cannot find")) missing.add(parameters.funcName);
    }
  }
  return missing;
}

/** The memory at an address, without a copy: the caller answers for its lifetime. */
export function viewOf(address: number, size: number): Uint8Array<ArrayBuffer> {
  if (addon === undefined) throw ffiFailure;
  const external = load(
    "memcpy",
    types.external,
    [types.long, types.long, types.long],
    [address, address, 0],
  );
  return addon.createExternalBuffer(external, size);
}

// memcpy(a, a, 0) returns its first argument: the one way from a number to a pointer, and from memory to a
// number.
function load(
  name: string,
  result: unknown,
  parameters: readonly unknown[],
  values: readonly unknown[],
): unknown {
  return addon?.load({ ...parametersOf(name, result, parameters), paramsValue: values });
}

/** Where bytes lie: true until their buffer is detached or collected. */
export function addressOf(bytes: Uint8Array): number {
  if (addon === undefined) throw ffiFailure;
  const type = { type: addon.DataType.U8Array, length: bytes.length, ffiTypeTag: addon.FFITypeTag.Array };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return load("memcpy", types.long, [type, types.long, types.long], [buffer, 0, 0]) as number;
}

/** Zeroed memory with a fixed address, freed when the last reference to it is gone. */
export function allocate(size: number): Memory {
  if (addon === undefined) throw ffiFailure;
  // Bytes of an ArrayBuffer of their own never move; those of a pooled Buffer share theirs.
  const buffer = new ArrayBuffer(size);
  const bytes = new Uint8Array(buffer);
  return { address: addressOf(bytes), bytes, view: new DataView(buffer) };
}
