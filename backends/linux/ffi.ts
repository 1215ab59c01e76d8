// The only module that imports ffi-rs: C functions bound by name, memory with an address, errno, one callback. Importing it
// never throws: where ffi-rs cannot load (another system, an unknown architecture, no addons allowed) `ffiFailure` says why,
// and a call throws it.
//
// ffi-rs keeps its table of symbols in an unlocked static of the process: a first use in one thread while another calls is a
// segmentation fault. So the main thread looks all symbols up before any Worker can call one (`touch`, in libc.ts), and a
// Worker only uses what is there.
import { createRequire } from "node:module";

/** How a C value passes: a 32-bit int, a 64-bit integer or pointer (exact up to 2^53), the same exact, or a string. */
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

interface Pointers {
  readonly paramsType: readonly unknown[];
  readonly paramsValue: readonly unknown[];
  readonly pointerType?: number;
}

// What is used of ffi-rs's native addon. Its JavaScript wrapper only converts plain array types, which we do not pass, and
// costs 0.5 us a call.
interface Addon {
  readonly DataType: Readonly<Record<string, number>>;
  readonly FFITypeTag: Readonly<Record<string, unknown>>;
  open(library: { library: string; path: string }): void;
  load(parameters: LoadParameters): unknown;
  createPointer(parameters: Pointers): unknown[];
  unwrapPointer(pointers: unknown[]): unknown[];
  freePointer(parameters: Pointers): void;
  createExternalBuffer(external: unknown, length: number): Uint8Array<ArrayBuffer>;
}

// The process itself: dlsym finds libc's symbols in it, whichever libc it is, and libuv's, which node exports.
const LIBRARY = "process";

const { addon, failure } = loadAddon();

/** Why there is no FFI here; undefined where there is. */
export const ffiFailure: Error | undefined = failure;

function loadAddon(): { addon: Addon | undefined; failure: Error | undefined } {
  try {
    if (process.platform !== "linux") throw new Error(`this is ${process.platform}`);
    const found = requireAddon();
    return { addon: found, failure: undefined };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return {
      addon: undefined,
      failure: new Error(`linux-ipc/native needs Linux and ffi-rs: ${reason}`, { cause }),
    };
  }
}

function requireAddon(): Addon {
  const here = createRequire(import.meta.url);
  const beside = createRequire(here.resolve("ffi-rs"));
  // ffi-rs's own loader asks process.report which libc this is, which can take long (it looks up network interfaces).
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

function parametersOf(name: string, result: unknown, parameters: readonly unknown[]): LoadParameters {
  const made = {
    library: LIBRARY,
    funcName: name,
    retType: result,
    paramsType: parameters,
    paramsValue: [],
    freeResultMemory: false,
  };
  bound.push(made);
  return made;
}

/**
 * Binds a C function of this process.
 * @param result what it returns: "int" or "long"
 * @param parameters what it takes; the variable arguments of fcntl(2) and the like pass as plain ones on x64 and arm64
 */
export function bind(name: string, result: "int" | "long" | "void", ...parameters: CType[]): CFunction {
  if (addon === undefined) return unsupported;
  const { load, DataType } = addon;
  const cached = parametersOf(
    name,
    result === "void" ? DataType.Void : types[result],
    parameters.map((type) => types[type]),
  );
  return (...values) => {
    cached.paramsValue = values;
    return load(cached) as number;
  };
}

function unsupported(): never {
  throw ffiFailure;
}

/**
 * Looks up all symbols bound so far, without calling them: ffi-rs finds the symbol first and converts the arguments then,
 * which fails for a Symbol.
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

/** Makes the process's symbols known to ffi-rs: once per process, before any `touch`. */
export function openProcess(): void {
  addon?.open({ library: LIBRARY, path: "" });
}

// memcpy(a, a, 0) returns its first argument: the one way from a number to an External and from a Buffer to a number.
const toExternal = addon && parametersOf("memcpy", types.external, [types.long, types.long, types.long]);
const toNumber = addon && parametersOf("memcpy", types.long, [types.external, types.long, types.long]);

function memcpy<T>(parameters: LoadParameters | undefined, value: unknown): T {
  if (addon === undefined || parameters === undefined) throw ffiFailure;
  parameters.paramsValue = [value, 0, 0];
  if (parameters === toExternal) parameters.paramsValue = [value, value, 0];
  return addon.load(parameters) as T;
}

/** The memory at an address, without a copy: the caller answers for its lifetime. */
export function viewOf(address: number, size: number): Uint8Array<ArrayBuffer> {
  if (addon === undefined) throw ffiFailure;
  return addon.createExternalBuffer(memcpy(toExternal, address), size);
}

/** Zeroed memory with a fixed address, freed when the last reference to it is gone. */
export function allocate(size: number): Memory {
  if (addon === undefined) throw ffiFailure;
  // Bytes of an ArrayBuffer of their own never move; those of a pooled Buffer share theirs.
  const buffer = new ArrayBuffer(size);
  const bytes = new Uint8Array(buffer);
  const type = { type: addon.DataType.U8Array, length: size, ffiTypeTag: addon.FFITypeTag.Array };
  const parameters = {
    library: LIBRARY,
    funcName: "memcpy",
    retType: types.long,
    paramsType: [type, types.long, types.long],
    paramsValue: [Buffer.from(buffer), 0, 0],
    freeResultMemory: false,
  };
  return { address: addon.load(parameters) as number, bytes, view: new DataView(buffer) };
}

/** A C function pointer that calls back into JavaScript, from this thread's event loop. Keeps the process alive. */
export interface Callback {
  readonly address: number;
  /** Calls that are already queued still come. */
  free(): void;
}

/**
 * Makes a C function `void f(long, int, int)`. A call of it is queued, and made when the event loop comes round.
 */
export function makeCallback(handler: () => void): Callback {
  if (addon === undefined) throw ffiFailure;
  const { freePointer, DataType, FFITypeTag } = addon;
  const type = {
    ffiTypeTag: FFITypeTag.Function,
    needFree: false,
    freeCFuncParamsMemory: false,
    paramsType: [types.long, types.int, types.int],
    retType: DataType.Void,
  };
  const pointer = addon.createPointer({ paramsType: [type], paramsValue: [handler] });
  const [external] = addon.unwrapPointer(pointer);
  return {
    address: memcpy<number>(toNumber, external),
    free() {
      const freed = { ...type, needFree: true };
      freePointer({ paramsType: [freed], paramsValue: pointer, pointerType: 0 });
    },
  };
}
