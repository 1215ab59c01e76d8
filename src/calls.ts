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

  // By how many arguments there are: those that a promise's function sees are kept for each call, and a rest parameter is an
  // array each time. Both show in a search.
  static #method(syscall: Syscall): Method {
    if (syscall.parameters.length === 0) return Calls.#methodOfNone(syscall);
    return syscall.parameters.length <= 3 ? Calls.#methodOfFew(syscall) : Calls.#methodOfMany(syscall);
  }

  static #methodOfNone({ marshal }: Syscall): Method {
    return function (this: Calls) {
      return new Promise((resolve, reject) => {
        this.#starter.start(marshal(), undefined, resolve, reject);
      });
    };
  }

  static #methodOfFew({ name, marshal, wait, parameters: { length: arity } }: Syscall): Method {
    const waits = wait !== "none";
    return function (this: Calls, a: unknown, b: unknown, c: unknown, d: unknown) {
      return new Promise((resolve, reject) => {
        // A throw inside is this promise's rejection.
        const call = marshal(a, b, c);
        const options = !waits ? undefined : arity === 3 ? d : arity === 2 ? c : b;
        const signal = options === undefined ? undefined : abortSignal(name, options);
        this.#starter.start(call, signal, resolve, reject);
      });
    };
  }

  static #methodOfMany({ name, marshal, wait, parameters: { length: arity } }: Syscall): Method {
    const waits = wait !== "none";
    return function (this: Calls, ...values) {
      return new Promise((resolve, reject) => {
        const call = marshal(...values.slice(0, arity + 1));
        const signal = waits ? abortSignal(name, values[arity]) : undefined;
        this.#starter.start(call, signal, resolve, reject);
      });
    };
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
