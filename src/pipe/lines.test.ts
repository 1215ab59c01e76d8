// Lines are those of the whole text, however it was cut into reads, and whenever the iteration is left.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { abortError } from "../errors.js";
import { bytes, collected, failureOf, text } from "../testing.js";
import type { LineOptions } from "./lines.js";
import { scriptedReader } from "./testing.js";

/** What the lines of a text are. */
function expected(data: Uint8Array, crlf = false): string[] {
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(data).split("\n");
  const last = lines.pop();
  const cut = crlf ? lines.map((line) => line.replace(/\r$/, "")) : lines;
  return last === "" || last === undefined ? cut : [...cut, last];
}

const piece = fc.oneof(
  fc
    .string({ unit: fc.constantFrom("a", "\n", "\n", "\r\n", "\r", "ü", "€", "😀", "\ufeff", "\0") })
    .map(bytes),
  fc.uint8Array({ maxLength: 6 }),
  // Text cut anywhere, also within a character.
  fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), fc.nat()).map(([word, at]) => {
    const all = bytes(word);
    return all.subarray(0, at % (all.length + 1));
  }),
);
const pieces = fc.array(
  piece.filter(({ length }) => length > 0),
  { maxLength: 12 },
);
const whole = (data: readonly Uint8Array[]): Uint8Array => Uint8Array.from(data.flatMap((each) => [...each]));
const chunkSize = fc.constantFrom(1, 2, 3, 7, 65536);

