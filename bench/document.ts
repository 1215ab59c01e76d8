// docs/benchmarks.md: its prose is kept by hand, its table and its charts are written by a full run.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Bar } from "./benchmark.js";

const path = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const begin = "<!-- begin: written by npm run bench -->";
const end = "<!-- end -->";

/** Puts a run's table and charts into docs/benchmarks.md. */
export function writeDocument(
  machine: string,
  rows: readonly (readonly string[])[],
  bars: readonly Bar[],
): void {
  const date = new Date().toISOString().slice(0, 10);
  const lines = [
    `${date}, ${machine}.`,
    "",
    "| what | ours | against | ratio (least to most) | goal |",
    "|---|---|---|---|---|",
    ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
    ...chartsOf(bars),
  ];
  writeFileSync(path, replaceBlock(readFileSync(path, "utf8"), lines.join("\n")));
}

/**
 * Charts as Mermaid draws them, and GitHub with it: https://mermaid.js.org/syntax/xyChart.html
 * @returns lines of Markdown
 */
export function chartsOf(bars: readonly Bar[]): string[] {
  const titles = new Set(bars.map(({ chart }) => chart));
  return [...titles].flatMap((title) => {
    const own = bars.filter(({ chart }) => chart === title);
    // Mermaid has no escape for a quotation mark.
    const quoted = (text: string): string => `"${text.replaceAll('"', "'")}"`;
    const [{ unit }] = own as [Bar];
    // Left to itself, Mermaid begins at the lowest bar.
    const top = Math.ceil(Math.max(...own.map(({ height }) => height)));
    return [
      "",
      "```mermaid",
      "xychart-beta horizontal",
      `  title ${quoted(title)}`,
      `  x-axis [${own.map(({ label }) => quoted(label)).join(", ")}]`,
      `  y-axis ${quoted(unit)} 0 --> ${top}`,
      `  bar [${own.map(({ height }) => Math.round(height)).join(", ")}]`,
      "```",
    ];
  });
}

/** Replaces what stands between the two marks. */
export function replaceBlock(document: string, text: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`docs/benchmarks.md has lost its marks "${begin}" and "${end}"`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}
