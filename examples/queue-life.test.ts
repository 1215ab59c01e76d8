// Both kinds of queue from their making to their end; and that a name which goes too early is missed by who comes by it.
import { describe, expect, it } from "vitest";
import type * as QueueLife from "./queue-life.js";
import { built, foundIn, onBothKernels } from "./testing.js";

const { hasty, mended, sysv } = await built<typeof QueueLife>("queue-life");

describe("the life of a POSIX queue", () => {
  it("goes on without a name for who was passed it, on the model and on the real kernel", async () => {
    const answer = await onBothKernels((linux, name) => mended(linux, name));
    expect(answer).toBe("urgent, one, two");
  });

  it("is over for who comes by its name too late, in some schedules", async () => {
    const { kind, message } = await foundIn((linux) => hasty(linux, "/example"));
    expect(kind).toBe("throw");
    expect(message).toMatch(/ENOENT.*'\/example'/);
  });
});

describe("the life of a System V queue", () => {
  it("ends for all at once, on the model and on the real kernel", async () => {
    const ended = await onBothKernels((linux) => sysv(linux), []);
    expect(ended).toEqual({ answer: "two, one", status: 0 });
  });
});
