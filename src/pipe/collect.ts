// All bytes until the end, in one piece.
import { tooLongError } from "../errors.js";
import { optionsOf, positive } from "../options.js";
import type { TimedWaitOptions } from "../timeout.js";
import type { TextOptions } from "./lines.js";
import { DEFAULT_CHUNK_SIZE, joined, type Source } from "./source.js";

/** Options of a read until the end. The timeout is that of all of it. */
export interface CollectOptions extends TimedWaitOptions {
  /** Bytes that are accepted; more is an error. As many as there is memory for if left out. */
  readonly limit?: number;
}

export type CollectTextOptions = CollectOptions & TextOptions;

/**
 * Reads until the end.
 * @param caller for the errors
 * @param convert makes the result of all bytes; if it throws, they stay to be read
 */
export async function collect<Result>(
  source: Source,
  caller: string,
  options: CollectOptions | undefined,
  convert: (bytes: Uint8Array) => Result,
): Promise<Result> {
  const { limit } = optionsOf(caller, options);
  const most = limit === undefined ? Number.POSITIVE_INFINITY : positive(caller, "options.limit", limit);
  const pieces: Uint8Array[] = [];
  source.begin(pieces);
  try {
    await source.descriptor.call(caller, options, async (_fd, waitOptions) => {
      for (let length = 0; ; ) {
        const piece = await source.read(DEFAULT_CHUNK_SIZE, waitOptions, pieces);
        if (piece === null) return;
        pieces.push(piece);
        length += piece.length;
        if (length > most) throw tooLongError(caller, "what there is to read", most);
      }
    });
    const result = convert(joined(pieces));
    source.end(pieces);
    return result;
  } catch (error) {
    source.end(pieces, joined(pieces));
    throw error;
  }
}
