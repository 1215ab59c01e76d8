import { expect, it } from "vitest";
import { reaches } from "./benchmark.js";
import { chartsOf, replaceBlock } from "./document.js";
import { compare, duration, percentile, spread } from "./measure.js";

it("percentiles are interpolated between neighbours", () => {
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
  expect(percentile([4, 1, 2, 3], 0.5)).toBe(2.5);
  expect(spread([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5 });
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});

it("ours and the peer's are measured in turn, and the first pairs are not counted", async () => {
  const order: string[] = [];
  const measurement = (name: string, figures: number[]) => (): number => {
    order.push(name);
    return figures.shift() ?? Number.NaN;
  };
  const row = await compare(
    { rounds: 3, scale: 1 },
    {
      what: "a",
      ours: measurement("ours", [100, 100, 100, 2, 4, 6]),
      peer: measurement("peer", [1, 1, 1, 1, 2, 2]),
      peerName: "b",
    },
  );
  expect(order.join(" ")).toBe("ours peer ours peer ours peer ours peer ours peer ours peer");
  expect(row.figure).toEqual({ median: 2, least: 2, most: 3 });
});

it("a goal is met by the median", () => {
  const figure = { median: 2, least: 1, most: 9 };
  expect(reaches(figure, { atMost: 2 })).toBe(true);
  expect(reaches(figure, { atLeast: 3 })).toBe(false);
});

it("durations have the unit that fits", () => {
  expect([12.34, 1234, 12_345_678].map(duration)).toEqual(["12.3 ns", "1.23 µs", "12.3 ms"]);
});

it("a run replaces what is between the marks and keeps the rest", () => {
  const begin = "<!-- begin: written by npm run bench -->";
  const document = `before\n${begin}\nold\n<!-- end -->\nafter\n`;
  expect(replaceBlock(document, "new")).toBe(`before\n${begin}\n\nnew\n\n<!-- end -->\nafter\n`);
  expect(() => replaceBlock("no marks", "new")).toThrow(/marks/);
});

it("bars of one title stand in one chart, which begins at 0", () => {
  const bar = (chart: string, label: string, height: number) => ({ chart, unit: "per s", label, height });
  expect(chartsOf([bar("a", "one", 1.5), bar("b", 'an "other"', 7), bar("a", "two", 20.2)])).toEqual([
    "",
    "```mermaid",
    "xychart-beta horizontal",
    '  title "a"',
    '  x-axis ["one", "two"]',
    '  y-axis "per s" 0 --> 21',
    "  bar [2, 20]",
    "```",
    "",
    "```mermaid",
    "xychart-beta horizontal",
    '  title "b"',
    "  x-axis [\"an 'other'\"]",
    '  y-axis "per s" 0 --> 7',
    "  bar [7]",
    "```",
  ]);
  expect(chartsOf([])).toEqual([]);
});
