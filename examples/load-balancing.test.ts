// Each job is done once, whoever does it, and all workers end; but with one end for all of them, one ends and the others never.
import { describe, expect, it } from "vitest";
import type * as LoadBalancing from "./load-balancing.js";
import { built, explored, foundIn, onBothKernels } from "./testing.js";

const { hasty, mended } = await built<typeof LoadBalancing>("load-balancing");

const numbers = Array.from({ length: 12 }, (_, index) => index);
const squares = numbers.map((number) => number ** 2);

describe("jobs that several workers share", () => {
  it("are each done once, and all workers end, on the model and on the real kernel", async () => {
    const done = await onBothKernels(
      (linux, name) => mended(linux, name, numbers, 3),
      ["-numbers", "-squares"],
    );
    expect(done).toEqual(squares);
  });

  it("are done by one worker as well if there is one end", async () => {
    expect(await explored((linux) => hasty(linux, "/example", numbers, 1))).toEqual(squares);
  });

  it("leave workers behind that wait for ever, if there is one end for several", async () => {
    const { kind, message } = await foundIn((linux) => hasty(linux, "/example", numbers, 3));
    expect(kind).toBe("deadlock");
    expect(message).toMatch(
      /the message queue \/example-numbers: it is empty, and open for sending by pid 2/,
    );
  });
});
