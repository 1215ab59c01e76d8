// The naive writer and reader are found to fail in three ways; the mended ones never do, in 10,000 schedules and for real.
import type { Linux } from "linux-ipc";
import { describe, expect, it } from "vitest";
import { built, expectReplay, explored, foundLike, onBothKernels } from "../testing.js";
import type * as Exchange from "./exchange.js";
import type * as Mended from "./mended.js";
import type * as Naive from "./naive.js";

const { exchange, suffixes } = await built<typeof Exchange>("writer-and-reader/exchange");
const mended = await built<typeof Mended>("writer-and-reader/mended");
const naive = await built<typeof Naive>("writer-and-reader/naive");

const text = "Here is some text.\n";

describe("the naive writer and reader", () => {
  it.each([
    {
      race: "the reader opens the memory before the writer has created it",
      how: /\(reader\) threw .*\n.*ENOENT.*shm_open '\/example'/,
    },
    {
      race: "the reader opens the memory before the writer has given it a size",
      how: /\(reader\) threw .*\n.*EINVAL.*mmap/,
    },
    {
      race: "the reader removes a semaphore before the writer has opened it",
      how: /deadlock: 2 processes wait[\s\S]*\(writer\) waits in sem_wait/,
    },
  ])("fail in some schedules: $race", async ({ how }) => {
    const run = (linux: Linux): Promise<unknown> => exchange(linux, naive, "/example", text);
    await expectReplay(await foundLike(run, how), run);
  });
});

describe("the mended writer and reader", () => {
  it("pass the text on, on the model and on the real kernel", async () => {
    expect(await onBothKernels((linux, name) => exchange(linux, mended, name, text), suffixes)).toBe(text);
  });

  it("survive 10,000 schedules", async () => {
    const run = (linux: Linux): Promise<string> => exchange(linux, mended, "/example", text);
    expect(await explored(run, { schedules: 10_000 })).toBe(text);
  });
});
