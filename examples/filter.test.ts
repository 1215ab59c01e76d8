// That the hasty form is well with small texts and stops for ever with large ones, and the mended one never stops.
import { describe, expect, it } from "vitest";
import type * as Filter from "./filter.js";
import { built, explored, foundIn, isLinux, reallyRun } from "./testing.js";

const { hasty, mended } = await built<typeof Filter>("filter");

const small = "what is small fits\n".repeat(100);
/** More than two pipes and a filter hold. */
const large = "what is large does not\n".repeat(13_000);

describe("text that goes through a filter", () => {
  it("comes back if it is small, also to who writes all of it first", async () => {
    const changed = await explored((linux) => hasty(linux, small));
    expect(changed).toBe(small.toUpperCase());
    if (isLinux) expect(await reallyRun((linux) => hasty(linux, small))).toBe(changed);
  });

  it("never comes back if it is large, to who writes all of it first", async () => {
    const { kind, schedules, message } = await foundIn((linux) => hasty(linux, large));
    expect([kind, schedules]).toEqual(["deadlock", 1]);
    expect(message).toMatch(/In a circle: pid 2 waits for pid 3 waits for pid 2/);
  });

  it("comes back whatever its size to who reads while writing, on the model and on the real kernel", async () => {
    const changed = await explored((linux) => mended(linux, large));
    expect(changed).toBe(large.toUpperCase());
    if (isLinux) expect(await reallyRun((linux) => mended(linux, large))).toBe(changed);
  });
});
