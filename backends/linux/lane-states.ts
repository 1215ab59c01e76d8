// What a thread and one of its lanes (lane.ts) tell each other through shared memory.

/** Word: how far the lane is with what it was asked for. */
export const STATE = 0;
export const ASKED = 0;
/** It is in the call, or about to enter or to leave it. */
export const CALLING = 1;
export const DONE = 2;

/** Word: not 0 once the call is to be given up. */
export const CANCELLED = 1;

/** Word: the kernel's number of the lane's thread; 0 until it runs. */
export const THREAD = 2;

/** Word: what the call came to: a result >= 0 or -errno; -EINTR if it was given up. What it gives beside is posted. */
export const RESULT = 3;

export const WORDS = 4;

/** What a lane is started with. */
export interface LaneData {
  readonly memory: SharedArrayBuffer;
  /** The signal that interrupts its call. */
  readonly signal: number;
  /** Whether the owner can end without telling its lanes: a Worker that is terminated. */
  readonly isOrphanable: boolean;
}
