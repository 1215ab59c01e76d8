// A semaphore that begins at 1 keeps paragraphs in one piece, also when an author is killed; those that begin at 0 keep steps in their
// order, and do not if they are undone.
import { describe, expect, it } from "vitest";
import { FIRST_PID, killedAtEveryStep } from "./killing/testing.js";
import type * as Semaphores from "./semaphores.js";
import { built, foundIn, onBothKernels } from "./testing.js";

const { inOrder, undone, write } = await built<typeof Semaphores>("semaphores");

const authors = ["Ada", "Grace", "Edsger"];
const allWhole = [...authors].sort();

describe("a semaphore that begins at 1", () => {
  it("keeps each paragraph in one piece, on the model and on the real kernel", async () => {
    expect(await onBothKernels((linux) => write(linux, authors, true), [])).toEqual(allWhole);
  });

  it("is needed for that: without it, lines are mixed in some schedules", async () => {
    const { kind } = await foundIn(async (linux) => {
      expect(await write(linux, authors, false)).toEqual(allWhole);
    });
    expect(kind).toBe("throw");
  });

  it("is given back by who is killed, at every step: the paragraphs of the others are there, and whole", async () => {
    const seen = new Set<string>();
    await killedAtEveryStep([FIRST_PID], async (linux) => {
      seen.add((await write(linux, authors, true)).join());
    });
    expect([...seen].sort()).toEqual(["Ada,Edsger,Grace", "Edsger,Grace"]);
  });
});

describe("semaphores that begin at 0", () => {
  it("keep steps in their order, on the model and on the real kernel", async () => {
    const steps = await onBothKernels((linux) => inOrder(linux, 4), []);
    expect(steps).toEqual(["step 0", "step 1", "step 2", "step 3"]);
  });

  it("do not if it is undone that a step has been done: the next waits for ever, in some schedules", async () => {
    const { kind, message } = await foundIn((linux) => undone(linux, 2));
    expect(kind).toBe("deadlock");
    expect(message).toMatch(/\(worker\) waits in semop\(0, \[1 -1 SEM_UNDO\]\)/);
  });
});
