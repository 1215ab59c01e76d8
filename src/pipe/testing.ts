// For tests of readers: reads that come in given pieces.
import type { Linux } from "../linux.js";
import { PipeReader } from "./reader.js";

/** A reader whose reads give these pieces, or fail with these errors. */
export function scriptedReader(pieces: readonly (Uint8Array | Error)[]): PipeReader {
  const left = [...pieces];
  const read = async (_fd: number, buffer: Uint8Array): Promise<number> => {
    const piece = left.shift();
    if (piece === undefined) return 0;
    if (piece instanceof Error) throw piece;
    const count = Math.min(piece.length, buffer.length);
    buffer.set(piece.subarray(0, count));
    if (count < piece.length) left.unshift(piece.subarray(count));
    return count;
  };
  return PipeReader.from({ read } as unknown as Linux, 3);
}