describe("lines", () => {
  it("are those of the whole text, in whatever pieces it comes", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, chunkSize, fc.boolean(), async (data, chunkSize, crlf) => {
        const lines = await collected(scriptedReader(data).lines({ chunkSize, crlf }));
        expect(lines).toEqual(expected(whole(data), crlf));
      }),
      { numRuns: 1000 },
    );
  });

  it("that were not given out when the loop is left are still there to be read, byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, chunkSize, fc.nat({ max: 6 }), async (data, chunkSize, count) => {
        const all = whole(data);
        const reader = scriptedReader(data);
        const lines: string[] = [];
        if (count > 0) {
          for await (const line of reader.lines({ chunkSize })) if (lines.push(line) >= count) break;
        }
        expect(lines).toEqual(expected(all).slice(0, count));
        let start = 0;
        for (let i = 0; i < count && start < all.length; i++) {
          const newline = all.indexOf(10, start);
          start = newline === -1 ? all.length : newline + 1;
        }
        expect(await reader.readAll()).toEqual(all.slice(start));
      }),
      { numRuns: 1000 },
    );
  });

  it("that a failed read cuts short lose no byte", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, pieces, chunkSize, async (before, after, chunkSize) => {
        const all = whole([...before, ...after]);
        const reader = scriptedReader([...before, abortError("read", undefined), ...after]);
        const lines: string[] = [];
        const failed = (async () => {
          for await (const line of reader.lines({ chunkSize })) lines.push(line);
        })();
        expect((await failureOf(failed)).name).toBe("AbortError");
        for await (const line of reader.lines({ chunkSize })) lines.push(line);
        expect(lines).toEqual(expected(all));
      }),
      { numRuns: 500 },
    );
  });

  it("longer than maxLength end the iteration, in whatever pieces they come, and stay to be read", async () => {
    await fc.assert(
      fc.asyncProperty(
        pieces,
        chunkSize,
        fc.integer({ min: 1, max: 5 }),
        async (data, chunkSize, maxLength) => {
          const all = whole(data);
          const reader = scriptedReader(data);
          let start = 0;
          let short = 0;
          while (start < all.length) {
            const newline = all.indexOf(10, start);
            const end = newline === -1 ? all.length : newline;
            if (end - start > maxLength) break;
            short++;
            start = end + 1;
          }
          const lines: string[] = [];
          const loop = (async () => {
            for await (const line of reader.lines({ chunkSize, maxLength })) lines.push(line);
          })();
          if (start >= all.length) await loop;
          else expect(await failureOf(loop)).toMatchObject({ name: "RangeError", code: "ERR_TOO_LONG" });
          expect(lines).toEqual(expected(all).slice(0, short));
          expect(await reader.readAll()).toEqual(all.slice(start));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("may be asked for several at a time, and come in order", async () => {
    const lines = scriptedReader([bytes("a\nb"), bytes("\nc"), bytes("d\n")]).lines();
    const results = await Promise.all(Array.from({ length: 5 }, () => lines.next()));
    expect(results.map(({ value }) => value)).toEqual(["a", "b", "cd", undefined, undefined]);
  });

  it("end at once when they are told to, also among lines that are there", async () => {
    const stop = new AbortController();
    const reader = scriptedReader([bytes("a\nb\nc\n")]);
    const lines = reader.lines({ signal: stop.signal });
    expect(await lines.next()).toEqual({ done: false, value: "a" });
    stop.abort("why");
    expect(await failureOf(lines.next())).toMatchObject({ name: "AbortError", cause: "why" });
    expect(await reader.text()).toBe("b\nc\n");
  });

  it("may be longer than any buffer", async () => {
    const long = "€".repeat(100_000);
    const data = bytes(`x\n${long}\n${long}`);
    const pieces = Array.from({ length: 10 }, (_, i) => data.subarray(i * 65_000, (i + 1) * 65_000));
    const lines = scriptedReader(pieces.filter(({ length }) => length > 0)).lines();
    expect(await collected(lines)).toEqual(["x", long, long]);
  });

  it("of 16 MiB are refused, not collected without end, if nothing else is said", async () => {
    const mebibyte = new Uint8Array(65_536).fill(97);
    const reader = scriptedReader(Array.from({ length: 16 * 16 + 1 }, () => mebibyte));
    const error = await failureOf(collected(reader.lines()));
    expect(error.message).toBe("lines: a line is longer than 16777216 bytes");
  });

  it("keep a byte order mark, as they keep each other character", async () => {
    expect(await collected(scriptedReader([bytes("\ufeffa\n")]).lines())).toEqual(["\ufeffa"]);
  });

  it("are decoded as they are told to", async () => {
    const latin1 = scriptedReader([Uint8Array.of(0xe9, 10, 0xe8)]);
    expect(await collected(latin1.lines({ encoding: "latin1" }))).toEqual(["é", "è"]);
    const fatal = scriptedReader([bytes("a\n"), Uint8Array.of(0xff, 10)]);
    const lines = fatal.lines({ fatal: true });
    expect(await lines.next()).toEqual({ done: false, value: "a" });
    expect(await failureOf(lines.next())).toBeInstanceOf(TypeError);
    expect(await lines.next()).toEqual({ done: true, value: undefined });
    expect(await fatal.readAll()).toEqual(Uint8Array.of(0xff, 10));
  });

  it.each<[LineOptions, string]>([
    [{ encoding: "utf-16le" }, '"options.encoding" must be one with the bytes of ASCII'],
    [{ encoding: "nonsense" }, '"options.encoding" must be a label of TextDecoder, not "nonsense"'],
    [{ maxLength: 0 }, '"options.maxLength" must be an integer of at least 1, not 0'],
    [{ chunkSize: 1.5 }, '"options.chunkSize" must be an integer of at least 1, not 1.5'],
  ])("refuse %j", (options, message) => {
    expect(() => scriptedReader([]).lines(options)).toThrow(message);
  });

  it("are read by one iteration at a time", async () => {
    const reader = scriptedReader([bytes("a\nb\n"), bytes("c\n")]);
    const lines = reader.lines();
    const others = reader.lines();
    await lines.next();
    const refused = { code: "ERR_INVALID_STATE" };
    expect(await failureOf(others.next())).toMatchObject(refused);
    expect(await failureOf(reader.read())).toMatchObject(refused);
    expect(await failureOf(reader.readAll())).toMatchObject(refused);
    await lines.return?.();
    expect(text(await reader.read(2))).toBe("b\n");
    expect(text(await reader.read())).toBe("c\n");
    expect(await reader.read()).toBe(null);
  });
});
