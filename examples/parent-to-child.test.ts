// Both ends closed where they are not used: all is well in every schedule. One forgotten: the deadlock that it is.
import { describe, expect, it } from "vitest";
import { runOnce } from "../src/cli/jobserver-demo.js";
import type * as ParentToChild from "./parent-to-child.js";
import { built, explored, foundIn, isLinux, reallyRun } from "./testing.js";

const { forgetful, tell } = await built<typeof ParentToChild>("parent-to-child");

const short = ["one", "two", "three"];
/** More than a pipe holds. */
const long = Array.from({ length: 20 }, () => "x".repeat(4095));

describe("a parent that writes to its child", () => {
  it("is understood to the end, on the model and on the real kernel", async () => {
    const read = await explored((linux) => tell(linux, short, 100));
    expect(read).toBe(3);
    if (isLinux) expect(await reallyRun((linux) => tell(linux, short, 100))).toBe(read);
  });

  it("is told that the child has ended, on the model and on the real kernel", async () => {
    const read = await explored((linux) => tell(linux, long, 2));
    expect(read).toBe(2);
    if (isLinux) expect(await reallyRun((linux) => tell(linux, long, 2))).toBe(read);
  });

  it("waits for ever for a child that keeps the write end, since that never sees the end", async () => {
    const { kind, message } = await foundIn((linux) => tell(linux, short, 100, "the child's write end"));
    expect(kind).toBe("deadlock");
    expect(message).toMatch(/pid 3 \(child\) waits in read\(3\)/);
    expect(message).toMatch(/it is empty, and its write end is held by pid 3 itself \(fd 4\) alone/);
  });

  it.runIf(isLinux)("waits for ever for such a child on the real kernel, too", async () => {
    expect(await reallyRun((linux) => runOnce(linux, forgetful))).toBe(false);
  });

  it("waits for ever for a child that has ended, if it keeps the read end itself", async () => {
    const { kind, message } = await foundIn((linux) => tell(linux, long, 2, "the parent's read end"));
    expect(kind).toBe("deadlock");
    expect(message).toMatch(/waits in write\(4/);
    expect(message).toMatch(
      /it is full, with 65,536 bytes in it, and its read end is held by pid 2 itself \(fd 3\) alone/,
    );
  });
});
