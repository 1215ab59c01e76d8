// A scheduler is an oracle: given what can happen next, it names one. It knows nothing of how that is done.
import { CALL_EXITING, CALL_TIMER } from "../choice.js";

/** What can happen next. The same object at every step: nothing may be kept of it. */
export interface Choices {
  /** How many things can happen; at least 1. If a timer can fire, that is the last of them. */
  readonly count: number;
  /** Whether a timer can fire, and time pass, although a process could go on. */
  readonly hasTimer: boolean;
  /** The pid of the process that would take a step; 0 for the timer. */
  pid(choice: number): number;
  /** The number of the call that it would attempt; CALL_EXITING or CALL_TIMER for what is no call. */
  call(choice: number): number;
  /** Which of the outstanding calls of that name it is, in the order in which the process made them; 0 mostly. */
  nth(choice: number): number;
}

/** Decides one schedule after the other. */
export interface Scheduler {
  /** Is told that a schedule begins. */
  begin(): void;
  /** Names what happens next: from 0 to `choices.count` - 1. */
  choose(choices: Choices): number;
}

export { CALL_EXITING, CALL_TIMER };
