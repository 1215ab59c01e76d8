// What the compiled model must be for snapshots to hold all of its state, and for bundles to stay small.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { kernelBase64 } from "./kernel.wasm.js";

const built = (name: string): string => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
const text = readFileSync(built("kernel.wat"), "utf8");
const module = new WebAssembly.Module(readFileSync(built("kernel.wasm")));

it("the model keeps no state outside its memory: it has no mutable global", () => {
  expect(text.match(/\(global \S+ \(mut [^\n]*/g) ?? []).toEqual([]);
});

it("the model imports nothing but abort", () => {
  expect(WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`)).toEqual([
    "env.abort",
  ]);
});

it("the model exports functions and its memory, no globals or tables", () => {
  const others = WebAssembly.Module.exports(module).filter(({ kind }) => kind !== "function");
  expect(others).toEqual([{ name: "memory", kind: "memory" }]);
});

it("the model's memory is of fixed size, so that views of it never detach", () => {
  const [, least, most] = /\(memory \S+ (\d+) (\d+)\)/.exec(text) ?? [];
  expect(least).toBeDefined();
  expect(most).toBe(least);
});

it("what a bundle has of the model, compressed, is smaller than 64 KB", () => {
  expect(gzipSync(kernelBase64).length).toBeLessThan(64_000);
});

it("the module that programs import holds the same bytes", () => {
  expect(kernelBase64).toBe(readFileSync(built("kernel.wasm")).toString("base64"));
});
