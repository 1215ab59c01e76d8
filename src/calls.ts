// The methods of `Linux`, made from the table. A backend says how a call is started; what a caller passes is checked here,
// once for both.
import { abortSignal } from "./arguments.js";
import type { Call } from "./call.js";
import type { Linux, SyncLinux } from "./linux.js";
import type { Syscall } from "./syscall.js";
import { syscallList } from "./syscalls.js";

/** What a backend offers to be a `Linux`. */
export interface CallStarter {
  readonly fds: Readonly<Record<string, number>>;
  /** Starts a checked call; it settles `resolve` or `reject` once. */
  start(
    call: Call,
    signal: AbortSignal | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): void;
}

// biome-ignore lint/suspicious/noExplicitAny: methods of every argument list
type Method = (...args: any[]) => unknown;

// One class of methods for all backends: the closure of each knows its row, `this` the backend.
class Calls {
  readonly fds: Readonly<Record<string, number>>;
  readonly #starter: CallStarter;

  constructor(starter: CallStarter) {
    this.fds = starter.fds;
    this.#starter = starter;
  }

  static {
    for (const syscall of syscallList) {
      Object.defineProperty(Calls.prototype, syscall.name, { value: Calls.#method(syscall) });
    }
  }

  static #method({ name, marshal, wait, parameters }: Syscall): Method {
    const waits = wait !== "none";
    const arity = parameters.length;
    // No rest arguments: an array for each call shows in a search.
    return function (
      this: Calls,
      a: unknown,
      b: unknown,
      c: unknown,
      d: unknown,
      e: unknown,
      f: unknown,
      g: unknown,
    ) {
      return new Promise((resolve, reject) => {
        // A throw inside is this promise's rejection.
        const call = marshal(a, b, c, d, e, f);
        const options = waits ? argumentAt(arity, b, c, d, e, g) : undefined;
        const signal = options === undefined ? undefined : abortSignal(name, options);
        this.#starter.start(call, signal, resolve, reject);
      });
    };
  }
}

/** What follows a call's own arguments, of which it has 1 to 4, or 6. */
function argumentAt(arity: number, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown): unknown {
  switch (arity) {
    case 1:
      return b;
    case 2:
      return c;
    case 3:
      return d;
    case 4:
      return e;
    default:
      return g;
  }
}

/** Makes a `Linux` of a backend. */
export function linuxOver(starter: CallStarter): Linux {
  return new Calls(starter) as unknown as Linux;
}

/**
 * Makes the blocking form of a `Linux`.
 * @param run performs a checked call on the calling thread: its value, or a throw
 */
export function syncLinuxOver(run: (call: Call) => unknown): SyncLinux {
  const methods = syscallList.map((syscall): [string, Method] => [
    syscall.name,
    (...values) => run(syscall.marshal(...values)),
  ]);
  return Object.freeze(Object.fromEntries(methods)) as unknown as SyncLinux;
}

/** What the caller of a completed call gets, by the kind of its result. */
export function resultOf(call: Call, returned: number): unknown {
  switch (call.syscall.result) {
    case "integer":
      return returned;
    case "nothing":
      return undefined;
    case "value":
      return call.value;
  }
}
