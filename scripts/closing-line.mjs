// A reporter for vitest that ends the run with one plain line, "N passed, N failed", for those who read logs by machine.
// A file that could not be run, and an error outside of any test, count as failed.

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default class ClosingLine {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const { state } = test.result();
        count[state === "pending" ? "skipped" : state] += 1;
      }
      if (module.errors().length > 0) count.failed += 1;
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
    // After the other reporters, whose summaries are written in the same turn.
    process.on("exit", () => console.log(`${count.passed} passed, ${count.failed} failed${skipped}`));
  }
}
