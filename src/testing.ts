// For tests of objects over Linux: the same on both kernels.
import { expect, it } from "vitest";
import type { Linux } from "./linux.js";
import { simulate } from "./simulation/simulate.js";

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
