import type { Benchmark } from "./benchmark.js";
export const conformance: Benchmark = { name: "conformance", kernel: "linux", run: async () => [] };
