// `await using` where the runtime does not know it, nor its symbol: compiled away, in a realm without it.
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("await using closes both ends of a pipe, also without Symbol.asyncDispose", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { Pipe } from "./pipe/pipe.js";
        globalThis.outcome = (async () => {
          const closed = [];
          const linux = { pipe2: async () => [3, 4], close: async (fd) => void closed.push(fd) };
          {
            await using pipe = await Pipe.create(linux);
            closed.push(pipe.reader.isClosed);
          }
          return closed.join();
        })();`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    format: "iife",
    target: "es2022",
    write: false,
    logLevel: "silent",
  });
  const context = createContext({ AbortController, TextDecoder, TextEncoder });
  runInContext("Reflect.deleteProperty(Symbol, 'asyncDispose')", context);
  runInContext(outputFiles[0]?.text ?? "", context);
  expect(await context.outcome).toBe("false,3,4");
});
