// The one build, incremental: the model to WebAssembly, its bytes to a module, all TypeScript to dist/.
//   assembly/*.ts ──asc, binaryen──> dist/kernel.wasm ──> backends/wasm/kernel.wasm.ts ──tsc──> dist/
// It is the type check as well: asc for assembly/, tsc for the rest; an error of either ends it with a status that is not 0.
//
// A step is skipped while its inputs are the same files, of the same sizes and times, as when it last succeeded. Names are
// part of that, so a source that was renamed or deleted counts as a change, and what it left in dist/ is removed.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const plain = "dist/kernel.plain.wasm";
const wasm = "dist/kernel.wasm";
const text = "dist/kernel.wat";
const embedded = "backends/wasm/kernel.wasm.ts";
const command = "dist/src/cli/main.js";
const buildInfo = "dist/.tsbuildinfo";
const record = "dist/.build.json";
// The folders that tsc reads, as tsconfig.json names them.
const folders = JSON.parse(readFileSync("tsconfig.json", "utf8")).include;
const outputEndings = [".js", ".js.map", ".d.ts"];

mkdirSync("dist", { recursive: true });
const done = readRecord();

step("model", [...typescriptIn("assembly"), "asconfig.json", "package-lock.json"], [wasm, text], () => {
  run("node_modules/assemblyscript/bin/asc.js", "--config", "asconfig.json", "--target", "release");
  run("scripts/optimize.mjs", plain, wasm, text);
});

const kernelModule = `// The compiled model, written by scripts/build.mjs.
export const kernelBase64: string =
  "${readFileSync(wasm).toString("base64")}";
`;
if (!existsSync(embedded) || readFileSync(embedded, "utf8") !== kernelModule)
  writeFileSync(embedded, kernelModule);

const sources = folders.flatMap(typescriptIn);
const outputs = sources.flatMap(outputsOf);
step("typescript", [...sources, "tsconfig.json", "package-lock.json"], outputs, () => {
  removeStale(new Set(outputs));
  // tsc writes again only what changed since its last run: if something it wrote is gone, it must start anew.
  if (!outputs.every((output) => existsSync(output))) rmSync(buildInfo, { force: true });
  run("node_modules/typescript/bin/tsc", "-p", "tsconfig.json");
  if (existsSync(command)) chmodSync(command, 0o755);
});

/** Does one step unless nothing changed since it last succeeded. */
function step(name, inputs, outputs, work) {
  const fingerprint = inputs.map((input) => {
    const { mtimeMs, size } = statSync(input);
    return `${input} ${mtimeMs} ${size}`;
  });
  const isSame = JSON.stringify(done[name]) === JSON.stringify(fingerprint);
  if (isSame && outputs.every((output) => existsSync(output))) return;
  delete done[name];
  writeFileSync(record, JSON.stringify(done));
  work();
  done[name] = fingerprint;
  writeFileSync(record, JSON.stringify(done));
}

function readRecord() {
  try {
    return JSON.parse(readFileSync(record, "utf8"));
  } catch {
    return {};
  }
}

function typescriptIn(folder) {
  return filesIn(folder).filter((name) => name.endsWith(".ts"));
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function outputsOf(source) {
  if (source.endsWith(".d.ts")) return [];
  return outputEndings.map((ending) => join("dist", source.replace(/\.ts$/, ending)));
}

function removeStale(expected) {
  for (const folder of folders) {
    for (const file of filesIn(join("dist", folder))) {
      if (!expected.has(file) && outputEndings.some((ending) => file.endsWith(ending))) {
        console.log(`build: ${relative("dist", file)} has no source any more: removed`);
        rmSync(file);
      }
    }
  }
}

function run(tool, ...args) {
  if (!existsSync(tool)) {
    console.error(`build: ${tool} is missing: install with the development dependencies (npm ci)`);
    process.exit(1);
  }
  const { status, signal } = spawnSync(process.execPath, [tool, ...args], { stdio: "inherit" });
  if (status === 0) return;
  console.error(`build: ${tool} failed (${signal ?? `status ${status}`})`);
  process.exit(1);
}
