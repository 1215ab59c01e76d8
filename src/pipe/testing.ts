// For tests of pipes and FIFOs: the same on both kernels, and reads that come in given pieces.
import { expect, it } from "vitest";
import type { Linux } from "../linux.js";
import { simulate } from "../simulation/simulate.js";
import { PipeReader } from "./reader.js";

type Body = (linux: Linux) => Promise<void>;

/**
 * Makes a test of both kernels: on each, all that was opened must be closed in the end.
 * @param real the real kernel
 * @param owned the descriptors that are open there
 */
export const testerOf =
  (real: Linux, owned: () => readonly number[]) =>
  (title: string, body: Body): void => {
    it(`${title} (model)`, async () => {
      await simulate({ leaks: "fail" }, body);
    });
    it.runIf(process.platform === "linux")(`${title} (real kernel)`, async () => {
      await body(real);
      const left = [...owned()];
      for (const fd of left) await real.close(fd);
      expect(left).toEqual([]);
    });
  };

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array | null): string => new TextDecoder().decode(data ?? new Uint8Array());

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

/** All that an iteration gives. */
export async function collected<Value>(iteration: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of iteration) values.push(value);
  return values;
}

/** The error that a promise rejects with. */
export const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    (value) => {
      throw new Error(`it did not fail, but gave ${String(value)}`);
    },
    (error: Error) => error,
  );
