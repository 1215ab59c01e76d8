// Makes a thread's event loop call a function when an epoll descriptor is readable, in one of two ways:
// - node's main thread: a uv_poll handle on node's own loop, by libuv's functions, which node exports. No
//   thread is needed.
// - elsewhere (Workers, whose loop cannot be named; Bun, Deno and Electron, whose libuv is none or another):
//   a Worker that waits in poll(2).
//
// Both keep the process alive between `resume` and `pause` only.
// Not the global ones, which tests replace by fake timers.
import { setImmediate, setTimeout } from "node:timers";
import { isMainThread, Worker } from "node:worker_threads";
import { viewOf } from "./ffi.js";
import * as libc from "./libc.js";
import { PARKED, READY, SEEN, STATE, STOPPED, WATCHING } from "./lookout-states.js";

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
  return isNode && isMainThread && libc.hasLibuv
    ? new LibuvWatch(epoll, handler)
    : new LookoutWatch(epoll, handler);
}

// uv.h
const UV_POLL = 8;
const UV_READABLE = 1;

const RTLD_DEFAULT = 0;

/** How long the handle stays active without a waiter: to stop and start it costs more than a wait. */
const IDLE_MS = 2;

// A C callback into JavaScript would come through a queue and a second round of the loop: twice the latency,
// and it would keep the process alive as long as it exists. So there is none. The handle's callback is libc's
// memset:
//
//   void callback(uv_poll_t* handle, int status, int events)  called with status 0, events UV_READABLE = 1
//   void* memset(void* memory, int value, size_t size)        sets one byte to 0: the first of the handle,
//                                                             which is its field `data`
//
// And an immediate looks at that byte. It runs in the same round, right after the phase in which memset was
// called, and is unreferenced, so that it neither keeps the process alive nor the loop from sleeping.
class LibuvWatch implements LoopWatch {
  // Never freed: the loop may refer to it as long as the process lives.
  readonly #handle: number;
  readonly #data: Uint8Array;
  readonly #memset: number;
  readonly #handler: () => void;
  #isStarted = false;
  #isPaused = true;
  #idle: NodeJS.Timeout | undefined;

  constructor(epoll: number, handler: () => void) {
    this.#handle = libc.malloc(libc.uv_handle_size(UV_POLL));
    this.#data = viewOf(this.#handle, 1);
    this.#memset = libc.dlsym(RTLD_DEFAULT, "memset");
    this.#handler = handler;
    const result = libc.uv_poll_init(libc.uv_default_loop(), this.#handle, epoll);
    if (result < 0) throw new Error(`uv_poll_init failed: ${result}`);
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#data[0] = QUIET;
    libc.uv_poll_start(this.#handle, UV_READABLE, this.#memset);
    setImmediate(this.#look).unref();
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#idle === undefined) this.#idle = setTimeout(this.#stop, IDLE_MS).unref();
    else this.#idle.refresh();
  }

  readonly #look = (): void => {
    if (!this.#isStarted) return;
    // First: a handler that throws must not end it.
    setImmediate(this.#look).unref();
    if (this.#data[0] === QUIET) return;
    this.#data[0] = QUIET;
    this.#handler();
  };

  readonly #stop = (): void => {
    if (!this.#isPaused || !this.#isStarted) return;
    this.#isStarted = false;
    libc.uv_poll_stop(this.#handle);
  };

  dispose(): void {
    this.pause();
    this.#stop();
  }
}

/** Anything but 0, which memset writes. */
const QUIET = 1;

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
