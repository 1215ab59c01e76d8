// docs/benchmarks.md: its prose is kept by hand, its table is written by a full run.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const begin = "<!-- begin: written by npm run bench -->";
const end = "<!-- end -->";

/** Puts a run's table into docs/benchmarks.md. */
export function writeDocument(machine: string, rows: readonly (readonly string[])[]): void {
  const date = new Date().toISOString().slice(0, 10);
  const lines = [
    `${date}, ${machine}.`,
    "",
    "| what | ours | against | ratio (least to most) | goal |",
    "|---|---|---|---|---|",
    ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
  ];
  writeFileSync(path, replaceBlock(readFileSync(path, "utf8"), lines.join("\n")));
}

/** Replaces what stands between the two marks. */
export function replaceBlock(document: string, text: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`docs/benchmarks.md has lost its marks "${begin}" and "${end}"`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}
