// Bytes as they come, in pieces of any size: a pipe does not keep what was written in one go together.

import { optionsOf, positive } from "../options.js";
import { type IterationOptions, ReaderIteration } from "./iteration.js";
import { DEFAULT_CHUNK_SIZE, LARGEST_CHUNK_SIZE, type Source } from "./source.js";

export class Chunks extends ReaderIteration<Uint8Array> {
  readonly #options: IterationOptions | undefined;
  readonly #size: number;

  constructor(source: Source, options: IterationOptions | undefined) {
    super(source);
    this.#options = options;
    this.#size = chunkSizeOf("chunks", options);
  }

  protected step(): Promise<Uint8Array | null> {
    return this.source.read(this.#size, this.#options, this);
  }

  protected rest(): undefined {}
}

/** @throws TypeError naming the option */
export function chunkSizeOf(caller: string, options: IterationOptions | undefined): number {
  const { chunkSize = DEFAULT_CHUNK_SIZE } = optionsOf(caller, options);
  return Math.min(positive(caller, "options.chunkSize", chunkSize), LARGEST_CHUNK_SIZE);
}
