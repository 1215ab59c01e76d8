// What a thread and its lookout (lookout.ts) tell each other through shared memory.

/** Word: what the lookout is to do. */
export const STATE = 0;
export const PARKED = 0;
export const WATCHING = 1;
export const STOPPED = 2;

/** Word: whether the thread has still to look at what the lookout reported. */
export const READY = 1;
export const SEEN = 0;
export const REPORTED = 1;
