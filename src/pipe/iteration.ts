// What iterations over a reader have in common: one at a time reads, and what was not given out is put back at the end.
import { Iteration } from "../iteration.js";
import type { TimedWaitOptions } from "../timeout.js";
import type { Source } from "./source.js";

/** Options of an iteration over a reader. */
export interface IterationOptions extends TimedWaitOptions {
  /** Bytes that are read at once, at most: 65,536 if left out. At least PIPE_BUF for a pipe with packets. */
  readonly chunkSize?: number;
}

export abstract class ReaderIteration<Value> extends Iteration<Value> {
  constructor(protected readonly source: Source) {
    super();
  }

  /** What was read and not given out. */
  protected abstract rest(): Uint8Array | undefined;

  protected override begin(): void {
    this.source.begin(this);
  }

  protected override finish(): void {
    this.source.end(this, this.rest());
  }
}
