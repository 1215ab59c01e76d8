// The documents are what the code says: their tables are fresh, their examples compile, run, and print what is printed.
import { describe, expect, it } from "vitest";

interface Refreshed {
  readonly name: string;
  readonly text: string;
  readonly fresh: string;
  readonly problems: readonly string[];
}

// A script in plain JavaScript: it also runs by itself.
const script = new URL("./docs.mjs", import.meta.url).href;
const { documents, refresh } = (await import(script)) as {
  documents(): string[];
  refresh(names: readonly string[]): Promise<Refreshed[]>;
};

// What an example prints of the real kernel it prints on Linux only.
describe.runIf(process.platform === "linux")("documents", () => {
  it.each(documents())(
    "every example in %s runs, and what it shows is fresh (else: node scripts/docs.mjs)",
    async (name) => {
      for (const { text, fresh, problems } of await refresh([name])) {
        expect(problems).toEqual([]);
        expect(text).toBe(fresh);
      }
    },
  );
});
