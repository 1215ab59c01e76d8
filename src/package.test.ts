// The package as those who install it see it: what is packed, that its entries resolve, that its types stand alone, and
// that the simulator works when it is bundled for a browser. All on the built package, from a project of its own that has
// linux-ipc among its node_modules.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build as esbuild } from "esbuild";
import ts from "typescript";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  name: string;
  bin: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
};
const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === "string" ? [] : [{ specifier: manifest.name + name.slice(1), ...target }],
);

let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "linux-ipc-package-"));
  mkdirSync(join(project, "node_modules"));
  symlinkSync(root, join(project, "node_modules", manifest.name));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
});

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

/** Writes a file of the project. */
function put(name: string, text: string): string {
  const path = join(project, name);
  writeFileSync(path, text);
  return path;
}

describe("what npm packs", () => {
  let packed: readonly string[];

  beforeAll(() => {
    // The build has been made; npm's own scripts would make it again.
    const report = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [{ files }] = JSON.parse(report) as [{ files: { path: string }[] }];
    packed = files.map(({ path }) => path);
  });

  it("has every entry, its types and the command", () => {
    const wanted = [
      ...entries.flatMap((entry) => [entry.default, entry.types]),
      ...Object.values(manifest.bin),
    ];
    const names = wanted.map((path) => path.replace(/^\.\//, ""));
    expect(names.filter((name) => !packed.includes(name))).toEqual([]);
  });

  it("has no tests, benchmarks, conformance suite, sources or leavings of the build", () => {
    const unwanted = /\.test\.|\.child\.|\.map$|^dist\/(bench|properties|[^/]+$)|^(src|assembly|backends)\//;
    expect(packed.filter((path) => unwanted.test(path))).toEqual([]);
  });
});

describe("entries", () => {
  for (const { specifier, default: file } of entries) {
    it(`${specifier} is found and loads in plain node`, () => {
      const script = put(
        "load.js",
        `const module = await import(${JSON.stringify(specifier)});
         console.log(JSON.stringify({ file: import.meta.resolve(${JSON.stringify(specifier)}), names: Object.keys(module) }));`,
      );
      const loaded = JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })) as {
        file: string;
        names: string[];
      };
      expect(fileURLToPath(loaded.file)).toBe(join(root, file));
      expect(loaded.names.length).toBeGreaterThan(0);
    });
  }

  it("a deep import is refused", () => {
    const script = put(
      "deep.js",
      `import("${manifest.name}/dist/src/index.js").catch((error) => console.log(error.code));`,
    );
    const code = execFileSync(process.execPath, [script], { encoding: "utf8" });
    expect(code.trim()).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });
});

describe("types", () => {
  /** What the compiler says of the project's file when it checks declarations too. */
  function complaints(file: string): string[] {
    const program = ts.createProgram([file], {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
      types: [],
    });
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText, file: where }) =>
        `${where?.fileName ?? ""} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`.trim(),
      );
  }

  it("fit together, and need neither node's nor anyone's", () => {
    const file = put(
      "consumer.ts",
      `import { Fifo, type Linux, MessageQueue, Pipe, type PipeReader, SharedMemory, SysvMessageQueue, SysvSemaphoreSet } from "linux-ipc";
       import { linux } from "linux-ipc/native";
       import { CheckedRegion, SealedRegion } from "linux-ipc/regions";
       import { simulate } from "linux-ipc/simulation";
       export const run = simulate;
       export const same: Linux = linux;
       export const first = (linux: Linux): Promise<readonly [number, number]> => linux.pipe2();
       export const reader: Promise<PipeReader> = Fifo.open(linux, "requests", { mode: "read" });
       export async function lines(linux: Linux): Promise<void> {
         await using pipe = await Pipe.create(linux);
         for await (const line of pipe.reader.lines({ timeout: 10 })) line.toUpperCase();
       }
       export async function messages(linux: Linux): Promise<void> {
         await using queue = await MessageQueue.open(linux, "/jobs", { create: true, unlinkOnClose: true });
         for await (const { text, priority } of queue) text.repeat(priority);
         await using other = await SysvMessageQueue.open(linux, { path: "/tmp", project: 1 });
         const type: bigint = (await other.receive({ type: { upTo: 3 } })).type;
         await other.toWritableStream({ type }).getWriter().write({ message: "x", type: 2 });
       }
       export async function memory(linux: Linux): Promise<Int32Array> {
         await using made = await SharedMemory.createOrAttach(linux, "/board", { size: 4096, unlinkOnClose: true });
         const first: Uint8Array = await made.read(0, 8);
         await made.write(first, 8);
         const sealed = new SealedRegion(made, { capacity: 100, key: first, byteOffset: CheckedRegion.byteLength(100) });
         const generation: bigint = new CheckedRegion(made, { capacity: 100 }).write(sealed.read()?.text ?? "");
         return made.array(Int32Array, Number(generation));
       }
       export async function semaphores(linux: Linux): Promise<number> {
         await using set = await SysvSemaphoreSet.createOrOpen(linux, 5, { values: [1], timeout: 10 });
         await set.operate([{ semaphore: 0, operation: -1, undo: true }], { timeout: 10 });
         return await set.withPermit(0, () => 5);
       }`,
    );
    expect(complaints(file)).toEqual([]);
  });
});

describe("the simulator in a bundle", () => {
  // Two processes and a pipe, reduced to what shows that the kernel ran: the bytes that arrived.
  const source = `
    import { program } from "linux-ipc";
    import { simulate } from "linux-ipc/simulation";
    const writer = program("bundle:", async (linux) => {
      await linux.write(linux.fds.out, Uint8Array.of(1, 2, 3));
    });
    globalThis.outcome = (async () => {
      const arrived = [];
      await simulate({ seed: 1 }, async (linux) => {
        const [readEnd, writeEnd] = await linux.pipe2();
        const pid = await linux.spawn(writer, { fds: { out: writeEnd } });
        await linux.close(writeEnd);
        const buffer = new Uint8Array(16);
        for (;;) {
          const count = await linux.read(readEnd, buffer);
          if (count === 0) break;
          arrived.push(...buffer.subarray(0, count));
        }
        await linux.waitpid(pid);
        await linux.close(readEnd);
      });
      return arrived.join(" ");
    })();`;

  /** Runs a bundle where only what browsers have is there, and gives what it put into `outcome`. */
  async function runAsBrowser(code: string): Promise<unknown> {
    const globals: Record<string, unknown> = {
      AbortController,
      AbortSignal,
      DOMException,
      MessageChannel,
      TextDecoder,
      TextEncoder,
      URL,
      atob,
      btoa,
      clearTimeout,
      console,
      crypto,
      performance,
      queueMicrotask,
      setTimeout,
      structuredClone,
    };
    const context = createContext(globals);
    runInContext(code, context);
    return await globals.outcome;
  }

  it("works bundled by esbuild", async () => {
    const entry = put("esbuild-entry.js", source);
    const { outputFiles } = await esbuild({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      platform: "browser",
      format: "iife",
      write: false,
      logLevel: "silent",
    });
    expect(await runAsBrowser(outputFiles[0]?.text ?? "")).toBe("1 2 3");
  });

  it("works bundled by Vite", async () => {
    const entry = put("vite-entry.js", source);
    const built = await vite({
      root: project,
      configFile: false,
      logLevel: "silent",
      build: { write: false, lib: { entry, formats: ["iife"], name: "bundle" } },
    });
    const [result] = [built].flat();
    if (result === undefined || !("output" in result)) throw new Error("Vite gave no output");
    expect(await runAsBrowser(result.output[0].code)).toBe("1 2 3");
  });
});
