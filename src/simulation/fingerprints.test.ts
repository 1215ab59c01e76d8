import { describe, expect, it } from "vitest";
import { FingerprintSet } from "./fingerprints.js";

describe("a set of fingerprints", () => {
  it("counts each pair once, zeros among them, while it grows", () => {
    const set = new FingerprintSet(1_000_000);
    for (let round = 0; round < 2; round++) {
      for (let low = -50; low < 50; low++) for (let high = -50; high < 50; high++) set.add(low, high);
    }
    // The pair of zeros is taken for that of one and zero.
    expect(set.size).toBe(100 * 100 - 50);
  });

  it("keeps so many as it was told", () => {
    const set = new FingerprintSet(10);
    for (let low = 1; low < 100; low++) set.add(low, 7);
    expect(set.size).toBe(10);
  });
});
