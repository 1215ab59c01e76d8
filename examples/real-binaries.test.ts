// The model, the real kernel and the shell's own pipelines say the same.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shellOutput, wcStyle } from "../src/cli/shell-tools.js";
import type { WcStyle } from "./pipeline.js";
import type * as RealBinaries from "./real-binaries.js";
import { built, explored, isLinux, reallyRun } from "./testing.js";

const { catWc, lsGrep } = await built<typeof RealBinaries>("real-binaries");

let folder: string;
let file: string;
let style: WcStyle;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "linux-ipc-binaries-"));
  for (const name of ["a.txt", "b.txt", "B.txt", "größe.txt", ".hidden.txt", "text", "-e"]) {
    writeFileSync(join(folder, name), "");
  }
  mkdirSync(join(folder, "c.txt"));
  file = join(folder, "a.txt");
  // More than a pipe holds.
  writeFileSync(file, "some words in a line\n".repeat(10_000));
  if (isLinux) style = await wcStyle();
});

afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(isLinux)("ls | grep, with our ls and the system's grep", () => {
  it.each([".txt", "ö", "-e", "nowhere"])("gives what the shell's own gives for %j", async (word) => {
    // grep ends with 1 if it finds nothing, and the shell with what its last command ended with.
    const expected = await shellOutput('ls "$1" | grep -a -F -e "$2" || true', folder, word);
    const simulated = await explored((linux) => lsGrep(linux, folder, word));
    expect(simulated).toEqual({ lines: expected, found: expected !== "" });
    expect(await reallyRun((linux) => lsGrep(linux, folder, word))).toEqual(simulated);
  });
});

describe.runIf(isLinux)("cat | wc, with the system's cat and our wc", () => {
  it("gives what the shell's own gives", async () => {
    const simulated = await explored((linux) => catWc(linux, file, style));
    expect(simulated).toBe(await shellOutput('cat "$1" | wc', file));
    expect(await reallyRun((linux) => catWc(linux, file, style))).toBe(simulated);
  });

  it("fails as the shell's own does for a file that is not there", async () => {
    await expect(reallyRun((linux) => catWc(linux, join(folder, "nothing"), style))).rejects.toThrow(
      "cat failed: wait status 256",
    );
  });
});
