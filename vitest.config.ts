// Tests stand beside the code they test. They run as TypeScript; those that need real processes or bundles use the built
// package, which `npm test` makes first.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src,backends,properties,examples,bench,scripts}/**/*.test.ts"],
    // A file a process: what a test does to its descriptors or its event loop stays in it, and real waits need node's
    // main thread.
    pool: "forks",
    maxWorkers: 2,
    // Bounds against a hang, not expectations: a loaded machine may take long.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", "./scripts/closing-line.mjs"],
  },
});
