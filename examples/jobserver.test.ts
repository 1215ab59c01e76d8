// That the jobserver has the bug that it is there to show, and that its mended form has not.
import { explore } from "linux-ipc/simulation";
import { describe, expect, it } from "vitest";
import { hasty, mended } from "./jobserver.js";

describe("the jobserver", () => {
  it("deadlocks on some schedules if workers take their slots one at a time", async () => {
    await expect(explore({}, hasty)).rejects.toThrow(/deadlock/);
  });

  it("deadlocks on no schedule if they take them in turn", async () => {
    await explore({ schedules: 5000, leaks: "fail" }, mended);
  });
});
