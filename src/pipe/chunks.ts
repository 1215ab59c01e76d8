// Bytes as they come, in pieces of any size: a pipe does not keep what was written in one go together.
import { argumentError } from "../errors.js";
import { Iteration, type IterationOptions } from "./iteration.js";
import { DEFAULT_CHUNK_SIZE, type Source } from "./source.js";

export class Chunks extends Iteration<Uint8Array> {
  readonly #options: IterationOptions | undefined;
  readonly #size: number;

  constructor(source: Source, options: IterationOptions | undefined) {
    super(source);
    this.#options = options;
    this.#size = chunkSizeOf("chunks", options);
  }

  protected async step(): Promise<Uint8Array | undefined> {
    return (await this.source.read(this.#size, this.#options, this)) ?? undefined;
  }

  protected rest(): undefined {}
}

/** @throws TypeError naming the option */
export function chunkSizeOf(caller: string, options: IterationOptions | undefined): number {
  return positive(caller, "options.chunkSize", options?.chunkSize ?? DEFAULT_CHUNK_SIZE);
}

/** A count of at least 1. @throws TypeError naming it */
export function positive(caller: string, argument: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw argumentError(caller, argument, "an integer of at least 1", value);
}
