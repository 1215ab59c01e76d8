// Makes a thread's event loop call a function when an epoll descriptor is readable, in one of two ways:
// - node's main thread: one uv_poll handle on node's own loop, by libuv's functions, which node exports. No thread is needed, and an event
//   is seen after 20 us.
// - elsewhere (Workers, whose loop cannot be named; Bun, Deno and Electron, whose libuv is none or another): a Worker that waits in poll(2).
//
// Both keep the process alive between `resume` and `pause` only.
import { isMainThread, Worker } from "node:worker_threads";
import { type Callback, makeCallback } from "./ffi.js";
import { PARKED, READY, SEEN, STATE, STOPPED, WATCHING } from "./lookout-states.js";
import * as libc from "./libc.js";

export interface LoopWatch {
  /** Calls the handler for events from now on, and keeps the process alive. */
  resume(): void;
  /** Lets the process end. */
  pause(): void;
  /** At the end of the thread. */
  dispose(): void;
}

/**
 * @param epoll an epoll descriptor of this backend
 * @param handler called when there are events, and now and then when there are none
 */
export function watchLoop(epoll: number, handler: () => void): LoopWatch {
  const { bun, deno, electron } = process.versions;
  const isNode = bun === undefined && deno === undefined && electron === undefined;
  return isNode && isMainThread && libc.hasLibuv ? new LibuvWatch(epoll, handler) : new LookoutWatch(epoll, handler);
}

// uv.h
const UV_POLL = 8;
const UV_READABLE = 1;

/** The callback keeps the process alive as long as it exists, and takes 70 us to make: it is freed after as much idleness. */
const IDLE_MS = 5;

class LibuvWatch implements LoopWatch {
  // Never freed: the loop refers to it as long as the process lives.
  readonly #handle: number;
  readonly #handler: () => void;
  #callback: Callback | undefined;
  #isPaused = true;
  #idle: NodeJS.Timeout | undefined;

  constructor(epoll: number, handler: () => void) {
    this.#handle = libc.malloc(libc.uv_handle_size(UV_POLL));
    this.#handler = () => {
      // Calls are queued: one may come after the callback was freed.
      if (this.#callback !== undefined) handler();
    };
    const result = libc.uv_poll_init(libc.uv_default_loop(), this.#handle, epoll);
    if (result < 0) throw new Error(`uv_poll_init failed: ${result}`);
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#callback !== undefined) return;
    this.#callback = makeCallback(this.#handler);
    libc.uv_poll_start(this.#handle, UV_READABLE, this.#callback.address);
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#idle === undefined) this.#idle = setTimeout(this.#onIdle, IDLE_MS).unref();
    else this.#idle.refresh();
  }

  readonly #onIdle = (): void => {
    if (!this.#isPaused || this.#callback === undefined) return;
    libc.uv_poll_stop(this.#handle);
    this.#callback.free();
    this.#callback = undefined;
  };

  dispose(): void {
    this.#isPaused = true;
    this.#onIdle();
  }
}

class LookoutWatch implements LoopWatch {
  readonly #states: Int32Array;
  readonly #worker: Worker;

  constructor(epoll: number, handler: () => void) {
    const memory = new SharedArrayBuffer(8);
    this.#states = new Int32Array(memory);
    this.#worker = new Worker(new URL("./lookout.js", import.meta.url), { workerData: { memory, epoll } });
    this.#worker.unref();
    this.#worker.on("message", () => {
      handler();
      Atomics.store(this.#states, READY, SEEN);
      Atomics.notify(this.#states, READY);
    });
  }

  resume(): void {
    this.#worker.ref();
    this.#set(WATCHING);
  }

  pause(): void {
    this.#worker.unref();
    this.#set(PARKED);
  }

  dispose(): void {
    this.#set(STOPPED);
    Atomics.store(this.#states, READY, SEEN);
    Atomics.notify(this.#states, READY);
  }

  #set(state: number): void {
    Atomics.store(this.#states, STATE, state);
    Atomics.notify(this.#states, STATE);
  }
}
