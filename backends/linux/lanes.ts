// Lanes: threads that make calls which can only block, and have no descriptor to be watched. A thread that opens a FIFO, or
// waits for System V queues or semaphores, takes a lane, a Worker of its own, which makes the plain call (lane-calls.ts), and
// reports by a message. libuv's pool is never used:
// four openings that wait would stop all of node's file system.
//
// - Never more lanes than `MAX_LANES`, and nothing is ever queued for one: the call that a queued one waits for may be
//   queued behind it.
// - Giving up: the lane is sent a signal until it says that it has left the call, for one that comes before it has entered
//   is lost. If the call completed all the same, that is its result.
// - A lane in its call would keep the process from ending. So the process ends lanes first.
// - Some idle lanes are kept: a Worker takes milliseconds to start. They do not keep the process alive.
//
// Not the global ones, which tests replace by fake timers.
import { clearTimeout, setTimeout } from "node:timers";
import { isMainThread, SHARE_ENV, Worker } from "node:worker_threads";
import { EINTR, EMFILE } from "../../assembly/abi/errno.js";
import {
  discard,
  type LaneReply,
  type LaneRequest,
  type LaneValue,
  type NumberedRequest,
} from "./lane-calls.js";
import { BEGUN, CANCELLED, DONE, type LaneData, RESULT, THREAD, WORDS } from "./lane-states.js";
import { interruptingSignal, signalThread } from "./thread-signals.js";

/** The environment variable with the most lanes of a thread at a time. */
export const LANES_VARIABLE = "LINUX_IPC_MAX_LANES";
const DEFAULT_LANES = 64;

/** How many lanes this thread can have at a time. */
export const maxLanes: number = readMaxLanes();

function readMaxLanes(): number {
  const count = Number(process.env[LANES_VARIABLE]);
  return Number.isInteger(count) && count > 0 ? count : DEFAULT_LANES;
}

const KEPT_LANES = 4;
const SIGNAL_INTERVAL_MS = 1;

/** What a call in a lane came to: a result >= 0, -errno, -EINTR if it was cancelled, or why there is no lane. */
type Settle = (result: number | Error, value?: LaneValue) => void;

const busy = new Set<Lane>();
const idle: Lane[] = [];
let isEnding = false;

/** A Worker that makes one call at a time. */
class Lane {
  readonly #states: Int32Array;
  readonly #signal: number;
  readonly #worker: Worker;
  #number = 0;
  #settle: Settle | undefined;
  #request: LaneRequest | undefined;
  #repeating: NodeJS.Timeout | undefined;

  constructor() {
    const memory = new SharedArrayBuffer(4 * WORDS);
    this.#states = new Int32Array(memory);
    this.#signal = interruptingSignal();
    const workerData: LaneData = { memory, signal: this.#signal, isOrphanable: !isMainThread };
    this.#worker = new Worker(new URL("./lane.js", import.meta.url), {
      workerData,
      execArgv: [],
      env: SHARE_ENV,
    });
    this.#worker.unref();
    this.#worker.on("message", ({ number, result, value }: LaneReply) => {
      // What comes of a request that was given up before it had begun, nobody waits for.
      if (number === this.#number && this.#settle !== undefined) this.#finish(result, value);
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("linux-ipc: a lane has ended")));
  }

  /** The kernel's number of the thread; 0 if it does not run yet. */
  get thread(): number {
    return Atomics.load(this.#states, THREAD);
  }

  run(request: LaneRequest, settle: Settle): void {
    this.#settle = settle;
    this.#request = request;
    busy.add(this);
    this.#worker.ref();
    this.#worker.postMessage({ ...request, number: ++this.#number } satisfies NumberedRequest);
  }

  /** Gives the call up, unless it has completed: it is settled in either case, once the lane has left it. */
  readonly cancel = (): void => {
    if (this.#settle === undefined) return;
    Atomics.store(this.#states, CANCELLED, this.#number);
    // A lane that has not begun finds that it need not.
    if (Atomics.load(this.#states, BEGUN) < this.#number) return this.#finish(-EINTR);
    this.#interrupt();
    this.#repeating = setTimeout(this.cancel, SIGNAL_INTERVAL_MS);
  };

  /** Gives the call up, and returns when the lane has left it. For the end of the thread. */
  end(): void {
    Atomics.store(this.#states, CANCELLED, this.#number);
    while (this.#interrupt()) Atomics.wait(this.#states, DONE, this.#number - 1, SIGNAL_INTERVAL_MS);
    const isDone = Atomics.load(this.#states, DONE) === this.#number;
    const result = Atomics.load(this.#states, RESULT);
    if (isDone && this.#request !== undefined) discard(this.#request, result);
  }

  /** @returns whether the lane was in its call */
  #interrupt(): boolean {
    const isBegun = Atomics.load(this.#states, BEGUN) === this.#number;
    const isInCall = isBegun && Atomics.load(this.#states, DONE) !== this.#number;
    return isInCall && signalThread(this.thread, this.#signal);
  }

  #finish(result: number, value?: LaneValue): void {
    const settle = this.#free();
    if (idle.length < KEPT_LANES) idle.push(this);
    else void this.#worker.terminate();
    settle?.(result, value);
  }

  /** The Worker has not started, or has ended. */
  #fail(error: Error): void {
    const at = idle.indexOf(this);
    if (at !== -1) idle.splice(at, 1);
    // It needs some descriptors of its own to start.
    this.#free()?.(/\bEMFILE\b/.test(error.message) ? -EMFILE : error);
  }

  /** @returns whom to tell of the call that is over */
  #free(): Settle | undefined {
    clearTimeout(this.#repeating);
    busy.delete(this);
    this.#worker.unref();
    const settle = this.#settle;
    this.#settle = undefined;
    return settle;
  }
}

/**
 * Makes a call in a lane.
 * @param settle called once, later
 * @returns gives it up, or undefined if no lane is to be had
 * @throws Error if no Worker can be started
 */
export function callInLane(request: LaneRequest, settle: Settle): (() => void) | undefined {
  if (busy.size >= maxLanes || isEnding) return undefined;
  const lane = idle.pop() ?? makeLane();
  lane.run(request, settle);
  return lane.cancel;
}

let isWatchingEnd = false;

function makeLane(): Lane {
  const lane = new Lane();
  if (!isWatchingEnd) process.once("exit", endLanes);
  isWatchingEnd = true;
  return lane;
}

function endLanes(): void {
  isEnding = true;
  for (const lane of busy) lane.end();
}

/** How many calls of this thread wait in lanes. */
export const laneCount = (): number => busy.size;

/** The kernel's numbers of the threads that make calls of this thread; 0 for one that does not run yet. */
export const laneThreads = (): number[] => [...busy].map(({ thread }) => thread);
