// What a thread and one of its lanes (lane.ts) tell each other. Requests are numbered from 1 on, and each word of their
// shared memory holds the number of the last request that got so far: nothing is ever set back.

/** Word: the lane has begun: it is in the call, or about to enter it. */
export const BEGUN = 0;

/** Word: the lane has left the call. */
export const DONE = 1;

/** Word: the request is to be given up, or not to be begun. */
export const CANCELLED = 2;

/** Word: what the last call came to: a result >= 0 or -errno; -EINTR if it was given up. What it gives beside is posted. */
export const RESULT = 3;

/** Word: the kernel's number of the lane's thread; 0 until it runs. */
export const THREAD = 4;

export const WORDS = 5;

/** What a lane is started with. */
export interface LaneData {
  readonly memory: SharedArrayBuffer;
  /** The signal that interrupts its call. */
  readonly signal: number;
  /** Whether the owner can end without telling its lanes: a Worker that is terminated. */
  readonly isOrphanable: boolean;
}
