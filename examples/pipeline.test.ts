// The pipeline against the shell's own, on files that are hard to get right. Runs the built examples: on the real kernel each
// process imports them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Linux } from "linux-ipc";
import { simulate } from "linux-ipc/simulation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shellPipeline, wcStyle } from "../src/cli/shell-tools.js";
import type * as Pipeline from "./pipeline.js";
import { built, isLinux } from "./testing.js";

const { shell } = await built<typeof Pipeline>("pipeline");

let folder: string;
let style: Pipeline.WcStyle;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "linux-ipc-pipeline-"));
  if (isLinux) style = await wcStyle();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function fileOf(bytes: Uint8Array | string): string {
  const path = join(folder, "file");
  writeFileSync(path, bytes);
  return path;
}

async function simulated(path: string, word: string, seed = 1): Promise<string> {
  let output: string | undefined;
  await simulate({ seed, maxSteps: 1_000_000 }, async (linux: Linux) => {
    output = await shell(linux, path, word, style);
  });
  return output as string;
}

/** A line at a time, with lines and words that lie across every border there is. */
const oddFiles: Record<string, { bytes: Uint8Array | string; word: string }> = {
  "an empty file": { bytes: "", word: "a" },
  "one newline": { bytes: "\n", word: "a" },
  "one newline, and the empty word": { bytes: "\n", word: "" },
  "a last line without a newline": { bytes: "b\na b", word: "a" },
  "nothing found": { bytes: "b\nb\n".repeat(100), word: "a" },
  "NUL bytes": { bytes: "a\0b\n\0\na\0", word: "b" },
  "bytes that are no text": {
    bytes: Uint8Array.from({ length: 2560 }, (_, index) => index % 256),
    word: "AB",
  },
  "a word of two lines is two words": { bytes: "a\nb\nc\n", word: "a\nb" },
  "a word that looks like an option": { bytes: "x -v\n-v\nv\n", word: "-v" },
  "a word that looks like a pattern": { bytes: "a.c\nabc\n", word: "a.c" },
  "a word that is not ASCII": { bytes: "größe\ngrosse\n", word: "ö" },
  "a line longer than every buffer": {
    bytes: `${"a".repeat(300_000)}word${"b".repeat(300_000)}\nword`,
    word: "word",
  },
  "words at the borders of chunks": {
    bytes: `${"x".repeat(65_534)}word\n${"y".repeat(65_530)}word\n`.repeat(3),
    word: "word",
  },
  "every kind of space": { bytes: "w a\tb\vc\fd\re w\n", word: "w" },
};

describe.runIf(isLinux)("cat FILE | grep WORD | wc", () => {
  it.each(Object.keys(oddFiles))("simulated, gives the shell's bytes for %s", async (name) => {
    const { bytes, word } = oddFiles[name] as { bytes: Uint8Array | string; word: string };
    const path = fileOf(bytes);
    expect(await simulated(path, word)).toBe(await shellPipeline(path, word));
  });

  it("simulated, gives the shell's bytes for any small file, whatever the schedule", async () => {
    const byte = fc.constantFrom(0, 1, 9, 10, 10, 11, 32, 97, 98, 127, 128, 160, 255);
    const word = fc.constantFrom("a", "ab", "b a", "", " ", "\u0001", "\n", "a\nb");
    const file = fc.array(byte, { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(file, word, fc.nat(), async (bytes, word, seed) => {
        const path = fileOf(Uint8Array.from(bytes));
        expect(await simulated(path, word, seed)).toBe(await shellPipeline(path, word));
      }),
      { numRuns: 100 },
    );
  });

  it.each(["an empty file", "nothing found", "NUL bytes", "a line longer than every buffer"])(
    "real, gives the shell's bytes for %s",
    async (name) => {
      const { linux } = await import("linux-ipc/native");
      const { bytes, word } = oddFiles[name] as { bytes: Uint8Array | string; word: string };
      const path = fileOf(bytes);
      expect(await shell(linux, path, word, style)).toBe(await shellPipeline(path, word));
    },
  );

  it("a file that is not there fails the pipeline", async () => {
    await expect(simulated(join(folder, "no such file"), "a")).rejects.toThrow(/ENOENT/);
  });
});
