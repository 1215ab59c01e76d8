// The two things besides calls that can happen next, numbered so that no call has their numbers (assembly/abi/calls.ts).

/** A timer fires: time passes. */
export const CALL_TIMER = 0;
/** A process that has ended gives up what it held, one thing a step. */
export const CALL_EXITING = 255;
