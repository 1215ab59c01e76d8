// All bytes until the end, in one piece.
import { tooLongError } from "../errors.js";
import type { TimedWaitOptions } from "../timeout.js";
import type { TextOptions } from "./lines.js";
import { DEFAULT_CHUNK_SIZE, joined, positive, type Source } from "./source.js";

/** Options of a read until the end. The timeout is that of all of it. */
export interface CollectOptions extends TimedWaitOptions {
  /** Bytes that are accepted; more is an error. As many as there is memory for if left out. */
  readonly limit?: number;
}

export type CollectTextOptions = CollectOptions & TextOptions;

/**
 * Reads until the end.
 * @param caller for the errors
 */
export async function collect(
  source: Source,
  caller: string,
  options: CollectOptions | undefined,
): Promise<Uint8Array> {
  const limit =
    options?.limit === undefined
      ? Number.POSITIVE_INFINITY
      : positive(caller, "options.limit", options.limit);
  const pieces: Uint8Array[] = [];
  source.begin(pieces);
  try {
    await source.descriptor.call(caller, options, async (_fd, waitOptions) => {
      for (let length = 0; ; ) {
        const piece = await source.read(DEFAULT_CHUNK_SIZE, waitOptions, pieces);
        if (piece === null) return;
        pieces.push(piece);
        length += piece.length;
        if (length > limit) throw tooLongError(caller, "what there is to read", limit);
      }
    });
  } catch (error) {
    source.end(pieces, joined(pieces));
    throw error;
  }
  source.end(pieces);
  return joined(pieces);
}
